//! The scenarios: each brings about one kind of load, measures it, and gives a report. How to send, read and judge is known elsewhere.

mod cost;
mod deliveries;
mod fanout;
mod idle;
mod kubelets;
mod lists;
mod restart;
mod writes;

pub use fanout::Fanout;
pub use idle::Idle;
pub use kubelets::Kubelets;
pub use lists::Lists;
pub use restart::Restart;
pub use writes::WritesOptions;
