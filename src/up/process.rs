//! One process of a system: it is started, watched over, started again, and stopped. Which ones there are is [`super::plan`]'s.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::limits::{LOG_TAIL_BYTES, PROCESS_POLL, RESTART_AFTER, RESTART_FORGOTTEN_AFTER, STOP_MAX};
use super::plan::Piece;
use crate::error::Error;

/// Which processes are kept, and their numbers while they run.
pub type Running = watch::Sender<BTreeMap<String, Option<u32>>>;

/// What a process is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Start. That it ends is an error.
    Start,
    /// Go on. If it ends it is started again, or missed.
    GoOn {
        /// Whether it is started again.
        restart: bool,
    },
    /// Stop in order.
    Stop,
    /// End at once.
    End,
}

/// A process that runs.
struct Process {
    child: Child,
    /// It stops in order when this is closed, whatever closes it.
    input: Option<ChildStdin>,
}

/// Keeps a process until it is told to stop. An error is that it cannot be started, or ended while the system started.
pub async fn keep(piece: &Piece, mut orders: watch::Receiver<Order>, running: &Running) -> Result<(), Error> {
    let kept = run(piece, &mut orders, running).await;
    running.send_modify(|running| {
        running.remove(&piece.name);
    });
    kept
}

async fn run(piece: &Piece, orders: &mut watch::Receiver<Order>, running: &Running) -> Result<(), Error> {
    let number = |pid: Option<u32>| {
        running.send_modify(|running| {
            running.insert(piece.name.clone(), pid);
        });
    };
    let mut pause = RESTART_AFTER[0];
    loop {
        let begun = Instant::now();
        let ended = match Process::start(piece) {
            Ok(mut process) => {
                number(Some(process.child.id()));
                let status = process.until_ended(orders).await;
                number(None);
                status.map(|status| said(piece, status)).map_err(Error::Runtime)
            }
            Err(error) => Err(error),
        };
        let order = *orders.borrow();
        match order {
            Order::Start => return Err(Error::Up(ended?)),
            Order::Stop | Order::End => return Ok(()),
            Order::GoOn { restart } => {
                let told = ended.unwrap_or_else(|error| format!("{} cannot be started: {error}", piece.name));
                tracing::warn!("{told}");
                if begun.elapsed() > RESTART_FORGOTTEN_AFTER {
                    pause = RESTART_AFTER[0];
                }
                if !restart || is_stopped_within(pause, orders).await {
                    return Ok(());
                }
                pause = (pause * 2).min(RESTART_AFTER[1]);
            }
        }
    }
}

/// Whether the order to stop comes before a time is over.
async fn is_stopped_within(pause: Duration, orders: &mut watch::Receiver<Order>) -> bool {
    let stopped = orders.wait_for(|order| matches!(order, Order::Stop | Order::End));
    tokio::time::timeout(pause, stopped).await.is_ok()
}

impl Process {
    fn start(piece: &Piece) -> Result<Self, Error> {
        let failed = |source| Error::Folder {
            path: piece.log.clone(),
            source,
        };
        if let Some(folder) = piece.log.parent() {
            crate::site::create_private(folder)?;
        }
        let log = OpenOptions::new()
            .create(true)
            .append(true)
            .mode(0o600)
            .open(&piece.log)
            .map_err(failed)?;
        let mut command = Command::new(&piece.program);
        command
            .args(&piece.arguments)
            .stdin(Stdio::piped())
            .stdout(log.try_clone().map_err(failed)?)
            .stderr(log)
            // A signal of the terminal comes to us alone, and we stop the others in order.
            .process_group(0);
        let mut child = command.spawn().map_err(Error::Runtime)?;
        let input = child.stdin.take();
        Ok(Self { child, input })
    }

    /// Does what it is told until the process has ended.
    async fn until_ended(&mut self, orders: &mut watch::Receiver<Order>) -> std::io::Result<ExitStatus> {
        let mut stopping: Option<Instant> = None;
        loop {
            if let Some(status) = self.child.try_wait()? {
                return Ok(status);
            }
            match *orders.borrow_and_update() {
                Order::Start | Order::GoOn { .. } => {}
                Order::End => self.child.kill()?,
                Order::Stop => {
                    self.input = None;
                    if stopping.get_or_insert_with(Instant::now).elapsed() > STOP_MAX {
                        self.child.kill()?;
                    }
                }
            }
            tokio::time::sleep(PROCESS_POLL).await;
        }
    }
}

impl Drop for Process {
    /// It does not go on without us. One that is run by a shell gets its signal from there, as its input ends.
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

/// How a process ended, and what it said last.
fn said(piece: &Piece, status: ExitStatus) -> String {
    let tail = tail(&piece.log).unwrap_or_default();
    format!(
        "{} ended: {status}; the end of {}:\n{tail}",
        piece.name,
        piece.log.display()
    )
}

fn tail(log: &Path) -> std::io::Result<String> {
    let mut file = File::open(log)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(LOG_TAIL_BYTES)))?;
    let mut bytes = Vec::new();
    file.take(LOG_TAIL_BYTES).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::up::plan::Role;

    fn piece(folder: &Path, script: &str) -> Piece {
        Piece {
            role: Role::Frontend,
            name: "one".to_owned(),
            address: ([127, 0, 0, 1], 1).into(),
            program: "/bin/sh".into(),
            arguments: vec!["-c".into(), script.into()],
            log: folder.join("one").join("log"),
        }
    }

    #[tokio::test]
    async fn what_ends_while_the_system_starts_is_an_error_that_tells_why() {
        let folder = tempfile::tempdir().expect("a folder");
        let orders = watch::Sender::new(Order::Start);
        let kept = keep(
            &piece(folder.path(), "echo no such flag; exit 3"),
            orders.subscribe(),
            &Running::default(),
        )
        .await;
        let error = kept.expect_err("it ended").to_string();
        assert!(
            error.contains("exit status: 3") && error.contains("no such flag"),
            "{error}"
        );
    }

    #[tokio::test]
    async fn what_ended_is_started_again_until_all_is_stopped() {
        let folder = tempfile::tempdir().expect("a folder");
        let orders = watch::Sender::new(Order::GoOn { restart: true });
        let running = Running::default();
        let twice = "if [ -e first ]; then touch second; cat; echo stopped; else touch first; fi";
        let script = format!("cd {}; {twice}", folder.path().display());
        let piece = piece(folder.path(), &script);
        let stop = async {
            while !folder.path().join("second").exists() {
                tokio::time::sleep(PROCESS_POLL).await;
            }
            assert!(running.borrow().get("one").is_some_and(Option::is_some));
            orders.send_replace(Order::Stop);
        };
        let (kept, ()) = tokio::join!(keep(&piece, orders.subscribe(), &running), stop);
        kept.expect("it is stopped");
        assert!(running.borrow().is_empty());
        assert_eq!(tail(&piece.log).expect("a log"), "stopped\n");
    }

    #[tokio::test]
    async fn what_ended_is_missed_where_nothing_is_started_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let orders = watch::Sender::new(Order::GoOn { restart: false });
        let kept = keep(
            &piece(folder.path(), "exit 1"),
            orders.subscribe(),
            &Running::default(),
        )
        .await;
        assert!(kept.is_ok());
    }
}
