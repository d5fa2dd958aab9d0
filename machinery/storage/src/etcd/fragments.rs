//! Watch responses put together again: etcd sends one that is larger than a request may be in fragments, and only the whole
//! one holds whole revisions. It knows no streams.

use etcd_client::WatchResponse;

use super::convert::event;
use crate::store::{Error, Event};

/// The largest response that is put together: a thousand revisions of large objects.
const RESPONSE_BYTES_MAX: usize = 512 * 1024 * 1024;

/// The fragments of one response so far.
#[derive(Default)]
pub struct Fragments {
    events: Vec<Event>,
    bytes: usize,
}

impl Fragments {
    /// Takes a response or a part of one; the events of the whole one when this was its last part.
    pub fn take(&mut self, response: &WatchResponse) -> Result<Option<Vec<Event>>, Error> {
        self.add(response.events().iter().filter_map(event), response.0.fragment)
    }

    fn add(
        &mut self,
        events: impl Iterator<Item = Event>,
        goes_on: bool,
    ) -> Result<Option<Vec<Event>>, Error> {
        for event in events {
            let previous = event.previous.as_ref().map_or(0, |previous| previous.value.len());
            self.bytes += event.entry.key.len() + event.entry.value.len() + previous;
            self.events.push(event);
        }
        if self.bytes > RESPONSE_BYTES_MAX {
            return Err(Error::Fatal(format!(
                "a watch response of etcd has more than {RESPONSE_BYTES_MAX} bytes"
            )));
        }
        if goes_on {
            return Ok(None);
        }
        Ok(Some(std::mem::take(self).events))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{AtRest, Entry, EventKind, Revision};

    fn event(key: &str) -> Event {
        let entry = Entry {
            key: key.to_owned().into(),
            value: "x".into(),
            create_revision: Revision(2),
            mod_revision: Revision(2),
            version: 1,
            lease: None,
            at_rest: AtRest::Current,
        };
        Event {
            kind: EventKind::Put,
            entry,
            previous: None,
        }
    }

    #[test]
    fn parts_come_out_together_and_in_order() {
        let mut fragments = Fragments::default();
        let mut add = |key: &str, goes_on| {
            let whole = fragments
                .add([event(key)].into_iter(), goes_on)
                .expect("it is small");
            whole.map(|events| {
                events
                    .iter()
                    .map(|event| event.entry.key.clone())
                    .collect::<Vec<_>>()
            })
        };
        assert_eq!(add("a", true), None);
        assert_eq!(add("b", true), None);
        assert_eq!(add("c", false), Some(vec!["a".into(), "b".into(), "c".into()]));
        assert_eq!(
            add("d", false),
            Some(vec!["d".into()]),
            "nothing is left of the last response"
        );
    }
}
