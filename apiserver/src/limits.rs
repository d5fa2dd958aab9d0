//! Every limit of the request tier.

/// A request body, as the reference limits it.
pub const BODY_BYTES_MAX: usize = 3 * 1024 * 1024;
/// An answer that the server reads from itself.
pub const LOOPBACK_ANSWER_BYTES_MAX: usize = 256 * 1024 * 1024;
/// How often an update is tried again when somebody else wrote in between.
pub const UPDATE_TRIES_MAX: usize = 24;
/// How many generated names are tried.
pub const GENERATED_NAME_TRIES_MAX: usize = 8;
/// How many entries a list reads from the store at a time.
pub const LIST_BATCH: u64 = 500;
/// How many objects a deletecollection deletes at a time. One, as in the reference: watchers see them go in the order of the list.
pub const DELETE_COLLECTION_WORKERS: usize = 1;
/// The content of a ConfigMap or a Secret, in all.
pub const CONFIGURATION_BYTES_MAX: usize = 1_048_576;
/// Parameters of a storage class.
pub const CLASS_PARAMETERS_MAX: usize = 512;
/// Keys and values of a storage class's parameters, in all.
pub const CLASS_PARAMETERS_BYTES_MAX: usize = 262_144;
/// Endpoints of a slice.
pub const SLICE_ENDPOINTS_MAX: usize = 1_000;
/// Addresses of an endpoint of a slice.
pub const SLICE_ADDRESSES_MAX: usize = 100;
/// Ports of a slice.
pub const SLICE_PORTS_MAX: usize = 20_000;
/// Zones, or nodes, that an endpoint of a slice is for.
pub const SLICE_HINTS_MAX: usize = 8;
/// Labels of the old form of topology.
pub const SLICE_TOPOLOGY_LABELS_MAX: usize = 16;
