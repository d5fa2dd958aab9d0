//! The matrix of tokens that servers know by themselves: what is good, and every way in which a token may be bad. Also fuzzing.

mod bound;
mod fuzz;
mod given;
mod service_accounts;
mod world;
