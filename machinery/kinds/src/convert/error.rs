//! Why an object could not be brought into another form.

/// The texts are those that clients of the reference see.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// No built-in type has this version and kind.
    #[error(
        "no kind \"{kind}\" is registered for version \"{api_version}\" in scheme \"pkg/api/legacyscheme/scheme.go:30\""
    )]
    Unregistered {
        /// `apiVersion` of the object.
        api_version: String,
        /// `kind` of the object.
        kind: String,
    },
    /// The object is of another kind than its place is for.
    #[error("converting ({from}) to ({to}): unknown conversion")]
    OtherKind {
        /// The object's type, e.g. `v1.Secret`.
        from: String,
        /// The type that was wanted, e.g. `core.ConfigMap`.
        to: String,
    },
    /// A protobuf value without version and kind.
    #[error(
        "object *{of} does not implement the protobuf marshalling interface and cannot be encoded to a protobuf message"
    )]
    Untyped {
        /// The type that was wanted, e.g. `core.ConfigMap`.
        of: String,
    },
    /// The bytes or a field are not of the type.
    #[error("{0}")]
    Malformed(String),
    /// An annotation that carries a number does not.
    #[error("strconv.ParseInt: parsing {text:?}: {why}")]
    Number {
        /// The annotation's value.
        text: String,
        /// `invalid syntax` or `value out of range`.
        why: &'static str,
    },
}
