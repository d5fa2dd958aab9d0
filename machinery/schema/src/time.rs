//! Kubernetes' texts of time: `Time`, `MicroTime` and Go's `Duration`. It reads no clock but through [`Time::now`].

pub mod duration;
mod parse;

use smol_str::SmolStr;
use std::time::{SystemTime, UNIX_EPOCH};

pub use parse::{MICRO_LAYOUT, SECONDS_LAYOUT};

/// A moment: seconds since 1970 in UTC and nanoseconds within the second.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time {
    /// Seconds since 1970-01-01T00:00:00Z.
    pub seconds: i64,
    /// 0 to 999,999,999.
    pub nanos: u32,
}

/// What Go calls the zero time: 0001-01-01T00:00:00Z.
const ZERO_SECONDS: i64 = -62_135_596_800;
const DAY_SECONDS: i64 = 86_400;

impl Time {
    /// Go's zero time; it is printed as null.
    pub const ZERO: Time = Time {
        seconds: ZERO_SECONDS,
        nanos: 0,
    };

    /// The clock's time.
    pub fn now() -> Time {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Time {
            seconds: since.as_secs() as i64,
            nanos: since.subsec_nanos(),
        }
    }

    /// Reads a `Time`: RFC 3339, with or without a fraction. Errors are worded as Go's.
    pub fn parse(text: &str) -> Result<Time, String> {
        parse::parse(text, parse::Layout::Seconds)
    }

    /// Reads a `MicroTime`: RFC 3339 with exactly six digits of fraction.
    pub fn parse_micro(text: &str) -> Result<Time, String> {
        parse::parse(text, parse::Layout::Micro)
    }

    /// Whether it is Go's zero time.
    pub fn is_zero(&self) -> bool {
        *self == Time::ZERO
    }

    /// `2006-01-02T15:04:05Z`; the fraction is cut.
    pub fn format(&self) -> SmolStr {
        let mut buffer = Vec::with_capacity(20);
        self.write_to(&mut buffer, false);
        text_of(&buffer)
    }

    /// `2006-01-02T15:04:05.000000Z`.
    pub fn format_micro(&self) -> SmolStr {
        let mut buffer = Vec::with_capacity(27);
        self.write_to(&mut buffer, true);
        text_of(&buffer)
    }

    /// The text appended to `out`, with microseconds or without.
    pub fn write_to(&self, out: &mut Vec<u8>, micro: bool) {
        let days = self.seconds.div_euclid(DAY_SECONDS);
        let second = self.seconds.rem_euclid(DAY_SECONDS) as u32;
        let (year, month, day) = civil(days);
        let mut text = *b"0000-00-00T00:00:00";
        let of_four_digits = u32::try_from(year).ok().filter(|year| *year <= 9999);
        let short = of_four_digits.unwrap_or_default();
        let parts = [
            (0, short / 100),
            (2, short % 100),
            (5, month),
            (8, day),
            (11, second / 3600),
            (14, second / 60 % 60),
            (17, second % 60),
        ];
        for (at, number) in parts {
            text[at] = b'0' + (number / 10) as u8;
            text[at + 1] = b'0' + (number % 10) as u8;
        }
        if of_four_digits.is_some() {
            out.extend_from_slice(&text);
        } else {
            out.extend_from_slice(year.to_string().as_bytes());
            out.extend_from_slice(&text[4..]);
        }
        if micro {
            out.push(b'.');
            micros(out, self.nanos / 1000);
        }
        out.push(b'Z');
    }
}

fn text_of(buffer: &[u8]) -> SmolStr {
    std::str::from_utf8(buffer).map(SmolStr::new).unwrap_or_default()
}

fn micros(out: &mut Vec<u8>, number: u32) {
    for place in (0..6).rev() {
        out.push(b'0' + (number / 10u32.pow(place) % 10) as u8);
    }
}

/// Year, month and day of a day number since 1970, in the proleptic Gregorian calendar.
fn civil(days: i64) -> (i64, u32, u32) {
    // Eras of 400 years that begin on March 1st, so that leap days come last.
    let shifted = days.saturating_add(719_468);
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 {
        shifted_month + 3
    } else {
        shifted_month - 9
    };
    (
        year_of_era + era * 400 + i64::from(month <= 2),
        month as u32,
        day as u32,
    )
}

/// The day number since 1970.
fn day_number(year: i64, month: u32, day: u32) -> i64 {
    let year = year - i64::from(month <= 2);
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let shifted_month = i64::from(if month > 2 { month - 3 } else { month + 9 });
    let of_year = (153 * shifted_month + 2) / 5 + i64::from(day) - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_print_and_parse_back() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_700_000_000, "2023-11-14T22:13:20Z"),
            (-1, "1969-12-31T23:59:59Z"),
            (ZERO_SECONDS, "0001-01-01T00:00:00Z"),
        ] {
            let time = Time { seconds, nanos: 0 };
            assert_eq!(time.format(), text);
            assert_eq!(Time::parse(text), Ok(time));
        }
    }

    #[test]
    fn years_of_other_than_four_digits_are_printed_whole() {
        for (seconds, text) in [
            (253_402_300_799, "9999-12-31T23:59:59Z"),
            (253_402_300_800, "10000-01-01T00:00:00Z"),
        ] {
            let time = Time { seconds, nanos: 0 };
            assert_eq!(time.format(), text);
        }
    }

    #[test]
    fn offsets_and_fractions_are_read() {
        let time = Time::parse("2020-01-01T12:00:00.5+02:00").expect("a time");
        assert_eq!(time.format(), "2020-01-01T10:00:00Z");
        assert_eq!(time.nanos, 500_000_000);
        let micro = Time::parse_micro("2020-01-01T12:00:00.123456Z").expect("a time");
        assert_eq!(micro.format_micro(), "2020-01-01T12:00:00.123456Z");
    }
}
