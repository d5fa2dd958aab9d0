//! The named limits of this crate: sizes, counts and depths that a peer's input may not exceed.
//! It holds numbers only; each is enforced where it is used.

/// Bytes of all annotation keys and values of an object together (the API's own limit).
pub const ANNOTATIONS_BYTES_MAX: usize = 256 * 1024;

/// Bytes of a generated name before its random part (the API's own limit: 63 less the random part).
pub const GENERATED_NAME_BASE_BYTES_MAX: usize = 58;

/// Random characters that a generated name ends with.
pub const GENERATED_NAME_RANDOM_CHARS: usize = 5;

/// Bytes of a label or field selector. The reference has no limit but that of the request line; this is beyond any.
pub const SELECTOR_BYTES_MAX: usize = 1024 * 1024;

/// Operations of one JSON patch (the API's own limit).
pub const JSON_PATCH_OPERATIONS_MAX: usize = 10_000;

/// Bytes, as compact JSON, that the `copy` operations of one JSON patch may add together (the API server's default).
pub const JSON_PATCH_COPY_BYTES_MAX: usize = 3 * 1024 * 1024;

/// How deep a patch, and what it makes of an object, may nest: as deep as the codecs go.
pub const PATCH_DEPTH_MAX: usize = schema::limits::DEPTH_MAX;
