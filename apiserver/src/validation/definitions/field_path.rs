//! Paths to fields of custom resources, as `.spec.ports['a.b']`, and the fields that can be selected by.

use std::collections::HashSet;

use object::field::Error;
use schema::Value;

use super::super::place::Place;
use crate::limits::DEFINITION_SELECTABLE_FIELDS_MAX;
use crate::strategy::Errors;

const NO_FIELD: &str = "does not refer to a valid field";
const CUT_SHORT: &str = "unexpected end of JSON path";

/// Checks the fields that can be selected by; `holder` has the schema that they are in.
pub fn selectable(fields: &Place<'_>, holder: &Place<'_>, no_schema: &str, errors: &mut Errors) {
    if fields.list().is_empty() {
        return;
    }
    let schema = holder.field("openAPIV3Schema");
    if !schema.is_set() {
        errors.push(fields.invalid_as("", no_schema));
        return;
    }
    let mut seen = HashSet::new();
    for field in fields.items() {
        let path = field.field("jsonPath");
        if path.require(errors) {
            selectable_one(&path, schema.value(), &mut seen, errors);
        }
    }
    if seen.len() > DEFINITION_SELECTABLE_FIELDS_MAX {
        errors.push(Error::too_many(
            fields.path(),
            seen.len(),
            DEFINITION_SELECTABLE_FIELDS_MAX,
        ));
    }
}

fn selectable_one(path: &Place<'_>, schema: &Value, seen: &mut HashSet<Vec<String>>, errors: &mut Errors) {
    let (steps, found) = match find(path.text(), schema, false) {
        Ok(found) => found,
        Err(problem) => {
            errors.push(path.invalid_text(format!("is an invalid path: {problem}")));
            return;
        }
    };
    if steps.first().is_some_and(|first| first == "metadata") {
        errors.push(path.invalid_text("must not point to fields in metadata"));
    }
    let kind = found.str_at(&["type"]).unwrap_or_default();
    if !["string", "boolean", "integer"].contains(&kind) {
        errors.push(path.invalid_text(
            "must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed.",
        ));
    }
    if !seen.insert(steps) {
        errors.push(Error::duplicate(path.path(), path.text()));
    }
}

/// The steps of a path, and the schema that it leads to; what is wrong with it, in the reference's words.
pub fn find<'a>(path: &str, schema: &'a Value, brackets: bool) -> Result<(Vec<String>, &'a Value), String> {
    let mut tokens = Tokens(path);
    let (mut steps, mut at) = (Vec::new(), schema);
    while let Some(token) = tokens.next() {
        let name = match token {
            "[" if !brackets => return Err("array notation is not allowed".to_owned()),
            "[" => bracketed(&mut tokens)?,
            "." => tokens.next().ok_or(CUT_SHORT)?.to_owned(),
            other => return Err(format!("expected [ or . but got: {other}")),
        };
        let is_closed = token == "[";
        at = step(at, &name)?;
        steps.push(name);
        if is_closed {
            match tokens.next() {
                Some("]") => {}
                Some(other) => return Err(format!("expected ] but got {other}")),
                None => return Err(CUT_SHORT.to_owned()),
            }
        }
    }
    Ok((steps, at))
}

fn bracketed(tokens: &mut Tokens<'_>) -> Result<String, String> {
    let token = tokens.next().ok_or(CUT_SHORT)?;
    let inner = token.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\''));
    match inner {
        Some(inner) => Ok(inner.replace("\\'", "'").replace("\\\\", "\\")),
        None => Err(format!("expected single quoted string but got {token}")),
    }
}

fn step<'a>(schema: &'a Value, name: &str) -> Result<&'a Value, String> {
    let properties = schema.get("properties").filter(|all| !all.is_zero());
    let more = schema
        .get("additionalProperties")
        .filter(|more| more.as_map().is_some());
    let found = match properties {
        Some(properties) => properties.get(name),
        None => more,
    };
    found.ok_or_else(|| NO_FIELD.to_owned())
}

/// Dots and brackets are tokens of their own; so is what is in single quotes.
struct Tokens<'a>(&'a str);

impl<'a> Tokens<'a> {
    fn next(&mut self) -> Option<&'a str> {
        let text = self.0;
        let length = match text.chars().next()? {
            '.' | '[' | ']' => 1,
            '\'' => quoted_length(text),
            _ => text.find(['.', '[', ']']).unwrap_or(text.len()),
        };
        let (token, rest) = text.split_at_checked(length)?;
        self.0 = rest;
        Some(token)
    }
}

fn quoted_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let ends = |at: &usize| bytes.get(*at) == Some(&b'\'') && bytes.get(at - 1) != Some(&b'\\');
    (1..bytes.len()).find(ends).map_or(text.len(), |end| end + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use schema::tree;

    #[test]
    fn paths_lead_to_fields() {
        let schema = tree!({"properties": {
            "spec": {"properties": {"a.b": {"type": "string"}, "map": {"additionalProperties": {"type": "integer"}}}},
        }});
        let find = |path: &str, brackets| {
            super::find(path, &schema, brackets)
                .map(|(steps, found)| (steps.join("/"), found.str_at(&["type"])))
        };
        assert_eq!(
            find(".spec['a.b']", true),
            Ok(("spec/a.b".to_owned(), Some("string")))
        );
        assert_eq!(
            find(".spec.map.any", true),
            Ok(("spec/map/any".to_owned(), Some("integer")))
        );
        for (path, brackets, problem) in [
            (".nope", true, NO_FIELD),
            (".spec.nope", true, NO_FIELD),
            (".spec.map.any.more", true, NO_FIELD),
            (".spec['a.b']", false, "array notation is not allowed"),
            (".spec.", true, CUT_SHORT),
            (".spec[", true, CUT_SHORT),
            ("spec", true, "expected [ or . but got: spec"),
            (".spec[0]", true, "expected single quoted string but got 0"),
            (".spec['a.b'", true, CUT_SHORT),
            (".spec['a.b'.", true, "expected ] but got ."),
        ] {
            assert_eq!(find(path, brackets), Err(problem.to_owned()), "{path}");
        }
    }
}
