//! What a request asks to do, in the terms that authorizers decide on. It borrows everything from the request.

use object::selector::label::Operator;
use object::selector::{field, label};
use smol_str::SmolStr;

/// What a request asks to do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Attributes<'a> {
    /// Whether it is about a resource, and not a path.
    pub is_resource: bool,
    /// `get`, `list`, ...
    pub verb: &'a str,
    /// API group.
    pub group: &'a str,
    /// API version.
    pub version: &'a str,
    /// Plural name.
    pub resource: &'a str,
    /// `status`, ...
    pub subresource: &'a str,
    /// Empty for all namespaces and cluster objects.
    pub namespace: &'a str,
    /// Object name.
    pub name: &'a str,
    /// The request's path.
    pub path: &'a str,
    /// Of a list, watch or deletion of many; `None` is everything.
    pub selectors: Option<&'a Selectors>,
}

/// What a request narrows itself to (KEP-4601). A selector that cannot be read is left out: the request asks for more, then.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Selectors {
    /// All of these hold.
    pub fields: Vec<FieldRequirement>,
    /// All of these hold.
    pub labels: Vec<LabelRequirement>,
}

/// One requirement of a field selector.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FieldRequirement {
    /// E.g. `spec.nodeName`.
    pub field: SmolStr,
    /// Equal, or not equal.
    pub equal: bool,
    /// To this.
    pub value: SmolStr,
}

/// One requirement of a label selector.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LabelRequirement {
    /// The label.
    pub key: SmolStr,
    /// `In`, `NotIn`, `Exists`, `DoesNotExist`.
    pub operator: SmolStr,
    /// Of `In` and `NotIn`.
    pub values: Vec<SmolStr>,
}

impl FieldRequirement {
    /// Of a parsed selector's term.
    pub fn of(term: &field::Term) -> Self {
        Self {
            field: term.field.clone(),
            equal: term.equal,
            value: term.value.clone(),
        }
    }
}

impl LabelRequirement {
    /// Of a parsed selector's requirement. Operators that reviews do not have are told by those that they have.
    pub fn of(requirement: &label::Requirement) -> Self {
        let operator = match requirement.operator() {
            Operator::In | Operator::Equals | Operator::DoubleEquals => "In",
            Operator::NotIn | Operator::NotEquals => "NotIn",
            Operator::Exists => "Exists",
            Operator::DoesNotExist => "DoesNotExist",
            Operator::GreaterThan => "Gt",
            Operator::LessThan => "Lt",
        };
        Self {
            key: requirement.key().into(),
            operator: operator.into(),
            values: requirement.values().to_vec(),
        }
    }
}

impl<'a> Attributes<'a> {
    /// A question about a resource.
    pub fn resource(
        verb: &'a str,
        group: &'a str,
        resource: &'a str,
        namespace: &'a str,
        name: &'a str,
    ) -> Self {
        Self {
            is_resource: true,
            verb,
            group,
            version: "v1",
            resource,
            namespace,
            name,
            ..Self::default()
        }
    }

    /// A question about a path.
    pub fn path(verb: &'a str, path: &'a str) -> Self {
        Self {
            verb,
            path,
            ..Self::default()
        }
    }

    /// Whether authorizers cannot tell it from another question: the path of a resource says nothing.
    pub fn asks_as(&self, other: &Attributes<'_>) -> bool {
        let without_path = Attributes { path: "", ..*self };
        let other_without_path = Attributes { path: "", ..*other };
        without_path == other_without_path && (self.is_resource || self.path == other.path)
    }

    /// Whether a field must have this value.
    pub fn selects(&self, field: &str, value: &str) -> bool {
        let fields = self
            .selectors
            .map(|selectors| selectors.fields.as_slice())
            .unwrap_or_default();
        fields
            .iter()
            .any(|one| one.equal && one.field == field && one.value == value)
    }

    /// Whether it only looks.
    pub fn is_read_only(&self) -> bool {
        matches!(self.verb, "get" | "list" | "watch")
    }
}
