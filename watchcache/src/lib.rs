//! The watch tier: for each resource a copy of what the store holds and a ring of what happened, from which lists and watches
//! are answered. It writes nothing, and knows no frontend and no router.

mod body;
mod budget;
pub mod cache;
pub mod definitions;
mod delivery;
mod departures;
pub mod digest;
mod distribution;
mod event;
mod forms;
mod frames;
mod fresh;
mod freshness;
mod index;
mod item;
pub mod limits;
mod list;
mod load;
mod marks;
pub mod metrics;
mod past;
mod selected;
pub mod service;
mod snapshot;
mod tail;
#[cfg(test)]
mod testing;
pub mod tier;
mod unit;
mod waiter;
mod watch;

pub use cache::{Cache, Config, Holds, Part};
pub use unit::Unit;
