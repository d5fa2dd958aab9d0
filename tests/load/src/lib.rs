//! `watchload`: load on the watches, lists and writes of any Kubernetes API server, what arrived of it, and what it cost the server.
//! It knows the API only as a client does, and nothing of how Shardplane serves it.

pub mod api;
pub mod compare;
pub mod delivery;
pub mod error;
pub mod kubeconfig;
pub mod limits;
pub mod list;
pub mod meter;
pub mod metrics;
pub mod objects;
pub mod options;
pub mod over_time;
pub mod page;
pub mod plan;
pub mod population;
pub mod process;
pub mod profile;
pub mod progress;
pub mod report;
pub mod scenario;
pub mod target;
pub mod timeline;
pub mod tls;
pub mod watch;
pub mod writer;

pub use error::Error;
