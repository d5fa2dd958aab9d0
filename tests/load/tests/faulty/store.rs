//! The objects, by collection, and all changes of them, so that a watch may begin at any revision. Objects have nothing but a name.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::fault::{FAULTY_WATCH, Fault, pass_on};

const FIRST_REVISION: u64 = 100;

pub struct Store {
    fault: Fault,
    opened: AtomicUsize,
    state: Mutex<State>,
}

struct State {
    revision: u64,
    objects: BTreeMap<(String, String), u64>,
    changes: Vec<(String, u64, Bytes)>,
    watches: Vec<(String, UnboundedSender<Bytes>)>,
}

impl Store {
    pub fn new(fault: Fault) -> Self {
        Self {
            fault,
            opened: AtomicUsize::new(0),
            state: Mutex::new(State {
                revision: FIRST_REVISION,
                objects: BTreeMap::new(),
                changes: Vec::new(),
                watches: Vec::new(),
            }),
        }
    }

    /// Makes a revision and sends it to all watches, in the order of revisions; returns the object.
    pub fn write(&self, collection: &str, name: &str) -> String {
        let mut state = self.state.lock().expect("no panic");
        state.revision += 1;
        let revision = state.revision;
        let key = (collection.to_owned(), name.to_owned());
        let kind = if state.objects.insert(key, revision).is_some() {
            "MODIFIED"
        } else {
            "ADDED"
        };
        let line = event(kind, &object(name, revision));
        for (_, watch) in state.watches.iter().filter(|(of, _)| of == collection) {
            // A client that went away hears nothing.
            drop(watch.send(line.clone()));
        }
        state.changes.push((collection.to_owned(), revision, line));
        object(name, revision)
    }

    pub fn list(&self, collection: &str) -> String {
        let state = self.state.lock().expect("no panic");
        let items: Vec<_> = state
            .of(collection)
            .map(|(name, revision)| object(name, revision))
            .collect();
        format!(
            r#"{{"metadata":{{"resourceVersion":"{}"}},"items":[{}]}}"#,
            state.revision,
            items.join(",")
        )
    }

    /// A watch from the revision in the query, or with all objects first.
    pub fn watch(&self, collection: &str, query: &str) -> UnboundedReceiver<Bytes> {
        let (sender, lines) = unbounded_channel();
        let mut state = self.state.lock().expect("no panic");
        let send = |line: Bytes| drop(sender.send(line));
        if query.contains("sendInitialEvents=true") {
            for (name, revision) in state.of(collection) {
                send(event("ADDED", &object(name, revision)));
            }
            send(event(
                "BOOKMARK",
                &format!(
                    r#"{{"kind":"ConfigMap","metadata":{{"resourceVersion":"{}","annotations":{{"k8s.io/initial-events-end":"true"}}}}}}"#,
                    state.revision
                ),
            ));
        } else {
            let from = query
                .split('&')
                .find_map(|part| part.strip_prefix("resourceVersion="));
            let from: u64 = from.and_then(|from| from.parse().ok()).expect("a revision");
            let missed = state
                .changes
                .iter()
                .filter(|(of, revision, _)| of == collection && *revision > from);
            missed.for_each(|(_, _, line)| send(line.clone()));
        }
        state.watches.push((collection.to_owned(), sender));
        let faulty = self.opened.fetch_add(1, Ordering::SeqCst) == FAULTY_WATCH;
        let (output, passed) = unbounded_channel();
        tokio::spawn(pass_on(
            if faulty { self.fault } else { Fault::None },
            lines,
            output,
        ));
        passed
    }
}

impl State {
    fn of<'a>(&'a self, collection: &'a str) -> impl Iterator<Item = (&'a str, u64)> {
        let all = self.objects.iter().filter(move |((of, _), _)| of == collection);
        all.map(|((_, name), revision)| (name.as_str(), *revision))
    }
}

fn object(name: &str, revision: u64) -> String {
    format!(r#"{{"kind":"ConfigMap","metadata":{{"name":"{name}","resourceVersion":"{revision}"}}}}"#)
}

fn event(kind: &str, object: &str) -> Bytes {
    format!("{{\"type\":\"{kind}\",\"object\":{object}}}\n").into()
}
