//! `resource.Quantity`: an amount with an SI suffix. It parses, prints the canonical text, compares and adds.
//!
//! The text keeps its family: binary suffixes stay binary, decimal ones decimal, exponents exponents. The smallest amount is
//! one nano; smaller ones are rounded up, away from zero.

use smol_str::{SmolStr, format_smolstr};
use std::cmp::Ordering;

/// An amount: `mantissa * 10^scale`, `scale` at least -9.
#[derive(Clone, Copy, Debug)]
pub struct Quantity {
    mantissa: i128,
    scale: i32,
    format: Format,
}

/// The family of suffixes that an amount is printed with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// `m`, none, `k`, `M`, ...
    DecimalSi,
    /// `Ki`, `Mi`, ...
    BinarySi,
    /// `e3`, `e6`, ...
    DecimalExponent,
}

/// Why a text is no quantity, in the reference's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QuantityError {
    /// Not a number with a suffix.
    #[error("quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'")]
    Format,
    /// A suffix that is none.
    #[error("unable to parse quantity's suffix")]
    Suffix,
    /// Digits that are no number.
    #[error("unable to parse numeric part of quantity")]
    Numeric,
}

const NANO: i32 = -9;
const DECIMAL: [(&str, i32); 10] = [
    ("n", -9),
    ("u", -6),
    ("m", -3),
    ("", 0),
    ("k", 3),
    ("M", 6),
    ("G", 9),
    ("T", 12),
    ("P", 15),
    ("E", 18),
];
const BINARY: [&str; 6] = ["Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];

impl Quantity {
    /// Nothing.
    pub const ZERO: Quantity = Quantity {
        mantissa: 0,
        scale: 0,
        format: Format::DecimalSi,
    };

    /// A whole amount.
    pub const fn whole(amount: i64) -> Quantity {
        Quantity {
            mantissa: amount as i128,
            scale: 0,
            format: Format::DecimalSi,
        }
    }

    /// A number of thousandths.
    pub const fn milli(amount: i64) -> Quantity {
        Quantity {
            mantissa: amount as i128,
            scale: -3,
            format: Format::DecimalSi,
        }
    }

    /// Reads a quantity as clients write it.
    pub fn parse(text: &str) -> Result<Quantity, QuantityError> {
        let parts = Parts::split(text)?;
        let suffix = Suffix::parse(parts.suffix)?;
        if parts.whole.is_empty() && parts.fraction.is_empty() {
            return Err(QuantityError::Numeric);
        }
        let mut digits: i128 = 0;
        for digit in parts.whole.bytes().chain(parts.fraction.bytes()) {
            digits = digits
                .checked_mul(10)
                .and_then(|digits| digits.checked_add(i128::from(digit - b'0')))
                .ok_or(QuantityError::Numeric)?;
        }
        let fraction = i32::try_from(parts.fraction.len()).map_err(|_| QuantityError::Numeric)?;
        let (digits, scale, format) = match suffix {
            Suffix::Decimal(exponent) => (digits, exponent.saturating_sub(fraction), Format::DecimalSi),
            Suffix::Exponent(exponent) => {
                (digits, exponent.saturating_sub(fraction), Format::DecimalExponent)
            }
            Suffix::Binary(shift) => {
                let digits = digits.checked_mul(1 << shift).ok_or(QuantityError::Numeric)?;
                capped_binary(digits, -fraction)
            }
        };
        let (digits, scale) = round_up(digits, scale, NANO);
        let mantissa = if parts.negative { -digits } else { digits };
        Ok(Quantity {
            mantissa,
            scale: if mantissa == 0 { 0 } else { scale },
            format,
        })
    }

    /// The canonical text: no fraction, the largest suffix that needs none, `0` for nothing.
    pub fn canonical(&self) -> SmolStr {
        if self.mantissa == 0 {
            return SmolStr::new_static("0");
        }
        if self.format == Format::BinarySi
            && let Some(text) = self.binary()
        {
            return text;
        }
        let (mut number, mut exponent) = stripped(self.mantissa, self.scale);
        while exponent.rem_euclid(3) != 0 {
            number = number.saturating_mul(10);
            exponent -= 1;
        }
        let suffix = DECIMAL
            .iter()
            .find(|(_, of)| *of == exponent)
            .map(|(suffix, _)| *suffix);
        match suffix {
            _ if exponent == 0 && self.format != Format::DecimalExponent => format_smolstr!("{number}"),
            Some(suffix) if self.format != Format::DecimalExponent => format_smolstr!("{number}{suffix}"),
            _ => format_smolstr!("{number}e{exponent}"),
        }
    }

    /// Whether it is nothing.
    pub fn is_zero(&self) -> bool {
        self.mantissa == 0
    }

    /// -1, 0 or 1.
    pub fn signum(&self) -> i32 {
        self.mantissa.signum() as i32
    }

    /// In whole units, rounded away from zero; the nearest bound if it does not fit.
    pub fn value(&self) -> i64 {
        self.scaled(0)
    }

    /// In thousandths, rounded away from zero; the nearest bound if it does not fit.
    pub fn milli_value(&self) -> i64 {
        self.scaled(-3)
    }

    /// Whether it is a whole number of `10^scale`: 0 for units, -3 for thousandths.
    pub fn is_multiple_of(&self, scale: i32) -> bool {
        let (_, at) = stripped(self.mantissa, self.scale);
        self.mantissa == 0 || at >= scale
    }

    /// About this much.
    pub fn approximate(&self) -> f64 {
        self.mantissa as f64 * 10f64.powi(self.scale)
    }

    /// Rounded away from zero to a multiple of `10^scale`.
    pub fn rounded_up(&self, scale: i32) -> Quantity {
        let (digits, at) = round_up(self.mantissa.abs(), self.scale, scale);
        Quantity {
            mantissa: digits * self.mantissa.signum(),
            scale: at,
            format: self.format,
        }
    }

    /// The sum, in the family of `self` unless that is nothing.
    pub fn plus(&self, other: &Quantity) -> Quantity {
        let (left, right, scale) = aligned(self, other);
        let format = if self.is_zero() { other.format } else { self.format };
        Quantity {
            mantissa: left.saturating_add(right),
            scale,
            format,
        }
    }

    /// The difference, in the family of `self` unless that is nothing.
    pub fn minus(&self, other: &Quantity) -> Quantity {
        self.plus(&Quantity {
            mantissa: -other.mantissa,
            ..*other
        })
    }

    /// The family of suffixes.
    pub fn format(&self) -> Format {
        self.format
    }

    fn scaled(&self, scale: i32) -> i64 {
        let rounded = self.rounded_up(scale);
        let up = u32::try_from(rounded.scale - scale).unwrap_or(0);
        let factor = 10i128.checked_pow(up).unwrap_or(i128::MAX);
        let amount = rounded.mantissa.saturating_mul(factor);
        i64::try_from(amount).unwrap_or(if amount < 0 { i64::MIN } else { i64::MAX })
    }

    /// Binary text, where the amount is whole and not between -1024 and 1024.
    fn binary(&self) -> Option<SmolStr> {
        let whole = self.is_multiple_of(0).then(|| self.value())?;
        if whole.unsigned_abs() < 1024 {
            return None;
        }
        let (mut number, mut power) = (whole, 0);
        while number % 1024 == 0 && power < BINARY.len() {
            number /= 1024;
            power += 1;
        }
        let suffix = power.checked_sub(1).map_or("", |at| BINARY[at]);
        Some(format_smolstr!("{number}{suffix}"))
    }
}

impl PartialEq for Quantity {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Quantity {}

impl PartialOrd for Quantity {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Quantity {
    /// By amount; the family does not matter.
    fn cmp(&self, other: &Self) -> Ordering {
        let (left, right, _) = aligned(self, other);
        left.cmp(&right)
    }
}

impl std::fmt::Display for Quantity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.canonical())
    }
}

