//! Options of list, watch and deletecollection, with the reference's rules for resource versions, and continue tokens.

use base64::Engine;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use object::field::{Error, Path};
use object::selector::{field as fields, label, shard};
use schema::{Value, json};
use serve::query::Query;
use serve::status::Status;
use storage::Revision;

use super::{invalid, number, truth};

/// Go's reading of tokens: unpadded, whatever the last bits are.
const TOKEN_BASE64: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new()
        .with_encode_padding(false)
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireNone),
);
/// The only version of continue tokens.
const TOKEN_VERSION: &str = "meta.k8s.io/v1";

/// How a resource version is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VersionMatch {
    /// At this version or later.
    NotOlderThan,
    /// At exactly this version.
    Exact,
}

/// Options of a list or watch.
#[derive(Clone, Debug)]
pub struct ListOptions {
    /// Which objects, by labels.
    pub labels: label::Selector,
    /// Which objects, by fields as the request names them.
    pub fields: fields::Selector,
    /// Which objects, by ranges of a hash (KEP-5866). It is checked though nobody heeds it while its gate is off.
    pub shards: Option<shard::Selector>,
    /// As sent; empty if not.
    pub resource_version: String,
    /// How it is meant, if that is said.
    pub version_match: Option<VersionMatch>,
    /// At most this many; 0 for all.
    pub limit: u64,
    /// Where to go on.
    pub continue_token: String,
    /// How long a watch lasts at most, or how long is waited for a version.
    pub timeout_seconds: Option<i64>,
    /// Whether a watch sends bookmarks.
    pub bookmarks: bool,
    /// Whether a watch begins with the present objects and a bookmark after them.
    pub send_initial_events: Option<bool>,
}

/// Where a list goes on: after which key, at which revision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Continue {
    /// The first key, below the list's prefix.
    pub start: String,
    /// The revision of the first page; `None` asks for the present one.
    pub revision: Option<Revision>,
}

impl ListOptions {
    /// Reads and checks the options of a list.
    pub fn of_list(query: &Query) -> Result<Self, Status> {
        Self::read(query, false)
    }

    /// Reads and checks the options of a watch.
    pub fn of_watch(query: &Query) -> Result<Self, Status> {
        Self::read(query, true)
    }

    fn read(query: &Query, watch: bool) -> Result<Self, Status> {
        let text = |name: &str| query.first(name).unwrap_or_default();
        let bad = |error: object::selector::field::ParseError| Status::bad_request(error.to_string());
        let labels = label::Selector::parse(text("labelSelector"))
            .map_err(|error| Status::bad_request(error.to_string()))?;
        let fields = fields::Selector::parse(text("fieldSelector")).map_err(bad)?;
        let shards = match text("shardSelector") {
            "" => None,
            shards => Some(
                shard::Selector::parse(shards)
                    .map_err(|error| Status::bad_request(format!("invalid shard selector: {error}")))?,
            ),
        };
        let limit = number(query, "limit")?.unwrap_or(0);
        let options = Self {
            labels,
            fields,
            shards,
            resource_version: text("resourceVersion").to_owned(),
            version_match: match text("resourceVersionMatch") {
                "NotOlderThan" => Some(VersionMatch::NotOlderThan),
                "Exact" => Some(VersionMatch::Exact),
                _ => None,
            },
            limit: u64::try_from(limit).unwrap_or(0),
            continue_token: text("continue").to_owned(),
            timeout_seconds: number(query, "timeoutSeconds")?,
            bookmarks: query.first("allowWatchBookmarks").is_some_and(truth),
            send_initial_events: query.first("sendInitialEvents").map(truth),
        };
        let errors = match watch {
            true => options.watch_errors(text("resourceVersionMatch")),
            false => options.list_errors(text("resourceVersionMatch")),
        };
        invalid("ListOptions", &errors)?;
        Ok(options)
    }

    /// The resource version as a number; 0 when it is not given.
    pub fn revision(&self) -> Result<Revision, String> {
        parse_revision(&self.resource_version)
    }

    fn list_errors(&self, version_match: &str) -> Vec<Error> {
        let path = Path::root("resourceVersionMatch");
        let mut errors = Vec::new();
        if !version_match.is_empty() {
            if self.resource_version.is_empty() {
                let why = "resourceVersionMatch is forbidden unless resourceVersion is provided";
                errors.push(Error::forbidden(&path, why));
            }
            if !self.continue_token.is_empty() {
                errors.push(Error::forbidden(
                    &path,
                    "resourceVersionMatch is forbidden when continue is provided",
                ));
            }
            if self.version_match.is_none() {
                errors.push(Error::not_supported(
                    &path,
                    version_match,
                    &["Exact", "NotOlderThan", ""],
                ));
            }
            if self.version_match == Some(VersionMatch::Exact) && self.resource_version == "0" {
                let why = "resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\"";
                errors.push(Error::forbidden(&path, why));
            }
        }
        if self.send_initial_events.is_some() {
            let path = Path::root("sendInitialEvents");
            errors.push(Error::forbidden(&path, "sendInitialEvents is forbidden for list"));
        }
        errors
    }

