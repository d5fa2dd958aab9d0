//! The bytes of what the log says happened, and of a version in the checkpoint.
//! It does not frame or check them: `log` does.

use super::version::Version;
use bytes::Bytes;
use std::sync::Arc;

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Record {
    /// The changes of one revision, in order; never empty.
    Changes(Box<[Arc<Version>]>),
    /// A lease was granted, with this many seconds to live.
    Granted { lease: i64, ttl_seconds: u64 },
    /// A lease ended; its keys' deletion is a record of its own in the same frame.
    Ended { lease: i64 },
    /// History before the revision was given up.
    Compacted { revision: i64 },
}

const CHANGES: u8 = 1;
const GRANTED: u8 = 2;
const ENDED: u8 = 3;
const COMPACTED: u8 = 4;
const FLAG_DELETED: u8 = 1;

impl Record {
    /// Appends its bytes.
    pub fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Record::Changes(changes) => {
                out.push(CHANGES);
                put_u32(out, changes.len());
                changes.iter().for_each(|version| encode_version(version, out));
            }
            Record::Granted { lease, ttl_seconds } => {
                out.push(GRANTED);
                out.extend(lease.to_le_bytes());
                out.extend(ttl_seconds.to_le_bytes());
            }
            Record::Ended { lease } => {
                out.push(ENDED);
                out.extend(lease.to_le_bytes());
            }
            Record::Compacted { revision } => {
                out.push(COMPACTED);
                out.extend(revision.to_le_bytes());
            }
        }
    }

    /// The next record of a frame; `None` when the bytes are not a record.
    pub fn decode(bytes: &mut &[u8]) -> Option<Self> {
        Some(match take::<1>(bytes)?[0] {
            CHANGES => {
                let count = u32::from_le_bytes(take(bytes)?);
                let changes: Option<Box<[_]>> = (0..count).map(|_| decode_version(bytes).map(Arc::new)).collect();
                Record::Changes(changes.filter(|changes| !changes.is_empty())?)
            }
            GRANTED => Record::Granted { lease: take_i64(bytes)?, ttl_seconds: u64::from_le_bytes(take(bytes)?) },
            ENDED => Record::Ended { lease: take_i64(bytes)? },
            COMPACTED => Record::Compacted { revision: take_i64(bytes)? },
            _ => return None,
        })
    }
}

/// Appends a version's bytes.
pub fn encode_version(version: &Version, out: &mut Vec<u8>) {
    out.push(if version.deleted { FLAG_DELETED } else { 0 });
    put_u32(out, version.sub as usize);
    for number in [version.modified, version.created, version.version, version.lease] {
        out.extend(number.to_le_bytes());
    }
    for bytes in [&version.key, &version.value] {
        put_u32(out, bytes.len());
        out.extend_from_slice(bytes);
    }
}

/// A version from its bytes; `None` when they are not one.
pub fn decode_version(bytes: &mut &[u8]) -> Option<Version> {
    let deleted = take::<1>(bytes)?[0] & FLAG_DELETED != 0;
    let sub = u32::from_le_bytes(take(bytes)?);
    let (modified, created) = (take_i64(bytes)?, take_i64(bytes)?);
    let (version, lease) = (take_i64(bytes)?, take_i64(bytes)?);
    let (key, value) = (take_bytes(bytes)?, take_bytes(bytes)?);
    Some(Version { key, value, created, modified, sub, version, lease, deleted })
}

fn put_u32(out: &mut Vec<u8>, number: usize) {
    let number = u32::try_from(number).expect("lengths are bounded by the request limit");
    out.extend(number.to_le_bytes());
}

fn take<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (head, rest) = bytes.split_first_chunk::<N>()?;
    *bytes = rest;
    Some(*head)
}

fn take_i64(bytes: &mut &[u8]) -> Option<i64> {
    take(bytes).map(i64::from_le_bytes)
}

fn take_bytes(bytes: &mut &[u8]) -> Option<Bytes> {
    let len = u32::from_le_bytes(take(bytes)?) as usize;
    let (head, rest) = bytes.split_at_checked(len)?;
    *bytes = rest;
    Some(Bytes::copy_from_slice(head))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn version() -> impl Strategy<Value = Version> {
        let numbers = (any::<i64>(), any::<i64>(), any::<i64>(), any::<i64>(), any::<u32>(), any::<bool>());
        let bytes = || prop::collection::vec(any::<u8>(), 0..40).prop_map(Bytes::from);
        (numbers, bytes(), bytes()).prop_map(|((created, modified, version, lease, sub, deleted), key, value)| Version {
            key,
            value,
            created,
            modified,
            sub,
            version,
            lease,
            deleted,
        })
    }

    fn record() -> impl Strategy<Value = Record> {
        prop_oneof![
            prop::collection::vec(version().prop_map(Arc::new), 1..4).prop_map(|list| Record::Changes(list.into())),
            (any::<i64>(), any::<u64>()).prop_map(|(lease, ttl_seconds)| Record::Granted { lease, ttl_seconds }),
            any::<i64>().prop_map(|lease| Record::Ended { lease }),
            any::<i64>().prop_map(|revision| Record::Compacted { revision }),
        ]
    }

    proptest! {
        #[test]
        fn records_are_read_as_they_were_written(records in prop::collection::vec(record(), 0..5)) {
            let mut bytes = Vec::new();
            records.iter().for_each(|record| record.encode(&mut bytes));
            let mut rest = bytes.as_slice();
            let mut read = Vec::new();
            while !rest.is_empty() {
                read.push(Record::decode(&mut rest).expect("a record"));
            }
            prop_assert_eq!(read, records);
        }

        #[test]
        fn no_bytes_make_the_decoder_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let mut rest = bytes.as_slice();
            while !rest.is_empty() && Record::decode(&mut rest).is_some() {}
        }
    }
}
