//! One run of the rules of a schema over an object, within a budget. Broken rules become errors, or warnings where the value is
//! what it was before (KEP-4008).

use cel::{Error as Failure, Outcome, Type, Value as Cel, Variables};
use object::field::{Error, Path, Printed};
use schema::{SmolStr, Value};

use super::{Rule, Rules, message};
use crate::limits::{RULES_RUN_COST_MAX, SCHEMA_DEPTH_MAX};
use crate::strategy::Errors;
use crate::validation::json_schema::{Comparisons, Correlated, OldItems};

const OUT_OF_BUDGET: &str =
    "validation failed due to running out of cost budget, no further validation rules will be run";

/// What is left of the cost that all rules together may have.
#[derive(Debug)]
pub struct Budget(Option<u64>);

impl Default for Budget {
    fn default() -> Self {
        Self(Some(RULES_RUN_COST_MAX))
    }
}

impl Budget {
    /// Takes a cost; false if that is too much, after which nothing is run.
    pub(super) fn take(&mut self, cost: u64) -> bool {
        self.0 = self.0.and_then(|left| left.checked_sub(cost));
        self.0.is_some()
    }

    pub(super) fn end(&mut self) {
        self.0 = None;
    }

    fn is_over(&self) -> bool {
        self.0.is_none()
    }
}

/// A run.
#[derive(Debug)]
pub struct Run<'c> {
    pub(super) budget: Budget,
    comparisons: &'c Comparisons,
    /// Rules that are broken.
    pub errors: Errors,
    /// Rules that were broken before, as far as the value is the same.
    pub warnings: Vec<String>,
}

/// The value that rules are about, and what it was.
#[derive(Clone, Copy)]
struct Subject<'a> {
    value: &'a Value,
    old: Option<&'a Value>,
    /// For ratcheting, which finds old items where rules do not.
    correlated: Option<Correlated<'a>>,
    /// Of the nearest value around it that has one.
    around: Option<Correlated<'a>>,
}

impl<'a> Subject<'a> {
    fn below(self, value: &'a Value, old: Option<&'a Value>, correlated: Option<Correlated<'a>>) -> Self {
        Self {
            value,
            old,
            correlated,
            around: self.correlated.or(self.around),
        }
    }

    fn field(self, name: &str, value: &'a Value, is_granular: bool) -> Self {
        let old = self.old.filter(|_| is_granular).and_then(|old| old.get(name));
        // Both forms are converted to one version: what they say of it cannot change.
        let is_type = self.around.is_none() && matches!(name, "apiVersion" | "kind");
        let correlated = self.correlated.filter(|_| !is_type);
        match is_type {
            true => Self {
                value,
                old,
                correlated: None,
                around: None,
            },
            false => self.below(
                value,
                old,
                correlated.and_then(|correlated| correlated.field(name)),
            ),
        }
    }
}

/// The variables of a rule.
struct Given<'a> {
    value: &'a Value,
    old: Option<&'a Value>,
    of: &'a Type,
    optional_old: bool,
}

impl<'a> Variables<'a> for Given<'a> {
    fn get(&self, name: &str) -> Option<Outcome<'a>> {
        let old = self.old.map(|old| Cel::tree(old, self.of));
        match name {
            "self" => Some(Ok(Cel::tree(self.value, self.of))),
            "oldSelf" if self.optional_old => Some(Ok(old.map_or(Cel::Optional(None), Cel::some))),
            "oldSelf" => old.map(Ok),
            _ => None,
        }
    }
}

impl<'c> Run<'c> {
    /// One that has found nothing yet.
    pub fn new(budget: Budget, comparisons: &'c Comparisons) -> Self {
        Self {
            budget,
            comparisons,
            errors: Errors::new(),
            warnings: Vec::new(),
        }
    }

