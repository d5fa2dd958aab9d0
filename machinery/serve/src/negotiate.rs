//! Which form an answer takes and which form a body has, from `Accept`, `Content-Type` and the `pretty` parameter.
//! It encodes nothing, and which transformations a resource offers is the caller's to say.

mod accept;

use schema::SmolStr;

use crate::limits::ACCEPT_CLAUSES_MAX;
use crate::query::Query;
use crate::status::Status;

pub use accept::Clause;

/// A form of objects.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Media {
    /// `application/json`.
    #[default]
    Json,
    /// `application/yaml`.
    Yaml,
    /// `application/vnd.kubernetes.protobuf`.
    Protobuf,
}

/// What built-in resources are served as, the preferred one first.
pub const OBJECT_MEDIA: &[Media] = &[Media::Json, Media::Yaml, Media::Protobuf];

impl Media {
    /// The media type.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Yaml => "application/yaml",
            Self::Protobuf => "application/vnd.kubernetes.protobuf",
        }
    }

    /// The media type of a stream of watch events.
    pub const fn stream_name(self) -> &'static str {
        match self {
            Self::Json | Self::Yaml => "application/json",
            Self::Protobuf => "application/vnd.kubernetes.protobuf;stream=watch",
        }
    }

    /// Whether watch events can be streamed in this form.
    pub const fn streams(self) -> bool {
        !matches!(self, Self::Yaml)
    }

    const fn subtype(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Yaml => "yaml",
            Self::Protobuf => "vnd.kubernetes.protobuf",
        }
    }
}

/// The kind that a client wants an answer turned into: `as`, `g` and `v` of a media type.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Target {
    /// `as`, e.g. `Table`.
    pub kind: SmolStr,
    /// `g`, e.g. `meta.k8s.io`.
    pub group: SmolStr,
    /// `v`, e.g. `v1`.
    pub version: SmolStr,
}

impl Target {
    /// Whether it is this kind of `meta.k8s.io` in a version that is served.
    pub fn is_meta(&self, kind: &str) -> bool {
        self.kind == kind && self.group == "meta.k8s.io" && matches!(self.version.as_str(), "v1" | "v1beta1")
    }
}

/// The form that was chosen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choice {
    /// Its encoding.
    pub media: Media,
    /// What to turn the answer into, if anything.
    pub target: Option<Target>,
    /// Whether events are wanted in frames (`stream=watch`).
    pub stream: bool,
    /// Whether JSON is wanted indented (`pretty=true` in the media type).
    pub pretty: bool,
}

/// What may be answered in.
#[derive(Clone, Copy)]
pub struct Offer<'a> {
    /// The encodings, the preferred one first.
    pub media: &'a [Media],
    /// Whether an encoding may carry this transformation.
    pub allows: &'a dyn Fn(Media, &Target) -> bool,
}

