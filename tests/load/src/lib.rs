//! `watchload`: load on the watches, lists and writes of any Kubernetes API server, what arrived of it, and what it cost the server.
//! It knows the API only as a client does, and nothing of how Shardplane serves it.

pub mod api;
pub mod compare;
pub mod delivery;
pub mod error;
pub mod kubeconfig;
pub mod limits;
pub mod list;
pub mod objects;
pub mod options;
pub mod population;
pub mod process;
pub mod progress;
pub mod report;
pub mod scenario;
pub mod target;
pub mod watch;
pub mod writer;

pub use error::Error;
