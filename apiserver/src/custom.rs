//! Custom resources in the pipeline of all resources: how their bodies are read, what a write does to them, their scale. What is known
//! of a definition is the crate `custom`'s; which are served, the watch cache's follower says.

pub mod body;
pub mod openapi;
pub mod route;
mod rules;
pub mod scale;
pub mod strategy;
mod validation;
