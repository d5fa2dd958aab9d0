//! What a process used, from `/proc`: CPU seconds, memory now and at its peak. It changes nothing in that process but the mark of
//! its peak.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::{Error, limits};

/// Linux counts the CPU time of processes in hundredths of a second for everyone who asks.
const TICK: Duration = Duration::from_millis(10);

/// A process that is looked at, or several as one.
#[derive(Clone, Debug)]
pub struct Process {
    pids: Arc<[u32]>,
}

impl Process {
    /// The processes of these ids, if they can be looked at; nothing of none.
    pub fn of(pids: &[u32]) -> Result<Option<Self>, Error> {
        let process = Self { pids: pids.into() };
        process.cpu()?;
        process.resident_bytes()?;
        Ok(Some(process).filter(|_| !pids.is_empty()))
    }

    /// This process.
    pub fn own() -> Self {
        Self {
            pids: [std::process::id()].into(),
        }
    }

    /// User and system time of all its threads.
    pub fn cpu(&self) -> Result<Duration, Error> {
        self.pids.iter().map(|pid| cpu(*pid)).sum()
    }

    /// Its resident memory.
    pub fn resident_bytes(&self) -> Result<u64, Error> {
        self.status("VmRSS:")
    }

    /// The most that it was resident since it began or since [`Self::reset_peak`]; of several the sum of what each was at its most.
    pub fn peak_bytes(&self) -> Result<u64, Error> {
        self.status("VmHWM:")
    }

    /// Sets the peak to what is resident now; tells whether that is permitted.
    pub fn reset_peak(&self) -> bool {
        let reset = |pid: &u32| fs::write(format!("/proc/{pid}/clear_refs"), "5").is_ok();
        self.pids.iter().all(reset)
    }

    fn status(&self, key: &str) -> Result<u64, Error> {
        self.pids.iter().map(|pid| status(*pid, key)).sum()
    }
}

fn cpu(pid: u32) -> Result<Duration, Error> {
    let stat = read(pid, "stat")?;
    // The name, in parentheses, may contain anything; user and system time are the 12th and 13th fields after it.
    let fields: Vec<&str> = stat
        .rsplit(')')
        .next()
        .unwrap_or_default()
        .split_whitespace()
        .collect();
    let ticks = |index: usize| fields.get(index).and_then(|field| field.parse::<u32>().ok());
    match (ticks(11), ticks(12)) {
        (Some(user), Some(system)) => Ok(TICK * user + TICK * system),
        _ => Err(wrong(pid, "its stat cannot be read")),
    }
}

fn status(pid: u32, key: &str) -> Result<u64, Error> {
    let status = read(pid, "status")?;
    let line = status.lines().find_map(|line| line.strip_prefix(key));
    let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kilobytes
        .map(|number| number * 1024)
        .ok_or_else(|| wrong(pid, "it has no memory"))
}

fn read(pid: u32, name: &str) -> Result<String, Error> {
    fs::read_to_string(format!("/proc/{pid}/{name}")).map_err(|error| wrong(pid, error))
}

fn wrong(pid: u32, reason: impl std::fmt::Display) -> Error {
    Error::Process {
        pid,
        reason: reason.to_string(),
    }
}

/// Watches a process' memory for its highest value, beside the kernel's own mark, which not everybody may reset.
pub struct Peak {
    process: Process,
    before: u64,
    marked: bool,
    highest: Arc<AtomicU64>,
    stop: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl Peak {
    /// Begins now.
    pub fn start(process: Process) -> Result<Self, Error> {
        let marked = process.reset_peak();
        let before = process.resident_bytes()?;
        let (highest, stop) = (Arc::new(AtomicU64::new(before)), Arc::new(AtomicBool::new(false)));
        let (seen, stopped, sampled) = (highest.clone(), stop.clone(), process.clone());
        let thread = std::thread::spawn(move || {
            while !stopped.load(Ordering::Relaxed) {
                seen.fetch_max(sampled.resident_bytes().unwrap_or(0), Ordering::Relaxed);
                std::thread::sleep(limits::SAMPLE_INTERVAL);
            }
        });
        Ok(Self {
            process,
            before,
            marked,
            highest,
            stop,
            thread,
        })
    }

    /// How far memory grew beyond where it was.
    pub fn growth_bytes(self) -> Result<u64, Error> {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().expect("the sampling thread does not panic");
        let marked = if self.marked {
            self.process.peak_bytes()?
        } else {
            0
        };
        Ok(self
            .highest
            .load(Ordering::Relaxed)
            .max(marked)
            .saturating_sub(self.before))
    }
}

/// The CPU time of one thread of this process, which any thread may read.
#[derive(Debug)]
pub struct ThreadMeter {
    path: PathBuf,
}

impl ThreadMeter {
    /// That of the thread that asks.
    pub fn of_this_thread() -> Self {
        let thread = fs::read_link("/proc/thread-self").unwrap_or_default();
        Self {
            path: Path::new("/proc").join(thread).join("schedstat"),
        }
    }

    /// What it has used so far; nothing where the system does not tell.
    pub fn cpu(&self) -> Duration {
        let schedstat = fs::read_to_string(&self.path).unwrap_or_default();
        let nanos = schedstat
            .split_whitespace()
            .next()
            .and_then(|field| field.parse().ok());
        Duration::from_nanos(nanos.unwrap_or(0))
    }
}

/// How many files this process may have open.
pub fn open_files_max() -> Option<usize> {
    let limits = fs::read_to_string("/proc/self/limits").ok()?;
    let line = limits
        .lines()
        .find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sees_its_own_work_and_memory() {
        let before = Process::own().cpu().expect("readable");
        let mut sum = 0_u64;
        let meter = ThreadMeter::of_this_thread();
        while meter.cpu() < Duration::from_millis(60) {
            sum = std::hint::black_box(sum.wrapping_add(1));
        }
        assert!(Process::own().cpu().expect("readable") >= before + Duration::from_millis(20));
        assert!(Process::own().resident_bytes().expect("readable") > 100_000);
    }

    #[test]
    fn sees_a_peak_that_is_over() {
        let peak = Peak::start(Process::own()).expect("readable");
        let memory = std::hint::black_box(vec![1_u8; 64 << 20]);
        let seen = peak.process.resident_bytes().expect("readable");
        while peak.highest.load(Ordering::Relaxed) < seen.min(peak.before + (60 << 20)) {
            std::thread::yield_now();
        }
        drop(memory);
        assert!(peak.growth_bytes().expect("readable") > 60 << 20);
    }

    #[test]
    fn a_process_that_is_not_there_is_an_error() {
        assert!(Process::of(&[std::process::id(), u32::MAX]).is_err());
        assert!(Process::of(&[]).is_ok_and(|none| none.is_none()));
    }
}
