//! What a client wants an object to be before it is written, and the words for that it is not.

use object::meta;
use schema::Value;

/// Why an object is not the one that is meant.
pub fn unmet(object: &Value, uid: Option<&str>, resource_version: Option<&str>) -> Option<String> {
    let found = meta::of(object);
    let checks = [
        ("UID", uid, found.uid()),
        ("ResourceVersion", resource_version, found.resource_version()),
    ];
    checks.into_iter().find_map(|(what, wanted, found)| {
        let wanted = wanted.filter(|wanted| *wanted != found)?;
        Some(format!(
            "Precondition failed: {what} in precondition: {wanted}, {what} in object meta: {found}"
        ))
    })
}

/// What a text asks for; an empty one asks for nothing.
pub fn asked(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty())
}

/// The same in the words of the reference's store, for what it does not put better.
pub fn storage_error(key: &str, why: &str) -> String {
    format!(
        "StorageError: invalid object, Code: 4, Key: {key}, ResourceVersion: 0, AdditionalErrorMsg: {why}"
    )
}
