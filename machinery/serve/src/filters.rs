//! The filters that every tier can put before its handler. Each is a file; their order is the binary's.

mod audit;
mod authentication;
mod authorization;
mod compress;
mod deadline;
mod headers;
mod impersonation;
mod in_flight;
mod long_running;
mod operator_paths;
mod panic_guard;
mod request_info;
mod rights;
mod tell_load;
mod traces;

pub use audit::{Audit, Trail};
pub use authentication::{Authentication, FrontProxy, GoodUntil, brings_token};
pub use authorization::Authorization;
pub use compress::Compress;
pub use deadline::Deadline;
pub use headers::{AuditId, CacheControl};
pub use impersonation::{Impersonation, Impersonator};
pub use in_flight::InFlight;
pub use long_running::EndLongRunning;
pub use operator_paths::OperatorPaths;
pub use panic_guard::PanicGuard;
pub use request_info::ReadRequestInfo;
pub use rights::{Held, Rights};
pub use tell_load::TellLoad;
pub use traces::Traces;
