//! Tells of a request whose user could not be found: once, when it is refused, with the ways in which it was tried. Nothing of the
//! credentials themselves is told.

use auth::User;
use auth::audit::{Audit, Event, Stage};
use http::header;
use schema::time::Time;
use schema::tree;

use super::{Asked, TOKEN_PARAMETER, header_text, sources, told_uri};
use crate::http::Request;
use crate::peer::Peer;
use crate::query::Query;

/// What a 401 is in the log.
const UNAUTHORIZED: u16 = 401;

/// Tells of it, if the policy has it.
pub(in crate::filters) fn tell(audit: &Audit, request: &Request) {
    let Ok(asked) = Asked::of(request) else {
        return;
    };
    let (nobody, attributes) = (User::default(), asked.attributes());
    let told = audit.policy.of(&nobody, &attributes);
    let uri = told_uri(request.uri());
    let id = header_text(request.headers(), "audit-id");
    let mut event = Event::new(told, id, &uri, &nobody, &attributes, Time::now());
    let agent = header_text(request.headers(), "user-agent");
    event.set_source(&sources(request.headers(), request.extensions()), agent);
    event.set_status(UNAUTHORIZED, Some(&tree!({"message": (message(request))})));
    let event = event.at(Stage::ResponseStarted, Time::now());
    event.into_iter().for_each(|event| audit.tell(event));
}

/// Which credentials there were, in the words of the reference.
fn message(request: &Request) -> String {
    let authorization = header_text(request.headers(), header::AUTHORIZATION.as_str());
    let kind = authorization.trim().split_once(' ').map(|(kind, _)| kind);
    let is = |name: &str| kind.is_some_and(|kind| kind.eq_ignore_ascii_case(name));
    let query = Query::parse(request.uri().query().unwrap_or_default());
    let has_certificate = request
        .extensions()
        .get::<Peer>()
        .is_some_and(Peer::has_certificate);
    let tried = [
        ("basic", is("basic")),
        ("bearer", is("bearer")),
        (
            TOKEN_PARAMETER,
            query
                .first(TOKEN_PARAMETER)
                .is_some_and(|token| !token.trim().is_empty()),
        ),
        ("x509", has_certificate),
    ];
    let tried: Vec<&str> = tried
        .iter()
        .filter(|(_, was_tried)| *was_tried)
        .map(|(name, _)| *name)
        .collect();
    match tried.is_empty() {
        true => "Authentication failed, no credentials provided".to_owned(),
        false => format!("Authentication failed, attempted: {}", tried.join(", ")),
    }
}
