//! The result of a run, as a table for people and as JSON for tools. It does not judge.

use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::Error;

/// One number of a result.
#[derive(Clone, Debug)]
pub struct Measure {
    /// Its name in JSON, for tools.
    pub key: String,
    /// What it is, in words.
    pub title: String,
    /// Its unit; empty for counts.
    pub unit: &'static str,
    /// The number.
    pub value: f64,
}

/// Lines over one axis.
#[derive(Clone, Debug)]
pub struct Chart {
    key: &'static str,
    title: String,
    unit: &'static str,
    axis: &'static str,
    x: Vec<f64>,
    lines: Vec<(&'static str, Vec<Option<f64>>)>,
}

impl Chart {
    /// A chart over the seconds of a run.
    pub fn over_time(
        key: &'static str,
        title: impl Into<String>,
        unit: &'static str,
        seconds: Vec<f64>,
    ) -> Self {
        Self {
            key,
            title: title.into(),
            unit,
            axis: "seconds",
            x: seconds,
            lines: Vec::new(),
        }
    }

    /// A chart by percentile, 0 to 100.
    pub fn by_percentile(
        key: &'static str,
        title: impl Into<String>,
        unit: &'static str,
        percentiles: Vec<f64>,
    ) -> Self {
        Self {
            axis: "percentile",
            ..Self::over_time(key, title, unit, percentiles)
        }
    }

    /// Adds a line that has a value everywhere.
    pub fn line(self, name: &'static str, values: Vec<f64>) -> Self {
        self.known(name, values.into_iter().map(Some).collect())
    }

    /// Adds a line that may have holes; nothing when nothing of it is known.
    pub fn known(mut self, name: &'static str, values: Vec<Option<f64>>) -> Self {
        if values.iter().any(Option::is_some) {
            self.lines.push((name, values));
        }
        self
    }

    fn json(&self) -> Value {
        let line = |(name, values): &(&str, Vec<Option<f64>>)| {
            let values: Vec<_> = values.iter().map(|value| value.map(rounded)).collect();
            json!({"name": name, "values": values})
        };
        let x: Vec<f64> = self.x.iter().copied().map(rounded).collect();
        json!({
            "key": self.key,
            "title": self.title,
            "unit": self.unit,
            "axis": self.axis,
            "x": x,
            "lines": self.lines.iter().map(line).collect::<Vec<_>>(),
        })
    }
}

/// Thousandths are more than any plot shows.
fn rounded(value: f64) -> f64 {
    (value * 1e3).round() / 1e3
}

/// The result of one run.
#[derive(Debug)]
pub struct Report {
    scenario: &'static str,
    options: Value,
    measures: Vec<Measure>,
    charts: Vec<Chart>,
    details: Vec<(&'static str, Value)>,
    notes: Vec<String>,
    wrong: bool,
}

impl Report {
    /// A result without numbers yet.
    pub fn new(scenario: &'static str, options: Value) -> Self {
        Self {
            scenario,
            options,
            measures: Vec::new(),
            charts: Vec::new(),
            details: Vec::new(),
            notes: Vec::new(),
            wrong: false,
        }
    }

    /// Adds a number.
    pub fn add(&mut self, key: impl Into<String>, title: impl Into<String>, unit: &'static str, value: f64) {
        self.measures.push(Measure {
            key: key.into(),
            title: title.into(),
            unit,
            value,
        });
    }

    /// Adds a time in milliseconds.
    pub fn add_ms(&mut self, key: impl Into<String>, title: impl Into<String>, value: Duration) {
        self.add(key, title, "ms", value.as_secs_f64() * 1e3);
    }

    /// Adds a chart, if it has a line.
    pub fn chart(&mut self, chart: Chart) {
        if !chart.lines.is_empty() {
            self.charts.push(chart);
        }
    }

    /// Adds something that only tools read.
    pub fn detail(&mut self, key: &'static str, value: Value) {
        self.details.push((key, value));
    }

    /// Adds something that a reader of the numbers must know.
    pub fn note(&mut self, note: impl Into<String>) {
        self.notes.push(note.into());
    }

    /// Adds a note that says that the server did something wrong.
    pub fn wrong(&mut self, note: impl Into<String>) {
        self.wrong = true;
        self.note(note);
    }

    /// Whether the server did everything right.
    pub fn is_right(&self) -> bool {
        !self.wrong
    }

    /// The number of that key.
    pub fn value(&self, key: &str) -> Option<f64> {
        self.measures
            .iter()
            .find(|measure| measure.key == key)
            .map(|measure| measure.value)
    }

    /// The table.
    pub fn text(&self) -> String {
        let width = self
            .measures
            .iter()
            .map(|measure| measure.title.chars().count())
            .max()
            .unwrap_or(0);
        let mut lines = vec![format!("scenario: {}", self.scenario)];
        let line = |measure: &Measure| {
            format!(
                "  {:width$}  {:>14} {}",
                measure.title,
                number(measure.value),
                measure.unit
            )
            .trim_end()
            .to_owned()
        };
        lines.extend(self.measures.iter().map(line));
        lines.extend(self.notes.iter().map(|note| format!("  ! {note}")));
        lines.join("\n")
    }

    /// The same for tools: numbers are under `measures` by key.
    pub fn json(&self) -> Value {
        let measure = |measure: &Measure| {
            let content = json!({"title": measure.title, "unit": measure.unit, "value": measure.value});
            (measure.key.clone(), content)
        };
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        json!({
            "tool": "watchload",
            "version": env!("CARGO_PKG_VERSION"),
            "scenario": self.scenario,
            "right": self.is_right(),
            "finishedUnixSeconds": now.as_secs(),
            "cpus": std::thread::available_parallelism().map_or(0, usize::from),
            "options": self.options,
            "order": self.measures.iter().map(|measure| &measure.key).collect::<Vec<_>>(),
            "measures": self.measures.iter().map(measure).collect::<serde_json::Map<_, _>>(),
            "charts": self.charts.iter().map(Chart::json).collect::<Vec<_>>(),
            "details": self.details.iter().cloned().map(|(key, value)| (key.to_owned(), value)).collect::<serde_json::Map<_, _>>(),
            "notes": self.notes,
        })
    }

    /// Writes the JSON.
    pub fn write(&self, path: &Path) -> Result<(), Error> {
        let text = serde_json::to_string_pretty(&self.json()).expect("numbers and texts can be written");
        std::fs::write(path, text + "\n").map_err(|source| Error::file(path, source))
    }
}

/// A number as people read it: digits where they matter.
pub fn number(value: f64) -> String {
    match value.abs() {
        size if size >= 100.0 || value == value.trunc() => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_has_a_line_for_each_number_and_note() {
        let mut report = Report::new("fanout", Value::Null);
        report.add("received", "events received", "", 1000.0);
        report.add("cpu", "CPU per million", "s", 1.234);
        report.wrong("one is lost");
        let text = report.text();
        assert!(
            text.contains("events received") && text.contains("1.23 s") && text.contains("! one is lost"),
            "{text}"
        );
        assert!(!report.is_right());
        assert_eq!(report.json()["measures"]["cpu"]["value"], 1.234);
    }
}
