//! What this process has used so far, as Linux counts it.

use std::fs;

/// At one moment.
#[derive(Clone, Copy)]
pub struct Usage {
    pub cpu_seconds: f64,
    pub resident_bytes: u64,
    pub write_calls: u64,
}

impl Usage {
    pub fn now() -> Self {
        Self {
            cpu_seconds: cpu_seconds(),
            resident_bytes: field("/proc/self/status", "VmRSS:") * 1_024,
            write_calls: field("/proc/self/io", "syscw:"),
        }
    }
}

/// Of all threads, to the nanosecond.
fn cpu_seconds() -> f64 {
    let tasks = fs::read_dir("/proc/self/task").expect("Linux");
    let nanos = tasks.filter_map(|task| {
        let text = fs::read_to_string(task.ok()?.path().join("schedstat")).ok()?;
        text.split(' ').next()?.parse::<u64>().ok()
    });
    nanos.sum::<u64>() as f64 / 1e9
}

fn field(file: &str, name: &str) -> u64 {
    let text = fs::read_to_string(file).expect("Linux");
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    let number = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
    number.expect("a number")
}
