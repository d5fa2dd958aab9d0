//! The end of objects whose definition serves no version. Nobody can ask for their deletion by a path, so it is done in the store: what
//! has finalizers is marked as being deleted and stays, the rest goes.

use bytes::Bytes;
use object::meta;
use object::time::Time;
use schema::json;
use storage::{Compare, Entry, Op, Range, Txn};

use super::Hooks;

/// How many objects are read at a time.
const PAGE: u64 = 100;

impl Hooks {
    /// Deletes all objects below a prefix of keys, which ends in a slash.
    pub(super) async fn delete_unserved(&self, prefix: &str) -> Result<(), String> {
        let end = storage::store::prefix_end(prefix.as_bytes());
        let mut start = Bytes::from(prefix.to_owned());
        loop {
            let page = self.store.range(Range {
                start,
                end: end.clone(),
                limit: PAGE,
                ..Range::default()
            });
            let page = page.await.map_err(|error| error.to_string())?;
            let now = Time::now().format();
            for entry in &page.entries {
                let txn = Txn {
                    // Somebody else may have been first; the next round sees what is there then.
                    when: vec![Compare::ModRevision(entry.key.clone(), entry.mod_revision)],
                    then: end_of(entry, &now).into_iter().collect(),
                    ..Txn::default()
                };
                if !txn.then.is_empty() {
                    self.store.txn(txn).await.map_err(|error| error.to_string())?;
                }
            }
            match page.entries.last().filter(|_| page.more) {
                Some(last) => start = [&last.key, &b"\0"[..]].concat().into(),
                None => return Ok(()),
            }
        }
    }
}

/// What is to be done with an object; nothing with one that is marked already, and with what nobody can read.
fn end_of(entry: &Entry, now: &str) -> Option<Op> {
    let key = entry.key.clone();
    let mut object = json::parse(entry.readable().ok()?).ok()?;
    let found = meta::of(&object);
    if found.finalizers().next().is_none() {
        return Some(Op::Delete(key));
    }
    if found.is_deleting() {
        return None;
    }
    let generation = found.generation();
    let mut edit = meta::edit(&mut object);
    edit.set_deletion_timestamp(Some(now.into()))
        .set_deletion_grace_period_seconds(Some(0));
    if generation > 0 {
        edit.set_generation(generation + 1);
    }
    Some(Op::Put {
        key,
        value: json::to_string(&object).into(),
        lease: entry.lease,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use storage::{AtRest, Revision};

    fn entry(value: &'static str) -> Entry {
        Entry {
            key: "/registry/g/r/a".into(),
            value: value.into(),
            create_revision: Revision(1),
            mod_revision: Revision(1),
            version: 1,
            lease: None,
            at_rest: AtRest::Current,
        }
    }

    #[test]
    fn finalizers_hold_an_object_and_nothing_else_does() {
        let end = |value| end_of(&entry(value), "2026-01-01T00:00:00Z");
        assert!(matches!(
            end("{\"metadata\":{\"name\":\"a\"}}"),
            Some(Op::Delete(_))
        ));
        let held = "{\"metadata\":{\"finalizers\":[\"x/y\"],\"generation\":3}}";
        let Some(Op::Put { value, .. }) = end(held) else {
            panic!("it is marked");
        };
        let marked = "{\"metadata\":{\"deletionGracePeriodSeconds\":0,\"deletionTimestamp\":\"2026-01-01T00:00:00Z\",\"finalizers\":[\"x/y\"],\"generation\":4}}";
        assert_eq!(value, marked);
        assert!(end(marked).is_none() && end("not JSON").is_none());
    }
}
