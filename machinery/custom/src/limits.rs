//! What schemas and paths may be at most.

/// How deep a schema may nest; what is below is taken for anything.
pub const SCHEMA_DEPTH_MAX: usize = 256;
/// How many steps a path may have.
pub const PATH_STEPS_MAX: usize = 64;
/// How many unknown fields of an object are told.
pub const UNKNOWN_FIELDS_MAX: usize = 100;
/// How deep the filters of a path may nest.
pub const PATH_FILTERS_DEPTH_MAX: usize = 4;
