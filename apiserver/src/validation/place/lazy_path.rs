//! A path that is made when it is first asked for: of most fields nothing is ever told.

use std::cell::OnceCell;

use object::field::Path;
use schema::SmolStr;

/// The path of what a field is in, and the step from there.
#[derive(Clone, Debug)]
pub(super) struct LazyPath {
    holder: Path,
    step: Step,
    made: OnceCell<Path>,
}

/// The way from a value to one in it.
#[derive(Clone, Debug)]
pub(super) enum Step {
    Field(&'static str),
    Index(usize),
    Key(SmolStr),
}

impl LazyPath {
    /// One step below a path.
    pub(super) fn below(holder: &Path, step: Step) -> Self {
        Self {
            holder: holder.clone(),
            step,
            made: OnceCell::new(),
        }
    }

    /// The path.
    pub(super) fn get(&self) -> &Path {
        self.made.get_or_init(|| match &self.step {
            Step::Field(name) => self.holder.child(SmolStr::new_static(name)),
            Step::Index(at) => self.holder.index(*at),
            Step::Key(key) => self.holder.key(key.clone()),
        })
    }
}

impl From<Path> for LazyPath {
    fn from(path: Path) -> Self {
        Self {
            holder: Path::none(),
            // Never taken: the path is made.
            step: Step::Index(0),
            made: OnceCell::from(path),
        }
    }
}
