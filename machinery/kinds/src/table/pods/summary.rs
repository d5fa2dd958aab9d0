//! What the containers of a pod come to: how many are ready, the reason to show, restarts.
//! The order of the rules is the reference's: init containers first, then containers from the last to the first.

use jiff::Timestamp;
use schema::Value;
use std::borrow::Cow;
use std::collections::HashSet;

use crate::table::age;
use crate::table::row::Row;

/// The sum of a pod's containers.
pub(super) struct Summary<'a> {
    /// Containers and restartable init containers that are ready.
    pub(super) ready: usize,
    /// Containers and restartable init containers.
    pub(super) total: usize,
    /// The reason or phase to show.
    pub(super) reason: Cow<'a, str>,
    /// Restarts of the containers that count at this point of the pod's life.
    pub(super) restarts: Restarts<'a>,
}

/// How often containers restarted, and when the latest run before a restart ended.
#[derive(Clone, Copy, Default)]
pub(super) struct Restarts<'a> {
    count: i64,
    last_end: Option<&'a str>,
}

/// What the init containers come to.
#[derive(Default)]
struct Initialization<'a> {
    /// Of all init containers looked at.
    restarts: Restarts<'a>,
    /// Of the restartable ones among them.
    sidecar_restarts: Restarts<'a>,
    /// Restartable ones that are ready.
    ready: usize,
    /// Why it is not over; `None` when it is.
    pending: Option<Cow<'a, str>>,
}

impl<'a> Summary<'a> {
    /// Sums up a pod in one pass over its containers.
    pub(super) fn of(row: &Row<'a>) -> Self {
        let specs = row.list(&["spec", "initContainers"]);
        let init = Initialization::of(row.list(&["status", "initContainerStatuses"]), specs);
        let mut summary = Summary {
            ready: init.ready,
            total: row.list(&["spec", "containers"]).len()
                + specs.iter().filter(|spec| restartable(spec)).count(),
            restarts: init.restarts,
            reason: base_reason(row),
        };
        let initializing = init.pending.is_some();
        if let Some(pending) = init.pending {
            summary.reason = pending;
        }
        if !initializing || row.holds("Initialized") {
            summary.restarts = init.sidecar_restarts;
            summary.add_containers(row);
        }
        if row.deleting() {
            summary.mark_deleting(row);
        }
        summary
    }

    fn add_containers(&mut self, row: &Row<'a>) {
        let mut running = false;
        let mut failure = None;
        for status in row.list(&["status", "containerStatuses"]).iter().rev() {
            self.restarts.add(status);
            if let Some(reason) = waiting_reason(status) {
                self.reason = Cow::Borrowed(reason);
            } else if let Some(ended) = status.at(&["state", "terminated"]) {
                self.reason = ended_reason(ended);
                if ended.int_at(&["exitCode"]).unwrap_or_default() != 0 {
                    failure = Some(self.reason.clone());
                }
            } else if is_ready(status) && status.at(&["state", "running"]).is_some() {
                running = true;
                self.ready += 1;
            }
        }
        if self.reason == "Completed" {
            self.settle_completed(row, running, failure);
        }
    }

    /// A container that completed does not speak for a pod of which others run or failed.
    fn settle_completed(&mut self, row: &Row<'a>, running: bool, failure: Option<Cow<'a, str>>) {
        if running && row.holds("Ready") {
            self.reason = Cow::Borrowed("Running");
        } else if let Some(failure) = failure {
            self.reason = failure;
        } else if running {
            self.reason = Cow::Borrowed("NotReady");
        }
    }

    fn mark_deleting(&mut self, row: &Row<'a>) {
        if row.str(&["status", "reason"]) == "NodeLost" {
            self.reason = Cow::Borrowed("Unknown");
        } else if !matches!(row.str(&["status", "phase"]), "Succeeded" | "Failed") {
            self.reason = Cow::Borrowed("Terminating");
        }
    }
}

