//! Events as lines of JSON in a file, which is set aside when it is large or its predecessors are many or old.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use schema::time::Time;
use schema::{Value, json};
use tokio::sync::mpsc;

use super::Sink;
use crate::limits::AUDIT_EVENTS_MAX;

/// Settings of the log; zero is without a limit.
#[derive(Clone, Debug)]
pub struct Log {
    /// The file; `-` is standard output.
    pub path: PathBuf,
    /// When it is set aside.
    pub bytes_max: u64,
    /// How many of those set aside are kept.
    pub kept_max: usize,
    /// For how long they are.
    pub kept_for: Duration,
}

impl Log {
    /// Opens the file and writes what the sink is offered, on a thread of its own until the sink is gone.
    pub fn start(self) -> io::Result<Sink> {
        let mut writer = Writer::open(self)?;
        let (sender, mut events) = mpsc::channel::<Arc<Value>>(AUDIT_EVENTS_MAX);
        std::thread::Builder::new()
            .name("audit-log".to_owned())
            .spawn(move || {
                while let Some(event) = events.blocking_recv() {
                    if let Err(error) = writer.write(&event) {
                        tracing::error!(%error, "an audit event could not be written");
                    }
                    // Lines are flushed when there is nothing more to write.
                    if events.is_empty()
                        && let Err(error) = writer.out.flush()
                    {
                        tracing::error!(%error, "audit events could not be written");
                    }
                }
            })?;
        Ok(Sink::new("log", sender))
    }
}

struct Writer {
    log: Log,
    out: Box<dyn Write + Send>,
    bytes: u64,
}

impl Writer {
    fn open(log: Log) -> io::Result<Self> {
        if log.path == Path::new("-") {
            return Ok(Self {
                log,
                out: Box::new(io::stdout()),
                bytes: 0,
            });
        }
        if let Some(folder) = log.path.parent() {
            fs::create_dir_all(folder)?;
        }
        let file = append(&log.path)?;
        let bytes = file.metadata()?.len();
        Ok(Self {
            log,
            out: Box::new(io::BufWriter::new(file)),
            bytes,
        })
    }

    fn write(&mut self, event: &Value) -> io::Result<()> {
        let mut line = Vec::new();
        json::write(event, &mut line);
        line.push(b'\n');
        let is_full =
            self.log.bytes_max > 0 && self.bytes > 0 && self.bytes + line.len() as u64 > self.log.bytes_max;
        if is_full && self.log.path != Path::new("-") {
            self.set_aside()?;
        }
        self.bytes += line.len() as u64;
        self.out.write_all(&line)
    }

    fn set_aside(&mut self) -> io::Result<()> {
        self.out.flush()?;
        fs::rename(&self.log.path, self.aside_path())?;
        self.out = Box::new(io::BufWriter::new(append(&self.log.path)?));
        self.bytes = 0;
        self.clean()
    }

    /// `audit-2026-01-02T03-04-05.000000.log` beside `audit.log`.
    fn aside_path(&self) -> PathBuf {
        let (stem, end) = self.names();
        let now = Time::now().format_micro().replace(':', "-");
        self.log
            .path
            .with_file_name(format!("{stem}-{}{end}", now.trim_end_matches('Z')))
    }

    fn names(&self) -> (String, String) {
        let text = |part: Option<&std::ffi::OsStr>| part.map(|part| part.to_string_lossy().into_owned());
        let end = text(self.log.path.extension())
            .map(|end| format!(".{end}"))
            .unwrap_or_default();
        (text(self.log.path.file_stem()).unwrap_or_default(), end)
    }

    /// Deletes files set aside that are too many or too old.
    fn clean(&self) -> io::Result<()> {
        let (stem, end) = self.names();
        let folder = self
            .log
            .path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty());
        let mut aside: Vec<PathBuf> = fs::read_dir(folder.unwrap_or(Path::new(".")))?
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|path| {
                let name = path
                    .file_name()
                    .map(|name| name.to_string_lossy().into_owned())
                    .unwrap_or_default();
                let middle = name
                    .strip_prefix(&format!("{stem}-"))
                    .and_then(|rest| rest.strip_suffix(&end));
                middle.is_some_and(|middle| middle.starts_with(|first: char| first.is_ascii_digit()))
            })
            .collect();
        // Names are in the order of time.
        aside.sort_unstable_by(|one, other| other.cmp(one));
        for (at, path) in aside.iter().enumerate() {
            let too_many = self.log.kept_max > 0 && at >= self.log.kept_max;
            if too_many || self.is_old(path) {
                fs::remove_file(path)?;
            }
        }
        Ok(())
    }

    fn is_old(&self, path: &Path) -> bool {
        let age = fs::metadata(path).and_then(|meta| meta.modified()).ok();
        let age = age.and_then(|at| SystemTime::now().duration_since(at).ok());
        !self.log.kept_for.is_zero() && age.is_some_and(|age| age > self.log.kept_for)
    }
}

fn append(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    OpenOptions::new()
        .create(true)
        .append(true)
        .mode(0o600)
        .open(path)
}
