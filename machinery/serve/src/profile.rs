//! `/debug/pprof/profile` and `/debug/pprof/heap`: where the process spends its CPU time and who holds its memory, as `go tool pprof` and
//! its kin read it. One profile is taken at a time; while none of CPU time is, there is no signal and no timer.

mod heap;

use std::io::Write;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use http::{HeaderValue, StatusCode, header};
use pprof::ProfilerGuardBuilder;
use pprof::protos::Message;
use tokio::sync::Semaphore;

use crate::http::{Body, Response, text_response};
use crate::limits::{PROFILE_SECONDS_DEFAULT, PROFILE_SECONDS_MAX};
use crate::query::Query;

/// What is profiled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// CPU time, over as many seconds as the query says.
    Cpu,
    /// Memory that is held now.
    Heap,
}

/// How often it is looked what runs, in a second of CPU time: as Go does.
const SAMPLES_PER_SECOND: i32 = 100;
/// What is not looked into: to unwind it from a signal may wait for a lock that it holds.
const NOT_UNWOUND: [&str; 4] = ["libc", "libgcc", "pthread", "vdso"];

/// Takes profiles, one at a time.
#[derive(Debug)]
pub struct Profiles {
    one: Semaphore,
}

impl Default for Profiles {
    fn default() -> Self {
        Self {
            one: Semaphore::new(1),
        }
    }
}

impl Kind {
    /// What is asked for at a path.
    pub fn at(path: &str) -> Option<Self> {
        [Self::Cpu, Self::Heap]
            .into_iter()
            .find(|kind| kind.path() == path)
    }

    /// Where it is asked for.
    pub fn path(self) -> &'static str {
        match self {
            Self::Cpu => "/debug/pprof/profile",
            Self::Heap => "/debug/pprof/heap",
        }
    }
}

impl Profiles {
    /// A profile. It ends at once when this is dropped.
    pub async fn answer(&self, kind: Kind, query: &str) -> Response {
        match kind {
            Kind::Cpu => self.of_cpu(query).await,
            Kind::Heap => self.of_heap().await,
        }
    }

    async fn of_heap(&self) -> Response {
        let Ok(_one) = self.one.try_acquire() else {
            let why = "Could not write the heap profile: another profile is being taken\n";
            return text_response(StatusCode::INTERNAL_SERVER_ERROR, why);
        };
        let taken = tokio::task::spawn_blocking(heap::take).await;
        match taken.unwrap_or_else(|panic| Err(panic.to_string())) {
            Ok(profile) => attachment(profile, "attachment; filename=\"heap\""),
            Err(why) => {
                let why = format!("Could not write the heap profile: {why}\n");
                text_response(StatusCode::INTERNAL_SERVER_ERROR, why)
            }
        }
    }

    async fn of_cpu(&self, query: &str) -> Response {
        let query = Query::parse(query);
        let seconds = match query.first("seconds").map(str::parse::<u64>) {
            None => PROFILE_SECONDS_DEFAULT,
            Some(Ok(seconds)) if (1..=PROFILE_SECONDS_MAX).contains(&seconds) => seconds,
            Some(_) => {
                let why = format!("seconds is a number from 1 to {PROFILE_SECONDS_MAX}\n");
                return text_response(StatusCode::BAD_REQUEST, why);
            }
        };
        let Ok(_one) = self.one.try_acquire() else {
            let why = "Could not enable CPU profiling: cpu profiling already in use\n";
            return text_response(StatusCode::INTERNAL_SERVER_ERROR, why);
        };
        let (_stop, stopped) = channel();
        let taken = tokio::task::spawn_blocking(move || take(Duration::from_secs(seconds), &stopped)).await;
        match taken.unwrap_or_else(|panic| Err(panic.to_string())) {
            Ok(profile) => attachment(profile, "attachment; filename=\"profile\""),
            Err(why) => {
                tracing::warn!(why, "no profile was taken");
                let why = format!("Could not enable CPU profiling: {why}\n");
                text_response(StatusCode::INTERNAL_SERVER_ERROR, why)
            }
        }
    }
}

/// Looks for so long, unless nobody waits for it any more.
fn take(duration: Duration, stopped: &Receiver<()>) -> Result<Vec<u8>, String> {
    let failed = |error: pprof::Error| error.to_string();
    let guard = ProfilerGuardBuilder::default()
        .frequency(SAMPLES_PER_SECOND)
        .blocklist(&NOT_UNWOUND)
        .build()
        .map_err(failed)?;
    if stopped.recv_timeout(duration) != Err(RecvTimeoutError::Timeout) {
        return Err("nobody waits for it".to_owned());
    }
    let profile = guard.report().build().map_err(failed)?.pprof().map_err(failed)?;
    let mut zipped = GzEncoder::new(Vec::new(), Compression::fast());
    let written = zipped.write_all(&profile.encode_to_vec());
    written
        .and_then(|()| zipped.finish())
        .map_err(|error| error.to_string())
}

fn attachment(profile: Vec<u8>, named: &'static str) -> Response {
    let mut response = http::Response::new(Body::full(profile));
    for (name, value) in [
        (header::CONTENT_TYPE, "application/octet-stream"),
        (header::CONTENT_DISPOSITION, named),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ] {
        response
            .headers_mut()
            .insert(name, HeaderValue::from_static(value));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The profiler is one for the process: tests take turns.
    static TURN: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

    #[tokio::test]
    async fn one_profile_is_taken_at_a_time_and_within_limits() {
        let _turn = TURN.lock().await;
        let profiles = Profiles::default();
        for query in ["seconds=0", "seconds=301", "seconds=-1", "seconds=x"] {
            assert_eq!(profiles.answer(Kind::Cpu, query).await.status(), 400, "{query}");
        }
        let (one, other) = tokio::join!(
            profiles.answer(Kind::Cpu, "seconds=1"),
            profiles.answer(Kind::Cpu, "seconds=1")
        );
        assert_eq!((one.status().as_u16(), other.status().as_u16()), (200, 500));
        let body = crate::http::read_body(one.into_body(), 10_000_000)
            .await
            .expect("a bounded body");
        assert_eq!(body[..2], [0x1f, 0x8b], "it is gzip");
    }

    #[tokio::test]
    async fn nobody_waits_for_a_profile_that_was_given_up() {
        let _turn = TURN.lock().await;
        let profiles = Profiles::default();
        let long = profiles.answer(Kind::Cpu, "seconds=300");
        assert!(
            tokio::time::timeout(Duration::from_millis(50), long)
                .await
                .is_err()
        );
        // The profiler is given back by the thread that had it.
        while profiles.answer(Kind::Cpu, "seconds=1").await.status() != 200 {
            tokio::task::yield_now().await;
        }
    }
}
