//! The scenarios: each brings about one kind of load, measures it, and gives a report. How to send, read and judge is known elsewhere.

mod charts;
mod churn;
mod cluster;
mod cost;
mod deliveries;
mod fanout;
mod idle;
mod informers;
mod kubelets;
mod lists;
mod reconnect;
mod resources;
mod restart;
mod run;
mod slow;
mod stage;
mod storm;
mod writes;

pub use churn::Churn;
pub use cluster::Cluster;
pub use fanout::Fanout;
pub use idle::Idle;
pub use informers::Informers;
pub use kubelets::Kubelets;
pub use lists::Lists;
pub use reconnect::Reconnect;
pub use resources::Resources;
pub use restart::Restart;
pub use slow::Slow;
pub use storm::Storm;
pub use writes::WritesOptions;
