//! `/openapi/v2` and `/openapi/v3` over HTTP: documents made at the first request, kept compressed, with hashes in their URLs,
//! ETags and 304 (KEP-2896), as JSON or, for clients that ask for it, as protobuf.

use ::render::discovery::Shown;
use ::render::{Descriptions, Discovery};
use arc_swap::ArcSwapOption;
use bytes::Bytes;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::{Response as HttpResponse, StatusCode};
use schema::openapi::Version;
use schema::{Map, Value, json, tree};
use serve::http::{Body, Response, status_response, text_response};
use serve::limits::ACCEPT_CLAUSES_MAX;
use serve::negotiate::{self, Clause};
use serve::query::Query;
use serve::status::Status;
use sha2::{Digest, Sha512};
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::sync::{Arc, OnceLock};

use super::documents::{sections, v2, v3};
use super::gnostic::{self, Message};
use crate::custom::openapi;
use render::discovery::Served;

/// For how long a document with its hash in the URL may be kept: it never changes.
const IMMUTABLE: &str = "public, immutable";
/// A year from any day on, as HTTP writes days; clients go by the hash.
const EXPIRES: &str = "Thu, 31 Dec 2099 23:59:59 GMT";

/// The published schema.
#[derive(Debug)]
pub struct OpenApi {
    /// Of the built-in resources.
    served: Arc<Served>,
    discovery: Discovery,
    documents: OnceLock<Documents>,
    custom: ArcSwapOption<Custom>,
}

/// The documents of custom resources, as long as these are the same.
#[derive(Debug)]
struct Custom {
    of: Arc<Shown>,
    v3: BTreeMap<String, Document>,
}

#[derive(Debug)]
struct Documents {
    v2: Document,
    v3: BTreeMap<String, Document>,
}

/// A document in both encodings; the second is made when first asked for.
#[derive(Debug)]
struct Document {
    version: Version,
    json: Encoded,
    protobuf: OnceLock<Encoded>,
}

/// A document in one encoding, compressed: clients that take gzip get it as it is.
#[derive(Debug)]
struct Encoded {
    content_type: &'static str,
    hash: String,
    gzip: Bytes,
}

/// The protobuf encoding of a version: its subtype as clients ask for it, by its old and new name, and as answers call it.
struct Protobuf {
    subtypes: [&'static str; 2],
    content_type: &'static str,
    message: &'static Message,
}

const JSON: &str = "application/json";
static V2_PROTOBUF: Protobuf = Protobuf {
    subtypes: [
        "com.github.proto-openapi.spec.v2@v1.0+protobuf",
        "com.github.proto-openapi.spec.v2.v1.0+protobuf",
    ],
    content_type: "application/com.github.proto-openapi.spec.v2.v1.0+protobuf",
    message: &gnostic::V2_DOCUMENT,
};
static V3_PROTOBUF: Protobuf = Protobuf {
    subtypes: [
        "com.github.proto-openapi.spec.v3@v1.0+protobuf",
        "com.github.proto-openapi.spec.v3.v1.0+protobuf",
    ],
    content_type: "application/com.github.proto-openapi.spec.v3.v1.0+protobuf",
    message: &gnostic::V3_DOCUMENT,
};

fn protobuf_of(version: Version) -> &'static Protobuf {
    match version {
        Version::V2 => &V2_PROTOBUF,
        Version::V3 => &V3_PROTOBUF,
    }
}

impl OpenApi {
    /// Of what is served: of the built-in resources now, and of custom ones as they come and go.
    pub fn new(discovery: Discovery) -> Self {
        Self {
            served: discovery.shown().served.clone(),
            discovery,
            documents: OnceLock::new(),
            custom: ArcSwapOption::empty(),
        }
    }

    /// Answers a request below `/openapi/`; `None` for other paths. Making the documents takes some hundred milliseconds once:
    /// call it where that may block.
    pub fn answer(&self, path: &str, query: &str, headers: &HeaderMap) -> Option<Response> {
        let below = path.strip_prefix("/openapi/")?;
        match below.trim_end_matches('/') {
            "v2" => Some(self.v2(headers)),
            "v3" => Some(self.index()),
            other => Some(match other.strip_prefix("v3/") {
                Some(section) => self.v3(section, &Query::parse(query), headers),
                None => text_response(StatusCode::NOT_FOUND, "404 page not found\n"),
            }),
        }
    }

