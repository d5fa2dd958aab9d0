//! One entry of `ownerReferences`, to read.

use schema::Value;

/// An owner of an object.
#[derive(Clone, Copy, Debug)]
pub struct OwnerReference<'a>(&'a Value);

impl<'a> OwnerReference<'a> {
    /// Reads an entry.
    pub const fn of(entry: &'a Value) -> Self {
        Self(entry)
    }

    /// Group and version.
    pub fn api_version(self) -> &'a str {
        self.text("apiVersion")
    }

    /// Kind of the owner.
    pub fn kind(self) -> &'a str {
        self.text("kind")
    }

    /// Name of the owner.
    pub fn name(self) -> &'a str {
        self.text("name")
    }

    /// UID of the owner.
    pub fn uid(self) -> &'a str {
        self.text("uid")
    }

    /// Whether this owner manages the object.
    pub fn controller(self) -> bool {
        self.flag("controller").unwrap_or(false)
    }

    /// Whether the owner may not go, in the foreground, before this object.
    pub fn block_owner_deletion(self) -> bool {
        self.flag("blockOwnerDeletion").unwrap_or(false)
    }

    /// The entry itself.
    pub const fn entry(self) -> &'a Value {
        self.0
    }

    fn flag(self, field: &str) -> Option<bool> {
        self.0.bool_at(&[field])
    }

    fn text(self, field: &str) -> &'a str {
        self.0.str_at(&[field]).unwrap_or_default()
    }
}
