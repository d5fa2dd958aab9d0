//! What all requests of a connection share, whatever HTTP version it speaks, and which of them outlive it.

use http::Method;
use tokio::sync::OwnedSemaphorePermit;

use super::Server;
use super::idle::Activity;
use crate::http::Handler;
use crate::peer::Peer;
use crate::request_info::RequestInfo;

/// One connection, seen by its requests.
pub(super) struct Connection {
    pub(super) handler: Handler,
    pub(super) peer: Peer,
    pub(super) activity: Activity,
    /// Its place among the server's connections: free when it and the last of its requests are done, which the server's
    /// end waits for.
    _slot: OwnedSemaphorePermit,
}

impl Connection {
    pub(super) fn new(server: &Server, peer: Peer, slot: OwnedSemaphorePermit) -> Self {
        Self {
            handler: server.handler.clone(),
            peer,
            activity: Activity::new(server.load.clone()),
            _slot: slot,
        }
    }
}

/// Whether a request is worked on to its end though its client goes away. A write that is dropped in the middle leaves what it
/// has reserved (addresses, ports, quota). The deadline of requests bounds it; where there is none, it is dropped.
pub(super) fn must_finish<B>(request: &http::Request<B>) -> bool {
    let is_write = matches!(
        *request.method(),
        Method::POST | Method::PUT | Method::PATCH | Method::DELETE
    );
    let uri = request.uri();
    is_write
        && RequestInfo::new(request.method(), uri.path(), uri.query().unwrap_or_default())
            .is_ok_and(|info| !info.is_long_running())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_are_finished_but_not_what_has_no_deadline() {
        let asked = |method: &str, uri: &str| {
            must_finish(
                &http::Request::builder()
                    .method(method)
                    .uri(uri)
                    .body(())
                    .expect("a request"),
            )
        };
        let pods = "/api/v1/namespaces/a/pods";
        assert!(asked("POST", pods));
        assert!(asked("DELETE", &format!("{pods}/b")));
        assert!(!asked("GET", pods));
        assert!(!asked("POST", &format!("{pods}/b/exec?command=sh")));
    }
}
