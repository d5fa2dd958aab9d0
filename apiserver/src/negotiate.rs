//! Which form of an answer a client wants, from its `Accept` header: media type and transformation (Table, metadata only).
//! It does not make answers; [`crate::render`] does.

use http::HeaderMap;
use http::header::{ACCEPT, USER_AGENT};
use serve::query::Query;
use serve::status::{Details, Status, reason};

use crate::options::truth;

/// The media types of answers and bodies, in the reference's order.
pub const MEDIA_TYPES: &[&str] = &["application/json", "application/yaml", "application/vnd.kubernetes.protobuf"];
const STREAM_TYPES: &[&str] = &["application/json;stream=watch", "application/vnd.kubernetes.protobuf;stream=watch"];
/// User agents of people who look at raw answers.
const READERS: &[&str] = &["curl", "Wget", "Mozilla/5.0"];

/// An encoding of objects.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Media {
    /// `application/json`.
    #[default]
    Json,
    /// `application/yaml`.
    Yaml,
    /// `application/vnd.kubernetes.protobuf`.
    Protobuf,
}

/// What becomes of the objects of an answer. The version is that of meta.k8s.io.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Form {
    /// Nothing.
    #[default]
    Object,
    /// Rows of a table.
    Table(&'static str),
    /// Metadata of one object.
    Partial(&'static str),
    /// Metadata of a list.
    PartialList(&'static str),
}

/// What a client wants.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Output {
    /// The encoding.
    pub media: Media,
    /// The transformation.
    pub form: Form,
    /// JSON with line breaks.
    pub pretty: bool,
}

impl Media {
    /// As `Content-Type` names it.
    pub const fn content_type(self) -> &'static str {
        match self {
            Media::Json => "application/json",
            Media::Yaml => "application/yaml",
            Media::Protobuf => "application/vnd.kubernetes.protobuf",
        }
    }

    fn of(content_type: &str) -> Option<Self> {
        [Media::Json, Media::Yaml, Media::Protobuf].into_iter().find(|media| media.content_type() == content_type)
    }

    /// The encoding of a body; JSON where nothing is said.
    pub fn of_body(headers: &HeaderMap) -> Result<Self, Status> {
        let content_type = headers.get(http::header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
        let bare = content_type.split(';').next().unwrap_or("").trim();
        if bare.is_empty() {
            return Ok(Media::Json);
        }
        Media::of(bare).ok_or_else(|| Status::unsupported_media_type(MEDIA_TYPES))
    }
}

/// One wish of an `Accept` header.
struct Clause<'a> {
    range: &'a str,
    parameters: Vec<(&'a str, &'a str)>,
    quality: f32,
}

impl Output {
    /// What the client of an ordinary request wants.
    pub fn of(headers: &HeaderMap, query: &Query) -> Result<Self, Status> {
        let accept = accept(headers);
        let pretty = pretty(headers, query);
        if accept.is_empty() {
            return Ok(Self { pretty, ..Self::default() });
        }
        let found = clauses(&accept).iter().find_map(|clause| clause.output(pretty));
        found.ok_or_else(|| Status::not_acceptable(MEDIA_TYPES))
    }

    /// What the client of a watch wants: only what can be framed.
    pub fn of_watch(headers: &HeaderMap, query: &Query) -> Result<Self, Status> {
        let accept = accept(headers);
        if accept.is_empty() {
            return Ok(Self::default());
        }
        let found = clauses(&accept).iter().find_map(|clause| clause.output(false).filter(|one| one.media != Media::Yaml));
        let _ = query;
        found.ok_or_else(|| Status::not_acceptable(&["application/json;stream=watch", "application/vnd.kubernetes.protobuf;stream=watch"]))
    }
}

impl Clause<'_> {
    fn output(&self, pretty: bool) -> Option<Output> {
        let media = match self.range {
            "*/*" | "application/*" => Media::Json,
            range => Media::of(range)?,
        };
        let value = |name: &str| self.parameters.iter().find(|(have, _)| *have == name).map(|(_, value)| *value);
        let version = match value("v") {
            Some("v1beta1") => "v1beta1",
            Some("v1") => "v1",
            _ => "",
        };
        let form = match value("as") {
            None => Form::Object,
            Some(_) if value("g") != Some("meta.k8s.io") || version.is_empty() => return None,
            Some("Table") if media != Media::Protobuf => Form::Table(version),
            Some("PartialObjectMetadata") => Form::Partial(version),
            Some("PartialObjectMetadataList") => Form::PartialList(version),
            Some(_) => return None,
        };
        Some(Output { media, form, pretty: pretty || value("pretty") == Some("1") })
    }
}

/// The check that the reference's router makes before any other: a route has these representations.
pub fn check_route(headers: &HeaderMap, streams: bool) -> Result<(), Status> {
    let accept = accept(headers);
    let known = |range: &str| range == "*/*" || MEDIA_TYPES.contains(&range);
    if accept.is_empty() || clauses(&accept).iter().any(|clause| known(clause.range)) {
        return Ok(());
    }
    let mut available = MEDIA_TYPES.to_vec();
    if streams {
        available.extend(STREAM_TYPES);
    }
    let message = format!("406: Not Acceptable\n\nAvailable representations: {}", available.join(", "));
    Err(Status::failure(406, reason::NOT_ACCEPTABLE, message).with_details(Details::default()))
}

fn accept(headers: &HeaderMap) -> String {
    let values: Vec<_> = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok()).collect();
    values.join(",")
}

/// The wishes, the dearest first.
fn clauses(accept: &str) -> Vec<Clause<'_>> {
    let mut clauses: Vec<_> = accept.split(',').filter(|part| !part.trim().is_empty()).map(clause).collect();
    clauses.sort_by(|a, b| b.quality.total_cmp(&a.quality));
    clauses
}

fn clause(text: &str) -> Clause<'_> {
    let mut parts = text.split(';').map(str::trim);
    let range = parts.next().unwrap_or("");
    let parameters: Vec<_> = parts.filter_map(|part| part.split_once('=')).map(|(key, value)| (key.trim(), value.trim())).collect();
    let quality = parameters.iter().find(|(key, _)| *key == "q").and_then(|(_, value)| value.parse().ok());
    Clause { range, parameters, quality: quality.unwrap_or(1.0) }
}

fn pretty(headers: &HeaderMap, query: &Query) -> bool {
    if let Some(asked) = query.first("pretty") {
        return truth(asked);
    }
    let agent = headers.get(USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or("");
    READERS.iter().any(|reader| agent.starts_with(reader))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn output(accept: &str) -> Result<Output, Status> {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, accept.parse().expect("a header value"));
        Output::of(&headers, &Query::default())
    }

    #[test]
    fn the_dearest_known_wish_wins() {
        let wanted = output("application/json;q=0.1,application/vnd.kubernetes.protobuf,text/html").expect("one is known");
        assert_eq!(wanted.media, Media::Protobuf);
        let table = output("application/json;as=Table;v=v1;g=meta.k8s.io,application/json").expect("a table");
        assert_eq!(table.form, Form::Table("v1"));
    }

    #[test]
    fn a_transformation_that_cannot_be_is_passed_over() {
        let plain = output("application/json;as=Table;v=v9;g=meta.k8s.io,application/json").expect("the second");
        assert_eq!(plain.form, Form::Object);
        assert_eq!(output("application/json;as=Nope;v=v1;g=meta.k8s.io").expect_err("none").code, 406);
        assert_eq!(output("application/vnd.kubernetes.protobuf;as=Table;v=v1;g=meta.k8s.io").expect_err("none").code, 406);
    }
}
