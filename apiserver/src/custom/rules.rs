//! Rules of schemas (`x-kubernetes-validations`) on objects: compiled once for a version, evaluated on each write, within a budget.
//! That they compile is checked when they are defined; a rule that does not any more is told when it is asked.

use std::collections::BTreeMap;

use cel::limits::CALL_COST_MAX;
use cel::{Program, Type, Value as Computed};
use object::field::{Error, Path};
use schema::{Map, SmolStr, Value};

use super::correlate::{Old, items};
use crate::expressions::schemas::{declared, environment};
use crate::limits::{OBJECT_RULES_COST_MAX, SCHEMA_DEPTH_MAX};
use crate::strategy::Errors;

/// The rules of a schema and of all within it.
#[derive(Debug, Default)]
pub struct Rules {
    own: Vec<Rule>,
    /// What the rules see.
    of: Option<Type>,
    properties: BTreeMap<SmolStr, Rules>,
    values: Option<Box<Rules>>,
    items: Option<Box<Rules>>,
    /// By what items of a list are told apart, if they are.
    keys: Vec<SmolStr>,
}

#[derive(Debug)]
struct Rule {
    text: String,
    program: Result<Program, String>,
    message: String,
    message_program: Option<Program>,
    reason: SmolStr,
    /// Where it is told, below the value.
    field: Vec<SmolStr>,
    uses_old: bool,
    has_optional_old: bool,
}

impl Rules {
    /// Of a root schema; nothing where there is no rule.
    pub fn of(schema: &Value) -> Option<Self> {
        Self::read(schema, true, 0)
    }

    fn read(schema: &Value, is_resource: bool, depth: usize) -> Option<Self> {
        if depth > SCHEMA_DEPTH_MAX {
            return None;
        }
        let inner = |schema: &Value| {
            let is_embedded = schema.bool_at(&["x-kubernetes-embedded-resource"]) == Some(true);
            Self::read(schema, is_embedded, depth + 1)
        };
        let properties = schema.map_at(&["properties"]).into_iter().flat_map(Map::iter);
        let keys = schema.list_at(&["x-kubernetes-list-map-keys"]).iter();
        let mut rules = Self {
            properties: properties
                .filter_map(|(key, schema)| Some((key.clone(), inner(schema)?)))
                .collect(),
            values: schema.get("additionalProperties").and_then(inner).map(Box::new),
            items: schema.get("items").and_then(inner).map(Box::new),
            keys: keys.filter_map(Value::as_str).map(SmolStr::new).collect(),
            ..Self::default()
        };
        rules.compile(schema, is_resource);
        let is_empty = rules.own.is_empty()
            && rules.properties.is_empty()
            && rules.values.is_none()
            && rules.items.is_none();
        (!is_empty).then_some(rules)
    }

    fn compile(&mut self, schema: &Value, is_resource: bool) {
        let all = schema.list_at(&["x-kubernetes-validations"]);
        let Some(declared) = declared(schema, is_resource).filter(|_| !all.is_empty()) else {
            return;
        };
        let environments = [false, true].map(|optional_old| environment(&declared, optional_old));
        self.own = all
            .iter()
            .map(|rule| {
                let text = |key: &str| rule.str_at(&[key]).unwrap_or_default();
                let has_optional_old = rule.bool_at(&["optionalOldSelf"]) == Some(true);
                let environment = &environments[usize::from(has_optional_old)];
                let analysis = environment.check_as(text("rule"), &[Type::Bool]);
                let message = environment.compile(text("messageExpression"), &[Type::String]);
                Rule {
                    text: text("rule").trim().to_owned(),
                    uses_old: analysis.as_ref().is_ok_and(|analysis| analysis.uses("oldSelf")),
                    program: analysis
                        .map(|analysis| analysis.program())
                        .map_err(|error| error.to_string()),
                    message: text("message").trim().to_owned(),
                    message_program: message.ok().filter(|_| !text("messageExpression").is_empty()),
                    reason: text("reason").into(),
                    field: ::custom::json_path::Path::fields(text("fieldPath")).unwrap_or_default(),
                    has_optional_old,
                }
            })
            .collect();
        self.of = Some(declared.of);
    }

    /// Checks an object, which replaces the old one.
    pub fn check(&self, object: &Value, old: Option<&Value>, errors: &mut Errors) {
        let mut left = OBJECT_RULES_COST_MAX;
        let is_through = self.value(object, Old::of(old), &Path::none(), &mut left, errors);
        if !is_through {
            errors.push(Error::invalid_unshown(
                &Path::none(),
                "validation failed due to running out of cost budget, no further validation rules will be run",
            ));
        }
    }

