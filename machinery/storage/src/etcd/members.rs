//! The members of an etcd cluster as this client knows them: their releases, and how connections to them are made.
//! It sends no request but for a version.

use std::time::{Duration, Instant};

use etcd_client::{BalancedChannelBuilder, Channel, Client, ConnectOptions};
use http::Uri;
use tokio::sync::{Mutex, mpsc};
use tonic::transport::channel::Change;
use tonic::transport::{Endpoint, Error as TransportError};

use super::version::progress_is_right;

/// What one stream may send without being read. A watch that nobody reads holds this much of its connection's window.
const STREAM_WINDOW_BYTES: u32 = 512 * 1024;
/// What all streams of a connection may: more than two thousand unread watches leave no room for others.
const CONNECTION_WINDOW_BYTES: u32 = 1024 * 1024 * 1024;
/// How long a wrong or unknown release is believed.
const BELIEVED: Duration = Duration::from_secs(60);
/// How long a member may take to tell its release.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);

/// Whether all members tell progress rightly.
pub struct Members {
    options: ConnectOptions,
    /// Members that were not found right yet.
    doubted: Mutex<Doubted>,
}

struct Doubted {
    endpoints: Vec<String>,
    /// They are not asked again before.
    next: Instant,
}

impl Members {
    /// Not asked yet.
    pub fn new(endpoints: Vec<String>, options: ConnectOptions) -> Self {
        Self {
            options,
            doubted: Mutex::new(Doubted {
                endpoints,
                next: Instant::now(),
            }),
        }
    }

    /// Asks each member until it was right once. One that does not answer counts as wrong; who was wrong is asked again
    /// after a while.
    pub async fn tell_progress(&self) -> bool {
        let mut doubted = self.doubted.lock().await;
        if doubted.endpoints.is_empty() || Instant::now() < doubted.next {
            return doubted.endpoints.is_empty();
        }
        let mut wrong = Vec::new();
        for endpoint in std::mem::take(&mut doubted.endpoints) {
            let version = self.version(&endpoint).await;
            if !version.as_deref().is_some_and(progress_is_right) {
                let version = version.as_deref().unwrap_or("unknown");
                tracing::warn!(
                    endpoint,
                    version,
                    "this etcd does not tell progress rightly; it is found out instead"
                );
                wrong.push(endpoint);
            }
        }
        *doubted = Doubted {
            endpoints: wrong,
            next: Instant::now() + BELIEVED,
        };
        doubted.endpoints.is_empty()
    }

    async fn version(&self, endpoint: &str) -> Option<String> {
        let ask = async {
            let client = connect(&[endpoint.to_owned()], &self.options).await.ok()?;
            let status = client.maintenance_client().status().await.ok()?;
            Some(status.version().to_owned())
        };
        tokio::time::timeout(ANSWER_TIMEOUT, ask).await.ok().flatten()
    }
}

/// A client of some members.
pub async fn connect(endpoints: &[String], options: &ConnectOptions) -> Result<Client, etcd_client::Error> {
    Client::connect_with_balanced_channel(endpoints, Some(options.clone()), Windows).await
}

/// Makes channels whose connections have wide windows: with HTTP/2's defaults a single watch that is not read takes the
/// whole window of its connection and stalls every other request.
struct Windows;

impl BalancedChannelBuilder for Windows {
    type Error = TransportError;

    fn balanced_channel(
        self,
        capacity: usize,
    ) -> Result<(Channel, mpsc::Sender<Change<Uri, Endpoint>>), TransportError> {
        let (channel, widened) = tonic::transport::Channel::balance_channel(capacity);
        let (sender, mut endpoints) = mpsc::channel(capacity);
        tokio::spawn(async move {
            while let Some(change) = endpoints.recv().await {
                if widened.send(widen(change)).await.is_err() {
                    return;
                }
            }
        });
        Ok((Channel::Tonic(channel), sender))
    }
}

fn widen(change: Change<Uri, Endpoint>) -> Change<Uri, Endpoint> {
    match change {
        Change::Insert(uri, endpoint) => Change::Insert(
            uri,
            endpoint
                .initial_stream_window_size(STREAM_WINDOW_BYTES)
                .initial_connection_window_size(CONNECTION_WINDOW_BYTES),
        ),
        removed @ Change::Remove(_) => removed,
    }
}
