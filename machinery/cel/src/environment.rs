//! An environment: which variables, types and functions expressions may use. It compiles expressions.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::Arc;

use smol_str::SmolStr;

use crate::ast::Expr;
use crate::check::{self, Checked, check_literals};
use crate::cost::estimate::{Range, Sizes, estimate};
use crate::eval::{Program, plan};
use crate::function::Function;
use crate::library;
use crate::parser::{Syntax, parse};
use crate::source::Issues;
use crate::types::{Object, Type};

/// What expressions may use. Every environment has Kubernetes' libraries.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    variables: BTreeMap<SmolStr, Type>,
    objects: HashMap<SmolStr, Arc<Object>>,
    /// Fields of objects that are declared one after another, by the objects' names. Their types say the name only: types of such
    /// fields would hold all those before them.
    records: BTreeMap<SmolStr, BTreeMap<SmolStr, Type>>,
    syntax: Syntax,
    patches: bool,
}

impl Environment {
    /// One without variables.
    pub fn new() -> Self {
        Self::default()
    }

    /// With a variable. The objects that its type is made of can be made by expressions.
    pub fn with(mut self, name: impl Into<SmolStr>, of: Type) -> Self {
        self.learn(&of);
        self.variables.insert(name.into(), of);
        self
    }

    /// With a variable that is an object of this name, which has no fields until [`Self::declare`] declares some.
    pub fn with_record(mut self, name: impl Into<SmolStr>, object: impl Into<SmolStr>) -> Self {
        let object = object.into();
        self.records.insert(object.clone(), BTreeMap::new());
        self.with(name, Type::object(Object::open(object)))
    }

    /// Declares a field of an object of [`Self::with_record`].
    pub fn declare(&mut self, object: &str, field: impl Into<SmolStr>, of: Type) {
        self.learn(&of);
        if let Some(fields) = self.records.get_mut(object) {
            fields.insert(field.into(), of);
        }
    }

    /// With the macro `cel.bind`.
    pub fn with_bind(mut self) -> Self {
        self.syntax.bind = true;
        self
    }

    /// With what mutations are made of: `Object{...}` with any fields, `JSONPatch{...}` and `jsonpatch.escapeKey`.
    pub fn with_patches(mut self) -> Self {
        self.patches = true;
        let text = ["op", "path", "from"].map(|name| (SmolStr::new_static(name), Type::String));
        let value = (SmolStr::new_static("value"), Type::Dyn);
        self.learn(&Type::object(Object::new(
            JSON_PATCH,
            text.into_iter().chain([value]),
        )));
        self
    }

    fn learn(&mut self, of: &Type) {
        if let Type::Object(object) = of
            && self.objects.insert(object.name.clone(), object.clone()).is_none()
        {
            object.fields().for_each(|(_, field)| self.learn(&field.of));
        }
        of.parts().into_iter().for_each(|part| self.learn(part));
    }

    /// Checks an expression.
    pub fn check(&self, text: &str) -> Result<Analysis, Issues> {
        let tree = parse(text, self.syntax)?;
        let mut issues = Issues::new(text);
        let checked = check::check(self, &tree, &mut issues);
        if issues.is_empty() {
            check_literals(&tree, &checked, &mut issues);
        }
        match issues.is_empty() {
            true => Ok(Analysis { tree, checked }),
            false => Err(issues),
        }
    }

    /// Checks an expression whose value must be of one of these types; any will do if there are none.
    pub fn check_as(&self, text: &str, wanted: &[Type]) -> Result<Analysis, CompileError> {
        let analysis = self.check(text)?;
        let found = analysis.result_type();
        if wanted.is_empty() || wanted.contains(found) {
            return Ok(analysis);
        }
        let (wanted, found) = (wanted.to_vec(), found.clone());
        Err(CompileError::Result { wanted, found })
    }

    /// Compiles an expression whose value must be of one of these types; any will do if there are none.
    pub fn compile(&self, text: &str, wanted: &[Type]) -> Result<Program, CompileError> {
        self.check_as(text, wanted).map(|analysis| analysis.program())
    }

    pub(crate) fn variable(&self, name: &str) -> Option<(&SmolStr, &Type)> {
        self.variables.get_key_value(name)
    }

    pub(crate) fn object(&self, name: &str) -> Option<Arc<Object>> {
        let is_part = self.patches && (name == OBJECT || name.starts_with("Object."));
        let known = self.objects.get(name).cloned();
        known.or_else(|| is_part.then(|| Arc::new(Object::open(name))))
    }

    /// The type of an object's field, by the name that expressions use.
    pub(crate) fn field_type(&self, object: &Object, field: &str) -> Option<Type> {
        match self.records.get(&object.name) {
            Some(fields) => fields.get(field).cloned(),
            None => object.field_type(field),
        }
    }

    pub(crate) fn type_named(&self, name: &str) -> Option<Type> {
        library::named_type(name).or_else(|| self.object(name).map(Type::Object))
    }

    pub(crate) fn function(&self, name: &str) -> Option<&'static Function> {
        library::functions()
            .get(name)
            .filter(|_| self.patches || name != "jsonpatch.escapeKey")
    }
}

/// The type that a mutation of the kind `ApplyConfiguration` makes.
pub const OBJECT: &str = "Object";
/// The type of the parts that one of the kind `JSONPatch` makes.
pub const JSON_PATCH: &str = "JSONPatch";

/// An expression that was checked.
#[derive(Debug)]
pub struct Analysis {
    tree: Expr,
    checked: Checked,
}

impl Analysis {
    /// The type of its value.
    pub fn result_type(&self) -> &Type {
        &self.checked.result
    }

    /// Whether it uses a variable of the environment.
    pub fn uses(&self, variable: &str) -> bool {
        self.checked
            .meanings
            .values()
            .any(|meaning| matches!(meaning, check::Meaning::Variable(name) if name == variable))
    }

    /// Its tree, with macros expanded.
    pub fn tree(&self) -> &Expr {
        &self.tree
    }

    /// What it may cost, for variables of these sizes.
    pub fn cost(&self, sizes: &dyn Sizes) -> Range {
        estimate(&self.tree, &self.checked, sizes)
    }

    /// Makes it ready to be evaluated.
    pub fn program(&self) -> Program {
        Program::new(plan(&self.tree, &self.checked))
    }
}

/// Why an expression cannot be compiled. It prints as the reference tells it of admission's expressions.
#[derive(Clone, Debug, PartialEq)]
pub enum CompileError {
    /// It cannot be read, or what it says makes no sense.
    Issues(Issues),
    /// Its value is of another type than is wanted.
    Result {
        /// What it could be.
        wanted: Vec<Type>,
        /// What it is.
        found: Type,
    },
}

impl From<Issues> for CompileError {
    fn from(issues: Issues) -> Self {
        Self::Issues(issues)
    }
}

impl CompileError {
    /// The same without the type that it has, as it is told of authentication's expressions.
    pub fn without_found(&self) -> String {
        match self {
            Self::Issues(_) => self.to_string(),
            Self::Result { wanted, .. } => match wanted.as_slice() {
                [one] => format!("must evaluate to {one}"),
                many => format!("must evaluate to one of {}", listed(many)),
            },
        }
    }
}

impl fmt::Display for CompileError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Issues(issues) => write!(out, "compilation failed: {issues}"),
            Self::Result { found, .. } => write!(out, "{} but got {found}", self.without_found()),
        }
    }
}

impl std::error::Error for CompileError {}

fn listed(types: &[Type]) -> String {
    let shown: Vec<String> = types.iter().map(ToString::to_string).collect();
    format!("[{}]", shown.join(" "))
}