    fn documents(&self) -> &Documents {
        self.documents.get_or_init(|| Documents::make(&self.served))
    }

    fn v2(&self, headers: &HeaderMap) -> Response {
        self.documents().v2.respond(headers)
    }

    fn index(&self) -> Response {
        let custom = self.custom();
        let all = self.documents().v3.iter().chain(&custom.v3);
        let entries = all.map(|(name, document)| {
            (
                name.as_str().into(),
                tree!({"serverRelativeURL": (url(name, &document.json.hash))}),
            )
        });
        let mut index = Vec::new();
        json::write(
            &tree!({"paths": (Value::Map(entries.collect::<Map>()))}),
            &mut index,
        );
        text_response(StatusCode::OK, Bytes::from(index))
    }

    /// The documents of the custom resources that are served now.
    fn custom(&self) -> Arc<Custom> {
        let shown = self.discovery.shown();
        if let Some(known) = self
            .custom
            .load_full()
            .filter(|known| Arc::ptr_eq(&known.of, &shown))
        {
            return known;
        }
        let documents = openapi::documents(&shown.served, &Descriptions::default());
        let documents = documents.into_iter();
        let made = Arc::new(Custom {
            v3: documents
                .map(|(name, value)| (name, Document::make(Version::V3, &value)))
                .collect(),
            of: shown,
        });
        self.custom.store(Some(made.clone()));
        made
    }

    fn v3(&self, section: &str, query: &Query, headers: &HeaderMap) -> Response {
        let custom = self.custom();
        let found = self.documents().v3.get(section);
        let Some(document) = found.or_else(|| custom.v3.get(section)) else {
            return empty(StatusCode::NOT_FOUND);
        };
        match query.first("hash") {
            Some(hash) if hash != document.json.hash => {
                let mut response = empty(StatusCode::MOVED_PERMANENTLY);
                set(
                    &mut response,
                    header::LOCATION,
                    &url(section, &document.json.hash),
                );
                response
            }
            hash => {
                let mut response = document.respond(headers);
                if hash.is_some() {
                    set(&mut response, header::CACHE_CONTROL, IMMUTABLE);
                    set(&mut response, header::EXPIRES, EXPIRES);
                }
                response
            }
        }
    }
}

impl Documents {
    fn make(served: &Served) -> Self {
        let descriptions = Descriptions::default();
        let sections = sections(served);
        let v3: BTreeMap<String, Document> = sections
            .iter()
            .map(|section| {
                (
                    section.name.clone(),
                    Document::make(Version::V3, &v3(section, &descriptions)),
                )
            })
            .collect();
        Self {
            v2: Document::make(Version::V2, &v2(&sections, &descriptions)),
            v3,
        }
    }
}

impl Document {
    fn make(version: Version, value: &Value) -> Self {
        let mut text = Vec::new();
        json::write(value, &mut text);
        Self {
            version,
            json: Encoded::make(JSON, &text),
            protobuf: OnceLock::new(),
        }
    }

    /// In the encoding that the client likes best.
    fn respond(&self, headers: &HeaderMap) -> Response {
        let accept = negotiate::header(headers, &header::ACCEPT)
            .filter(|accept| !accept.is_empty())
            .unwrap_or("*/*");
        let protobuf = protobuf_of(self.version);
        for clause in Clause::parse_all(accept, ACCEPT_CLAUSES_MAX) {
            if clause.covers("application", "json") {
                return self.json.respond(headers);
            }
            if protobuf
                .subtypes
                .iter()
                .any(|subtype| clause.covers("application", subtype))
            {
                return self
                    .protobuf
                    .get_or_init(|| self.transcoded(protobuf))
                    .respond(headers);
            }
        }
        status_response(&Status::not_acceptable(&[JSON, protobuf.content_type]))
    }

    fn transcoded(&self, protobuf: &Protobuf) -> Encoded {
        let document = json::parse(&self.json.text()).expect("written by ourselves");
        Encoded::make(
            protobuf.content_type,
            &gnostic::encode(protobuf.message, &document),
        )
    }
}