    /// False when the budget is used up.
    fn value(&self, value: &Value, old: Old<'_>, path: &Path, left: &mut u64, errors: &mut Errors) -> bool {
        if value.is_null() {
            return true;
        }
        for rule in &self.own {
            let is_same = old.is_same(value);
            // What was so before stays so, unless it is about the change.
            if (is_same && !rule.uses_old)
                || (rule.uses_old && old.value().is_none() && !rule.has_optional_old)
            {
                continue;
            }
            match self.rule(rule, value, old, path, left) {
                Some(Ok(())) => {}
                Some(Err(error)) => errors.push(error),
                None => return false,
            }
        }
        match value {
            Value::Map(map) => map.iter().all(|(key, value)| {
                let within = self.properties.get(key).or(self.values.as_deref());
                let path = match self.properties.contains_key(key) {
                    true => path.child(key.clone()),
                    false => path.key(key.clone()),
                };
                within.is_none_or(|rules| rules.value(value, old.below(key), &path, left, errors))
            }),
            Value::List(list) => match &self.items {
                None => true,
                Some(rules) => items(list, old, &self.keys)
                    .enumerate()
                    .all(|(at, (value, old))| rules.value(value, old, &path.index(at), left, errors)),
            },
            _ => true,
        }
    }

    /// Whether a rule holds; nothing when the budget is used up.
    fn rule(
        &self,
        rule: &Rule,
        value: &Value,
        old: Old<'_>,
        path: &Path,
        left: &mut u64,
    ) -> Option<Result<(), Error>> {
        let of = self.of.as_ref()?;
        let told = rule
            .field
            .iter()
            .fold(path.clone(), |path, field| path.child(field.clone()));
        let failed = |message: String| Some(Err(rule.error(&told, value, &message)));
        let program = match &rule.program {
            Ok(program) => program,
            Err(why) => return failed(why.clone()),
        };
        let before = old.value().map(|old| Computed::tree(old, of));
        let before = match (rule.has_optional_old, before) {
            (true, None) => Computed::Optional(None),
            (true, Some(old)) => Computed::some(old),
            (false, old) => old.unwrap_or(Computed::Null),
        };
        let variables = [("self", Computed::tree(value, of)), ("oldSelf", before)];
        let done = program.evaluate(&variables, CALL_COST_MAX.min(*left));
        *left = left.saturating_sub(done.cost);
        match done.outcome {
            Ok(Computed::Bool(true)) => Some(Ok(())),
            Ok(Computed::Bool(false)) => {
                let made = rule.message_program.as_ref().map(|program| {
                    let done = program.evaluate(&variables, CALL_COST_MAX.min(*left));
                    *left = left.saturating_sub(done.cost);
                    done.outcome
                });
                let made = match made {
                    Some(Ok(Computed::String(text))) => Some(text.trim().to_owned()),
                    _ => None,
                };
                failed(
                    made.filter(|text| is_message(text))
                        .unwrap_or_else(|| rule.told()),
                )
            }
            Ok(_) => failed("value did not evaluate to a bool".to_owned()),
            Err(cel::Error::CostLimit) if *left == 0 => None,
            Err(cel::Error::CostLimit) => {
                failed("call cost exceeds limit for rule: the cost of the rule is too high".to_owned())
            }
            Err(error) => failed(format!("rule evaluation error: {error}")),
        }
    }
}

/// A message is one line that is not too long.
fn is_message(text: &str) -> bool {
    !text.is_empty() && !text.contains('\n') && text.len() <= MESSAGE_BYTES_MAX
}

/// The longest message that an expression makes.
const MESSAGE_BYTES_MAX: usize = 5120;

impl Rule {
    /// What is told of it without an expression that says it.
    fn told(&self) -> String {
        match self.message.as_str() {
            "" => format!("failed rule: {}", self.text),
            message => message.to_owned(),
        }
    }

    fn error(&self, path: &Path, value: &Value, message: &str) -> Error {
        match self.reason.as_str() {
            "FieldValueForbidden" => Error::forbidden(path, message),
            "FieldValueRequired" => Error::required(path, message),
            "FieldValueDuplicate" => Error::duplicate(path, value),
            _ if matches!(value, Value::Map(_) | Value::List(_)) => Error::invalid_unshown(path, message),
            _ => Error::invalid(path, value, message),
        }
    }
}
