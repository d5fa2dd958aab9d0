//! Subresources whose body is not the object itself, or that do something else than a write of the object.
//! Those that only restrict a write (status, finalize, approval, resize) go through [`crate::verbs`].

mod binding;
mod connect;
mod disruption;
mod eviction;
mod log;
pub mod scale;
mod token;

pub use binding::{bind, bind_named};
pub use connect::connect;
pub use eviction::evict;
pub use log::log;
pub use scale::{scale_get, scale_patch, scale_update};
pub use token::token;
