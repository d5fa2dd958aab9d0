//! An object's bytes: whole, or, of a version that another has come after, as what they differ in from that one's.
//! When a version is folded so is not decided here.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use arc_swap::ArcSwap;
use bytes::Bytes;
use lz4_flex::block;

use crate::item::Item;
use crate::limits::{FOLDED_BYTES, FOLDS_DEPTH_MAX};

/// The bytes of one version.
pub struct Body {
    form: ArcSwap<Form>,
    len: usize,
    /// How many earlier versions, one by way of the other, are read by way of this one.
    depth: AtomicU8,
}

enum Form {
    Whole(Bytes),
    Difference {
        /// The version that came next.
        from: Arc<Item>,
        /// An LZ4 block, whose dictionary are the bytes of `from`.
        patch: Box<[u8]>,
    },
}

/// A difference that does not lead to the bytes it was made of.
#[derive(Debug, thiserror::Error)]
#[error("a version of an object cannot be made whole again: {0}")]
pub struct Spoiled(String);

impl Body {
    /// Of bytes as they are.
    pub fn new(bytes: Bytes) -> Self {
        Self {
            len: bytes.len(),
            form: ArcSwap::from_pointee(Form::Whole(bytes)),
            depth: AtomicU8::new(0),
        }
    }

    /// How many bytes it has when it is whole.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Shows the bytes.
    pub fn read<R>(&self, see: impl FnOnce(&[u8]) -> R) -> Result<R, Spoiled> {
        match &**self.form.load() {
            Form::Whole(bytes) => Ok(see(bytes)),
            Form::Difference { from, patch } => Ok(see(&self.unfolded(from, patch)?)),
        }
    }

    /// Keeps of this version what it differs in from the next one, if that is whole and this saves half of the bytes.
    /// Returns how many it saves. For one thread at a time.
    pub fn fold(&self, next: &Arc<Item>) -> usize {
        let Ok(from) = next.content() else { return 0 };
        let depth = self.depth.load(Ordering::Relaxed) + 1;
        let (own, other) = (self.form.load_full(), from.body.form.load_full());
        let (Form::Whole(own), Form::Whole(other)) = (&*own, &*other) else {
            return 0;
        };
        let is_fit = |bytes: &Bytes| FOLDED_BYTES.contains(&bytes.len());
        if depth > FOLDS_DEPTH_MAX || !is_fit(own) || !is_fit(other) {
            return 0;
        }
        let patch = block::compress_with_dict(own, other).into_boxed_slice();
        if patch.len() > own.len() / 2 {
            return 0;
        }
        let saved = own.len() - patch.len();
        from.body.depth.fetch_max(depth, Ordering::Relaxed);
        self.form.store(Arc::new(Form::Difference {
            from: next.clone(),
            patch,
        }));
        saved
    }

    /// Recursive, as deep as [`FOLDS_DEPTH_MAX`].
    fn unfolded(&self, from: &Item, patch: &[u8]) -> Result<Vec<u8>, Spoiled> {
        let from = from.content().map_err(|why| Spoiled(why.to_owned()))?;
        let form = from.body.form.load();
        let unfolded = match &**form {
            Form::Whole(whole) => block::decompress_with_dict(patch, self.len, whole),
            Form::Difference {
                from: next,
                patch: further,
            } => block::decompress_with_dict(patch, self.len, &from.body.unfolded(next, further)?),
        };
        unfolded.map_err(|error| Spoiled(error.to_string()))
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::item_with;

    /// A version of a config map, of some 2,000 bytes of which few are another's.
    fn version(number: usize) -> Arc<Item> {
        let text: String = (0..400).map(|word| format!("{:x} ", word * 7919)).collect();
        Arc::new(item_with("a/b", number as i64, &format!("{number} {text}")))
    }

    fn body(item: &Item) -> Vec<u8> {
        let content = item.content().expect("it can be read");
        content.body.read(<[u8]>::to_vec).expect("it is whole")
    }

    fn fold(item: &Item, next: &Arc<Item>) -> usize {
        item.content().expect("it can be read").body.fold(next)
    }

    fn is_folded(item: &Item) -> bool {
        let content = item.content().expect("it can be read");
        matches!(&**content.body.form.load(), Form::Difference { .. })
    }

    #[test]
    fn versions_are_read_as_they_were_however_many_came_after() {
        let versions: Vec<_> = (0..40).map(version).collect();
        let bodies: Vec<_> = versions.iter().map(|item| body(item)).collect();
        for pair in versions.windows(2) {
            fold(&pair[0], &pair[1]);
        }
        let read: Vec<_> = versions.iter().map(|item| body(item)).collect();
        assert_eq!(read, bodies);
        let whole = versions.iter().filter(|item| !is_folded(item)).count();
        // Every ninth, so that none is read by way of more than eight, and the newest.
        assert_eq!(whole, 39 / (usize::from(FOLDS_DEPTH_MAX) + 1) + 1);
    }

    #[test]
    fn a_version_is_folded_once_and_onto_what_is_like_it() {
        let versions: Vec<_> = (0..3).map(version).collect();
        let saved = fold(&versions[0], &versions[1]);
        assert!(saved > body(&versions[0]).len() / 2);
        assert_eq!(fold(&versions[0], &versions[1]), 0);
        // Onto what is a difference itself none is folded.
        assert!(fold(&versions[1], &versions[2]) > 0);
        assert_eq!(fold(&version(0), &versions[1]), 0);
        let words =
            |from: u32| (from..from + 400).map(|word| format!("{:x}", word.wrapping_mul(2_654_435_761)));
        let unlike = [0, 1_000].map(|from| words(from).collect::<String>());
        let [one, other] = unlike.map(|text| Arc::new(item_with("a/b", 1, &text)));
        assert_eq!(fold(&one, &other), 0);
        let small = [1, 2].map(|revision| Arc::new(item_with("a/b", revision, "x")));
        assert_eq!(fold(&small[0], &small[1]), 0);
    }
}