impl<'a> Initialization<'a> {
    /// Looks at init containers up to the first that holds the pod up.
    fn of(statuses: &'a [Value], specs: &'a [Value]) -> Self {
        let mut init = Self::default();
        let sidecars: HashSet<&str> = specs
            .iter()
            .filter(|spec| restartable(spec))
            .filter_map(|spec| spec.str_at(&["name"]))
            .collect();
        for (at, status) in statuses.iter().enumerate() {
            let sidecar = status
                .str_at(&["name"])
                .is_some_and(|name| sidecars.contains(name));
            init.restarts.add(status);
            if sidecar {
                init.sidecar_restarts.add(status);
            }
            let started = status.bool_at(&["started"]).unwrap_or(false);
            match status.at(&["state", "terminated"]) {
                Some(ended) if ended.int_at(&["exitCode"]).unwrap_or_default() == 0 => continue,
                _ if sidecar && started => init.ready += usize::from(is_ready(status)),
                ended => {
                    init.pending = Some(pending_reason(status, ended, at, specs.len()));
                    break;
                }
            }
        }
        init
    }
}

impl<'a> Restarts<'a> {
    fn add(&mut self, status: &'a Value) {
        self.count += status.int_at(&["restartCount"]).unwrap_or_default();
        // Canonical times of whole seconds compare as text.
        self.last_end = self
            .last_end
            .max(status.str_at(&["lastState", "terminated", "finishedAt"]));
    }

    /// The count, and how long ago the last restart was.
    pub(super) fn text(&self, now: Timestamp) -> String {
        match self.last_end {
            Some(end) if self.count != 0 => format!("{} ({} ago)", self.count, age::since(Some(end), now)),
            _ => self.count.to_string(),
        }
    }
}

/// The reason before containers are looked at.
fn base_reason<'a>(row: &Row<'a>) -> Cow<'a, str> {
    let gated = |condition: &&Value| {
        condition.str_at(&["type"]) == Some("PodScheduled")
            && condition.str_at(&["reason"]) == Some("SchedulingGated")
    };
    if row.list(&["status", "conditions"]).iter().find(gated).is_some() {
        return Cow::Borrowed("SchedulingGated");
    }
    match row.str(&["status", "reason"]) {
        "" => Cow::Borrowed(row.str(&["status", "phase"])),
        reason => Cow::Borrowed(reason),
    }
}

fn pending_reason<'a>(status: &'a Value, ended: Option<&'a Value>, at: usize, count: usize) -> Cow<'a, str> {
    if let Some(ended) = ended {
        return Cow::Owned(format!("Init:{}", ended_reason(ended)));
    }
    match waiting_reason(status) {
        Some(reason) if reason != "PodInitializing" => Cow::Owned(format!("Init:{reason}")),
        _ => Cow::Owned(format!("Init:{at}/{count}")),
    }
}

fn waiting_reason(status: &Value) -> Option<&str> {
    status
        .str_at(&["state", "waiting", "reason"])
        .filter(|reason| !reason.is_empty())
}

/// Why a container ended: its reason, else the signal, else the exit code.
fn ended_reason(ended: &Value) -> Cow<'_, str> {
    match ended.str_at(&["reason"]) {
        Some(reason) if !reason.is_empty() => Cow::Borrowed(reason),
        _ => match ended.int_at(&["signal"]) {
            Some(signal) if signal != 0 => Cow::Owned(format!("Signal:{signal}")),
            _ => Cow::Owned(format!(
                "ExitCode:{}",
                ended.int_at(&["exitCode"]).unwrap_or_default()
            )),
        },
    }
}

fn restartable(spec: &Value) -> bool {
    spec.str_at(&["restartPolicy"]) == Some("Always")
}

