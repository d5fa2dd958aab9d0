//! Reads RFC 3339 with the words of Go's `time.Parse` for what is wrong.

use super::{DAY_SECONDS, Time, day_number};

/// Go's layout of a `Time`, as error texts show it.
pub const SECONDS_LAYOUT: &str = "2006-01-02T15:04:05Z07:00";
/// Go's layout of a `MicroTime`.
pub const MICRO_LAYOUT: &str = "2006-01-02T15:04:05.000000Z07:00";

#[derive(Clone, Copy, PartialEq)]
pub(super) enum Layout {
    Seconds,
    Micro,
}

pub(super) fn parse(text: &str, layout: Layout) -> Result<Time, String> {
    Parser {
        text,
        rest: text,
        layout,
    }
    .time()
}

struct Parser<'a> {
    text: &'a str,
    rest: &'a str,
    layout: Layout,
}

impl Parser<'_> {
    fn time(&mut self) -> Result<Time, String> {
        let year = self.number(4, "2006")?;
        self.mark("-")?;
        let month = self.ranged(2, "01", 1..=12, "month")?;
        self.mark("-")?;
        let day = self.number(2, "02")?;
        self.mark("T")?;
        let hour = self.ranged(2, "15", 0..=23, "hour")?;
        self.mark(":")?;
        let minute = self.ranged(2, "04", 0..=59, "minute")?;
        self.mark(":")?;
        let second = self.ranged(2, "05", 0..=59, "second")?;
        let nanos = self.fraction()?;
        let offset = self.offset()?;
        if !self.rest.is_empty() {
            return Err(self.wrong(&format!("extra text: {:?}", self.rest)));
        }
        if day < 1 || day > days_in(year, month) {
            return Err(self.wrong("day out of range"));
        }
        let of_day = i64::from(hour) * 3600 + i64::from(minute) * 60 + i64::from(second);
        let seconds = day_number(i64::from(year), month, day) * DAY_SECONDS + of_day - offset;
        Ok(Time { seconds, nanos })
    }

    fn number(&mut self, width: usize, element: &str) -> Result<u32, String> {
        match self.rest.split_at_checked(width) {
            Some((digits, rest)) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                self.rest = rest;
                Ok(digits
                    .bytes()
                    .fold(0, |number, digit| number * 10 + u32::from(digit - b'0')))
            }
            _ => Err(self.cannot(element)),
        }
    }

    fn ranged(
        &mut self,
        width: usize,
        element: &str,
        range: std::ops::RangeInclusive<u32>,
        name: &str,
    ) -> Result<u32, String> {
        let number = self.number(width, element)?;
        if range.contains(&number) {
            Ok(number)
        } else {
            Err(self.wrong(&format!("{name} out of range")))
        }
    }

    fn mark(&mut self, mark: &str) -> Result<(), String> {
        self.rest = self.rest.strip_prefix(mark).ok_or_else(|| self.cannot(mark))?;
        Ok(())
    }

    /// Any number of digits after a dot or comma, or exactly six in the micro layout.
    fn fraction(&mut self) -> Result<u32, String> {
        let digits = self.rest.bytes().skip(1).take_while(u8::is_ascii_digit).count();
        let dot = self.rest.starts_with(['.', ',']);
        if self.layout == Layout::Micro && !(dot && digits >= 6) {
            return Err(self.cannot(".000000"));
        }
        if !dot || digits == 0 {
            return Ok(0);
        }
        let taken = if self.layout == Layout::Micro { 6 } else { digits };
        let (fraction, rest) = self.rest.split_at(1 + taken);
        self.rest = rest;
        let nanos = fraction.bytes().skip(1).chain(std::iter::repeat(b'0')).take(9);
        Ok(nanos.fold(0, |number, digit| number * 10 + u32::from(digit - b'0')))
    }

    /// Seconds east of UTC.
    fn offset(&mut self) -> Result<i64, String> {
        if let Some(rest) = self.rest.strip_prefix('Z') {
            self.rest = rest;
            return Ok(0);
        }
        let at = self.rest;
        let zone = at.split_at_checked(6).map(|(zone, rest)| (zone.as_bytes(), rest));
        let Some((&[sign @ (b'+' | b'-'), h1, h2, b':', m1, m2], rest)) = zone else {
            return Err(self.cannot("Z07:00"));
        };
        if ![h1, h2, m1, m2].iter().all(u8::is_ascii_digit) {
            return Err(self.cannot("Z07:00"));
        }
        let two = |tens: u8, ones: u8| i64::from(tens - b'0') * 10 + i64::from(ones - b'0');
        let (hours, minutes) = (two(h1, h2), two(m1, m2));
        if hours > 24 {
            return Err(self.wrong("time zone offset hour out of range"));
        }
        if minutes > 60 {
            return Err(self.wrong("time zone offset minute out of range"));
        }
        self.rest = rest;
        let seconds = hours * 3600 + minutes * 60;
        Ok(if sign == b'-' { -seconds } else { seconds })
    }

    fn layout(&self) -> &'static str {
        match self.layout {
            Layout::Seconds => SECONDS_LAYOUT,
            Layout::Micro => MICRO_LAYOUT,
        }
    }

    fn cannot(&self, element: &str) -> String {
        format!(
            "parsing time {:?} as {:?}: cannot parse {:?} as {element:?}",
            self.text,
            self.layout(),
            self.rest
        )
    }

    fn wrong(&self, what: &str) -> String {
        format!("parsing time {:?}: {what}", self.text)
    }
}

fn days_in(year: u32, month: u32) -> u32 {
    match month {
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_texts_are_worded_as_in_go() {
        let error = |text| parse(text, Layout::Seconds).expect_err("no time");
        assert_eq!(
            error("yesterday"),
            r#"parsing time "yesterday" as "2006-01-02T15:04:05Z07:00": cannot parse "yesterday" as "2006""#
        );
        assert_eq!(
            error("2020-13-01T00:00:00Z"),
            r#"parsing time "2020-13-01T00:00:00Z": month out of range"#
        );
        assert_eq!(
            error("2021-02-29T00:00:00Z"),
            r#"parsing time "2021-02-29T00:00:00Z": day out of range"#
        );
        assert_eq!(
            error(""),
            r#"parsing time "" as "2006-01-02T15:04:05Z07:00": cannot parse "" as "2006""#
        );
        assert_eq!(
            error("2020-01-01"),
            r#"parsing time "2020-01-01" as "2006-01-02T15:04:05Z07:00": cannot parse "" as "T""#
        );
        assert_eq!(
            error("2020-01-01T00:00:00Zx"),
            r#"parsing time "2020-01-01T00:00:00Zx": extra text: "x""#
        );
        let micro = parse("2020-01-01T00:00:00Z", Layout::Micro).expect_err("no time");
        assert_eq!(
            micro,
            r#"parsing time "2020-01-01T00:00:00Z" as "2006-01-02T15:04:05.000000Z07:00": cannot parse "Z" as ".000000""#
        );
    }
}
