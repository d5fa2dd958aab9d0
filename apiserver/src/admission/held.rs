//! What plugins took for a write, such as what was charged to a quota. It is given back when the write does not happen; what becomes
//! of it when nobody knows is decided here.

use crate::effects::Undo;

/// What was taken for one write. Dropped before the store was asked (the client went away), it is given back.
#[derive(Default)]
#[must_use]
pub struct Held {
    taken: Vec<Box<dyn Undo>>,
    asked: bool,
}

impl Held {
    /// One thing more.
    pub fn add(&mut self, taken: Option<Box<dyn Undo>>) {
        self.taken.extend(taken);
    }

    /// The store is asked now: from here on the write may have happened whatever becomes of the request.
    pub fn ask(&mut self) {
        self.asked = true;
    }

    /// The write happened.
    pub async fn commit(mut self) {
        for taken in std::mem::take(&mut self.taken) {
            taken.commit().await;
        }
    }

    /// The write did not happen.
    pub async fn give_back(mut self) {
        for taken in std::mem::take(&mut self.taken) {
            taken.undo().await;
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let taken = std::mem::take(&mut self.taken);
        if self.asked || taken.is_empty() {
            return;
        }
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                for one in taken {
                    one.undo().await;
                }
            });
        }
    }
}
