//! CEL, the expression language of the Kubernetes API: parsed, checked against declared types, and evaluated over object trees
//! with Kubernetes' libraries and within a budget. What expressions are for is the callers' affair.
//!
//! An [`Environment`] declares what expressions may use and compiles them to [`Program`]s. Errors are told in the reference's
//! words: clients see them. Nothing here waits, reads a clock or keeps anything between evaluations, but for the system's time
//! zones: they are read when an expression first names one, and kept.

pub mod ast;
pub mod authorizer;
mod check;
pub mod cost;
mod environment;
mod eval;
mod function;
mod lexer;
mod library;
pub mod limits;
pub mod parser;
mod source;
mod types;
mod value;

pub use environment::{Analysis, CompileError, Environment, JSON_PATCH, OBJECT};
pub use eval::{Evaluated, Program, Variables};
pub use lexer::is_identifier;
pub use source::Issues;
pub use types::{Field, Object, Type, escape};
pub use value::{Error, Items, Kept, Key, List, Map, Outcome, OwnedMap, Value};
