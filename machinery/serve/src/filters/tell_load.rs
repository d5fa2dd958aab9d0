//! Tells routers in each answer how much the server has under way. Nobody else is told.

use super::FrontProxy;
use crate::filter::{Answer, Filter, Next};
use crate::http::Request;
use crate::load::Load;
use crate::peer::Peer;

/// Adds the server's load to answers for front proxies.
pub struct TellLoad {
    /// Who they are.
    pub proxies: FrontProxy,
    /// What is told.
    pub load: Load,
}

impl Filter for TellLoad {
    fn call<'a>(&'a self, request: Request, next: Next<'a>) -> Answer<'a> {
        let peer = request.extensions().get::<Peer>();
        if !peer.is_some_and(|peer| self.proxies.is_proxy(peer)) {
            return next.run(request);
        }
        Box::pin(async move {
            let mut response = next.run(request).await;
            self.load.tell(response.headers_mut());
            response
        })
    }
}
