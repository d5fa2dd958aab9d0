//! What expressions of the API may use: those of admission, selectors of devices, and rules of schemas.
//! The language is `cel`'s; where expressions stand in objects is with the objects' validation.

pub mod admission;
pub mod devices;
pub mod schemas;

use cel::{Object, Type};
use smol_str::SmolStr;

/// An object with these fields.
fn object<const N: usize>(name: &'static str, fields: [(&'static str, Type); N]) -> Type {
    let fields = fields.map(|(name, of)| (SmolStr::new_static(name), of));
    Type::object(Object::new(SmolStr::new_static(name), fields))
}

fn texts() -> Type {
    Type::list(Type::String)
}
