//! Events, in the core form in which they are stored.

use schema::Value;

use super::age;
use super::row::Row;
use super::{Column, NAME, field, string};

pub(super) const EVENTS: &[Column] = &[
    string("Last Seen", field!("core.v1.Event", "lastTimestamp"), |row| {
        seen(row, last_seen(row))
    }),
    string("Type", field!("core.v1.Event", "type"), |row| row.text(&["type"])),
    string("Reason", field!("core.v1.Event", "reason"), |row| {
        row.text(&["reason"])
    }),
    string("Object", field!("core.v1.Event", "involvedObject"), object),
    string(
        "Subobject",
        field!("core.v1.ObjectReference", "fieldPath"),
        |row| row.text(&["involvedObject", "fieldPath"]),
    )
    .wide(),
    string("Source", field!("core.v1.Event", "source"), source).wide(),
    string("Message", field!("core.v1.Event", "message"), |row| {
        Value::from(row.str(&["message"]).trim())
    }),
    string("First Seen", field!("core.v1.Event", "firstTimestamp"), |row| {
        seen(row, first_seen(row))
    })
    .wide(),
    string("Count", field!("core.v1.Event", "count"), count).wide(),
    NAME.wide(),
];

fn seen(row: &Row<'_>, time: Option<&str>) -> Value {
    Value::from(age::since(time, row.now))
}

fn first_seen<'a>(row: &Row<'a>) -> Option<&'a str> {
    row.object
        .str_at(&["firstTimestamp"])
        .or_else(|| row.object.str_at(&["eventTime"]))
}

fn last_seen<'a>(row: &Row<'a>) -> Option<&'a str> {
    match row.object.get("series") {
        Some(series) => series.str_at(&["lastObservedTime"]),
        None => row.object.str_at(&["lastTimestamp"]).or_else(|| first_seen(row)),
    }
}

fn object(row: &Row<'_>) -> Value {
    let kind = row.str(&["involvedObject", "kind"]).to_lowercase();
    match row.str(&["involvedObject", "name"]) {
        "" => Value::from(kind),
        name => Value::from(format!("{kind}/{name}")),
    }
}

/// Who reported it: the source of old events, the reporting controller of new ones.
fn source(row: &Row<'_>) -> Value {
    let either = |old: &[&str], new: &str| match row.str(old) {
        "" => row.str(&[new]),
        found => found,
    };
    let component = either(&["source", "component"], "reportingComponent");
    match either(&["source", "host"], "reportingInstance") {
        "" => Value::from(component),
        host => Value::from(format!("{component}, {host}")),
    }
}

fn count(row: &Row<'_>) -> Value {
    if row.object.get("series").is_some() {
        return row.int(&["series", "count"]);
    }
    Value::Int(row.number(&["count"]).max(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::layout_of;
    use jiff::Timestamp;
    use schema::tree;

    #[test]
    fn a_series_tells_last_seen_and_count() {
        let event = tree!({
            "metadata": {"name": "e"},
            "involvedObject": {"kind": "Pod", "name": "p", "fieldPath": "spec"},
            "eventTime": "1970-01-01T00:00:00.000000Z",
            "series": {"count": 7i64, "lastObservedTime": "1970-01-01T00:00:50.500000Z"},
            "reportingComponent": "kubelet", "reportingInstance": "n1", "message": " m \n",
        });
        let now = Timestamp::from_second(60).expect("a time");
        let cells = layout_of("", "Event").cells(&event, now);
        assert_eq!(
            cells,
            [
                Value::from("9s"),
                Value::from(""),
                Value::from(""),
                Value::from("pod/p"),
                Value::from("spec"),
                Value::from("kubelet, n1"),
                Value::from("m"),
                Value::from("60s"),
                Value::Int(7),
                Value::from("e"),
            ]
        );
    }
}
