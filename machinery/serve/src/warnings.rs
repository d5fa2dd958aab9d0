//! `Warning` headers: sentences for people that come with an answer (RFC 7234, code 299, as kubectl prints them).
//! What to warn of is the handler's to know.

use http::{HeaderMap, HeaderName, HeaderValue};

const WARNING: HeaderName = HeaderName::from_static("warning");
/// The most characters of all warnings of one answer; beyond it each is shortened.
const CHARS_MAX: usize = 4 * 1024;
/// What a warning is shortened to then.
const SHORT_CHARS: usize = 256;

/// Adds warnings to an answer's headers, each once, in order. Empty ones and more than fits are left out.
pub fn add<S: AsRef<str>>(headers: &mut HeaderMap, warnings: &[S]) {
    let mut distinct: Vec<&str> = Vec::new();
    for warning in warnings.iter().map(S::as_ref).filter(|text| !text.is_empty()) {
        if !distinct.contains(&warning) {
            distinct.push(warning);
        }
    }
    let total: usize = distinct.iter().map(|text| text.chars().count()).sum();
    let chars_max = if total > CHARS_MAX { SHORT_CHARS } else { CHARS_MAX };
    let mut written = 0;
    for warning in distinct {
        if written >= CHARS_MAX {
            return;
        }
        let text: String = warning.chars().take(chars_max).collect();
        written += text.chars().count();
        if let Some(value) = header(&text) {
            headers.append(WARNING, value);
        }
    }
}

/// `299 - "text"`, quotes and backslashes escaped; `None` for what cannot stand in a header.
fn header(text: &str) -> Option<HeaderValue> {
    let mut quoted = String::with_capacity(text.len() + 8);
    quoted.push_str("299 - \"");
    for char in text.chars().filter(|char| !char.is_control()) {
        if matches!(char, '"' | '\\') {
            quoted.push('\\');
        }
        quoted.push(char);
    }
    quoted.push('"');
    HeaderValue::from_bytes(quoted.as_bytes()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(warnings: &[&str]) -> Vec<String> {
        let mut headers = HeaderMap::new();
        add(&mut headers, warnings);
        let values = headers.get_all(WARNING).iter();
        values
            .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
            .collect()
    }

    #[test]
    fn warnings_are_quoted_and_told_once() {
        assert_eq!(
            texts(&["say \"a\\b\"", "", "say \"a\\b\"", "x\ny"]),
            [r#"299 - "say \"a\\b\"""#, r#"299 - "xy""#]
        );
    }

    #[test]
    fn many_long_warnings_are_shortened() {
        let long: Vec<String> = (0..40).map(|at| format!("{at:03}{}", "x".repeat(500))).collect();
        let refs: Vec<&str> = long.iter().map(String::as_str).collect();
        let told = texts(&refs);
        assert_eq!(told.len(), CHARS_MAX / SHORT_CHARS);
        assert!(told.iter().all(|text| text.len() == SHORT_CHARS + 8));
    }
}