    /// Runs all rules over an object and the one that it follows.
    pub fn check<'a>(
        &mut self,
        rules: &'a Rules,
        object: &'a Value,
        old: Option<&'a Value>,
        correlated: Option<Correlated<'a>>,
    ) {
        let subject = Subject {
            value: object,
            old,
            correlated,
            around: None,
        };
        self.part(rules, subject, &Path::none(), 0);
    }

    fn part<'a>(&mut self, rules: &'a Rules, subject: Subject<'a>, path: &Path, depth: usize) {
        // Rules of what can be null stand around it.
        if self.budget.is_over() || subject.value.is_null() || depth > SCHEMA_DEPTH_MAX {
            return;
        }
        for rule in &rules.own {
            self.rule(rule, rules, subject, path);
            if self.budget.is_over() {
                return;
            }
        }
        match subject.value {
            Value::List(items) => self.items(rules, items, subject, path, depth),
            Value::Map(map) => {
                if let Some(values) = &rules.values {
                    for (key, value) in map.iter() {
                        let entry = subject.field(key, value, rules.is_granular);
                        self.part(values, entry, &path.key(key.clone()), depth + 1);
                    }
                }
                for (name, value) in map.iter() {
                    if let Some(property) = rules.properties.get(name) {
                        let field = subject.field(name, value, rules.is_granular);
                        self.part(property, field, &path.child(name.clone()), depth + 1);
                    }
                }
            }
            _ => {}
        }
    }

    fn items<'a>(
        &mut self,
        rules: &'a Rules,
        items: &'a [Value],
        subject: Subject<'a>,
        path: &Path,
        depth: usize,
    ) {
        let (Some(each), Some(list)) = (&rules.items, &rules.list) else {
            return;
        };
        // Rules see old items of keyed lists alone, ratcheting those of plain lists, too.
        let is_keyed = list.str_at(&["x-kubernetes-list-type"]) == Some("map");
        let keyed = subject.old.filter(|_| is_keyed).map(|old| {
            OldItems::of(Correlated {
                schema: list,
                value: subject.value,
                old,
            })
        });
        let correlated = subject.correlated.map(OldItems::of);
        for (at, item) in items.iter().enumerate() {
            let old = keyed
                .as_ref()
                .and_then(|old| old.of_place(at))
                .map(|item| item.old);
            let correlated = correlated.as_ref().and_then(|old| old.of_place(at));
            self.part(
                each,
                subject.below(item, old, correlated),
                &path.index(at),
                depth + 1,
            );
        }
    }

    fn rule<'a>(&mut self, rule: &'a Rule, rules: &'a Rules, subject: Subject<'a>, path: &Path) {
        let invalid = |detail: String| Error::invalid(path, &*rules.kind, detail);
        let program = match &rule.program {
            Ok(program) => program,
            Err(error) => {
                self.errors.push(invalid(format!("rule compile error: {error}")));
                return;
            }
        };
        if rule.uses_old && subject.old.is_none() && !rule.optional_old {
            return;
        }
        let given = Given {
            value: subject.value,
            old: subject.old,
            of: &rules.of,
            optional_old: rule.optional_old,
        };
        let evaluated = program.evaluate(&given, cel::limits::CALL_COST_MAX);
        if !self.budget.take(evaluated.cost) {
            self.errors.push(invalid(OUT_OF_BUDGET.to_owned()));
            return;
        }
        match evaluated.outcome {
            Ok(Cel::Bool(true)) => {}
            Ok(_) => self.broken(rule, rules, subject, &given, path),
            Err(error) => {
                if error == Failure::CostLimit {
                    self.budget.end();
                }
                self.errors.push(invalid(failed(&error, rule.shown())));
            }
        }
    }

    fn broken<'a>(
        &mut self,
        rule: &'a Rule,
        rules: &'a Rules,
        subject: Subject<'a>,
        given: &Given<'a>,
        path: &Path,
    ) {
        let path = rule.path(path);
        let made = rule.made.as_ref();
        let made = made.map(|(text, program)| message::of(text, program, given, &mut self.budget));
        let error = match made {
            Some(Err(message::Failure::Budget(detail))) => Error::invalid(&path, &*rules.kind, detail),
            Some(Ok(detail)) => told(rule, rules, subject.value, &path, detail),
            _ => told(rule, rules, subject.value, &path, default_message(rule)),
        };
        let same = subject.correlated.or(subject.around);
        if !rule.uses_old && same.is_some_and(|same| self.comparisons.is_same(same)) {
            self.warnings.push(error.to_string());
        } else {
            self.errors.push(error);
        }
    }
}

fn default_message(rule: &Rule) -> String {
    match rule.message.as_str() {
        "" => format!("failed rule: {}", rule.text),
        message => message.to_owned(),
    }
}

/// The error of a broken rule, by its reason. Values of many parts are not shown.
fn told(rule: &Rule, rules: &Rules, value: &Value, path: &Path, detail: String) -> Error {
    let shown = (!matches!(rules.kind.as_str(), "object" | "array")).then(|| Printed::from(value));
    let mut error = match rule.reason.as_str() {
        "FieldValueForbidden" => return Error::forbidden(path, detail),
        "FieldValueRequired" => return Error::required(path, detail),
        "FieldValueDuplicate" => Error::duplicate(path, Printed::null()),
        _ => Error::invalid_unshown(path, detail),
    };
    error.bad_value = shown;
    error
}

fn failed(error: &Failure, rule: &SmolStr) -> String {
    let text = error.to_string();
    match error {
        Failure::CostLimit => format!(
            "'{text}': no further validation rules will be run due to call cost exceeds limit for rule: {rule}"
        ),
        _ if text.starts_with("no such overload") => format!(
            "'{text}': call arguments did not match a supported operator, function or macro signature for rule: {rule}"
        ),
        _ => format!("{text} evaluating rule: {rule}"),
    }
}
