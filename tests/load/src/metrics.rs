//! What a server tells of itself at `/metrics`, in the text form that Prometheus reads. It knows the two numbers that are wanted.

use std::time::Duration;

use http::Method;

use crate::Error;
use crate::api::{Api, Request};
use crate::meter::Reading;

const CPU: &str = "process_cpu_seconds_total";
const MEMORY: &str = "process_resident_memory_bytes";

/// Asks one server.
pub async fn read(api: &Api) -> Result<Reading, Error> {
    let mut request = Request::new(Method::GET, "/metrics");
    request.accept = "text/plain";
    let answer = api.expect(request, &[]).await?;
    let text = String::from_utf8_lossy(&answer.body);
    match (value(&text, CPU), value(&text, MEMORY)) {
        (Some(cpu), Some(resident)) if cpu >= 0.0 && resident >= 0.0 => Ok(Reading {
            cpu: Duration::try_from_secs_f64(cpu).unwrap_or_default(),
            resident_bytes: resident as u64,
        }),
        _ => Err(Error::request(
            "GET /metrics",
            format!("{CPU} or {MEMORY} is not there"),
        )),
    }
}

/// The value of a metric that has no labels.
fn value(text: &str, name: &str) -> Option<f64> {
    text.lines().find_map(|line| {
        let mut words = line.strip_prefix(name)?.split_ascii_whitespace();
        let value = line[name.len()..]
            .starts_with([' ', '\t'])
            .then(|| words.next())??;
        value.parse().ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_the_metric_of_that_very_name() {
        let text = "# HELP process_cpu_seconds_total Total CPU.\nprocess_cpu_seconds_total_more 7\n\
                    process_cpu_seconds_total 12.5 1700000000\nprocess_resident_memory_bytes 1.5e+08\n";
        assert_eq!(value(text, CPU), Some(12.5));
        assert_eq!(value(text, MEMORY), Some(150_000_000.0));
        assert_eq!(value(text, "absent"), None);
    }
}
