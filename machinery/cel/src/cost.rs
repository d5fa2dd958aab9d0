//! What evaluation costs, in the units of the reference: about what a step takes, and for texts and lists what their length
//! says. The numbers are facts that clients depend on; [`estimate`] tells before evaluation what they may come to.

pub mod estimate;

use crate::value::{Comparison, Key, Value};

/// A name, or a selection.
pub const NAME: u64 = 1;
/// A call that costs nothing by its arguments.
pub const CALL: u64 = 1;
/// A list that is made.
pub const LIST: u64 = 10;
/// A map that is made.
pub const MAP: u64 = 30;
/// An object that is made.
pub const OBJECT: u64 = 40;
/// A question about rights. An expression can ask two.
pub const CHECK: u64 = 350_000;

/// A pattern that is compiled when there were many before it. The reference has no such cost.
pub const PATTERN_MADE: u64 = 500;
/// Of so many items that are copied one costs a unit. The reference does not copy them.
const COPIED: u64 = 20;
/// Of so many bytes that are gone through or made one costs a unit at least. The reference asks for nothing, or for less.
const BYTES_A_UNIT: u64 = 1024;
/// Of so many steps of a comparison one costs a unit at least: the reference does not count what is deep in values.
const COMPARED: u64 = 20;
/// What a value that is no text takes when it is written, as so many bytes.
const VALUE_BYTES: u64 = 64;

/// Going through a character.
pub(crate) const TRAVERSAL: f64 = 0.1;
/// A character of a pattern, for each that is matched.
pub(crate) const PATTERN: f64 = 0.25;
/// The longest pattern of a named format.
pub(crate) const FORMAT_PATTERN_CHARS: f64 = 128.0;

