//! Which form of an answer a client of the API wants: an encoding, and what becomes of the objects (Table, metadata only).
//! The rules of media types are [`serve::negotiate`]'s; making answers is [`crate::respond`]'s.

use http::HeaderMap;
use http::header::{ACCEPT, CONTENT_TYPE, USER_AGENT};
use serve::negotiate::{self, OBJECT_MEDIA, Offer, header};
use serve::query::Query;
use serve::status::Status;

pub use serve::negotiate::Media;

/// What every route produces, and what one with a watch produces too.
const PRODUCES: [&str; 5] = [
    "application/json",
    "application/yaml",
    "application/vnd.kubernetes.protobuf",
    "application/json;stream=watch",
    "application/vnd.kubernetes.protobuf;stream=watch",
];
/// How many of them a route without a watch has.
const PRODUCES_PLAIN: usize = 3;
/// What events can be framed in.
const STREAM_MEDIA: &[Media] = &[Media::Json, Media::Protobuf];

/// What becomes of the objects of an answer. The version is that of meta.k8s.io.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Output {
    /// The encoding.
    pub media: Media,
    /// The transformation.
    pub form: Form,
    /// JSON with line breaks.
    pub pretty: bool,
}

impl Output {
    /// What the client of an ordinary request wants.
    pub fn of(headers: &HeaderMap, query: &Query) -> Result<Self, Status> {
        Self::choose(&Offer::objects(), headers, query)
    }

    /// What the client of a watch wants: only what can be framed.
    pub fn of_watch(headers: &HeaderMap, query: &Query) -> Result<Self, Status> {
        let offer = Offer {
            media: STREAM_MEDIA,
            ..Offer::objects()
        };
        Self::choose(&offer, headers, query).map(|output| Self {
            pretty: false,
            ..output
        })
    }

    /// Whether whole objects are wanted in protobuf.
    pub fn is_whole_protobuf(&self) -> bool {
        self.media == Media::Protobuf && self.form == Form::Object
    }

    fn choose(offer: &Offer<'_>, headers: &HeaderMap, query: &Query) -> Result<Self, Status> {
        let choice = offer.choose(header(headers, &ACCEPT))?;
        let form = choice.target.as_ref().map_or(Form::Object, |target| {
            let version = if target.version == "v1beta1" {
                "v1beta1"
            } else {
                "v1"
            };
            match target.kind.as_str() {
                "Table" => Form::Table(version),
                "PartialObjectMetadata" => Form::Partial(version),
                "PartialObjectMetadataList" => Form::PartialList(version),
                _ => Form::Object,
            }
        });
        let pretty = negotiate::is_pretty(&choice, query, header(headers, &USER_AGENT));
        Ok(Self {
            media: choice.media,
            form,
            pretty,
        })
    }
}

/// The encoding of a body.
pub fn body_media(headers: &HeaderMap) -> Result<Media, Status> {
    negotiate::body_media(header(headers, &CONTENT_TYPE), OBJECT_MEDIA)
}

/// The check that the reference's router makes before any other: a route has these representations.
pub fn check_route(headers: &HeaderMap, streams: bool) -> Result<(), Status> {
    let produces = if streams {
        &PRODUCES[..]
    } else {
        &PRODUCES[..PRODUCES_PLAIN]
    };
    negotiate::check_produces(header(headers, &ACCEPT), produces)
}
