//! The routing tier: it knows who the members of the other tiers are, decides who answers a request, and passes it on. It keeps
//! nothing that must outlive it, and it never reads what it passes on.

pub mod access_log;
pub mod announce;
pub mod assignment;
pub mod choice;
pub mod decision;
pub mod ejection;
pub mod follow;
pub mod frontends;
pub mod holding;
pub mod identity;
pub mod limiter;
pub mod limits;
pub mod members;
pub mod metrics;
pub mod own_paths;
pub mod proxy;
pub mod record;
pub mod sightings;
pub mod statusz;
pub mod sweep;
pub mod unit;
pub mod upstream;
