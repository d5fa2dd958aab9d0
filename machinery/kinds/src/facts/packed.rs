//! Texts one after the other in one allocation, each behind its length. What they mean is not known here.

/// A sequence of texts. Lengths are characters of the text itself, so that all of it stays checked UTF-8: one character below
/// 127, else 127 and five digits to the base 64, the lowest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Packed {
    text: Box<str>,
}

/// The texts that are left.
pub(super) struct Texts<'a> {
    left: &'a str,
}

/// Marks a long length.
const LONG: u8 = 127;
/// Digits of a long length: 30 bits, which no object comes near.
const DIGITS: usize = 5;
const DIGIT_BITS: usize = 6;

impl Packed {
    pub(super) fn of(texts: impl Iterator<Item = impl AsRef<str>>) -> Self {
        let mut text = String::new();
        for one in texts {
            let one = one.as_ref();
            put_length(one.len(), &mut text);
            text.push_str(one);
        }
        Self {
            text: text.into_boxed_str(),
        }
    }

    #[inline]
    pub(super) fn texts(&self) -> Texts<'_> {
        Texts { left: &self.text }
    }

    pub(super) fn heap_bytes(&self) -> usize {
        self.text.len()
    }
}

impl<'a> Iterator for Texts<'a> {
    type Item = &'a str;

    #[inline]
    fn next(&mut self) -> Option<&'a str> {
        let first = *self.left.as_bytes().first()?;
        let (from, length) = match first {
            LONG => (1 + DIGITS, long_length(self.left.as_bytes())),
            short => (1, usize::from(short)),
        };
        let text = self.left.get(from..from + length)?;
        self.left = &self.left[from + length..];
        Some(text)
    }
}

fn put_length(length: usize, text: &mut String) {
    if length < usize::from(LONG) {
        text.push(char::from(length as u8));
        return;
    }
    assert!(
        length >> (DIGITS * DIGIT_BITS) == 0,
        "a stored object is smaller than a gigabyte"
    );
    text.push(char::from(LONG));
    for digit in 0..DIGITS {
        text.push(char::from((length >> (digit * DIGIT_BITS)) as u8 & 0x3f));
    }
}

#[cold]
fn long_length(text: &[u8]) -> usize {
    let digits = text.iter().skip(1).take(DIGITS).rev();
    digits.fold(0, |length, digit| length << DIGIT_BITS | usize::from(*digit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_any_length_come_back_in_order() {
        let texts: Vec<String> = [0, 1, 126, 127, 128, 4_000, 300_000]
            .map(|length| "x".repeat(length))
            .into_iter()
            .chain(["\u{20ac}\u{e9}".to_owned(), String::new()])
            .collect();
        let packed = Packed::of(texts.iter());
        assert_eq!(packed.texts().collect::<Vec<_>>(), texts);
        assert_eq!(packed.texts().nth(4).map(str::len), Some(128));
    }
}
