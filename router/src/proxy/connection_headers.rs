//! Headers that are about one connection, and end with it.

use http::{HeaderMap, HeaderName, HeaderValue, header};

/// What belongs to one connection alone (RFC 9110, 7.6.1), beside what `Connection` names.
const OF_CONNECTIONS: [HeaderName; 7] = [
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    header::TRANSFER_ENCODING,
    header::TE,
    header::TRAILER,
    header::EXPECT,
    header::HOST,
];

/// Takes out what belongs to a connection. For an upgrade what asks for it stays.
pub(super) fn strip(headers: &mut HeaderMap, is_upgrade: bool) {
    for name in &OF_CONNECTIONS {
        headers.remove(name);
    }
    let named: Vec<HeaderValue> = headers.get_all(header::CONNECTION).iter().cloned().collect();
    let named = named.iter().filter_map(|list| list.to_str().ok());
    for name in named.flat_map(|list| list.split(',')).map(str::trim) {
        if !name.eq_ignore_ascii_case("upgrade") && !name.eq_ignore_ascii_case("connection") {
            headers.remove(name);
        }
    }
    headers.remove(header::CONNECTION);
    if is_upgrade {
        headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
    } else {
        headers.remove(header::UPGRADE);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stripped(list: &[(&'static str, &'static str)], is_upgrade: bool) -> Vec<String> {
        let mut headers = HeaderMap::new();
        for (name, value) in list {
            headers.append(*name, HeaderValue::from_static(value));
        }
        strip(&mut headers, is_upgrade);
        headers.keys().map(ToString::to_string).collect()
    }

    #[test]
    fn what_belongs_to_a_connection_ends_here() {
        let sent = [
            ("connection", "close, x-mine"),
            ("x-mine", "1"),
            ("keep-alive", "5"),
            ("host", "a"),
            ("te", "trailers"),
            ("accept", "*/*"),
        ];
        assert_eq!(stripped(&sent, false), ["accept"]);
        let upgrade = [("connection", "Upgrade"), ("upgrade", "SPDY/3.1")];
        assert_eq!(stripped(&upgrade, false), Vec::<String>::new());
        let mut kept = stripped(&upgrade, true);
        kept.sort_unstable();
        assert_eq!(kept, ["connection", "upgrade"]);
    }
}
