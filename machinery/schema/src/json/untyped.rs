//! Reads JSON into a tree without a type.

use std::borrow::Cow;

use super::scan::{Begin, Scanner};
use crate::{Error, Map, SmolStr, Value};

pub(super) fn parse(text: &str) -> Result<Value, Error> {
    let mut scanner = Scanner::new(text);
    let value = value(&mut scanner)?;
    scanner.finish()?;
    Ok(value)
}

/// The next value. Numbers without fraction and exponent are whole if they fit, as the reference's decoder has it.
pub(super) fn value(scanner: &mut Scanner<'_>) -> Result<Value, Error> {
    match scanner.begin()? {
        Begin::Object => {
            scanner.enter()?;
            let mut map = Map::new();
            while let Some(key) = scanner.key(map.is_empty())? {
                map.insert(SmolStr::new(&key), value(scanner)?);
            }
            Ok(Value::Map(map))
        }
        Begin::Array => {
            scanner.enter()?;
            let mut list = Vec::new();
            while scanner.element(list.is_empty())? {
                list.push(value(scanner)?);
            }
            Ok(Value::List(list))
        }
        Begin::String => scanner.string().map(text),
        Begin::Number => number(scanner.number()?),
        Begin::True => scanner.literal("true").map(|()| Value::Bool(true)),
        Begin::False => scanner.literal("false").map(|()| Value::Bool(false)),
        Begin::Null => scanner.literal("null").map(|()| Value::Null),
    }
}

pub(super) fn text(text: Cow<'_, str>) -> Value {
    Value::String(SmolStr::new(&text))
}

pub(super) fn number(text: &str) -> Result<Value, Error> {
    if !text.contains(['.', 'e', 'E'])
        && let Ok(number) = text.parse()
    {
        return Ok(Value::Int(number));
    }
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() => Ok(Value::Float(number)),
        _ => Err(Error::mismatch(format!(
            "json: cannot unmarshal number {text} into Go value of type float64"
        ))),
    }
}