impl Encoded {
    fn make(content_type: &'static str, content: &[u8]) -> Self {
        let hash = Sha512::digest(content)
            .iter()
            .map(|byte| format!("{byte:02X}"))
            .collect();
        let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
        let packed = gzip.write_all(content).and_then(|()| gzip.finish());
        Self {
            content_type,
            hash,
            gzip: Bytes::from(packed.expect("writing to memory does not fail")),
        }
    }

    fn text(&self) -> Vec<u8> {
        let mut text = Vec::new();
        GzDecoder::new(self.gzip.as_ref())
            .read_to_end(&mut text)
            .expect("packed by ourselves");
        text
    }

    fn respond(&self, headers: &HeaderMap) -> Response {
        let etag = format!("\"{}\"", self.hash);
        let known = headers
            .get(header::IF_NONE_MATCH)
            .and_then(|value| value.to_str().ok());
        let mut response = match known.is_some_and(|known| known.contains(&etag)) {
            true => empty(StatusCode::NOT_MODIFIED),
            false => self.content(headers),
        };
        set(&mut response, header::ETAG, &etag);
        set(&mut response, header::VARY, "Accept, Accept-Encoding");
        response
    }

    fn content(&self, headers: &HeaderMap) -> Response {
        let accepts = headers
            .get(header::ACCEPT_ENCODING)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        let mut response = if accepts.contains("gzip") {
            let mut response = HttpResponse::new(Body::full(self.gzip.clone()));
            set(&mut response, header::CONTENT_ENCODING, "gzip");
            response
        } else {
            HttpResponse::new(Body::full(self.text()))
        };
        set(&mut response, header::CONTENT_TYPE, self.content_type);
        response
    }
}

fn url(section: &str, hash: &str) -> String {
    format!("/openapi/v3/{section}?hash={hash}")
}

fn empty(code: StatusCode) -> Response {
    let mut response = HttpResponse::new(Body::empty());
    *response.status_mut() = code;
    response
}

fn set(response: &mut Response, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kinds::RuntimeConfig;

    fn published() -> OpenApi {
        OpenApi::new(Discovery::new(RuntimeConfig::default(), String::new()))
    }

    fn get(openapi: &OpenApi, path: &str, query: &str, headers: &[(HeaderName, &str)]) -> Response {
        let headers = headers
            .iter()
            .map(|(name, value)| (name.clone(), value.parse().expect("a header value")));
        openapi
            .answer(path, query, &headers.collect())
            .expect("below /openapi/")
    }

    #[test]
    fn a_known_document_is_not_sent_again() {
        let openapi = published();
        let first = get(&openapi, "/openapi/v3/apis/apps/v1", "", &[]);
        let etag = first.headers()[header::ETAG].to_str().expect("text").to_owned();
        let second = get(
            &openapi,
            "/openapi/v3/apis/apps/v1",
            "",
            &[(header::IF_NONE_MATCH, &etag)],
        );
        assert_eq!(second.status(), StatusCode::NOT_MODIFIED);
        let hash = etag.trim_matches('"');
        let hashed = get(&openapi, "/openapi/v3/apis/apps/v1", &format!("hash={hash}"), &[]);
        assert_eq!(hashed.headers()[header::CACHE_CONTROL], IMMUTABLE);
        let stale = get(&openapi, "/openapi/v3/apis/apps/v1", "hash=OLD", &[]);
        assert_eq!(stale.status(), StatusCode::MOVED_PERMANENTLY);
    }

    #[test]
    fn clients_may_ask_for_protobuf() {
        let openapi = published();
        for (path, version) in [("/openapi/v2", "v2"), ("/openapi/v3/apis/apps/v1", "v3")] {
            let asked = format!("application/com.github.proto-openapi.spec.{version}@v1.0+protobuf");
            let answer = get(&openapi, path, "", &[(header::ACCEPT, &asked)]);
            let given = format!("application/com.github.proto-openapi.spec.{version}.v1.0+protobuf");
            assert_eq!(answer.headers()[header::CONTENT_TYPE], given);
            let both = format!("{asked};q=0.5, application/json");
            let answer = get(&openapi, path, "", &[(header::ACCEPT, &both)]);
            assert_eq!(answer.headers()[header::CONTENT_TYPE], JSON);
            let neither = get(&openapi, path, "", &[(header::ACCEPT, "text/html")]);
            assert_eq!(neither.status(), StatusCode::NOT_ACCEPTABLE);
        }
    }
}
