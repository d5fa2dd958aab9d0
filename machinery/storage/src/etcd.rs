//! etcd as a store. It speaks etcd's v3 API and keeps nothing itself.
//!
//! Each watch has a stream of its own and wants a leader. Its responses may come in fragments, which are put together before
//! anybody sees them, so that a batch always holds whole revisions. Releases that do not tell progress rightly are detected;
//! there progress is found out ([`progress`]).

mod convert;
mod fragments;
mod members;
mod progress;
mod version;
mod watch;

use async_trait::async_trait;
use bytes::Bytes;
use etcd_client::{
    Certificate, Client, CompactionOptions, ConnectOptions, GetOptions, Identity, KvClient, TlsOptions,
    Txn as EtcdTxn, WatchOptions,
};
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::broadcast;

use crate::key_range::KeyRange;
use crate::store::{
    Error, LeaseId, Range, RangeResult, Revision, Store, Txn, TxnResult, WatchRequest, WatchStream,
};
use convert::{compare, entry, failed, op, op_result};
use members::Members;
use watch::Marks;

/// The largest message taken from etcd: a range without a limit comes in one.
const MESSAGE_BYTES_MAX: usize = 512 * 1024 * 1024;
/// How long a connection may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long one request may take.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(20);
/// How often a silent connection is probed, and how long the answer may take.
const KEEP_ALIVE: (Duration, Duration) = (Duration::from_secs(30), Duration::from_secs(10));
/// A key below the prefix that no object has: reading it tells whether etcd answers. The reference asks for the same.
const HEALTH_KEY: &str = "/health";

/// Where etcd is and who this client is to it.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// One or more URLs of one cluster.
    pub endpoints: Vec<String>,
    /// PEM of the authority of etcd's certificates.
    pub ca: Option<Vec<u8>>,
    /// PEM of this client's certificate and key.
    pub identity: Option<(Vec<u8>, Vec<u8>)>,
    /// What all keys begin with: this client may have no right to others.
    pub prefix: String,
}

/// An etcd cluster.
#[derive(Clone)]
pub struct Etcd {
    client: Client,
    members: Arc<Members>,
    health_key: Bytes,
    progress: broadcast::Sender<()>,
}

impl Etcd {
    /// Connects and makes sure that etcd answers.
    ///
    /// # Errors
    /// [`Error::Unavailable`] says which endpoints were tried.
    pub async fn connect(options: &Options) -> Result<Self, Error> {
        let mut connect = ConnectOptions::new()
            .with_connect_timeout(CONNECT_TIMEOUT)
            .with_keep_alive(KEEP_ALIVE.0, KEEP_ALIVE.1)
            .with_keep_alive_while_idle(true)
            .with_require_leader(true);
        if options.ca.is_some() || options.identity.is_some() {
            connect = connect.with_tls(tls(options));
        }
        let unreachable = |why: String| {
            Error::Unavailable(format!(
                "etcd at {} cannot be reached: {why}",
                options.endpoints.join(", ")
            ))
        };
        let client = members::connect(&options.endpoints, &connect).await;
        let store = Self {
            client: client.map_err(|error| unreachable(error.to_string()))?,
            members: Arc::new(Members::new(options.endpoints.clone(), connect)),
            health_key: format!("{}{HEALTH_KEY}", options.prefix).into(),
            progress: broadcast::channel(16).0,
        };
        match store.health().await {
            Err(Error::Unavailable(why)) => Err(unreachable(why)),
            Err(error) => Err(error),
            Ok(()) => Ok(store),
        }
    }

    /// Whether all members are of releases that tell the progress of watches rightly; else it is found out at a cost.
    pub async fn tells_progress(&self) -> bool {
        self.members.tell_progress().await
    }
}

fn kv(client: &Client) -> KvClient {
    client.kv_client().max_decoding_message_size(MESSAGE_BYTES_MAX)
}

/// The present revision, linearized, by reading a key that need not be there.
async fn current(client: &Client, key: &Bytes) -> Result<Revision, Error> {
    let answer = timed(kv(client).get(key.as_ref(), Some(GetOptions::new().with_count_only()))).await?;
    Ok(Revision(answer.header().map_or(0, |header| header.revision())))
}

#[async_trait]
impl Store for Etcd {
    async fn range(&self, range: Range) -> Result<RangeResult, Error> {
        let mut options = GetOptions::new().with_limit(i64::try_from(range.limit).unwrap_or(i64::MAX));
        if !range.end.is_empty() {
            options = options.with_range(range.end);
        }
        if let Some(at) = range.at {
            options = options.with_revision(at.0);
        }
        if range.keys_only {
            options = options.with_keys_only();
        }
        if range.count_only {
            options = options.with_count_only();
        }
        let mut kv = kv(&self.client);
        let found = timed(kv.get(range.start, Some(options))).await?;
        Ok(RangeResult {
            revision: Revision(found.header().map_or(0, |header| header.revision())),
            entries: found.kvs().iter().map(entry).collect(),
            more: found.more(),
            count: u64::try_from(found.count()).unwrap_or(0),
        })
    }

