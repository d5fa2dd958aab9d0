//! The functions of all libraries: the language's own, its extensions for texts, sets and optional values, and Kubernetes'.
//! What they cost is with [`cost`](crate::cost).

mod addresses;
mod conversions;
mod format_function;
mod lists;
mod named_formats;
mod numbers;
mod operators;
mod optionals;
mod order;
mod patches;
mod quantities;
mod regexes;
mod rights;
mod sets;
mod strings;
mod times;
mod urls;
mod versions;

use std::sync::LazyLock;

use crate::function::{self, Functions};
use crate::types::Type;
use crate::value::{Error, Outcome, Value};

pub use conversions::text_of;
pub use named_formats::NamedFormat;
pub use regexes::compiled;
pub use urls::Url;

/// The types of libraries, by the short names that declarations have for them.
const TYPES: [(&str, &str); 11] = [
    ("authorizer", "kubernetes.authorization.Authorizer"),
    ("cidr", "net.CIDR"),
    ("decision", "kubernetes.authorization.Decision"),
    ("format", "kubernetes.NamedFormat"),
    ("groupcheck", "kubernetes.authorization.GroupCheck"),
    ("ip", "net.IP"),
    ("pathcheck", "kubernetes.authorization.PathCheck"),
    ("quantity", "kubernetes.Quantity"),
    ("resourcecheck", "kubernetes.authorization.ResourceCheck"),
    ("semver", "kubernetes.Semver"),
    ("url", "kubernetes.URL"),
];

/// All functions.
pub fn functions() -> &'static Functions {
    static ALL: LazyLock<Functions> = LazyLock::new(|| {
        function::functions(&[
            operators::ALL,
            conversions::ALL,
            strings::ALL,
            times::ALL,
            lists::ALL,
            sets::ALL,
            optionals::ALL,
            regexes::ALL,
            urls::ALL,
            quantities::ALL,
            addresses::ALL,
            named_formats::ALL,
            versions::ALL,
            order::ALL,
            patches::ALL,
            rights::ALL,
        ])
    });
    &ALL
}

/// The whole name of a library's type.
pub fn type_name(short: &str) -> &'static str {
    let known = TYPES.iter().find(|(name, _)| *name == short);
    known.expect("a declaration of ours names known types").1
}

/// A type that expressions can name.
pub fn named_type(name: &str) -> Option<Type> {
    Some(match name {
        "bool" => Type::Bool,
        "int" => Type::Int,
        "uint" => Type::Uint,
        "double" => Type::Double,
        "string" => Type::String,
        "bytes" => Type::Bytes,
        "null_type" => Type::Null,
        "list" => Type::list(Type::Dyn),
        "map" => Type::map(Type::Dyn, Type::Dyn),
        "type" => Type::Type(Type::Dyn.into()),
        "optional_type" => Type::optional(Type::Dyn),
        "google.protobuf.Timestamp" => Type::Timestamp,
        "google.protobuf.Duration" => Type::Duration,
        other => Type::Opaque(TYPES.iter().find(|(_, whole)| *whole == other)?.1),
    })
}

/// What a function says of arguments that it is not declared for.
fn no_overload<'a>(function: &str, args: &[Value<'a>]) -> Outcome<'a> {
    let types: Vec<&str> = args.iter().map(Value::type_name).collect();
    Err(Error::failed(format!(
        "no such overload: {function}({})",
        types.join(", ")
    )))
}
