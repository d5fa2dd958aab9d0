//! Node ports: a bitmap under one key, changed by compare-and-swap.
//! Which Service wants which port is [`super::services`]'s affair.

use bytes::Bytes;
use schema::{TypeId, Types, Value, envelope, proto, tree};
use std::sync::Arc;
use storage::{Compare, Op, Range, Revision, Store, Txn};

use super::bands::Bands;
use super::bitmap::Bitmap;

/// How often a swap is tried when others write too.
const TRIES_MAX: usize = 32;

/// Ports from `first` to `last`, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PortRange {
    /// First port.
    pub first: u16,
    /// Last port.
    pub last: u16,
}

/// Why a port is not to be had. The texts are those of the reference.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Somebody has it.
    #[error("provided port is already allocated")]
    Taken,
    /// It is none of the range.
    #[error("provided port is not in the valid range. The range of valid ports is {0}-{1}")]
    OutOfRange(u16, u16),
    /// All are taken.
    #[error("range is full")]
    Full,
}

/// What went wrong.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The request at this place cannot be met.
    #[error("{1}")]
    Refused(usize, Refusal),
    /// The store.
    #[error(transparent)]
    Store(#[from] storage::Error),
    /// Others were always faster.
    #[error("too many servers change the node port range at once")]
    Contended,
}

/// The node ports of a cluster.
#[derive(Clone)]
pub struct NodePorts {
    store: Arc<dyn Store>,
    key: Bytes,
    range: PortRange,
    type_id: TypeId,
}

impl PortRange {
    /// Reads `30000-32767`.
    pub fn parse(text: &str) -> Option<Self> {
        let (first, last) = text.split_once('-')?;
        let range = Self {
            first: first.trim().parse().ok()?,
            last: last.trim().parse().ok()?,
        };
        (range.first > 0 && range.first <= range.last).then_some(range)
    }

    fn size(self) -> usize {
        usize::from(self.last - self.first) + 1
    }

    fn offset(self, port: u16) -> Option<usize> {
        (self.first..=self.last)
            .contains(&port)
            .then(|| usize::from(port - self.first))
    }

    fn text(self) -> String {
        format!("{}-{}", self.first, self.last)
    }
}

impl NodePorts {
    /// Below a store's key prefix, e.g. `/registry`.
    pub fn new(store: Arc<dyn Store>, key_prefix: &str, range: PortRange) -> Self {
        let type_id = Types::builtin()
            .id("io.k8s.api.core.v1.RangeAllocation")
            .expect("a built-in type");
        Self {
            store,
            key: Bytes::from(format!("{key_prefix}/ranges/servicenodeports")),
            range,
            type_id,
        }
    }

    /// Takes a port for each request, the given one or any. All or none are taken; in a dry run none is.
    pub async fn take(&self, wanted: &[Option<u16>], dry_run: bool) -> Result<Vec<u16>, Error> {
        if wanted.is_empty() {
            return Ok(Vec::new());
        }
        for _ in 0..TRIES_MAX {
            let (mut used, revision) = self.read().await?;
            let taken = choose(&mut used, wanted, self.range, rand::random())?;
            if dry_run || self.write(&used, revision).await? {
                return Ok(taken);
            }
        }
        Err(Error::Contended)
    }

    /// Frees ports; those that are free already stay so.
    pub async fn free(&self, ports: &[u16]) -> Result<(), Error> {
        for _ in 0..TRIES_MAX {
            let (mut used, revision) = self.read().await?;
            let mut changed = false;
            for offset in ports.iter().filter_map(|port| self.range.offset(*port)) {
                changed |= used.remove(offset);
            }
            if !changed {
                return Ok(());
            }
            if self.write(&used, revision).await? {
                return Ok(());
            }
        }
        Err(Error::Contended)
    }

    /// The ports in use.
    pub async fn used(&self) -> Result<Vec<u16>, Error> {
        let (used, _) = self.read().await?;
        Ok(used
            .iter(self.range.size())
            .map(|offset| self.range.first + offset as u16)
            .collect())
    }

    /// Writes an empty range where there is none, as the first server of a cluster does.
    pub async fn initialize(&self) -> Result<(), Error> {
        let (used, revision) = self.read().await?;
        if revision == Revision(0) {
            self.write(&used, revision).await?;
        }
        Ok(())
    }

    async fn read(&self) -> Result<(Bitmap, Revision), Error> {
        let found = self
            .store
            .range(Range {
                start: self.key.clone(),
                ..Range::default()
            })
            .await?;
        let Some(entry) = found.entries.first() else {
            return Ok((Bitmap::default(), Revision(0)));
        };
        Ok((self.decode(&entry.value), entry.mod_revision))
    }

