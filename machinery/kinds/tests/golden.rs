//! Compares what this crate computes with what the reference was recorded to answer (`tests/golden`).

extern crate shardplane_kinds as kinds;

mod golden {
    pub mod corpus;
    mod discovery;
    mod keys;
    mod tables;
}
