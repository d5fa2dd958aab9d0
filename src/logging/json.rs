//! Log lines as JSON objects, with the keys of the reference's: `ts` (milliseconds since 1970), `caller`, `msg`, `v` (the verbosity from
//! which on it is logged; errors have none), `err` for an error, and the event's own fields. `level` and `logger`, the module, come besides.

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

use schema::{Map, SmolStr, Value, json};
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

/// Writes an event as one line.
pub struct Format;

impl<S, N> FormatEvent<S, N> for Format
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        _: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let ts_ms = now.map_or(0.0, |now| now.as_micros() as f64 / 1e3);
        let meta = event.metadata();
        let mut line = Line(Map::default());
        line.put("ts", Value::Float(ts_ms));
        if let (Some(file), Some(number)) = (meta.file(), meta.line()) {
            line.put("caller", format!("{file}:{number}").into());
        }
        line.put("level", meta.level().as_str().to_ascii_lowercase().into());
        line.put("logger", meta.target().into());
        if let Some(verbosity) = verbosity(*meta.level()) {
            line.put("v", Value::Int(verbosity));
        }
        event.record(&mut line);
        writeln!(writer, "{}", json::to_string(&Value::Map(line.0)))
    }
}

/// As `-v` has it.
fn verbosity(level: Level) -> Option<i64> {
    match level {
        Level::ERROR => None,
        Level::WARN | Level::INFO => Some(0),
        Level::DEBUG => Some(4),
        Level::TRACE => Some(6),
    }
}

/// The object under way.
struct Line(Map);

impl Line {
    fn put(&mut self, key: &str, value: Value) {
        self.0.insert(SmolStr::from(key), value);
    }

    /// Under a key that none of the line's own has.
    fn put_field(&mut self, field: &Field, value: Value) {
        match field.name() {
            "message" => self.put("msg", value),
            "error" => self.put("err", value),
            name if self.0.get(name).is_some() => self.put(&format!("field.{name}"), value),
            name => self.put(name, value),
        }
    }
}

impl Visit for Line {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put_field(field, Value::Float(value));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put_field(field, Value::Int(value));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        let value = i64::try_from(value).map_or_else(|_| value.to_string().into(), Value::Int);
        self.put_field(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put_field(field, Value::Bool(value));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put_field(field, value.into());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put_field(field, format!("{value:?}").into());
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::{Arc, Mutex, PoisonError};

    use super::*;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            all.write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn each_line_is_an_object_with_the_keys_of_the_reference() {
        let lines = Lines::default();
        let writer = lines.clone();
        let subscriber = tracing_subscriber::fmt()
            .event_format(Format)
            .with_writer(move || writer.clone())
            .finish();
        tracing::subscriber::with_default(subscriber, || {
            tracing::info!(count = 3_u64, name = "a\"b", ts = 1, "said \n so");
            tracing::error!(error = %"broken", is_bad = true, "it broke");
        });
        let text = lines.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let objects: Vec<Value> = text
            .split(|byte| *byte == b'\n')
            .filter(|line| !line.is_empty())
            .map(|line| json::parse(line).expect("an object a line"))
            .collect();
        let [said, broke] = &objects[..] else {
            panic!("{objects:?}");
        };
        assert_eq!(said.str_at(&["msg"]), Some("said \n so"));
        assert_eq!((said.int_at(&["v"]), said.int_at(&["count"])), (Some(0), Some(3)));
        assert_eq!(
            (said.str_at(&["name"]), said.int_at(&["field.ts"])),
            (Some("a\"b"), Some(1))
        );
        assert!(
            said.str_at(&["caller"])
                .is_some_and(|caller| caller.contains("json.rs:"))
        );
        assert_eq!(
            (broke.str_at(&["err"]), broke.int_at(&["v"])),
            (Some("broken"), None)
        );
        assert_eq!(broke.bool_at(&["is_bad"]), Some(true));
    }
}