    /// A range of other ports counts as empty: the repair loop fills it from the Services.
    fn decode(&self, stored: &[u8]) -> Bitmap {
        let decoded = envelope::split(stored)
            .ok()
            .and_then(|opened| proto::decode(Types::builtin(), self.type_id, opened.body).ok());
        match decoded {
            Some(object) if object.str_at(&["range"]) == Some(&self.range.text()) => {
                Bitmap::from_stored(&bytes_of(&object))
            }
            _ => Bitmap::default(),
        }
    }

    async fn write(&self, used: &Bitmap, expected: Revision) -> Result<bool, Error> {
        let mut object = tree!({"metadata": {}, "range": (self.range.text())});
        if let Some(map) = object.as_map_mut() {
            map.insert("data", base64_text(&used.to_stored()));
        }
        let mut body = Vec::new();
        proto::encode(Types::builtin(), self.type_id, &object, &mut body);
        let value = Bytes::from(envelope::wrap("v1", "RangeAllocation", &body));
        let txn = Txn {
            when: vec![Compare::ModRevision(self.key.clone(), expected)],
            then: vec![Op::Put {
                key: self.key.clone(),
                value,
                lease: None,
            }],
            otherwise: Vec::new(),
        };
        Ok(self.store.txn(txn).await?.succeeded)
    }
}

/// Picks a port for each request. A port that one Service wants twice (for two protocols) is taken once.
fn choose(
    used: &mut Bitmap,
    wanted: &[Option<u16>],
    range: PortRange,
    random: u64,
) -> Result<Vec<u16>, Error> {
    let mut taken: Vec<u16> = Vec::with_capacity(wanted.len());
    // Asked-for ports first, so that none of them is given away to a request for any.
    for (at, port) in wanted
        .iter()
        .enumerate()
        .filter_map(|(at, port)| Some((at, (*port)?)))
    {
        let offset = range
            .offset(port)
            .ok_or(Error::Refused(at, Refusal::OutOfRange(range.first, range.last)))?;
        if !used.insert(offset) && !taken.contains(&port) {
            return Err(Error::Refused(at, Refusal::Taken));
        }
        taken.push(port);
    }
    let mut chosen = Vec::with_capacity(wanted.len());
    for (at, port) in wanted.iter().enumerate() {
        chosen.push(match port {
            Some(port) => *port,
            None => any(used, range, random).ok_or(Error::Refused(at, Refusal::Full))?,
        });
    }
    Ok(chosen)
}

fn any(used: &mut Bitmap, range: PortRange, random: u64) -> Option<u16> {
    let order = Bands::of_ports(range.size() as u128).search_order(u128::from(random));
    let free = order
        .map(|offset| offset as usize)
        .find(|offset| !used.contains(*offset))?;
    used.insert(free);
    Some(range.first + free as u16)
}

fn bytes_of(object: &Value) -> Vec<u8> {
    use base64::{Engine, prelude::BASE64_STANDARD};
    BASE64_STANDARD
        .decode(object.str_at(&["data"]).unwrap_or_default())
        .unwrap_or_default()
}

fn base64_text(bytes: &[u8]) -> String {
    use base64::{Engine, prelude::BASE64_STANDARD};
    BASE64_STANDARD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use storage::Embedded;

    const RANGE: PortRange = PortRange {
        first: 30_000,
        last: 32_767,
    };

    #[tokio::test]
    async fn ports_are_taken_once_and_freed() {
        let folder = tempfile::tempdir().expect("a folder");
        let ports = NodePorts::new(
            Arc::new(Embedded::open(folder.path()).expect("a new store")),
            "/registry",
            RANGE,
        );
        let taken = ports.take(&[Some(30_100), None], false).await.expect("free");
        assert_eq!(taken[0], 30_100);
        assert!(matches!(
            ports.take(&[Some(30_100)], false).await,
            Err(Error::Refused(0, Refusal::Taken))
        ));
        assert!(matches!(
            ports.take(&[Some(80)], false).await,
            Err(Error::Refused(0, Refusal::OutOfRange(..)))
        ));
        ports.take(&[Some(31_000)], true).await.expect("a dry run");
        let mut used = taken.clone();
        used.sort_unstable();
        assert_eq!(ports.used().await.expect("readable"), used);
        ports.free(&taken).await.expect("taken");
        assert!(ports.used().await.expect("readable").is_empty());
    }

    #[tokio::test]
    async fn concurrent_servers_never_take_the_same_port() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Arc::new(Embedded::open(folder.path()).expect("a new store"));
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..8 {
            let ports = NodePorts::new(store.clone(), "/registry", RANGE);
            tasks.spawn(async move { ports.take(&[None, None], false).await.expect("there are plenty") });
        }
        let mut all: Vec<u16> = tasks.join_all().await.into_iter().flatten().collect();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 16);
    }
}
