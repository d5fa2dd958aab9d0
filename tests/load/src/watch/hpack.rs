//! Heads of requests and answers as HTTP/2 packs them (RFC 7541), as far as watches need it: requests are written without a table,
//! and of an answer the status is read, which is its first field. The client announces a table of size 0, so that no answer refers
//! to one.

/// Entries of the static table: 1 is `:authority`, 4 `:path`, 19 `accept`, 23 `authorization`, 58 `user-agent`.
const AUTHORITY: u8 = 1;
const PATH: u8 = 4;
const ACCEPT: u8 = 19;
const AUTHORIZATION: u8 = 23;
const USER_AGENT: u8 = 58;
const GET: u8 = 0x82;
const HTTPS: u8 = 0x87;
/// The statuses that the static table has, from entry 8 on.
const STATUSES: [u16; 7] = [200, 204, 206, 304, 400, 404, 500];
const FIRST_STATUS: u8 = 8;

/// How a field may be kept on its way.
#[derive(Clone, Copy)]
enum Kept {
    No = 0x00,
    /// Nobody on the way may keep it either: it is a secret.
    Never = 0x10,
}

/// The head of a GET.
pub fn get(authority: &str, path: &str, accept: &str, agent: &str, authorization: Option<&[u8]>) -> Vec<u8> {
    let mut block = vec![GET, HTTPS];
    field(&mut block, Kept::No, AUTHORITY, authority.as_bytes());
    field(&mut block, Kept::No, PATH, path.as_bytes());
    field(&mut block, Kept::No, ACCEPT, accept.as_bytes());
    field(&mut block, Kept::No, USER_AGENT, agent.as_bytes());
    if let Some(value) = authorization {
        field(&mut block, Kept::Never, AUTHORIZATION, value);
    }
    block
}

fn field(block: &mut Vec<u8>, kept: Kept, name: u8, value: &[u8]) {
    integer(block, kept as u8, 4, usize::from(name));
    integer(block, 0, 7, value.len());
    block.extend_from_slice(value);
}

/// An integer whose first byte has room for `bits` of it.
fn integer(block: &mut Vec<u8>, first: u8, bits: u32, value: usize) {
    let most = (1_usize << bits) - 1;
    if value < most {
        return block.push(first | value as u8);
    }
    block.push(first | most as u8);
    let mut rest = value - most;
    while rest >= 0x80 {
        block.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    block.push(rest as u8);
}

/// The status of an answer; `None` where its head does not begin with one.
pub fn status(mut block: &[u8]) -> Option<u16> {
    loop {
        let first = *block.split_off_first()?;
        match first {
            // The table's size changes, to what it is already.
            0x20..=0x3f => _ = rest_of_integer(first, 5, &mut block)?,
            0x80.. => {
                let entry = (first & 0x7f).checked_sub(FIRST_STATUS)?;
                return STATUSES.get(usize::from(entry)).copied();
            }
            _ => {
                let bits = if first & 0x40 != 0 { 6 } else { 4 };
                let entry = rest_of_integer(first, bits, &mut block)?;
                let named =
                    (usize::from(FIRST_STATUS)..usize::from(FIRST_STATUS) + STATUSES.len()).contains(&entry);
                return named.then(|| text_status(block))?;
            }
        }
    }
}

fn rest_of_integer(first: u8, bits: u32, rest: &mut &[u8]) -> Option<usize> {
    let most = (1_usize << bits) - 1;
    let mut value = usize::from(first) & most;
    if value < most {
        return Some(value);
    }
    for shift in (0..28).step_by(7) {
        let byte = *rest.split_off_first()?;
        value += usize::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

/// Three digits, plain or in the Huffman code.
fn text_status(mut rest: &[u8]) -> Option<u16> {
    let first = *rest.split_off_first()?;
    let text = rest.get(..usize::from(first & 0x7f))?;
    let digits = match first & 0x80 {
        0 => text.try_into().ok()?,
        _ => huffman_digits(text)?,
    };
    digits.iter().try_fold(0, |status, digit: &u8| {
        digit
            .is_ascii_digit()
            .then(|| status * 10 + u16::from(digit - b'0'))
    })
}

/// Digits have codes of five bits, 00000 to 00010 for 0 to 2, and of six bits, 011001 to 011111 for 3 to 9.
fn huffman_digits(bytes: &[u8]) -> Option<[u8; 3]> {
    let mut window = [0; 4];
    window[..bytes.len()].copy_from_slice(bytes.get(..bytes.len().min(4))?);
    let mut bits = u32::from_be_bytes(window);
    let mut digits = [0; 3];
    for digit in &mut digits {
        let (long, short) = (bits >> 26, bits >> 27);
        let (code, taken) = match (short, long) {
            (0..=2, _) => (short, 5),
            (_, 0b01_1001..=0b01_1111) => (long - 0b01_1001 + 3, 6),
            _ => return None,
        };
        *digit = b'0' + code as u8;
        bits <<= taken;
    }
    Some(digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_a_request_as_the_standard_says() {
        let block = get("a.b", "/p", "x", "w", Some(b"Bearer t"));
        let expected = b"\x82\x87\x01\x03a.b\x04\x02/p\x0f\x04\x01x\x0f\x2b\x01w\x1f\x08\x08Bearer t";
        assert_eq!(block, expected);
        let long = get("a", &"p".repeat(300), "", "", None);
        assert_eq!(&long[5..8], b"\x04\x7f\xad");
    }

    #[test]
    fn reads_a_status_in_all_its_forms() {
        assert_eq!(status(b"\x88rest"), Some(200));
        assert_eq!(status(b"\x20\x8c"), Some(400), "after a size of the table");
        assert_eq!(status(b"\x48\x03410"), Some(410));
        assert_eq!(status(b"\x08\x03429"), Some(429));
        assert_eq!(status(b"\x18\x03429"), Some(429));
        // 302 and 307 in the standard's examples (C.6.1, C.6.2) are 6402 and 640eff.
        assert_eq!(status(b"\x48\x82\x64\x02"), Some(302));
        assert_eq!(status(b"\x48\x83\x64\x0e\xff"), Some(307));
    }

    #[test]
    fn says_nothing_of_what_is_no_status() {
        for block in [
            &b""[..],
            b"\x82",
            b"\xbe",
            b"\x48",
            b"\x48\x0341",
            b"\x48\x03abc",
            b"\x41\x03200",
            b"\x7f\xff\xff\xff\xff\xff",
        ] {
            assert_eq!(status(block), None, "{block:?}");
        }
    }
}
