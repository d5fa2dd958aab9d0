//! The selected objects of a collection, read from the store at one revision: what a deletecollection is about. Lists for
//! clients are the watch cache's.

use bytes::Bytes;
use render::options::{Continue, ListOptions, VersionMatch};
use render::{Call, Selection};
use schema::Value;
use serve::status::Status;
use storage::{Entry, Revision};

use crate::api::Api;
use crate::freshness;
use crate::limits::LIST_BATCH;
use crate::objects::PageRequest;

/// Which part of a collection, at which revision.
#[derive(Clone, Debug, Default)]
pub(super) struct Span {
    /// `None` is now.
    at: Option<Revision>,
    /// After this key.
    after: Option<Bytes>,
    /// At most this many; 0 for all.
    limit: u64,
}

/// A selected object: as it is stored, and decoded where that was needed to select it.
pub(super) struct Found<'a> {
    pub entry: &'a Entry,
    pub object: Option<Value>,
}

/// What was read.
pub(super) struct Read {
    pub revision: Revision,
}

/// Where a list begins and at which revision, by the rules of the API concepts page.
pub(super) async fn span(api: &Api, call: &Call, options: &ListOptions) -> Result<Span, Status> {
    let invalid = |why: String| Status::bad_request(format!("invalid resource version: {why}"));
    if !options.continue_token.is_empty() {
        if !matches!(options.resource_version.as_str(), "" | "0") {
            return Err(Status::bad_request(
                "specifying resource version is not allowed when using continue",
            ));
        }
        let token = Continue::decode(&options.continue_token)
            .map_err(|why| Status::bad_request(format!("invalid continue token: {why}")))?;
        let prefix = api.objects.span(&call.hub, call.namespace()).0;
        let start = token.start.strip_suffix('\0').unwrap_or(&token.start);
        let after = Bytes::from([prefix.as_ref(), start.as_bytes()].concat());
        let limit = if options.resource_version == "0" {
            0
        } else {
            options.limit
        };
        return Ok(Span {
            at: token.revision,
            after: Some(after),
            limit,
        });
    }
    let revision = options.revision().map_err(invalid)?;
    if revision == Revision(0) {
        // Any version will do, and then pages are not asked for.
        let limit = if options.resource_version == "0" {
            0
        } else {
            options.limit
        };
        return Ok(Span {
            limit,
            ..Span::default()
        });
    }
    freshness::reached(api, &call.hub, revision).await?;
    let exact = options.version_match == Some(VersionMatch::Exact)
        || (options.version_match.is_none() && options.limit > 0);
    Ok(match exact {
        true => Span {
            at: Some(revision),
            after: None,
            limit: options.limit,
        },
        false => Span::default(),
    })
}

/// Reads the selected objects of a span in key order and hands them on.
pub(super) async fn read(
    api: &Api,
    call: &Call,
    options: &ListOptions,
    selection: &Selection,
    span: Span,
    mut take: impl FnMut(Found<'_>) -> Result<(), Status>,
) -> Result<Read, Status> {
    let (mut at, mut after, mut taken) = (span.at, span.after, 0);
    loop {
        let request = PageRequest {
            at,
            after: after.clone(),
            limit: batch(span.limit, taken, selection),
            name: selection.name().map(str::to_owned),
        };
        let page = api.objects.page(&call.hub, call.namespace(), &request).await;
        let page = page.map_err(|status| aged(status, options))?;
        for entry in &page.entries {
            let object = match selection.is_everything() {
                true => None,
                false => Some(api.objects.decode(&call.hub, entry)?.object),
            };
            if object.as_ref().is_some_and(|object| !selection.matches(object)) {
                continue;
            }
            take(Found { entry, object })?;
            taken += 1;
            if span.limit > 0 && taken >= span.limit {
                return Ok(Read {
                    revision: page.revision,
                });
            }
        }
        if !page.more {
            return Ok(Read {
                revision: page.revision,
            });
        }
        (at, after) = (
            Some(page.revision),
            page.entries.last().map(|entry| entry.key.clone()),
        );
    }
}

fn batch(limit: u64, taken: u64, selection: &Selection) -> u64 {
    match limit {
        0 => LIST_BATCH,
        limit if selection.is_everything() => (limit - taken).min(LIST_BATCH),
        _ => LIST_BATCH,
    }
}

/// The words for a revision that is no longer held depend on who named it.
fn aged(status: Status, options: &ListOptions) -> Status {
    if status.code != 410 || !options.continue_token.is_empty() {
        return status;
    }
    Status::expired("The resourceVersion for the provided list is too old.")
}