impl std::str::FromStr for Quantity {
    type Err = QuantityError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Quantity::parse(text)
    }
}

/// The canonical text of a quantity text. Texts that are canonical already, which is nearly all, cost no arithmetic.
pub fn canonical(text: &str) -> Result<SmolStr, QuantityError> {
    if is_plainly_canonical(text) {
        return Ok(SmolStr::new(text));
    }
    Quantity::parse(text).map(|quantity| quantity.canonical())
}

/// Up to three digits that do not begin with zero, and a decimal suffix that does not fold further.
pub(crate) fn is_plainly_canonical(text: &str) -> bool {
    let (digits, suffix) = text.split_at(text.bytes().take_while(u8::is_ascii_digit).count());
    match suffix {
        "" | "m" => (1..=3).contains(&digits.len()) && !digits.starts_with('0'),
        "Ki" | "Mi" | "Gi" => (1..=3).contains(&digits.len()) && !digits.starts_with('0'),
        _ => text == "0",
    }
}

struct Parts<'a> {
    negative: bool,
    whole: &'a str,
    fraction: &'a str,
    suffix: &'a str,
}

impl<'a> Parts<'a> {
    fn split(text: &'a str) -> Result<Parts<'a>, QuantityError> {
        if text.is_empty() {
            return Err(QuantityError::Format);
        }
        let negative = text.starts_with('-');
        let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
        let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
        let (whole, rest) = unsigned.split_at(digits(unsigned));
        let (fraction, suffix) = match rest.strip_prefix('.') {
            Some(rest) => rest.split_at(digits(rest)),
            None => ("", rest),
        };
        let letters = suffix.trim_start_matches(|c| "eEinumkKMGTP".contains(c));
        let exponent = letters.strip_prefix(['+', '-']).unwrap_or(letters);
        if !exponent.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(QuantityError::Format);
        }
        Ok(Parts {
            negative,
            whole,
            fraction,
            suffix,
        })
    }
}

