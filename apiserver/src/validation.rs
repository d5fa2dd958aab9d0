//! Whether objects are valid, beyond their metadata: the rules of each kind, in the order and words of the reference.
//! It changes nothing and looks at nothing but the object and the one before it.

pub mod place;