    async fn txn(&self, txn: Txn) -> Result<TxnResult, Error> {
        let request = EtcdTxn::new()
            .when(txn.when.into_iter().map(compare).collect::<Vec<_>>())
            .and_then(txn.then.into_iter().map(op).collect::<Vec<_>>())
            .or_else(txn.otherwise.into_iter().map(op).collect::<Vec<_>>());
        let mut kv = kv(&self.client);
        let done = timed(kv.txn(request)).await?;
        Ok(TxnResult {
            succeeded: done.succeeded(),
            revision: Revision(done.header().map_or(0, |header| header.revision())),
            results: done.op_responses().into_iter().map(op_result).collect(),
        })
    }

    async fn watch(&self, request: WatchRequest) -> Result<WatchStream, Error> {
        let told = self.tells_progress().await;
        let mut options = WatchOptions::new().with_fragment();
        if told {
            options = options.with_progress_notify();
        }
        if !request.end.is_empty() {
            options = options.with_range(request.end.clone());
        }
        if let Some(from) = request.from {
            options = options.with_start_revision(from.0);
        }
        if request.previous {
            options = options.with_prev_key();
        }
        let range = KeyRange::new(request.start.clone(), request.end);
        let marks = if told {
            Marks::Told
        } else {
            Marks::FoundOut {
                client: Box::new(self.client.clone()),
                health_key: self.health_key.clone(),
                range,
            }
        };
        let asked = self.progress.subscribe();
        let mut client = self
            .client
            .watch_client()
            .max_decoding_message_size(MESSAGE_BYTES_MAX);
        let stream = timed(client.watch(request.start, Some(options))).await?;
        watch::start(stream, request.from, marks, asked).await
    }

    async fn request_progress(&self) -> Result<(), Error> {
        // Without a running watch nobody listens, which is no error.
        let _ = self.progress.send(());
        Ok(())
    }

    async fn current_revision(&self) -> Result<Revision, Error> {
        current(&self.client, &self.health_key).await
    }

    async fn compacted_revision(&self) -> Result<Revision, Error> {
        let first = Range {
            start: self.health_key.clone(),
            at: Some(Revision(1)),
            count_only: true,
            ..Range::default()
        };
        match self.range(first).await {
            Ok(_) => return Ok(Revision(0)),
            Err(Error::Compacted(_)) => {}
            Err(error) => return Err(error),
        }
        // Only the end of a watch that begins too early says where history begins.
        let options = WatchOptions::new().with_start_revision(1);
        let mut responses = timed(
            self.client
                .watch_client()
                .watch(self.health_key.as_ref(), Some(options)),
        )
        .await?;
        while let Some(response) = timed(responses.message()).await? {
            match watch::ended(&response) {
                Error::Compacted(at) => return Ok(at),
                error if response.canceled() => return Err(error),
                _ => {}
            }
        }
        Err(Error::Unavailable("etcd ended a watch".to_owned()))
    }

    async fn compact(&self, at: Revision) -> Result<(), Error> {
        let mut kv = kv(&self.client);
        timed(kv.compact(at.0, Some(CompactionOptions::new())))
            .await
            .map(drop)
    }

    async fn grant_lease(&self, ttl: Duration) -> Result<LeaseId, Error> {
        let mut leases = self.client.lease_client();
        let seconds = i64::try_from(ttl.as_secs().max(1)).unwrap_or(i64::MAX);
        let granted = timed(leases.grant(seconds, None)).await?;
        Ok(LeaseId(granted.id()))
    }

    async fn renew_lease(&self, lease: LeaseId) -> Result<(), Error> {
        let mut leases = self.client.lease_client();
        let (mut keeper, mut answers) = timed(leases.keep_alive(lease.0)).await?;
        timed(keeper.keep_alive()).await?;
        match timed(answers.message()).await? {
            Some(answer) if answer.ttl() > 0 => Ok(()),
            _ => Err(Error::LeaseNotFound),
        }
    }

    async fn revoke_lease(&self, lease: LeaseId) -> Result<(), Error> {
        let mut leases = self.client.lease_client();
        timed(leases.revoke(lease.0)).await.map(drop)
    }

    async fn health(&self) -> Result<(), Error> {
        self.current_revision().await.map(drop)
    }

    async fn size_bytes(&self) -> Result<u64, Error> {
        let status = timed(self.client.maintenance_client().status()).await?;
        Ok(u64::try_from(status.db_size()).unwrap_or(0))
    }
}

fn tls(options: &Options) -> TlsOptions {
    let mut tls = TlsOptions::new();
    if let Some(ca) = &options.ca {
        tls = tls.ca_certificate(Certificate::from_pem(ca));
    }
    if let Some((certificate, key)) = &options.identity {
        tls = tls.identity(Identity::from_pem(certificate, key));
    }
    tls
}

/// A request to etcd, bounded in time.
async fn timed<T>(request: impl Future<Output = Result<T, etcd_client::Error>>) -> Result<T, Error> {
    match tokio::time::timeout(REQUEST_TIMEOUT, request).await {
        Ok(done) => done.map_err(failed),
        Err(_) => Err(Error::Unavailable(format!(
            "etcd did not answer within {} s",
            REQUEST_TIMEOUT.as_secs()
        ))),
    }
}
