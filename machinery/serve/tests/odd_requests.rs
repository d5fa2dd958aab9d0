//! Whatever stands in a request line or header: no panic, and what is told stays within what was asked.

use proptest::prelude::*;
use serve::negotiate::{OBJECT_MEDIA, Offer, body_media, check_produces, is_pretty};
use serve::query::{Query, unescape};
use serve::request_info::RequestInfo;
use shardplane_serve as serve;

/// Paths made of the pieces that mean something, and of others.
fn path() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("api".to_owned()),
        Just("apis".to_owned()),
        Just("v1".to_owned()),
        Just("watch".to_owned()),
        Just("proxy".to_owned()),
        Just("namespaces".to_owned()),
        Just("finalize".to_owned()),
        Just(String::new()),
        Just("%2F".to_owned()),
        Just("%".to_owned()),
        "\\PC{0,6}",
    ];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| format!("/{}", pieces.join("/")))
}

fn query() -> impl Strategy<Value = String> {
    prop_oneof![
        "\\PC{0,40}",
        "(watch|limit|timeoutSeconds|fieldSelector|pretty|timeout)=[a-z0-9=,!%.\\\\]{0,20}(&(watch|limit)=.{0,4})?",
    ]
}

proptest! {
    #[test]
    fn request_info_is_read_or_refused(
        method in "(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS|FOO)", path in path(), query in query(),
    ) {
        let method = method.parse().expect("a method");
        if let Ok(info) = RequestInfo::new(&method, &path, &query) {
            prop_assert!(info.is_resource || info.resource.is_empty());
            prop_assert_eq!(info.parts.first().cloned().unwrap_or_default(), info.resource);
        }
    }

    #[test]
    fn queries_are_read(text in "\\PC{0,200}") {
        let query = Query::parse(&text);
        let _ = is_pretty(&Default::default(), &query, Some(&text));
        prop_assert!(query.all("a").count() <= text.len());
    }

    #[test]
    fn escapes_never_grow_text(text in "[%a-f0-9+ ]{0,60}") {
        if let Some(plain) = unescape(&text, true) {
            // A byte that is no UTF-8 is replaced by three.
            prop_assert!(plain.len() <= text.len().max(1));
        }
    }

    #[test]
    fn media_types_are_chosen_or_refused(header in "[a-z*/;=,. q0-9]{0,80}") {
        if let Err(status) = Offer::objects().choose(Some(&header)) {
            prop_assert_eq!(status.code, 406);
        }
        if let Err(status) = body_media(Some(&header), OBJECT_MEDIA) {
            prop_assert_eq!(status.code, 415);
        }
        if let Err(status) = check_produces(Some(&header), &["application/json"]) {
            prop_assert_eq!(status.code, 406);
        }
    }
}
