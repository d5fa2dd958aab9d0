//! JSON indented by two spaces, as Go's `json.Indent` does it. It takes compact JSON and does not check it.

/// The same JSON over several lines, without one at its end.
pub fn indented(compact: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(compact.len() + compact.len() / 2);
    let mut depth = 0usize;
    let mut at = 0;
    while let Some(&byte) = compact.get(at) {
        at += 1;
        let next_closes = matches!(compact.get(at), Some(b'}' | b']'));
        match byte {
            b'"' => {
                let end = at + text_length(&compact[at..]);
                out.extend_from_slice(&compact[at - 1..end]);
                at = end;
            }
            b'{' | b'[' => {
                out.push(byte);
                depth += 1;
                if !next_closes {
                    new_line(&mut out, depth);
                }
            }
            b'}' | b']' => {
                depth = depth.saturating_sub(1);
                if !matches!(out.last(), Some(b'{' | b'[')) {
                    new_line(&mut out, depth);
                }
                out.push(byte);
            }
            b',' => {
                out.push(byte);
                new_line(&mut out, depth);
            }
            b':' => out.extend_from_slice(b": "),
            byte => out.push(byte),
        }
    }
    out
}

/// How long a text is behind its opening quote, the closing one included.
fn text_length(text: &[u8]) -> usize {
    let mut escaped = false;
    for (at, byte) in text.iter().enumerate() {
        match byte {
            b'"' if !escaped => return at + 1,
            b'\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    text.len()
}

fn new_line(out: &mut Vec<u8>, depth: usize) {
    out.push(b'\n');
    out.resize(out.len() + 2 * depth, b' ');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indents_as_go_does() {
        let compact = br#"{"a":{},"b":[],"c":[1,{"d":"x,{\"}"}],"e":{"f":[[]]}}"#;
        let expected = r#"{
  "a": {},
  "b": [],
  "c": [
    1,
    {
      "d": "x,{\"}"
    }
  ],
  "e": {
    "f": [
      []
    ]
  }
}"#;
        assert_eq!(
            String::from_utf8(indented(compact)).expect("text stays text"),
            expected
        );
    }
}
