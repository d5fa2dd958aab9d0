//! Go's duration text (`1h2m3.5s`), in nanoseconds.

use smol_str::{SmolStr, format_smolstr};

const UNITS: [(&str, i128); 8] = [
    ("ns", 1),
    ("us", 1_000),
    ("\u{b5}s", 1_000),
    ("\u{3bc}s", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
];

/// Reads a duration; errors are worded as Go's.
pub fn parse(text: &str) -> Result<i64, String> {
    let invalid = || format!("time: invalid duration {text:?}");
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    if unsigned == "0" {
        return Ok(0);
    }
    if unsigned.is_empty() {
        return Err(invalid());
    }
    let mut rest = unsigned;
    let mut total: i128 = 0;
    while !rest.is_empty() {
        let number = rest.split_at(
            rest.bytes()
                .take_while(|byte| byte.is_ascii_digit() || *byte == b'.')
                .count(),
        );
        let (whole, fraction) = number.0.split_once('.').unwrap_or((number.0, ""));
        if whole.len() + fraction.len() == 0 || fraction.contains('.') || whole.len() > 20 {
            return Err(invalid());
        }
        let unit = number.1.split_at(
            number
                .1
                .find(|c: char| c.is_ascii_digit() || c == '.')
                .unwrap_or(number.1.len()),
        );
        if unit.0.is_empty() {
            return Err(format!("time: missing unit in duration {text:?}"));
        }
        let nanos = UNITS
            .iter()
            .find(|(name, _)| *name == unit.0)
            .map(|(_, nanos)| *nanos);
        let nanos = nanos.ok_or_else(|| format!("time: unknown unit {:?} in duration {text:?}", unit.0))?;
        total += decimal(whole) * nanos + part(fraction, nanos);
        rest = unit.1;
    }
    let signed = if text.starts_with('-') { -total } else { total };
    i64::try_from(signed).map_err(|_| invalid())
}

/// The text as Go prints it: `1h2m3.5s`, `1.5ms`, `0s`.
pub fn format(nanos: i64) -> SmolStr {
    let sign = if nanos < 0 { "-" } else { "" };
    let all = nanos.unsigned_abs();
    match all {
        0 => SmolStr::new_static("0s"),
        1..1_000 => format_smolstr!("{sign}{all}ns"),
        1_000..1_000_000 => format_smolstr!("{sign}{}\u{b5}s", fractional(all, 1_000)),
        1_000_000..1_000_000_000 => format_smolstr!("{sign}{}ms", fractional(all, 1_000_000)),
        _ => {
            let (minutes, seconds) = (
                all / 60_000_000_000,
                fractional(all % 60_000_000_000, 1_000_000_000),
            );
            match (minutes / 60, minutes % 60) {
                (0, 0) => format_smolstr!("{sign}{seconds}s"),
                (0, minutes) => format_smolstr!("{sign}{minutes}m{seconds}s"),
                (hours, minutes) => format_smolstr!("{sign}{hours}h{minutes}m{seconds}s"),
            }
        }
    }
}

fn decimal(digits: &str) -> i128 {
    digits
        .bytes()
        .fold(0, |number, digit| number * 10 + i128::from(digit - b'0'))
}

/// The part of a unit that a fraction stands for; digits beyond nanoseconds do not count.
fn part(fraction: &str, unit: i128) -> i128 {
    let digits = &fraction[..fraction.len().min(18)];
    decimal(digits) * unit / 10i128.pow(digits.len() as u32)
}

fn fractional(amount: u64, unit: u64) -> SmolStr {
    let (whole, rest) = (amount / unit, amount % unit);
    if rest == 0 {
        return format_smolstr!("{whole}");
    }
    let width = unit.ilog10() as usize;
    let digits = format!("{rest:0width$}");
    format_smolstr!("{whole}.{}", digits.trim_end_matches('0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_those_of_go() {
        for (nanos, text) in [
            (0, "0s"),
            (1, "1ns"),
            (1_500, "1.5\u{b5}s"),
            (2_000_000, "2ms"),
            (3_500_000_000, "3.5s"),
            (60_000_000_000, "1m0s"),
            (3_723_000_000_001, "1h2m3.000000001s"),
            (-1_000_000_000, "-1s"),
        ] {
            assert_eq!(format(nanos), text);
            assert_eq!(parse(text), Ok(nanos));
        }
        assert_eq!(parse("1.5h"), Ok(5_400_000_000_000));
        assert_eq!(parse("abc"), Err("time: invalid duration \"abc\"".into()));
        assert_eq!(parse("1"), Err("time: missing unit in duration \"1\"".into()));
        assert_eq!(
            parse("1d"),
            Err("time: unknown unit \"d\" in duration \"1d\"".into())
        );
    }
}
