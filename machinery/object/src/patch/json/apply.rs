//! Operations, one after the other, on a document.

use schema::Value;

use super::Operation;
use super::pointer::{Container, existing, insertion, resolve};
use crate::limits::JSON_PATCH_COPY_BYTES_MAX;
use crate::patch::nesting::{TOO_DEEP, expand_all, json_bytes, too_deep};

/// Why a patch does not apply, in the words of the reference's library.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ApplyError(String);

type Applied<T = ()> = Result<T, ApplyError>;

pub(super) fn all(operations: &[Operation], document: &mut Value) -> Applied {
    let mut copied_bytes = 0;
    for operation in operations {
        one(operation, document, &mut copied_bytes)?;
    }
    if too_deep(document) {
        refuse(TOO_DEEP)
    } else {
        Ok(())
    }
}

fn one(operation: &Operation, document: &mut Value, copied_bytes: &mut usize) -> Applied {
    match operation.op.as_deref() {
        Some("add") => add(operation, document),
        Some("remove") => remove(operation, document),
        Some("replace") => replace(operation, document),
        Some("move") => move_value(operation, document),
        Some("test") => test(operation, document),
        Some("copy") => copy(operation, document, copied_bytes),
        other => refuse(format!("Unexpected kind: {}", other.unwrap_or("unknown"))),
    }
}

fn add(operation: &Operation, document: &mut Value) -> Applied {
    let path = path(operation, "add")?;
    let Some((container, key)) = resolve(document, path) else {
        return refuse(format!(
            "add operation does not apply: doc is missing path: \"{path}\": missing value"
        ));
    };
    put(container, &key, operation.value.clone().unwrap_or_default())
        .map_err(|e| ApplyError(format!("error in add for path: '{path}': {e}")))
}

fn remove(operation: &Operation, document: &mut Value) -> Applied {
    let path = path(operation, "remove")?;
    let Some((container, key)) = resolve(document, path) else {
        return refuse(format!(
            "remove operation does not apply: doc is missing path: \"{path}\": missing value"
        ));
    };
    take(container, &key)
        .map(drop)
        .map_err(|e| ApplyError(format!("error in remove for path: '{path}': {e}")))
}

fn replace(operation: &Operation, document: &mut Value) -> Applied {
    let path = path(operation, "replace")?;
    let value = operation.value.clone().unwrap_or_default();
    if path.is_empty() {
        if !matches!(value, Value::Map(_) | Value::List(_)) {
            return refuse("replace operation value must be object or array");
        }
        *document = value;
        return Ok(());
    }
    match resolve(document, path) {
        None => refuse(format!(
            "replace operation does not apply: doc is missing path: {path}: missing value"
        )),
        Some((Container::Map(map), key)) => {
            map.insert(key, value);
            Ok(())
        }
        Some((Container::List(list), key)) => match existing(&key, list.len()) {
            Ok(at) => {
                list[at] = value;
                Ok(())
            }
            Err(_) => refuse(format!(
                "replace operation does not apply: doc is missing key: {path}: missing value"
            )),
        },
    }
}

fn move_value(operation: &Operation, document: &mut Value) -> Applied {
    let from = from(operation, "move")?;
    let Some((container, key)) = resolve(document, from) else {
        return refuse(format!(
            "move operation does not apply: doc is missing from path: {from}: missing value"
        ));
    };
    let moved =
        take(container, &key).map_err(|e| ApplyError(format!("error in move for path: '{key}': {e}")))?;
    let path = path(operation, "move")?;
    let Some((container, key)) = resolve(document, path) else {
        return refuse(format!(
            "move operation does not apply: doc is missing destination path: {path}: missing value"
        ));
    };
    put(container, &key, moved).map_err(|e| ApplyError(format!("error in move for path: '{path}': {e}")))
}

fn copy(operation: &Operation, document: &mut Value, copied_bytes: &mut usize) -> Applied {
    let from = from(operation, "copy")?;
    let Some((container, key)) = resolve(document, from) else {
        return refuse(format!(
            "copy operation does not apply: doc is missing from path: {from}: missing value"
        ));
    };
    let copied = get(&container, &key)
        .map_err(|e| ApplyError(format!("error in copy for from: '{from}': {e}")))?
        .cloned()
        .unwrap_or_default();
    let path = path(operation, "copy")?;
    *copied_bytes = copied_bytes.saturating_add(json_bytes(&copied));
    let Some((container, key)) = resolve(document, path) else {
        return refuse(format!(
            "copy operation does not apply: doc is missing destination path: {path}: missing value"
        ));
    };
    if *copied_bytes > JSON_PATCH_COPY_BYTES_MAX {
        return refuse(format!(
            "Unable to complete the copy, the accumulated size increase of copy is {copied_bytes}, exceeding the \
             limit {JSON_PATCH_COPY_BYTES_MAX}"
        ));
    }
    put(container, &key, copied).map_err(|e| ApplyError(format!("error while adding value during copy: {e}")))
}

fn test(operation: &Operation, document: &mut Value) -> Applied {
    let path = path(operation, "test")?;
    let failed = || refuse(format!("testing value {path} failed: test failed"));
    let Some(expected) = &operation.value else {
        return failed();
    };
    if path.is_empty() {
        return if same(document, expected) {
            Ok(())
        } else {
            failed()
        };
    }
    let Some((container, key)) = resolve(document, path) else {
        return refuse(format!(
            "test operation does not apply: is missing path: {path}: missing value"
        ));
    };
    let found =
        get(&container, &key).map_err(|e| ApplyError(format!("error in test for path: '{path}': {e}")))?;
    let passed = found.map_or(expected.is_null(), |found| same(found, expected));
    if passed { Ok(()) } else { failed() }
}

/// Equality of JSON; a field set equals the tree that it is the text of.
fn same(found: &Value, expected: &Value) -> bool {
    if found == expected {
        return true;
    }
    let mut found = found.clone();
    expand_all(&mut found);
    found == *expected
}

fn path<'a>(operation: &'a Operation, name: &str) -> Applied<&'a str> {
    let missing = || ApplyError(format!("{name} operation failed to decode path: missing value"));
    operation.path.as_deref().ok_or_else(missing)
}

fn from<'a>(operation: &'a Operation, name: &str) -> Applied<&'a str> {
    let missing = || {
        ApplyError(format!(
            "{name} operation failed to decode from: operation, missing from field: missing value"
        ))
    };
    operation.from.as_deref().ok_or_else(missing)
}

fn get<'a>(container: &'a Container<'_>, key: &str) -> Result<Option<&'a Value>, String> {
    match container {
        Container::Map(map) => Ok(map.get(key)),
        Container::List(list) => existing(key, list.len()).map(|at| list.get(at)),
    }
}

fn put(container: Container<'_>, key: &str, value: Value) -> Result<(), String> {
    match container {
        Container::Map(map) => {
            map.insert(key, value);
        }
        Container::List(list) if key == "-" => list.push(value),
        Container::List(list) => list.insert(insertion(key, list.len())?, value),
    }
    Ok(())
}

fn take(container: Container<'_>, key: &str) -> Result<Value, String> {
    match container {
        Container::Map(map) => map
            .remove(key)
            .ok_or_else(|| format!("Unable to remove nonexistent key: {key}: missing value")),
        Container::List(list) => existing(key, list.len()).map(|at| list.remove(at)),
    }
}

fn refuse<T>(message: impl Into<String>) -> Applied<T> {
    Err(ApplyError(message.into()))
}
