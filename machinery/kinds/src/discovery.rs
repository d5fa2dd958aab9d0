//! What discovery says of the served resources, in its legacy and its aggregated form.
//! It does not merge in what aggregation and definitions of custom resources add, and knows no HTTP.

mod aggregated;
mod legacy;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use crate::{Catalog, Group, GroupVersion, RuntimeConfig, Storage};

pub use aggregated::group as aggregated_group;
pub use legacy::{group, group_entry, resource_list};

/// The served versions of a group, the preferred one first.
pub fn served_versions<'a>(
    catalog: &'a Catalog,
    config: &'a RuntimeConfig,
    group: &'a Group,
) -> impl Iterator<Item = &'a GroupVersion> {
    group.versions.iter().filter(|version| {
        config
            .served(catalog, &group.name, &version.version)
            .next()
            .is_some()
    })
}

/// The groups that have something served, core first, then in discovery order.
pub fn served_groups<'a>(catalog: &'a Catalog, config: &'a RuntimeConfig) -> impl Iterator<Item = &'a Group> {
    catalog
        .groups()
        .iter()
        .filter(|group| served_versions(catalog, config, group).next().is_some())
}

/// What clients compare to learn whether the storage version changed.
pub fn storage_version_hash(storage: &Storage) -> String {
    let digest = Sha256::digest(format!("{}/{}/{}", storage.group, storage.version, storage.kind));
    STANDARD.encode(&digest[..8])
}