/// What a call costs by its arguments. Nothing for the one that costs by what comes of it.
pub fn before(function: &str, args: &[Value<'_>]) -> Option<u64> {
    let size = |at: usize| args.get(at).and_then(Value::size).unwrap_or(1) as f64;
    // Of what an expression has put together, all that is in it counts, as deep as it may be.
    let weight = |at: usize| size(at).max(args.get(at).map_or(0, |arg| arg.weight() - 1) as f64);
    let traversal = |chars: f64| ceil(chars * TRAVERSAL);
    let pattern =
        |of: usize, pattern: usize| traversal(size(of) + 1.0).saturating_mul(ceil(size(pattern) * PATTERN));
    Some(match function {
        "join" => return None,
        "check" => CHECK,
        "indexOf" | "lastIndexOf" if matches!(args, [Value::List(_), _]) => {
            whole(&args[0]).max(found_in(&args[0], &args[1]))
        }
        "isSorted" | "sum" | "max" | "min" | "indexOf" | "lastIndexOf" => args.first().map_or(CALL, whole),
        "url"
        | "lowerAscii"
        | "upperAscii"
        | "substring"
        | "trim"
        | "cidr"
        | "isIP"
        | "isCIDR"
        | "quantity"
        | "isQuantity"
        | "semver"
        | "isSemver"
        | "jsonpatch.escapeKey"
        | "strings.quote" => traversal(size(0)),
        "format" => {
            let asked = traversal(size(0)) + traversal(weight(1) - size(1));
            asked.max(formatted_bytes(args) / BYTES_A_UNIT)
        }
        "startsWith" | "endsWith" => traversal(size(1)),
        "ip" if matches!(args, [Value::String(_)]) => traversal(size(0)),
        "replace" => traversal(size(0) * 2.0).max(replaced_bytes(args) / BYTES_A_UNIT),
        "split" | "ip.isCanonical" => traversal(size(0) * 2.0),
        "matches" | "find" | "findAll" => pattern(0, 1),
        "validate" => traversal(size(1) + 1.0).saturating_mul(ceil(FORMAT_PATTERN_CHARS * PATTERN)),
        "containsIP" => traversal(size(0) * 2.0) + text_of(args.get(1)),
        "containsCIDR" => traversal(size(0) * 2.0) + traversal(size(0)) + CALL + text_of(args.get(1)),
        "sets.contains" | "sets.intersects" => product(weight(0), weight(1)).max(each_with_each(args)),
        "sets.equivalent" => {
            let once = product(weight(0), weight(1)).max(each_with_each(args));
            once.saturating_mul(2)
        }
        "contains" => traversal(size(0)).saturating_mul(traversal(size(1))),
        "string" if matches!(args, [Value::Bytes(_)]) => traversal(size(0)),
        "bytes" if matches!(args, [Value::String(_)]) => traversal(size(0)),
        "@in" if matches!(args, [_, Value::List(_)]) => (weight(1) as u64).max(found_in(&args[1], &args[0])),
        "@in" => CALL.max(args.first().map_or(0, own_bytes) / BYTES_A_UNIT),
        "_[_]" | "_[?_]" => CALL.max(args.get(1).map_or(0, own_bytes) / BYTES_A_UNIT),
        "_==_" | "_!=_" => traversal(compared(args)).max(deep(args)),
        "_<_" | "_<=_" | "_>_" | "_>=_" if is_text(args) => traversal(compared(args)),
        "_+_" if is_text(args) => traversal(size(0) + size(1)),
        "_+_" if matches!(args, [Value::List(_), _]) => CALL + (size(0) + size(1)) as u64 / COPIED,
        "charAt" | "size" | "int" | "uint" | "double" | "timestamp" | "duration" => {
            CALL.max(args.first().map_or(0, own_bytes) / BYTES_A_UNIT)
        }
        _ => CALL,
    })
}

/// Bytes of a text or of bytes.
fn own_bytes(value: &Value<'_>) -> u64 {
    match value {
        Value::String(text) => text.len() as u64,
        Value::Bytes(bytes) => bytes.len() as u64,
        _ => 0,
    }
}

/// Bytes that `format` writes, about.
fn formatted_bytes(args: &[Value<'_>]) -> u64 {
    let [Value::String(text), of] = args else { return 0 };
    let digits = |clause: &str| {
        let end = clause.find(|char: char| !char.is_ascii_digit());
        clause[..end.unwrap_or(clause.len())].parse().unwrap_or(0)
    };
    let digits: u64 = text.split("%.").skip(1).map(digits).fold(0, u64::saturating_add);
    // Digits are not copied but worked out.
    written_bytes(of).saturating_add(digits.saturating_mul(VALUE_BYTES))
}

fn written_bytes(value: &Value<'_>) -> u64 {
    let written = |value: Option<Value<'_>>| value.as_ref().map_or(0, written_bytes);
    match value {
        Value::List(list) => list
            .iter()
            .map(|item| written_bytes(&item))
            .fold(0, u64::saturating_add),
        Value::Map(map) => map
            .keys()
            .map(|key| {
                let value = Key::of(&key).ok().and_then(|key| map.get(&key));
                written_bytes(&key).saturating_add(written(value))
            })
            .fold(0, u64::saturating_add),
        other => own_bytes(other).max(VALUE_BYTES),
    }
}

/// What comparing two values takes that are not of one piece.
fn deep(args: &[Value<'_>]) -> u64 {
    let ([left @ Value::List(_), right] | [left @ Value::Map(_), right] | [left @ Value::Optional(_), right]) =
        args
    else {
        return 0;
    };
    let mut comparison = Comparison::default();
    comparison.equal(left, right);
    comparison.steps / COMPARED
}

/// What looking for a value in a list takes.
fn found_in(list: &Value<'_>, value: &Value<'_>) -> u64 {
    let Value::List(list) = list else { return 0 };
    let mut comparison = Comparison::default();
    list.iter().any(|item| {
        comparison.equal(&item, value);
        comparison.is_long()
    });
    comparison.steps / COMPARED
}

/// What comparing each of a list with each of another takes.
fn each_with_each(args: &[Value<'_>]) -> u64 {
    let [Value::List(left), Value::List(right)] = args else {
        return 0;
    };
    let mut comparison = Comparison::default();
    let mut with_each = |item: Value<'_>| {
        left.iter().any(|other| {
            comparison.equal(&other, &item);
            comparison.is_long()
        })
    };
    right.iter().any(&mut with_each);
    comparison.steps / COMPARED
}

/// Bytes that `replace` puts into a text.
fn replaced_bytes(args: &[Value<'_>]) -> u64 {
    let [
        Value::String(text),
        Value::String(part),
        Value::String(with),
        limit @ ..,
    ] = args
    else {
        return 0;
    };
    let limit = match limit {
        [Value::Int(limit)] => usize::try_from(*limit).unwrap_or(usize::MAX),
        _ => usize::MAX,
    };
    let times = text.matches(part.as_str()).take(limit).count();
    (times as u64).saturating_mul(with.len() as u64)
}

/// What a call costs by what comes of it.
pub fn after(result: &Value<'_>) -> u64 {
    ceil(result.size().unwrap_or(1) as f64 * 2.0 * TRAVERSAL)
}

/// The size of the smaller of two values. Of texts, the larger is not counted.
fn compared(args: &[Value<'_>]) -> f64 {
    let [left, right] = args else { return 1.0 };
    let size = |value: &Value<'_>| match value {
        Value::List(_) | Value::Map(_) => value.size().unwrap_or(1).max(value.weight() as usize - 1),
        other => other.size().unwrap_or(1),
    };
    if let (Value::String(left), Value::String(right)) = (left, right) {
        let (short, long) = if left.len() < right.len() {
            (left, right)
        } else {
            (right, left)
        };
        let chars = short.chars().count();
        // A character takes no more than four bytes.
        let is_longer = long.len() / 4 >= chars;
        return if is_longer {
            chars
        } else {
            chars.min(long.chars().count())
        } as f64;
    }
    size(left).min(size(right)) as f64
}

fn is_text(args: &[Value<'_>]) -> bool {
    matches!(args, [Value::String(_) | Value::Bytes(_), _])
}

fn text_of(arg: Option<&Value<'_>>) -> u64 {
    match arg {
        Some(text @ Value::String(_)) => ceil(text.size().unwrap_or(1) as f64 * TRAVERSAL),
        _ => 0,
    }
}

fn product(left: f64, right: f64) -> u64 {
    (left as u64).saturating_mul(right as u64).saturating_add(CALL)
}

/// Going through all of a value.
fn whole(value: &Value<'_>) -> u64 {
    match value {
        Value::String(text) => (text.len() as f64 * TRAVERSAL) as u64,
        Value::Bytes(bytes) => (bytes.len() as f64 * TRAVERSAL) as u64,
        Value::List(list) => list.iter().map(|item| whole(&item)).fold(0, u64::saturating_add),
        Value::Map(map) => map
            .keys()
            .map(|key| whole(&key))
            .fold(map.len() as u64, u64::saturating_add),
        _ => 1,
    }
}

/// The next whole number.
pub(crate) fn ceil(cost: f64) -> u64 {
    cost.ceil() as u64
}
