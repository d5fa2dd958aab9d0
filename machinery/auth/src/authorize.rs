//! Whether a user may do what a request asks: the question, the answer, and the authorizers that give it.
//! Who the user is comes from [`crate::authenticate`]; what is done with a refusal is the server's affair.

pub mod abac;
mod attributes;
mod chain;
mod conditions;
pub mod configuration;
mod decision;
pub mod node;
pub mod rbac;
pub mod webhook;

pub use attributes::{Attributes, FieldRequirement, LabelRequirement, Selectors};
pub use chain::{Authorizer, Chain};
pub use decision::{Decision, Verdict, refusal};