    fn watch_errors(&self, version_match: &str) -> Vec<Error> {
        let path = Path::root("resourceVersionMatch");
        let mut errors = Vec::new();
        let not_older = self.version_match == Some(VersionMatch::NotOlderThan);
        if self.send_initial_events.is_some() && !not_older {
            let why = "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan";
            errors.push(Error::forbidden(&path, why));
        }
        if !version_match.is_empty() {
            if self.send_initial_events.is_none() {
                let why = "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided";
                errors.push(Error::forbidden(&path, why));
            }
            if !not_older {
                errors.push(Error::not_supported(&path, version_match, &["NotOlderThan"]));
            }
        }
        if !self.continue_token.is_empty() {
            errors.push(Error::forbidden(
                &path,
                "resourceVersionMatch is forbidden when continue is provided",
            ));
        }
        errors
    }
}

/// A resource version as clients send it; empty is 0.
pub fn parse_revision(text: &str) -> Result<Revision, String> {
    if text.is_empty() {
        return Ok(Revision(0));
    }
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let why = if digits {
        "value out of range"
    } else {
        "invalid syntax"
    };
    let number = if digits { text.parse::<i64>().ok() } else { None };
    number.map(Revision).ok_or_else(|| {
        format!("resourceVersion: Invalid value: {text:?}: strconv.ParseUint: parsing {text:?}: {why}")
    })
}

impl Continue {
    /// As clients send it back.
    pub fn encode(&self) -> String {
        let revision = self.revision.map_or(-1, |revision| revision.0);
        // Fields in the order in which Go declares them.
        let start = json::to_string(&Value::from(self.start.as_str()));
        TOKEN_BASE64.encode(format!(
            "{{\"v\":\"{TOKEN_VERSION}\",\"rv\":{revision},\"start\":{start}}}"
        ))
    }

    /// From a client; the error is the reason for the 400.
    pub fn decode(token: &str) -> Result<Self, String> {
        let broken = |why: String| format!("continue key is not valid: {why}");
        let bytes = TOKEN_BASE64
            .decode(token)
            .map_err(|error| broken(base64_error(token, &error)))?;
        if let Some(byte) = bytes.first().filter(|byte| !byte.is_ascii()) {
            return Err(broken(format!(
                "invalid character '\\x{byte:02x}' looking for beginning of value"
            )));
        }
        let value = json::parse(&bytes).map_err(|error| broken(error.to_string()))?;
        match value.str_at(&["v"]).unwrap_or_default() {
            TOKEN_VERSION => {}
            other => {
                return Err(format!(
                    "continue key is not valid: server does not recognize this encoded version {other:?}"
                ));
            }
        }
        let revision = value.int_at(&["rv"]).unwrap_or(0);
        if revision == 0 {
            return Err(format!(
                "continue key is not valid: incorrect encoded start resourceVersion (version {TOKEN_VERSION})"
            ));
        }
        let start = value.str_at(&["start"]).unwrap_or_default().to_owned();
        if start.is_empty() {
            return Err(format!(
                "continue key is not valid: encoded start key empty (version {TOKEN_VERSION})"
            ));
        }
        if start.split('/').any(|segment| matches!(segment, "." | ".." | "")) && start != "\0" {
            return Err(broken(format!("{start:?}")));
        }
        Ok(Self {
            start,
            revision: (revision > 0).then_some(Revision(revision)),
        })
    }
}

fn base64_error(token: &str, error: &base64::DecodeError) -> String {
    use base64::DecodeError::{InvalidByte, InvalidLastSymbol, InvalidLength, InvalidPadding};
    let at = match error {
        InvalidByte(at, _) | InvalidLastSymbol(at, _) | InvalidLength(at) => *at,
        InvalidPadding => token.len(),
    };
    format!("illegal base64 data at input byte {at}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_come_back() {
        let token = Continue {
            start: "ns/a\0".to_owned(),
            revision: Some(Revision(7)),
        };
        assert_eq!(Continue::decode(&token.encode()), Ok(token));
        for bad in ["garbage", "!", "", "e30"] {
            assert!(Continue::decode(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn version_rules_are_those_of_the_reference() {
        let list = |text: &str| {
            ListOptions::of_list(&Query::parse(text))
                .map(drop)
                .map_err(|status| status.message)
        };
        assert!(list("resourceVersion=5&resourceVersionMatch=Exact").is_ok());
        assert!(list("resourceVersionMatch=Exact").is_err());
        assert!(list("resourceVersion=0&resourceVersionMatch=Exact").is_err());
        assert!(list("sendInitialEvents=true").is_err());
        assert!(
            list("limit=abc")
                .expect_err("no number")
                .contains("strconv.ParseInt: parsing \"abc\": invalid syntax")
        );
        let watch = ListOptions::of_watch(&Query::parse(
            "sendInitialEvents=true&resourceVersionMatch=NotOlderThan",
        ));
        assert!(watch.is_ok());
    }

    #[test]
    fn bad_revisions_are_worded_as_go_does() {
        assert_eq!(
            parse_revision("abc"),
            Err(
                "resourceVersion: Invalid value: \"abc\": strconv.ParseUint: parsing \"abc\": invalid syntax"
                    .to_owned()
            )
        );
    }
}
