//! Lets a request be made as somebody else, where its user may: the user in the extensions becomes the one that is wanted.

use std::sync::Arc;

use auth::User;
use auth::authorize::Chain;
use auth::impersonate;

use super::audit::Trail;
use super::authorization::Asked;
use crate::filter::{Answer, Filter, Next};
use crate::http::{Request, status_response};
use crate::status::Status;

/// Who a request's user was before it became somebody else, in its extensions.
#[derive(Clone, Debug)]
pub struct Impersonator(pub User);

/// Exchanges users.
#[derive(Debug)]
pub struct Impersonation(impersonate::Impersonation);

impl Impersonation {
    /// As these authorizers decide.
    pub fn new(chain: Arc<Chain>) -> Self {
        Self(impersonate::Impersonation::new(chain))
    }
}

impl Filter for Impersonation {
    fn call<'a>(&'a self, mut request: Request, next: Next<'a>) -> Answer<'a> {
        let wanted = match impersonate::wanted(request.headers_mut()) {
            Ok(None) => return next.run(request),
            Ok(Some(wanted)) => wanted,
            Err(why) => return Box::pin(async move { status_response(&Status::bad_request(why)) }),
        };
        let asked = match Asked::of(&request) {
            Ok(asked) => asked,
            Err(status) => return Box::pin(async move { status_response(&status) }),
        };
        Box::pin(async move {
            match self.0.exchange(&asked.user, &wanted, &asked.attributes()).await {
                Ok(user) => {
                    if let Some(trail) = Trail::of(&request) {
                        trail.impersonated(&user);
                    }
                    request.extensions_mut().insert(user);
                    request.extensions_mut().insert(Impersonator(asked.user));
                    next.run(request).await
                }
                Err(refused) => status_response(&Status::forbidden(
                    &refused.group,
                    &refused.resource,
                    &refused.name,
                    &refused.why,
                )),
            }
        })
    }
}
