//! What is told of a system on one machine: a table for people, `system.json` for programs, kept up to date.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use schema::{SmolStr, Value, json, tree};
use serve::pki::write_private;
use tokio::sync::watch;

use super::plan::{Piece, Role};
use crate::error::Error;

/// What runs where.
pub struct Report<'a> {
    /// Of everything.
    pub folder: &'a Path,
    /// Endpoints.
    pub etcd: &'a [String],
    /// All processes.
    pub pieces: &'a [Piece],
}

impl Report<'_> {
    /// The administrator's.
    pub fn kubeconfig(&self) -> PathBuf {
        self.folder.join("admin.kubeconfig")
    }

    /// Of the first router, or else of the first frontend.
    pub fn url(&self) -> String {
        let first = |role| self.pieces.iter().find(move |piece| piece.role == role);
        let entry = first(Role::Router).or_else(|| first(Role::Frontend));
        entry.map_or_else(String::new, |entry| format!("https://{}", entry.address))
    }

    /// The table, and what to type next.
    pub fn table(&self, running: &BTreeMap<String, Option<u32>>, took: Duration) -> String {
        let kubeconfig = self.kubeconfig();
        let kubeconfig = kubeconfig.display();
        let mut rows = vec![["COMMAND", "NAME", "ADDRESS", "PID", "LOG"].map(str::to_owned)];
        rows.extend(self.pieces.iter().map(|piece| {
            [
                piece.role.command().to_owned(),
                piece.name.clone(),
                piece.address.to_string(),
                pid(running, piece).map_or_else(String::new, |pid| pid.to_string()),
                piece.log.display().to_string(),
            ]
        }));
        let mut text = columns(&rows);
        // Writing to a string does not fail.
        let _ = write!(
            text,
            "\nShardplane serves at {} over etcd at {} (ready after {:.1} s).\nThe administrator's kubeconfig is {kubeconfig}\n\n\
             Next:\n  export KUBECONFIG={kubeconfig}\n  kubectl get namespaces\n\nCtrl-C stops everything.\n",
            self.url(),
            self.etcd.join(","),
            took.as_secs_f64(),
        );
        text
    }

    /// `system.json`: the same for programs, with what each process was started with.
    pub fn write(&self, running: &BTreeMap<String, Option<u32>>) -> Result<(), Error> {
        let text = |path: &Path| SmolStr::from(path.display().to_string());
        let pieces = self.pieces.iter().map(|piece| {
            let command = std::iter::once(piece.program.as_os_str())
                .chain(piece.arguments.iter().map(|one| one.as_os_str()));
            let command: Vec<Value> = command
                .map(|one| SmolStr::from(one.to_string_lossy()).into())
                .collect();
            tree!({
                "command": command,
                "tier": (piece.role.command()),
                "name": (SmolStr::from(piece.name.as_str())),
                "address": (SmolStr::from(piece.address.to_string())),
                "pid": (pid(running, piece).map_or(Value::Null, |pid| i64::from(pid).into())),
                "log": (text(&piece.log)),
            })
        });
        let etcd: Vec<Value> = self
            .etcd
            .iter()
            .map(|one| SmolStr::from(one.as_str()).into())
            .collect();
        let all = tree!({
            "etcd": etcd,
            "url": (SmolStr::from(self.url())),
            "kubeconfig": (text(&self.kubeconfig())),
            "processes": (pieces.collect::<Vec<Value>>()),
        });
        write_private(&self.folder.join("system.json"), json::to_string(&all).as_bytes())?;
        Ok(())
    }

    /// Writes it anew whenever a process comes or goes; it does not return.
    pub async fn keep(&self, mut running: watch::Receiver<BTreeMap<String, Option<u32>>>) {
        while running.changed().await.is_ok() {
            let now = running.borrow_and_update().clone();
            if let Err(error) = self.write(&now) {
                tracing::warn!(%error, "system.json is out of date");
            }
        }
    }
}

fn pid(running: &BTreeMap<String, Option<u32>>, piece: &Piece) -> Option<u32> {
    running.get(&piece.name).copied().flatten()
}

/// Each as wide as its widest cell; the last is not filled up.
fn columns(rows: &[[String; 5]]) -> String {
    let width = |at: usize| rows.iter().map(|row| row[at].len()).max().unwrap_or(0);
    let widths: [usize; 4] = std::array::from_fn(width);
    let mut text = String::new();
    for row in rows {
        for (cell, width) in row.iter().zip(widths) {
            let _ = write!(text, "{cell:width$}  ");
        }
        text += &row[4];
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_runs_where_is_told_to_people_and_programs() {
        let folder = tempfile::tempdir().expect("a folder");
        let piece = |role: Role, name: &str, port: u16| Piece {
            role,
            name: name.to_owned(),
            address: ([127, 0, 0, 1], port).into(),
            program: "/bin/it".into(),
            arguments: vec!["-v".into()],
            log: folder.path().join(name).join("log"),
        };
        let pieces = [
            piece(Role::Frontend, "frontend-1", 7),
            piece(Role::Router, "router-1", 6443),
        ];
        let etcd = ["http://e:1".to_owned()];
        let report = Report {
            folder: folder.path(),
            etcd: &etcd,
            pieces: &pieces,
        };
        let running = BTreeMap::from([("router-1".to_owned(), Some(42))]);
        let table = report.table(&running, Duration::from_secs(1));
        let lines: Vec<Vec<&str>> = table
            .lines()
            .map(|line| line.split_whitespace().collect())
            .collect();
        assert_eq!(
            lines[1][..3],
            ["apiserver", "frontend-1", "127.0.0.1:7"],
            "{table}"
        );
        assert_eq!(
            lines[2][..4],
            ["router", "router-1", "127.0.0.1:6443", "42"],
            "{table}"
        );
        assert!(
            table.contains("serves at https://127.0.0.1:6443 over etcd at http://e:1"),
            "{table}"
        );
        report.write(&running).expect("a file");
        let read = std::fs::read(folder.path().join("system.json")).expect("a file");
        let read = json::parse(&read).expect("JSON");
        let processes = read.list_at(&["processes"]);
        assert_eq!(processes[0].at(&["pid"]), Some(&Value::Null));
        assert_eq!(processes[1].at(&["pid"]).and_then(Value::as_int), Some(42));
        assert_eq!(processes[1].list_at(&["command"]).len(), 2);
    }
}