impl Offer<'_> {
    /// Objects as they are, tables of them, and their metadata alone.
    pub fn objects() -> Offer<'static> {
        Offer {
            media: OBJECT_MEDIA,
            allows: &allows_meta_kinds,
        }
    }

    /// Answers as they are, nothing else.
    pub fn plain() -> Offer<'static> {
        Offer {
            media: OBJECT_MEDIA,
            allows: &|_, _| false,
        }
    }

    /// Chooses by an `Accept` header; without one the preferred encoding. 406 when nothing fits.
    pub fn choose(&self, accept: Option<&str>) -> Result<Choice, Status> {
        let accept = accept.unwrap_or_default();
        if accept.is_empty() {
            return Ok(Choice {
                media: self.media.first().copied().unwrap_or_default(),
                ..Choice::default()
            });
        }
        let clauses = Clause::parse_all(accept, ACCEPT_CLAUSES_MAX);
        let pairs = clauses
            .iter()
            .flat_map(|clause| self.media.iter().map(move |media| (clause, *media)));
        let mut fitting = pairs.filter(|(clause, media)| clause.covers("application", media.subtype()));
        fitting
            .find_map(|(clause, media)| self.choice(clause, media))
            .ok_or_else(|| self.refusal())
    }

    fn choice(&self, clause: &Clause<'_>, media: Media) -> Option<Choice> {
        let mut choice = Choice {
            media,
            ..Choice::default()
        };
        let mut target = None::<Target>;
        for (key, value) in &clause.parameters {
            match *key {
                "as" => target.get_or_insert_default().kind = (*value).into(),
                "g" => target.get_or_insert_default().group = (*value).into(),
                "v" => target.get_or_insert_default().version = (*value).into(),
                "stream" if value.is_empty() => {}
                "stream" if *value == "watch" && media.streams() => choice.stream = true,
                "stream" => return None,
                "sv" if !matches!(*value, "" | "v1") => return None,
                "pretty" => choice.pretty = *value == "true",
                _ => {}
            }
        }
        if target
            .as_ref()
            .is_some_and(|target| !(self.allows)(media, target))
        {
            return None;
        }
        choice.target = target;
        Some(choice)
    }

    fn refusal(&self) -> Status {
        Status::not_acceptable(&names(self.media))
    }
}

/// Tables are JSON or YAML; metadata alone is in every encoding.
fn allows_meta_kinds(media: Media, target: &Target) -> bool {
    match target.kind.as_str() {
        "Table" => target.is_meta("Table") && media != Media::Protobuf,
        kind @ ("PartialObjectMetadata" | "PartialObjectMetadataList") => target.is_meta(kind),
        _ => false,
    }
}

/// The first gate of the reference, before any handler: an `Accept` header must name one of the media types that a route
/// produces, or `*/*`. Its 406 has a text of its own.
pub fn check_produces(accept: Option<&str>, produces: &[&str]) -> Result<(), Status> {
    let accept = accept.filter(|accept| !accept.is_empty()).unwrap_or("*/*");
    let mut types = accept
        .split(',')
        .map(|clause| clause.split(';').next().unwrap_or_default().trim());
    if types.any(|wanted| wanted == "*/*" || produces.contains(&wanted)) {
        return Ok(());
    }
    let message = format!(
        "406: Not Acceptable\n\nAvailable representations: {}",
        produces.join(", ")
    );
    Err(Status::failure(406, crate::status::reason::NOT_ACCEPTABLE, message).with_details(Default::default()))
}

/// The encoding of a request's body. Without a header it is the preferred one; 415 when it is none of `known`.
pub fn body_media(content_type: Option<&str>, known: &[Media]) -> Result<Media, Status> {
    let named = content_type
        .unwrap_or_default()
        .split(';')
        .next()
        .unwrap_or_default()
        .trim();
    if content_type.unwrap_or_default().is_empty() {
        return Ok(known.first().copied().unwrap_or_default());
    }
    let found = known
        .iter()
        .find(|media| media.name().eq_ignore_ascii_case(named));
    found
        .copied()
        .ok_or_else(|| Status::unsupported_media_type(&names(known)))
}

/// Whether JSON is to be indented: the parameter decides, else browsers and command line tools get it so.
pub fn is_pretty(choice: &Choice, query: &Query, user_agent: Option<&str>) -> bool {
    if choice.pretty {
        return true;
    }
    match query.first("pretty").unwrap_or_default() {
        "" => ["curl", "Wget", "Mozilla/5.0"]
            .iter()
            .any(|tool| user_agent.unwrap_or_default().starts_with(tool)),
        text => matches!(text, "1" | "t" | "T" | "true" | "TRUE" | "True"),
    }
}

/// The text of a header, `None` when it is absent or no text.
pub fn header<'a>(headers: &'a http::HeaderMap, name: &http::HeaderName) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

fn names(media: &[Media]) -> Vec<&'static str> {
    media.iter().map(|media| media.name()).collect()
}

#[cfg(test)]
mod tests;
