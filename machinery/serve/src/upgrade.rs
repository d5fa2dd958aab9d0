//! A client's wish to go on with another protocol on its HTTP/1.1 connection, for whichever part of the server grants it.
//! What is spoken then is that part's affair.

use std::any::Any;
use std::sync::{Arc, Mutex, PoisonError};

use http::{HeaderMap, header};
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;

/// What counts as long as somebody may go on with a connection.
type Held = Arc<dyn Any + Send + Sync>;

/// In a request's extensions, if its client wishes for an upgrade. Clones share it: it is granted once.
#[derive(Clone)]
pub struct Upgradable {
    on: Arc<Mutex<Option<OnUpgrade>>>,
    held: Held,
}

/// The right to go on, to be kept as long as it is made use of.
pub struct Granted {
    on: OnUpgrade,
    _held: Held,
}

impl Upgradable {
    /// What a request asks for.
    pub(crate) fn of<B>(request: &mut http::Request<B>, held: Held) -> Option<Self> {
        let wishes = is_wished(request.headers());
        wishes.then(|| Self {
            on: Arc::new(Mutex::new(Some(hyper::upgrade::on(request)))),
            held,
        })
    }

    /// What more counts as long as somebody may go on with the connection.
    pub fn hold(&mut self, more: impl Any + Send + Sync) {
        self.held = Arc::new((self.held.clone(), more));
    }

    /// Grants it, unless that was done before. The client hears of it by an answer of 101.
    pub fn take(&self) -> Option<Granted> {
        let on = self.on.lock().unwrap_or_else(PoisonError::into_inner).take()?;
        Some(Granted {
            on,
            _held: self.held.clone(),
        })
    }
}

impl Granted {
    /// The connection, once the client has the answer.
    ///
    /// # Errors
    /// The client is gone, or had another answer than 101.
    pub async fn stream(&mut self) -> Result<TokioIo<Upgraded>, hyper::Error> {
        (&mut self.on).await.map(TokioIo::new)
    }
}

/// Whether a request asks to go on with another protocol.
pub fn is_wished(headers: &HeaderMap) -> bool {
    headers.contains_key(header::UPGRADE) && has_token(headers, &header::CONNECTION, "upgrade")
}

/// Whether a header that is a list of words has this one.
pub(crate) fn has_token(headers: &HeaderMap, name: &header::HeaderName, wanted: &str) -> bool {
    let values = headers.get_all(name).iter();
    let mut tokens = values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','));
    tokens.any(|token| token.trim().eq_ignore_ascii_case(wanted))
}
