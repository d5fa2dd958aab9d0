//! The thread that saves checkpoints, so that writes go on meanwhile.
//! It does not decide what or when: the writer does.

use super::{Command, Queued};
use crate::embedded::checkpoint::{Checkpoint, Delta};
use crate::store::Error;
use std::sync::mpsc::{Sender, channel};
use std::thread::JoinHandle;

/// A handle of the thread; dropping it waits for the checkpoint that is being saved.
pub struct Saver {
    jobs: Option<Sender<Delta>>,
    thread: Option<JoinHandle<()>>,
    busy: bool,
}

impl Saver {
    /// Starts the thread, which sends [`Command::Saved`] after each checkpoint.
    pub fn start(mut checkpoint: Checkpoint, done: Sender<Queued>) -> Result<Self, Error> {
        let (jobs, queue) = channel::<Delta>();
        let work = move || {
            for delta in queue {
                let saved = Command::Saved(checkpoint.save(&delta));
                if done.send(Queued { command: saved, place: None }).is_err() {
                    return;
                }
            }
        };
        let thread = std::thread::Builder::new().name("store-checkpoint".to_owned()).spawn(work);
        let thread = thread.map_err(|error| Error::Fatal(format!("cannot start a thread: {error}")))?;
        Ok(Self { jobs: Some(jobs), thread: Some(thread), busy: false })
    }

    /// Whether a checkpoint is being saved.
    pub fn is_busy(&self) -> bool {
        self.busy
    }

    /// Begins to save one.
    pub fn save(&mut self, delta: Delta) {
        self.busy = true;
        if let Some(jobs) = &self.jobs {
            // The thread ends only after this sender.
            let _ = jobs.send(delta);
        }
    }

    /// Notes that the checkpoint was saved.
    pub fn finished(&mut self) {
        self.busy = false;
    }
}

impl Drop for Saver {
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            // A panic there was reported when it happened.
            let _ = thread.join();
        }
    }
}
