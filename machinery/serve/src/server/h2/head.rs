//! The head of an answer as HTTP/2 has it: no header that belongs to a connection, the date, the length if it is known.

use std::cell::RefCell;
use std::time::{Duration, SystemTime};

use http::header::{self, HeaderMap, HeaderName, HeaderValue};

/// What HTTP/2 forbids (RFC 9113, 8.2.2), beside what `Connection` names.
const OF_CONNECTIONS: [HeaderName; 5] = [
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    header::TE,
];

/// Makes headers fit for HTTP/2.
pub(super) fn prepare(headers: &mut HeaderMap, length: Option<u64>) {
    strip(headers);
    headers.entry(header::DATE).or_insert_with(date);
    if let Some(length) = length {
        headers
            .entry(header::CONTENT_LENGTH)
            .or_insert_with(|| HeaderValue::from(length));
    }
}

fn strip(headers: &mut HeaderMap) {
    for name in &OF_CONNECTIONS {
        headers.remove(name);
    }
    let Some(named) = headers.remove(header::CONNECTION) else {
        return;
    };
    for name in named.to_str().unwrap_or_default().split(',') {
        headers.remove(name.trim());
    }
}

thread_local! {
    /// The second of the last date that was made, and the date.
    static LAST_DATE: RefCell<(u64, HeaderValue)> = const { RefCell::new((0, HeaderValue::from_static(""))) };
}

/// Now, made once in a second.
fn date() -> HeaderValue {
    let since_epoch = SystemTime::UNIX_EPOCH.elapsed().unwrap_or(Duration::ZERO);
    LAST_DATE.with_borrow_mut(|(second, text)| {
        if *second != since_epoch.as_secs() {
            let made = httpdate::fmt_http_date(SystemTime::UNIX_EPOCH + since_epoch);
            *text = HeaderValue::try_from(made).expect("a date is plain text");
            *second = since_epoch.as_secs();
        }
        text.clone()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_belongs_to_a_connection_is_removed() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("connection", "close, x-hop"),
            ("keep-alive", "1"),
            ("transfer-encoding", "chunked"),
            ("te", "trailers"),
            ("x-hop", "1"),
            ("x-kept", "1"),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
        prepare(&mut headers, Some(5));
        let mut names: Vec<_> = headers.keys().map(HeaderName::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, ["content-length", "date", "x-kept"]);
        assert_eq!(headers["date"].len(), "Fri, 27 Nov 2026 20:17:12 GMT".len());
    }

    #[test]
    fn what_a_handler_says_of_date_and_length_stays() {
        let mut headers = HeaderMap::new();
        headers.insert("date", HeaderValue::from_static("then"));
        headers.insert("content-length", HeaderValue::from_static("7"));
        prepare(&mut headers, Some(5));
        assert_eq!(
            (&headers["date"], &headers["content-length"]),
            (&HeaderValue::from_static("then"), &HeaderValue::from_static("7"))
        );
    }
}
