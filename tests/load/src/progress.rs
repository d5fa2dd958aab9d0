//! Lines on standard error that tell how far a run is. Results go elsewhere.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Instant;

use crate::limits;

/// Tells progress, but not more often than every [`limits::PROGRESS_INTERVAL`].
pub struct Progress {
    what: String,
    of: usize,
    told: Mutex<Instant>,
}

impl Progress {
    /// Begins something that has `of` steps.
    pub fn begin(what: impl Into<String>, of: usize) -> Self {
        let what = what.into();
        say(&what);
        Self {
            what,
            of,
            told: Mutex::new(Instant::now()),
        }
    }

    /// The same for a part of something that is told already.
    pub fn quiet(of: usize) -> Self {
        Self {
            what: String::new(),
            of,
            told: Mutex::new(Instant::now()),
        }
    }

    /// So many steps are done.
    pub fn step(&self, done: usize) {
        self.note(|| format!("{done} of {}", self.of));
    }

    /// Tells something else, when it is time.
    pub fn note(&self, text: impl FnOnce() -> String) {
        if self.what.is_empty() {
            return;
        }
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.elapsed() >= limits::PROGRESS_INTERVAL {
            *told = Instant::now();
            say(&format!("{}: {}", self.what, text()));
        }
    }
}

/// One line, at once.
pub fn say(line: &str) {
    eprintln!("watchload: {line}");
}
