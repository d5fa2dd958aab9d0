//! The JSONPath of definitions: fields, indexes, wildcards, slices of lists and comparing filters, as kubectl writes them.

use schema::{SmolStr, Value, json};

use crate::limits::{PATH_FILTERS_DEPTH_MAX, PATH_STEPS_MAX};

/// A path from an object on.
#[derive(Clone, Debug, PartialEq)]
pub struct Path(Vec<Step>);

#[derive(Clone, Debug, PartialEq)]
enum Step {
    Field(SmolStr),
    /// From the end where it is negative.
    Index(i64),
    All,
    /// Items for which a path below them compares so with a value.
    Where(Path, Comparison, Value),
    /// Items that have a path.
    Has(Path),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Comparison {
    Equal,
    Different,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

const COMPARISONS: [(&str, Comparison); 6] = [
    ("==", Comparison::Equal),
    ("!=", Comparison::Different),
    ("<=", Comparison::LessOrEqual),
    (">=", Comparison::GreaterOrEqual),
    ("<", Comparison::Less),
    (">", Comparison::Greater),
];

impl Path {
    /// Reads `.spec.list[?(@.type=="Ready")].status`; `None` for what is no path.
    pub fn parse(text: &str) -> Option<Self> {
        Self::within(text, PATH_FILTERS_DEPTH_MAX)
    }

    /// The same; filters may nest so deep.
    fn within(text: &str, filters_depth: usize) -> Option<Self> {
        let mut steps = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            if steps.len() == PATH_STEPS_MAX {
                return None;
            }
            let step;
            (step, rest) = match rest.strip_prefix('[') {
                Some(inner) => {
                    let end = closing(inner)?;
                    (bracket(&inner[..end], filters_depth)?, &inner[end + 1..])
                }
                None => name(rest.strip_prefix('.').unwrap_or(rest))?,
            };
            steps.push(step);
        }
        Some(Self(steps))
    }

    /// The same where it has fields alone, as their names.
    pub fn fields(text: &str) -> Option<Vec<SmolStr>> {
        let Self(steps) = Self::parse(text)?;
        let names = steps.into_iter().map(|step| match step {
            Step::Field(name) => Some(name),
            _ => None,
        });
        names.collect()
    }

    /// The values at the end of it, in order.
    pub fn find<'v>(&self, value: &'v Value) -> Vec<&'v Value> {
        let mut found = vec![value];
        for step in &self.0 {
            found = found.into_iter().flat_map(|value| step.take(value)).collect();
        }
        found
    }
}

impl Step {
    fn take<'v>(&self, value: &'v Value) -> Vec<&'v Value> {
        let items = value.as_list().unwrap_or_default();
        match self {
            Self::Field(name) => value.get(name).into_iter().collect(),
            Self::Index(at) => {
                let len = i64::try_from(items.len()).unwrap_or(i64::MAX);
                let at = if *at < 0 { len + at } else { *at };
                usize::try_from(at)
                    .ok()
                    .and_then(|at| items.get(at))
                    .into_iter()
                    .collect()
            }
            Self::All => match value {
                Value::Map(map) => map.values().collect(),
                _ => items.iter().collect(),
            },
            Self::Where(path, comparison, with) => {
                let fits = |item: &&Value| {
                    path.find(item)
                        .first()
                        .is_some_and(|found| comparison.holds(found, with))
                };
                items.iter().filter(fits).collect()
            }
            Self::Has(path) => items.iter().filter(|item| !path.find(item).is_empty()).collect(),
        }
    }
}

impl Comparison {
    fn holds(self, one: &Value, other: &Value) -> bool {
        let number = |value: &Value| match value {
            Value::Int(number) => Some(*number as f64),
            Value::Float(number) => Some(*number),
            _ => None,
        };
        let order = match (one, other) {
            (Value::String(one), Value::String(other)) => Some(one.cmp(other)),
            (Value::Bool(one), Value::Bool(other)) => Some(one.cmp(other)),
            _ => number(one)
                .zip(number(other))
                .and_then(|(one, other)| one.partial_cmp(&other)),
        };
        let Some(order) = order else { return false };
        match self {
            Self::Equal => order.is_eq(),
            Self::Different => order.is_ne(),
            Self::Less => order.is_lt(),
            Self::LessOrEqual => order.is_le(),
            Self::Greater => order.is_gt(),
            Self::GreaterOrEqual => order.is_ge(),
        }
    }
}

