//! Questions about rights that expressions ask: `authorizer.group('').resource('pods').check('list').allowed()`.
//!
//! Evaluation does not wait. An authorizer that has to ask somebody says that it has not decided: evaluation ends with
//! [`Error::Undecided`](crate::Error::Undecided) and the question, and the caller evaluates again when it has the answer. As an
//! expression can ask no more than two questions (each costs 350,000 of 1,000,000), that happens no more than twice.

use std::fmt::Debug;
use std::sync::Arc;

use smol_str::SmolStr;

/// Answers questions about rights.
pub trait Authorizer: Debug + Send + Sync {
    /// The answer; nothing if it is not known yet.
    fn decide(&self, check: &Check) -> Option<Decision>;
}

/// Whether somebody may do something.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Check {
    /// Who, if it is not the one who makes the request: a service account's namespace and name.
    pub service_account: Option<(SmolStr, SmolStr)>,
    /// To what.
    pub on: On,
    /// What.
    pub verb: SmolStr,
}

/// What a question is about.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum On {
    /// A path that is of no resource.
    Path(SmolStr),
    /// A resource.
    Resource(ResourceCheck),
}

impl Default for On {
    fn default() -> Self {
        Self::Resource(ResourceCheck::default())
    }
}

/// A resource; what is empty is not said.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct ResourceCheck {
    /// Its group.
    pub group: SmolStr,
    /// Its name, as in URLs.
    pub resource: SmolStr,
    /// Its subresource.
    pub subresource: SmolStr,
    /// The namespace.
    pub namespace: SmolStr,
    /// The object's name.
    pub name: SmolStr,
    /// Which of them, by fields.
    pub field_selector: SmolStr,
    /// Which of them, by labels.
    pub label_selector: SmolStr,
}

/// An answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Decision {
    /// Whether it is allowed.
    pub allowed: bool,
    /// Why.
    pub reason: SmolStr,
    /// What went wrong; empty if nothing did.
    pub error: SmolStr,
}

/// How far a question is put together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Nothing is said yet.
    Authorizer,
    /// A path.
    Path,
    /// A group.
    Group,
    /// A resource.
    Resource,
}

/// A question that is being put together, and who will answer it.
#[derive(Clone, Debug)]
pub struct Permit {
    /// Who answers.
    pub authorizer: Arc<dyn Authorizer>,
    /// How far it is.
    pub stage: Stage,
    /// The question.
    pub check: Check,
}

impl Permit {
    /// The name of its type.
    pub fn type_name(&self) -> &'static str {
        match self.stage {
            Stage::Authorizer => "kubernetes.authorization.Authorizer",
            Stage::Path => "kubernetes.authorization.PathCheck",
            Stage::Group => "kubernetes.authorization.GroupCheck",
            Stage::Resource => "kubernetes.authorization.ResourceCheck",
        }
    }
}
