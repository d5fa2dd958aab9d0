//! The numbers of the process itself, read from the system when somebody scrapes, under the names that all of Prometheus' clients
//! give them; and what was built. Where there is no `/proc` the former are left out.

use std::fmt::Error;
use std::sync::atomic::{AtomicU64, Ordering};

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;

use crate::version;

/// Ticks in a second, as Linux tells times to programs on all machines.
const TICKS_PER_SECOND: f64 = 100.0;

/// TLS handshakes that failed.
pub(crate) static HANDSHAKE_ERRORS: AtomicU64 = AtomicU64::new(0);

/// Reads the process's numbers.
#[derive(Debug)]
pub(super) struct Process;

impl Collector for Process {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), Error> {
        let errors = ConstCounter::new(HANDSHAKE_ERRORS.load(Ordering::Relaxed));
        single(
            &mut encoder,
            ("apiserver_tls_handshake_errors", "TLS handshakes that failed"),
            errors,
        )?;
        build_info(&mut encoder)?;
        let Some(seen) = Seen::now() else { return Ok(()) };
        let cpu = ("process_cpu_seconds", "CPU time of the process in seconds");
        single(&mut encoder, cpu, ConstCounter::new(seen.cpu_seconds))?;
        for (name, help, value) in [
            (
                "process_resident_memory_bytes",
                "Resident memory",
                seen.resident_bytes,
            ),
            (
                "process_virtual_memory_bytes",
                "Virtual memory",
                seen.virtual_bytes,
            ),
            (
                "process_start_time_seconds",
                "When the process began, in seconds since 1970",
                seen.start_seconds,
            ),
            ("process_open_fds", "Open file descriptors", seen.open_fds),
            (
                "process_max_fds",
                "File descriptors that may be open",
                seen.max_fds,
            ),
            ("process_threads", "Threads", seen.threads),
        ] {
            single(&mut encoder, (name, help), ConstGauge::new(value))?;
        }
        Ok(())
    }
}

fn single<M: EncodeMetric>(
    encoder: &mut DescriptorEncoder<'_>,
    (name, help): (&str, &str),
    metric: M,
) -> Result<(), Error> {
    metric.encode(encoder.encode_descriptor(name, help, None, metric.metric_type())?)
}

fn build_info(encoder: &mut DescriptorEncoder<'_>) -> Result<(), Error> {
    let one = ConstGauge::new(1_i64);
    let (name, help) = ("kubernetes_build_info", "What was built, and from what");
    let mut family = encoder.encode_descriptor(name, help, None, one.metric_type())?;
    let platform = version::platform();
    let labels = [
        ("build_date", version::BUILD_DATE),
        ("compiler", version::COMPILER),
        ("git_commit", ""),
        ("git_tree_state", ""),
        ("git_version", version::GIT_VERSION),
        ("go_version", version::GO_VERSION),
        ("major", "1"),
        ("minor", version::MINOR),
        ("platform", &platform),
    ];
    one.encode(family.encode_family(&labels)?)
}

/// What the system says of the process.
struct Seen {
    cpu_seconds: f64,
    resident_bytes: f64,
    virtual_bytes: f64,
    start_seconds: f64,
    open_fds: f64,
    max_fds: f64,
    threads: f64,
}

impl Seen {
    fn now() -> Option<Self> {
        let read = |path: &str| std::fs::read_to_string(path).ok();
        let (stat, status) = (read("/proc/self/stat")?, read("/proc/self/status")?);
        // The name, which may have blanks and parentheses, ends at the last of the latter; the third field comes next.
        let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
        let ticks = |field: usize| fields.get(field - 3)?.parse::<f64>().ok();
        let of_status = |name: &str| number(&status, name);
        Some(Self {
            cpu_seconds: (ticks(14)? + ticks(15)?) / TICKS_PER_SECOND,
            resident_bytes: of_status("VmRSS:")? * 1024.0,
            virtual_bytes: of_status("VmSize:")? * 1024.0,
            start_seconds: number(&read("/proc/stat")?, "btime")? + ticks(22)? / TICKS_PER_SECOND,
            open_fds: std::fs::read_dir("/proc/self/fd").ok()?.count() as f64,
            max_fds: number(&read("/proc/self/limits")?, "Max open files").unwrap_or(f64::INFINITY),
            threads: of_status("Threads:")?,
        })
    }
}

/// The first number after a name at the beginning of a line.
fn number(text: &str, name: &str) -> Option<f64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_os = "linux")]
    fn the_system_tells_of_this_process() {
        let seen = Seen::now().expect("/proc");
        assert!(seen.resident_bytes > 1e6 && seen.virtual_bytes >= seen.resident_bytes);
        assert!(seen.open_fds >= 3.0 && seen.max_fds >= seen.open_fds && seen.threads >= 1.0);
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        let age = now.expect("after 1970").as_secs_f64() - seen.start_seconds;
        assert!((-2.0..86_400.0).contains(&age), "{age}");
    }
}