/// Where the bracket ends that was opened; quotes hide brackets.
fn closing(text: &str) -> Option<usize> {
    let (mut depth, mut quote) = (0, None);
    for (at, char) in text.char_indices() {
        match (quote, char) {
            (Some(open), char) if char == open => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(char),
            (None, '[') => depth += 1,
            (None, ']') if depth == 0 => return Some(at),
            (None, ']') => depth -= 1,
            _ => {}
        }
    }
    None
}

fn bracket(text: &str, filters_depth: usize) -> Option<Step> {
    let text = text.trim();
    if text == "*" {
        return Some(Step::All);
    }
    if let Some(quoted) = unquoted(text) {
        return Some(Step::Field(quoted.into()));
    }
    if let Some(filter) = text.strip_prefix("?(").and_then(|text| text.strip_suffix(')')) {
        return filter_of(filter.trim(), filters_depth.checked_sub(1)?);
    }
    text.parse().ok().map(Step::Index)
}

fn filter_of(text: &str, filters_depth: usize) -> Option<Step> {
    let path = |text: &str| Path::within(text.trim().strip_prefix('@')?, filters_depth);
    for (sign, comparison) in COMPARISONS {
        if let Some((left, right)) = text.split_once(sign) {
            let right = right.trim();
            let with = match unquoted(right) {
                Some(text) => Value::from(text),
                None => json::parse(right.as_bytes()).ok()?,
            };
            return Some(Step::Where(path(left)?, comparison, with));
        }
    }
    Some(Step::Has(path(text)?))
}

fn unquoted(text: &str) -> Option<&str> {
    let quoted = |quote: char| text.strip_prefix(quote)?.strip_suffix(quote);
    quoted('"').or_else(|| quoted('\''))
}

/// A name up to a dot or bracket; a backslash takes the next character as it is.
fn name(text: &str) -> Option<(Step, &str)> {
    let mut name = String::new();
    let mut chars = text.char_indices();
    while let Some((at, char)) = chars.next() {
        match char {
            '\\' => name.push(chars.next()?.1),
            '.' | '[' => return end(name, &text[at..]),
            char => name.push(char),
        }
    }
    end(name, "")
}

fn end(name: String, rest: &str) -> Option<(Step, &str)> {
    match name.as_str() {
        "" => None,
        "*" => Some((Step::All, rest)),
        _ => Some((Step::Field(name.into()), rest)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_do_not_nest_without_end() {
        let nested = |depth: usize| format!("{}.a{}", "[?(@".repeat(depth), ")]".repeat(depth));
        assert!(Path::parse(&nested(PATH_FILTERS_DEPTH_MAX)).is_some());
        assert_eq!(Path::parse(&nested(PATH_FILTERS_DEPTH_MAX + 1)), None);
        assert_eq!(Path::parse(&nested(100_000)), None);
    }
    use schema::tree;

    #[test]
    fn paths_find_what_they_name() {
        let object = tree!({
            "spec": {"l": [{"x": "l0"}, {"x": "l1"}], "n": 3i64},
            "metadata": {"annotations": {"example.com/x": "esc"}},
            "status": {"conditions": [{"type": "Other", "status": "U"}, {"type": "Ready", "status": "True", "n": 5i64}]}
        });
        let found = |path: &str| -> Vec<String> {
            let path = Path::parse(path).expect("a path");
            path.find(&object).into_iter().map(json::to_string).collect()
        };
        assert_eq!(found(".spec.n"), ["3"]);
        assert_eq!(found(".spec.l[0].x"), ["\"l0\""]);
        assert_eq!(found(".spec.l[-1].x"), ["\"l1\""]);
        assert_eq!(found(".spec.l[*].x"), ["\"l0\"", "\"l1\""]);
        assert_eq!(found(".metadata.annotations.example\\.com/x"), ["\"esc\""]);
        assert_eq!(found(".metadata.annotations['example.com/x']"), ["\"esc\""]);
        assert_eq!(
            found(".status.conditions[?(@.type==\"Ready\")].status"),
            ["\"True\""]
        );
        assert_eq!(found(".status.conditions[?(@.n>4)].type"), ["\"Ready\""]);
        assert_eq!(found(".status.conditions[?(@.n)].type"), ["\"Ready\""]);
        assert!(found(".spec.absent.x").is_empty());
    }

    #[test]
    fn what_is_no_path_is_refused() {
        for text in [".spec.", ".a[", ".a[x]", ".a[?(b)]", "..a", ".a\\"] {
            assert_eq!(Path::parse(text), None, "{text}");
        }
    }
}
