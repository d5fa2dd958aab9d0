//! Wrong values, and how they come into an object.

use schema::{Map, Value, tree};

use super::place_of::Step;

/// A change of a field.
#[derive(Clone)]
pub enum Wrong {
    /// The field is gone.
    Missing,
    /// The field has another value.
    Value(Value),
    /// The list has its items twice.
    Twice,
    /// The list has its first item so many times.
    Many(usize),
}

/// A few values that break most rules.
pub fn few() -> Vec<Wrong> {
    let values = [
        Value::from(""),
        "Bad_! name".into(),
        Value::Int(-1),
        tree!([]),
        tree!({}),
    ];
    std::iter::once(Wrong::Missing)
        .chain(values.map(Wrong::Value))
        .collect()
}

/// Everything that is tried for a rule. Large values are tried where the rule speaks of a size.
pub fn values(rule: &str) -> Vec<Wrong> {
    let texts = [
        "",
        " ",
        "a",
        "b",
        "0",
        "1",
        "-1",
        "Bad_! name",
        "Bogus",
        "a/b/c",
        "/",
        "..",
        "0.5",
        "1500m",
        "a\nb",
        "1.2.3.4",
        "::1",
        "300.1.1.1",
        "10.0.0.1/8",
        "*",
        "*.a",
        "http://a",
        "kubernetes.io/x",
        "example.com/x",
        "@every",
        "%",
    ];
    let size = size_of(rule);
    let long = [16, 64, 254, 300, 1025, 5121, 10_241, 32_769, 1_048_577];
    let many = [12, 40, 300, 1025, 20_001];
    let numbers = [-1, 0, 1, 2, 5, 101, 1001, 65_536, 1 << 40];
    let lists = [
        tree!([]),
        tree!([""]),
        tree!(["Bad_! name"]),
        tree!(["a", "a"]),
        tree!(["a", "b", "c"]),
        tree!([{}]),
        tree!([{}, {}]),
        tree!(["1.2.3.4", "1.2.3.5", "::1"]),
        tree!([{"name": "Bad_!"}]),
    ];
    let maps = [
        tree!({}),
        tree!({"Bad_! key": "v"}),
        tree!({"a": "-1"}),
        tree!({"a": "Bad_! value"}),
        tree!({"cpu": "-1", "memory": "0.5"}),
        tree!({"example.com/a": "0.5"}),
        tree!({"name": "Bad_!", "kind": "Bad_!"}),
        tree!({"matchLabels": {"a b": "c"}}),
        tree!({"matchExpressions": [{"key": "a", "operator": "Bogus"}]}),
        tree!({"matchLabels": {"a": "b"}, "matchExpressions": [{"key": "", "operator": "In"}]}),
    ];
    let mut all = vec![Wrong::Missing];
    all.extend(texts.into_iter().map(|text| Wrong::Value(text.into())));
    all.extend(numbers.into_iter().map(|number| Wrong::Value(Value::Int(number))));
    all.extend([true, false].map(|truth| Wrong::Value(truth.into())));
    all.extend(lists.into_iter().chain(maps).map(Wrong::Value));
    all.push(Wrong::Twice);
    let many = many.into_iter().filter(|count| *count <= size.max(40));
    all.extend(many.map(Wrong::Many));
    let long = long.into_iter().filter(|count| *count <= size.max(300));
    all.extend(long.map(|count| Wrong::Value("a".repeat(count).into())));
    all
}

/// A little more than the largest number that a rule speaks of.
fn size_of(rule: &str) -> usize {
    let numbers = rule.split(|char: char| !char.is_ascii_digit());
    let largest: Option<usize> = numbers.filter_map(|digits| digits.parse().ok()).max();
    largest.map_or(0, |largest| largest.saturating_add(10_000))
}

/// An object with a field changed; nothing where the change makes no sense.
pub fn changed(object: &Value, path: &[Step], wrong: &Wrong) -> Option<Value> {
    let mut object = object.clone();
    let Some((last, parents)) = path.split_last() else {
        return Some(object);
    };
    let mut at = &mut object;
    for step in parents {
        at = down(at, step);
    }
    match wrong {
        Wrong::Value(value) => *down(at, last) = value.clone(),
        Wrong::Missing => remove(at, last),
        Wrong::Twice | Wrong::Many(_) => {
            let list = down(at, last).as_list_mut()?;
            let first = list.first()?.clone();
            match wrong {
                Wrong::Many(count) => list.resize(*count, first),
                _ => list.extend(list.clone()),
            }
        }
    }
    Some(object)
}

fn remove(at: &mut Value, step: &Step) {
    match step {
        Step::Field(name) | Step::Key(name) => {
            if let Some(map) = at.as_map_mut() {
                map.remove(name);
            }
        }
        Step::Item | Step::At(_) => *at = Value::List(Vec::new()),
        Step::Entry => *at = Value::Map(Map::new()),
    }
}

/// One step down; what is not there is made.
fn down<'a>(at: &'a mut Value, step: &Step) -> &'a mut Value {
    match step {
        Step::Item | Step::At(_) => {
            if at.as_list().is_none_or(<[Value]>::is_empty) {
                *at = Value::List(vec![Value::Map(Map::new())]);
            }
            at.as_list_mut()
                .and_then(|list| list.first_mut())
                .expect("an item")
        }
        Step::Entry => {
            let key = at
                .as_map()
                .and_then(|map| map.keys().next().cloned())
                .unwrap_or("k".into());
            entry(at, &key)
        }
        Step::Field(name) | Step::Key(name) => entry(at, name),
    }
}

fn entry<'a>(at: &'a mut Value, key: &str) -> &'a mut Value {
    if at.as_map().is_none() {
        *at = Value::Map(Map::new());
    }
    let map = at.as_map_mut().expect("a map");
    map.entry_or_insert_with(key, || Value::Map(Map::new()))
}