fn is_ready(status: &Value) -> bool {
    status.bool_at(&["ready"]).unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use schema::tree;

    fn now() -> Timestamp {
        "2026-01-01T01:00:00Z".parse().expect("a time")
    }

    /// READY, STATUS and RESTARTS.
    fn printed(pod: &Value) -> [String; 3] {
        let summary = Summary::of(&Row {
            object: pod,
            now: now(),
        });
        [
            format!("{}/{}", summary.ready, summary.total),
            summary.reason.to_string(),
            summary.restarts.text(now()),
        ]
    }

    fn running(ready: bool) -> Value {
        tree!({"ready": ready, "state": {"running": {}}})
    }

    fn ended(reason: &str, code: i64) -> Value {
        tree!({"state": {"terminated": {"reason": reason, "exitCode": code}}})
    }

    fn pod(statuses: Vec<Value>) -> Value {
        let containers: Vec<Value> = statuses.iter().map(|_| tree!({})).collect();
        tree!({"spec": {"containers": containers}, "status": {"phase": "Running", "containerStatuses": statuses}})
    }

    fn with_init(policy: &str, status: Value) -> Value {
        tree!({
            "spec": {"containers": [{"name": "c"}], "initContainers": [{"name": "i", "restartPolicy": policy}]},
            "status": {"phase": "Pending", "initContainerStatuses": [status]},
        })
    }

    #[test]
    fn the_first_container_with_a_reason_wins() {
        let waiting = tree!({"state": {"waiting": {"reason": "CrashLoopBackOff"}}});
        assert_eq!(
            printed(&pod(vec![running(true), waiting])),
            ["1/2", "CrashLoopBackOff", "0"]
        );
        assert_eq!(
            printed(&pod(vec![ended("Error", 1), ended("OOMKilled", 137)])),
            ["0/2", "Error", "0"]
        );
    }

    #[test]
    fn a_completed_container_does_not_hide_the_others() {
        let mut ready = pod(vec![ended("Completed", 0), running(true)]);
        assert_eq!(printed(&ready)[1], "NotReady");
        ready
            .at_mut(&["status"])
            .and_then(Value::as_map_mut)
            .expect("a map")
            .insert("conditions", tree!([{"type": "Ready", "status": "True"}]));
        assert_eq!(printed(&ready)[1], "Running");
        assert_eq!(
            printed(&pod(vec![ended("Completed", 0), ended("Error", 3)]))[1],
            "Error"
        );
        assert_eq!(printed(&pod(vec![ended("Completed", 0)]))[1], "Completed");
    }

    #[test]
    fn an_end_without_reason_shows_signal_or_code() {
        assert_eq!(printed(&pod(vec![ended("", 3)]))[1], "ExitCode:3");
        let signalled = tree!({"state": {"terminated": {"signal": 9i64, "exitCode": 137i64}}});
        assert_eq!(printed(&pod(vec![signalled]))[1], "Signal:9");
    }

    #[test]
    fn init_containers_hold_the_pod_up() {
        let waiting = |reason: &str| tree!({"name": "i", "state": {"waiting": {"reason": reason}}});
        assert_eq!(printed(&with_init("", waiting("PodInitializing")))[1], "Init:0/1");
        assert_eq!(
            printed(&with_init("", waiting("ErrImagePull")))[1],
            "Init:ErrImagePull"
        );
        let failed = tree!({"name": "i", "restartCount": 2i64, "state": {"terminated": {"exitCode": 1i64}},
            "lastState": {"terminated": {"finishedAt": "2026-01-01T00:58:00Z"}}});
        assert_eq!(
            printed(&with_init("", failed)),
            ["0/1", "Init:ExitCode:1", "2 (2m ago)"]
        );
    }

    #[test]
    fn a_started_sidecar_counts_as_a_container() {
        let sidecar = tree!({"name": "i", "started": true, "ready": true, "restartCount": 1i64, "state": {"running": {}}});
        assert_eq!(printed(&with_init("Always", sidecar)), ["1/2", "Pending", "1"]);
    }

    #[test]
    fn deletion_shows_unless_the_pod_has_finished() {
        let mut deleting = pod(vec![running(true)]);
        deleting
            .as_map_mut()
            .expect("a map")
            .insert("metadata", tree!({"deletionTimestamp": "2026-01-01T00:00:00Z"}));
        assert_eq!(printed(&deleting)[1], "Terminating");
        deleting
            .as_map_mut()
            .expect("a map")
            .map_at("status")
            .insert("phase", "Succeeded");
        assert_eq!(printed(&deleting)[1], "Succeeded");
        deleting
            .as_map_mut()
            .expect("a map")
            .map_at("status")
            .insert("reason", "NodeLost");
        assert_eq!(printed(&deleting)[1], "Unknown");
    }

    #[test]
    fn a_gated_pod_says_so() {
        let gated = tree!({"status": {"phase": "Pending",
            "conditions": [{"type": "PodScheduled", "status": "False", "reason": "SchedulingGated"}]}});
        assert_eq!(printed(&gated)[1], "SchedulingGated");
    }
}
