//! What a kind that a definition made must say of its objects, beside the facts of its resources. Who reads definitions and knows
//! schemas is not known here: resources carry it as an object of this trait.

use std::any::Any;
use std::fmt::Debug;

use jiff::Timestamp;
use schema::{TypeId, Types, Value};

use crate::convert::Error;
use crate::table::Describe;

/// A custom kind in one version, in the company of its other versions.
pub trait Kind: Any + Debug + Send + Sync {
    /// The types of this version, by which fields are owned, and the one of its objects.
    fn types(&self) -> (&Types, TypeId);

    /// Whether objects have this version and no other, so that none is ever converted.
    fn is_only_version(&self) -> bool;

    /// Whether a version, e.g. `example.com/v1`, is one of the definition's.
    fn has_version(&self, api_version: &str) -> bool;

    /// An object as it was stored, made whole by the schema of the version that it says: pruned, with defaults. It keeps its version.
    ///
    /// # Errors
    /// It is of no version of the definition, or of another kind.
    fn stored(&self, object: Value) -> Result<Value, Error>;

    /// An object of any version of the definition in another one.
    ///
    /// # Errors
    /// The definition has no such version.
    fn converted(&self, object: Value, api_version: &str) -> Result<Value, Error>;

    /// `columnDefinitions` of its tables.
    fn column_definitions(&self, describe: Describe<'_>) -> Vec<Value>;

    /// The cells of an object's row; it may be of another version.
    fn cells(&self, object: &Value, now: Timestamp) -> Vec<Value>;

    /// Itself, for who knows which kind of knowledge it is.
    fn as_any(&self) -> &dyn Any;
}
