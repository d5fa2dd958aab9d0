//! The CEL rules of a version's schema (`x-kubernetes-validations`), compiled: a tree like the schema's, of the parts that have
//! rules. Whether rules may stand in a schema is checked when the definition is written; running them is [`Run`]'s.

mod message;
mod run;

use std::collections::BTreeMap;

use cel::{Environment, Program, Type};
use object::field::Path;
use schema::{Map, SmolStr, Value};

use crate::expressions::schemas::{declared, environment};
use crate::limits::SCHEMA_DEPTH_MAX;
use crate::validation::definitions::field_steps;

pub use run::{Budget, Run};

const RULES: &str = "x-kubernetes-validations";

/// The rules of a part of a schema and of all below it.
#[derive(Debug)]
pub struct Rules {
    own: Vec<Rule>,
    /// The type of values as expressions see it.
    of: Type,
    /// The name of the type, as errors show it.
    kind: SmolStr,
    properties: BTreeMap<SmolStr, Rules>,
    values: Option<Box<Rules>>,
    items: Option<Box<Rules>>,
    /// The part of the schema that says how old items are found.
    list: Option<Value>,
    /// Whether entries follow old entries.
    is_granular: bool,
}

#[derive(Debug)]
struct Rule {
    /// What is wrong with it if it could not be compiled; definitions that were stored before may hold such a rule.
    program: Result<Program, String>,
    text: SmolStr,
    message: SmolStr,
    /// What makes the message, and its text.
    made: Option<(SmolStr, Program)>,
    reason: SmolStr,
    /// Where it is reported, from the value on.
    at: Vec<Step>,
    uses_old: bool,
    optional_old: bool,
}

/// A step of the path that a rule is reported at.
#[derive(Debug)]
enum Step {
    Field(SmolStr),
    Key(SmolStr),
}

impl Rules {
    /// Those of a root schema; `None` where there are none.
    pub fn compile(schema: &Value) -> Option<Self> {
        part(schema, true, 0)
    }
}

fn part(schema: &Value, is_resource: bool, depth: usize) -> Option<Rules> {
    if depth > SCHEMA_DEPTH_MAX || !(is_resource || is_typed(schema, depth)) {
        return None;
    }
    let inner = |schema: &Value| part(schema, is_embedded(schema), depth + 1);
    let map = |name: &str| schema.get(name).filter(|value| value.as_map().is_some());
    let properties = map("properties").and_then(Value::as_map);
    let properties = properties.into_iter().flat_map(Map::iter);
    let properties: BTreeMap<_, _> = properties
        .filter_map(|(name, schema)| Some((name.clone(), inner(schema)?)))
        .collect();
    let values = map("additionalProperties").and_then(inner).map(Box::new);
    let items = map("items").and_then(inner).map(Box::new);
    let (of, own) = own(schema, is_resource);
    let has_any = !own.is_empty() || !properties.is_empty() || values.is_some() || items.is_some();
    has_any.then(|| Rules {
        own,
        of,
        kind: schema.str_at(&["type"]).unwrap_or_default().into(),
        properties,
        values,
        list: items.as_ref().map(|_| without_rules(schema)),
        items,
        is_granular: schema.str_at(&["x-kubernetes-map-type"]) != Some("atomic"),
    })
}

/// What finds old items of a list.
fn without_rules(schema: &Value) -> Value {
    let kept = ["items", "x-kubernetes-list-type", "x-kubernetes-list-map-keys"];
    let kept = kept.into_iter().filter_map(|name| {
        let value = match name {
            "items" => Value::Map(Map::new()),
            _ => schema.get(name)?.clone(),
        };
        Some((SmolStr::new_static(name), value))
    });
    Value::Map(kept.collect())
}

fn is_embedded(schema: &Value) -> bool {
    schema.bool_at(&["x-kubernetes-embedded-resource"]) == Some(true)
}

/// Whether expressions can see values of a schema.
fn is_typed(schema: &Value, depth: usize) -> bool {
    let inner = |name: &str| schema.get(name).filter(|inner| inner.as_map().is_some());
    if depth > SCHEMA_DEPTH_MAX {
        return false;
    }
    if schema.bool_at(&["x-kubernetes-int-or-string"]) == Some(true) {
        return true;
    }
    match schema.str_at(&["type"]).unwrap_or_default() {
        "array" => inner("items").is_some_and(|items| is_typed(items, depth + 1)),
        "object" => inner("additionalProperties").is_none_or(|values| is_typed(values, depth + 1)),
        kind => !kind.is_empty(),
    }
}

fn own(schema: &Value, is_resource: bool) -> (Type, Vec<Rule>) {
    let rules = schema.list_at(&[RULES]);
    let declared = match rules {
        [] => None,
        _ => declared(schema, is_resource),
    };
    let Some(declared) = declared else {
        return (Type::Dyn, Vec::new());
    };
    let environments = [false, true].map(|optional_old| environment(&declared, optional_old));
    let compiled = rules.iter().map(|rule| {
        let optional_old = rule.bool_at(&["optionalOldSelf"]) == Some(true);
        Rule::compile(
            rule,
            schema,
            &environments[usize::from(optional_old)],
            optional_old,
        )
    });
    let compiled = compiled.collect();
    (declared.of, compiled)
}

impl Rule {
    fn compile(rule: &Value, schema: &Value, environment: &Environment, optional_old: bool) -> Self {
        let text = |name: &str| rule.str_at(&[name]).unwrap_or_default();
        let analysis = environment.check_as(text("rule"), &[Type::Bool]);
        let message = Some(text("messageExpression")).filter(|text| !text.is_empty());
        Self {
            uses_old: analysis.as_ref().is_ok_and(|analysis| analysis.uses("oldSelf")),
            program: analysis
                .map(|analysis| analysis.program())
                .map_err(|error| error.to_string()),
            made: message.and_then(|text| {
                let program = environment.compile(text, &[Type::String]).ok()?;
                Some((text.into(), program))
            }),
            text: text("rule").trim().into(),
            message: text("message").trim().into(),
            reason: text("reason").into(),
            at: steps(text("fieldPath"), schema),
            optional_old,
        }
    }

    /// What stands for it in messages.
    fn shown(&self) -> &SmolStr {
        match self.message.is_empty() {
            true => &self.text,
            false => &self.message,
        }
    }

    fn path(&self, from: &Path) -> Path {
        self.at.iter().fold(from.clone(), |path, step| match step {
            Step::Field(name) => path.child(name.clone()),
            Step::Key(name) => path.key(name.clone()),
        })
    }
}

/// The steps of a path that was checked when the definition was written: fields and keys of maps.
fn steps(path: &str, schema: &Value) -> Vec<Step> {
    let mut at = Some(schema);
    let step = |name: String| {
        let here = at?;
        let property = here.at(&["properties", &name]);
        at = property.or_else(|| here.get("additionalProperties"));
        Some(match property {
            Some(_) => Step::Field(name.into()),
            None => Step::Key(name.into()),
        })
    };
    field_steps(path, schema).into_iter().map_while(step).collect()
}

#[cfg(test)]
mod tests;
