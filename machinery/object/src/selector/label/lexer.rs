//! Text to tokens. A keyword is told from an identifier by the parser, which knows the place.

/// A token and its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Item<'a> {
    pub token: Token,
    pub text: &'a str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token {
    End,
    Close,
    Comma,
    Not,
    DoubleEquals,
    Equals,
    Greater,
    Identifier,
    In,
    Less,
    NotEquals,
    NotIn,
    Open,
}

/// All tokens of a text; the last one is [`Token::End`]. A NUL ends the text where a token could begin.
pub(super) fn tokens(text: &str) -> Vec<Item<'_>> {
    let mut items = Vec::new();
    let mut at = 0;
    loop {
        let (item, next) = token_at(text, at);
        items.push(item);
        if item.token == Token::End {
            return items;
        }
        at = next;
    }
}

fn token_at(text: &str, from: usize) -> (Item<'_>, usize) {
    let bytes = text.as_bytes();
    let blank = bytes[from..].iter().take_while(|byte| is_blank(**byte)).count();
    let start = from + blank;
    match bytes.get(start) {
        None | Some(0) => (
            Item {
                token: Token::End,
                text: "",
            },
            start,
        ),
        Some(byte) if is_symbol(*byte) => symbol_at(text, start),
        Some(_) => word_at(text, start),
    }
}

fn symbol_at(text: &str, start: usize) -> (Item<'_>, usize) {
    let rest = &text.as_bytes()[start..];
    let (token, length) = match rest {
        [b'=', b'=', ..] => (Token::DoubleEquals, 2),
        [b'!', b'=', ..] => (Token::NotEquals, 2),
        [b'=', ..] => (Token::Equals, 1),
        [b'!', ..] => (Token::Not, 1),
        [b'(', ..] => (Token::Open, 1),
        [b')', ..] => (Token::Close, 1),
        [b',', ..] => (Token::Comma, 1),
        [b'>', ..] => (Token::Greater, 1),
        _ => (Token::Less, 1),
    };
    (
        Item {
            token,
            text: &text[start..start + length],
        },
        start + length,
    )
}

fn word_at(text: &str, start: usize) -> (Item<'_>, usize) {
    let bytes = text.as_bytes();
    let ends = |byte: &u8| *byte == 0 || is_symbol(*byte) || is_blank(*byte);
    let end = bytes[start..]
        .iter()
        .position(ends)
        .map_or(bytes.len(), |length| start + length);
    // A NUL inside a word ends the word and is itself skipped.
    let next = if bytes.get(end) == Some(&0) { end + 1 } else { end };
    let text = &text[start..end];
    let token = match text {
        "in" => Token::In,
        "notin" => Token::NotIn,
        _ => Token::Identifier,
    };
    (Item { token, text }, next)
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

fn is_symbol(byte: u8) -> bool {
    matches!(byte, b'=' | b'!' | b'(' | b')' | b',' | b'>' | b'<')
}
