//! The named limits of the codecs. What a body may measure in bytes is the business of who reads it.

/// How deep JSON, YAML and protobuf values may nest.
pub const DEPTH_MAX: usize = 200;
/// How many fields of a protobuf message JSON may show: as many as the transcoder has bits for. Pod specs have 41.
pub const SHOWN_FIELDS_MAX: usize = u128::BITS as usize;
/// How many strict errors are kept, as in the reference.
pub const STRICT_ERRORS_MAX: usize = 100;
/// How many nodes the aliases of a YAML document may add.
pub const YAML_ALIAS_NODES_MAX: usize = 100_000;