enum Suffix {
    Decimal(i32),
    Binary(u32),
    Exponent(i32),
}

impl Suffix {
    fn parse(text: &str) -> Result<Suffix, QuantityError> {
        if let Some((_, exponent)) = DECIMAL.iter().find(|(suffix, _)| *suffix == text) {
            return Ok(Suffix::Decimal(*exponent));
        }
        if let Some(at) = BINARY.iter().position(|suffix| *suffix == text) {
            return Ok(Suffix::Binary(10 * (at as u32 + 1)));
        }
        let exponent = text.strip_prefix(['e', 'E']).ok_or(QuantityError::Suffix)?;
        let exponent: i64 = exponent.parse().map_err(|_| QuantityError::Suffix)?;
        // Beyond any real amount; the bound keeps the arithmetic in range.
        Ok(Suffix::Exponent(exponent.clamp(-1_000_000, 1_000_000) as i32))
    }
}

/// Binary amounts stop at the largest signed 64-bit number; those below one are decimal.
fn capped_binary(digits: i128, scale: i32) -> (i128, i32, Format) {
    let one = 10i128.checked_pow(scale.unsigned_abs()).unwrap_or(i128::MAX);
    if digits / one >= i128::from(i64::MAX) {
        return (i128::from(i64::MAX), 0, Format::BinarySi);
    }
    let format = if digits > 0 && digits < one {
        Format::DecimalSi
    } else {
        Format::BinarySi
    };
    (digits, scale, format)
}

/// `digits * 10^scale`, not negative, rounded up to a multiple of `10^floor`.
fn round_up(digits: i128, scale: i32, floor: i32) -> (i128, i32) {
    if scale >= floor {
        return (digits, scale);
    }
    match 10i128.checked_pow(floor.abs_diff(scale)) {
        Some(divisor) => (digits / divisor + i128::from(digits % divisor != 0), floor),
        None => (i128::from(digits != 0), floor),
    }
}

