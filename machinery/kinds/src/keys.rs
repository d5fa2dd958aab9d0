//! Where objects stand in the store: `<prefix>/<resource's key>/[<namespace>/]<name>`, as kube-apiserver lays them out.
//! It does not reach into the store, and knows nothing of the keys that belong to no resource but their prefix.

use smol_str::SmolStr;

use crate::{Resource, Storage};

/// The key layout below one prefix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keys {
    prefix: SmolStr,
}

/// Keys from `start` to before `end`, compared bytewise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeySpan {
    /// First key that may be in it.
    pub start: String,
    /// First key after it.
    pub end: String,
}

/// What a key says of its object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place<'a> {
    /// Empty for objects outside namespaces.
    pub namespace: &'a str,
    /// The object's name.
    pub name: &'a str,
}

impl Keys {
    /// Keys below `prefix`, e.g. `/registry`. A leading slash is added, a trailing one dropped.
    pub fn new(prefix: &str) -> Self {
        let bare = prefix.trim_matches('/');
        Self {
            prefix: if bare.is_empty() {
                SmolStr::default()
            } else {
                smol_str::format_smolstr!("/{bare}")
            },
        }
    }

    /// The prefix, with a leading and without a trailing slash.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// The key of an object. `namespace` is empty for objects outside namespaces.
    pub fn object(&self, storage: &Storage, namespace: &str, name: &str) -> String {
        match namespace {
            "" => format!("{}/{}/{name}", self.prefix, storage.key),
            _ => format!("{}/{}/{namespace}/{name}", self.prefix, storage.key),
        }
    }

    /// The keys of all objects.
    pub fn all(&self, storage: &Storage) -> KeySpan {
        KeySpan::below(format!("{}/{}/", self.prefix, storage.key))
    }

    /// The keys of all objects of one namespace.
    pub fn namespace(&self, storage: &Storage, namespace: &str) -> KeySpan {
        KeySpan::below(format!("{}/{}/{namespace}/", self.prefix, storage.key))
    }

    /// A key that belongs to no resource, e.g. `ranges/servicenodeports` or `masterleases/10.0.0.1`.
    pub fn internal(&self, path: &str) -> String {
        format!("{}/{path}", self.prefix)
    }

    /// What a key says of an object of `resource`; `None` when it is not such a key.
    pub fn parse<'k>(&self, resource: &Resource, key: &'k [u8]) -> Option<Place<'k>> {
        let key = std::str::from_utf8(key)
            .ok()?
            .strip_prefix(self.prefix.as_str())?
            .strip_prefix('/')?;
        let place = key
            .strip_prefix(resource.storage.as_ref()?.key.as_str())?
            .strip_prefix('/')?;
        let (namespace, name) = match resource.namespaced {
            true => place
                .split_once('/')
                .filter(|(namespace, _)| !namespace.is_empty())?,
            false => ("", place),
        };
        (!name.is_empty() && !name.contains('/')).then_some(Place { namespace, name })
    }
}

impl Default for Keys {
    /// Below `/registry`.
    fn default() -> Self {
        Self::new("/registry")
    }
}

impl KeySpan {
    /// All keys that begin with `start`, which ends in a slash.
    fn below(start: String) -> Self {
        debug_assert!(start.ends_with('/'));
        // '0' is the byte after '/'.
        let end = format!("{}0", &start[..start.len() - 1]);
        Self { start, end }
    }

    /// Whether a key is in it.
    pub fn contains(&self, key: &[u8]) -> bool {
        self.start.as_bytes() <= key && key < self.end.as_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Catalog;

    fn pods() -> &'static Resource {
        Catalog::builtin().resource("", "v1", "pods").expect("built in")
    }

    fn place<'a>(namespace: &'a str, name: &'a str) -> Option<Place<'a>> {
        Some(Place { namespace, name })
    }

    #[test]
    fn builds_and_reads_back_keys() {
        let keys = Keys::default();
        let storage = pods().storage.as_ref().expect("stored");
        let key = keys.object(storage, "ns", "a");
        assert_eq!(key, "/registry/pods/ns/a");
        assert_eq!(keys.parse(pods(), key.as_bytes()), place("ns", "a"));
        let nodes = Catalog::builtin().resource("", "v1", "nodes").expect("built in");
        assert_eq!(keys.parse(nodes, b"/registry/minions/n1"), place("", "n1"));
    }

    #[test]
    fn refuses_keys_of_another_shape() {
        let keys = Keys::default();
        let refused: [&[u8]; 7] = [
            b"/registry/pods/ns/a/b",
            b"/registry/pods/a",
            b"/registry/pods//a",
            b"/registry/pods/ns/",
            b"/registry/podtemplates/ns/a",
            b"/other/pods/ns/a",
            b"/registry/pods/ns/\xff",
        ];
        for key in refused {
            assert_eq!(keys.parse(pods(), key), None, "{}", String::from_utf8_lossy(key));
        }
    }

    #[test]
    fn spans_end_before_the_neighbour() {
        let keys = Keys::new("other/prefix/");
        let storage = pods().storage.as_ref().expect("stored");
        let all = keys.all(storage);
        assert_eq!(
            (all.start.as_str(), all.end.as_str()),
            ("/other/prefix/pods/", "/other/prefix/pods0")
        );
        let namespace = keys.namespace(storage, "a");
        assert!(namespace.contains(keys.object(storage, "a", "x").as_bytes()));
        assert!(!namespace.contains(keys.object(storage, "a-b", "x").as_bytes()));
        assert!(!namespace.contains(keys.object(storage, "ab", "x").as_bytes()));
    }

    #[test]
    fn an_empty_prefix_is_the_root() {
        assert_eq!(
            Keys::new("/").internal("ranges/servicenodeports"),
            "/ranges/servicenodeports"
        );
    }
}
