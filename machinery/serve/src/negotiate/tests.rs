use super::*;

fn chosen(accept: &str) -> Option<Choice> {
    Offer::objects().choose(Some(accept)).ok()
}

fn media(accept: &str) -> Option<Media> {
    chosen(accept).map(|choice| choice.media)
}

#[test]
fn preferences_decide() {
    assert_eq!(
        Offer::objects().choose(None).map(|choice| choice.media),
        Ok(Media::Json)
    );
    assert_eq!(media(""), Some(Media::Json));
    assert_eq!(media("*/*"), Some(Media::Json));
    assert_eq!(media("application/*"), Some(Media::Json));
    assert_eq!(media("application/yaml"), Some(Media::Yaml));
    assert_eq!(
        media("application/json;q=0.5, application/vnd.kubernetes.protobuf"),
        Some(Media::Protobuf)
    );
    assert_eq!(
        media("application/vnd.kubernetes.protobuf,application/json"),
        Some(Media::Protobuf)
    );
    assert_eq!(media("text/html, */*;q=0.1"), Some(Media::Json));
    assert_eq!(media("application/json;charset=utf-8"), Some(Media::Json));
    assert_eq!(media("application/cbor"), None);
    assert_eq!(media("nonsense"), None);
}

#[test]
fn transformations_are_allowed_where_they_exist() {
    let table =
        chosen("application/json;as=Table;g=meta.k8s.io;v=v1,application/json").expect("a table or plain");
    assert_eq!(table.target.expect("the table is preferred").kind, "Table");
    assert!(chosen("application/json;as=Table;g=meta.k8s.io;v=v1beta1").is_some());
    assert!(chosen("application/json;as=Table;g=meta.k8s.io;v=v2").is_none());
    assert!(chosen("application/vnd.kubernetes.protobuf;as=Table;g=meta.k8s.io;v=v1").is_none());
    assert!(
        chosen("application/vnd.kubernetes.protobuf;as=PartialObjectMetadata;g=meta.k8s.io;v=v1").is_some()
    );
    let fallback =
        chosen("application/json;as=Table;g=meta.k8s.io;v=v2,application/json").expect("the second");
    assert_eq!(fallback.target, None);
}

#[test]
fn only_streams_are_streamed() {
    assert!(
        chosen("application/json;stream=watch")
            .expect("as the reference")
            .stream
    );
    assert!(chosen("application/json;stream=other").is_none());
    assert!(chosen("application/yaml;stream=watch").is_none());
}

#[test]
fn refusals_name_what_there_is() {
    let all = "application/json, application/yaml, application/vnd.kubernetes.protobuf";
    let refused = Offer::objects()
        .choose(Some("application/cbor"))
        .expect_err("not served");
    assert_eq!(
        (refused.code, refused.message),
        (406, format!("only the following media types are accepted: {all}"))
    );
    let refused = body_media(Some("nonsense"), OBJECT_MEDIA).expect_err("not known");
    assert_eq!(
        (refused.code, refused.message),
        (
            415,
            format!("the body of the request was in an unknown format - accepted media types include: {all}")
        )
    );
    let refused = check_produces(Some("text/html"), &["application/json", "application/yaml"])
        .expect_err("not produced");
    assert_eq!(
        refused.message,
        "406: Not Acceptable\n\nAvailable representations: application/json, application/yaml"
    );
    assert!(check_produces(Some("application/json;as=Table"), &["application/json"]).is_ok());
    assert!(check_produces(Some(""), &["application/json"]).is_ok());
}

#[test]
fn bodies_are_json_unless_they_say_otherwise() {
    assert_eq!(body_media(None, OBJECT_MEDIA), Ok(Media::Json));
    assert_eq!(body_media(Some(""), OBJECT_MEDIA), Ok(Media::Json));
    assert_eq!(
        body_media(Some("application/YAML; charset=utf-8"), OBJECT_MEDIA),
        Ok(Media::Yaml)
    );
    assert_eq!(
        body_media(Some("application/vnd.kubernetes.protobuf"), OBJECT_MEDIA),
        Ok(Media::Protobuf)
    );
}

#[test]
fn people_read_indented_json() {
    let plain = Choice::default();
    assert!(is_pretty(&plain, &Query::parse("pretty=true"), None));
    assert!(is_pretty(&plain, &Query::parse(""), Some("curl/8.1")));
    assert!(!is_pretty(&plain, &Query::parse("pretty=0"), Some("curl/8.1")));
    assert!(!is_pretty(&plain, &Query::parse(""), Some("kubectl/v1.36")));
    assert!(is_pretty(
        &Choice {
            pretty: true,
            ..Choice::default()
        },
        &Query::parse(""),
        None
    ));
}
