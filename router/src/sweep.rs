//! Takes away the records of members that vanished and never came back: addresses change, and each leaves one.

use std::time::SystemTime;

use crate::follow::Records;
use crate::limits::{RECORD_LEFT_MAX, SWEEP_INTERVAL};
use crate::record::{LEASES, Record};

/// Sweeps now and then, for ever, while it is this process's to do. One that lives renews its record, and has it again.
pub async fn run(records: &impl Records, is_ours: impl Fn() -> bool) {
    loop {
        tokio::time::sleep(SWEEP_INTERVAL).await;
        if is_ours() {
            once(records, SystemTime::now()).await;
        }
    }
}

async fn once(records: &impl Records, now: SystemTime) {
    let Ok(list) = records.get(LEASES).await else {
        return;
    };
    let leases = list.list_at(&["items"]).iter();
    let found = leases.filter_map(|lease| Record::of(lease).ok());
    for record in found.filter(|record| record.age(now) > RECORD_LEFT_MAX) {
        // Another may have been quicker.
        let _ = records.delete(&format!("{LEASES}/{}", record.member.name)).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frontends::Error;
    use crate::members::tests::cache;
    use schema::{Value, tree};
    use serve::http::Body;
    use std::sync::Mutex;

    /// Records in memory.
    struct Kept(Mutex<Vec<Value>>);

    impl Records for Kept {
        async fn get(&self, _: &str) -> Result<Value, Error> {
            Ok(tree!({"items": (Value::List(self.0.lock().expect("no panic").clone()))}))
        }

        async fn watch(&self, _: &str) -> Result<Body, Error> {
            Ok(Body::empty())
        }

        async fn delete(&self, path: &str) -> Result<Value, Error> {
            let name = path.rsplit('/').next();
            let mut kept = self.0.lock().expect("no panic");
            kept.retain(|lease| lease.str_at(&["metadata", "name"]) != name);
            Ok(Value::Null)
        }
    }

    #[tokio::test]
    async fn records_go_when_nobody_has_renewed_them_for_long() {
        let other = tree!({"metadata": {"name": "somebody-elses"}, "spec": {}});
        let kept = Kept(Mutex::new(vec![Record::lease(&cache("a", &[])), other]));
        let now = SystemTime::now();
        once(&kept, now + RECORD_LEFT_MAX / 2).await;
        assert_eq!(kept.0.lock().expect("no panic").len(), 2);
        once(&kept, now + RECORD_LEFT_MAX * 2).await;
        let left = kept.0.into_inner().expect("no panic");
        assert_eq!(left.len(), 1);
        assert_eq!(left[0].str_at(&["metadata", "name"]), Some("somebody-elses"));
    }
}