/// Without trailing zeros.
fn stripped(mut mantissa: i128, mut scale: i32) -> (i128, i32) {
    while mantissa != 0 && mantissa % 10 == 0 {
        mantissa /= 10;
        scale += 1;
    }
    (mantissa, scale)
}

/// Both mantissas at one scale; amounts too far apart for 128 bits keep their order.
fn aligned(left: &Quantity, right: &Quantity) -> (i128, i128, i32) {
    let scale = match (left.mantissa, right.mantissa) {
        (0, _) => right.scale,
        (_, 0) => left.scale,
        _ => left.scale.min(right.scale),
    };
    let at = |quantity: &Quantity| {
        let up = u32::try_from(quantity.scale - scale).unwrap_or(0);
        quantity
            .mantissa
            .saturating_mul(10i128.checked_pow(up).unwrap_or(i128::MAX))
    };
    (at(left), at(right), scale)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canonical_of(text: &str) -> String {
        canonical(text).map_or_else(|error| error.to_string(), |text| text.to_string())
    }

    #[test]
    fn texts_become_canonical_in_their_family() {
        for (text, expected) in [
            ("0", "0"),
            ("0Mi", "0"),
            ("1000m", "1"),
            ("1500m", "1500m"),
            ("0.5", "500m"),
            ("+1", "1"),
            ("-0.1", "-100m"),
            ("1000k", "1M"),
            ("1024Mi", "1Gi"),
            ("1536Mi", "1536Mi"),
            ("1.5Gi", "1536Mi"),
            ("0.5Ki", "512"),
            (".001Ki", "1024m"),
            (".000000000001Ki", "2n"),
            ("1000Ki", "1000Ki"),
            ("1023", "1023"),
            ("1e3", "1e3"),
            ("3e0", "3e0"),
            ("1E6", "1e6"),
            ("12e5", "1200e3"),
            ("1.1E-1", "110e-3"),
            ("0.0000000001", "1n"),
            ("100", "100"),
            ("010", "10"),
            ("1.", "1"),
            ("16Ei", "9223372036854775807"),
            ("123456789012345678901234", "123456789012345678901234"),
        ] {
            assert_eq!(canonical_of(text), expected, "{text}");
        }
    }

    #[test]
    fn wrong_texts_are_named_as_the_reference_names_them() {
        assert_eq!(Quantity::parse("").err(), Some(QuantityError::Format));
        assert_eq!(Quantity::parse("bad").err(), Some(QuantityError::Format));
        assert_eq!(Quantity::parse("1 Gi").err(), Some(QuantityError::Format));
        assert_eq!(Quantity::parse("1KiB").err(), Some(QuantityError::Format));
        assert_eq!(Quantity::parse("1Kii").err(), Some(QuantityError::Suffix));
        assert_eq!(Quantity::parse("m").err(), Some(QuantityError::Numeric));
    }

    #[test]
    fn amounts_compare_and_add_across_families() {
        let parse = |text| Quantity::parse(text).expect("a quantity");
        assert_eq!(parse("1Gi"), parse("1073741824"));
        assert!(parse("1G") < parse("1Gi"));
        assert!(parse("1e300") > parse("1Ei"));
        assert_eq!(parse("500m").plus(&parse("1")).canonical(), "1500m");
        assert_eq!(parse("1Gi").minus(&parse("1Mi")).canonical(), "1023Mi");
        assert_eq!(parse("1500m").value(), 2);
        assert_eq!(parse("1").milli_value(), 1000);
        assert_eq!(parse("-1500m").value(), -2);
        assert!(!parse("1m").is_multiple_of(0));
        assert_eq!(parse("1u").rounded_up(-3).canonical(), "1m");
    }
}
