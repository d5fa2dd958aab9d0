//! Whether a user may do what a request asks. For now: `system:masters` may do all, everybody may see health and version.
//! RBAC and the other authorizers come with the issue on access.

use crate::User;

/// What a request asks to do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Attributes<'a> {
    /// Whether it is about a resource, and not a path.
    pub is_resource: bool,
    /// `get`, `list`, ...
    pub verb: &'a str,
    /// API group.
    pub group: &'a str,
    /// Plural name.
    pub resource: &'a str,
    /// `status`, ...
    pub subresource: &'a str,
    /// Empty for all namespaces and cluster objects.
    pub namespace: &'a str,
    /// Object name.
    pub name: &'a str,
    /// The request's path.
    pub path: &'a str,
}

/// Paths that the reference's default policy opens to everybody.
const PUBLIC_PATHS: [&str; 5] = ["/healthz", "/livez", "/readyz", "/version", "/version/"];

/// Whether the user may.
pub fn allowed(user: &User, attributes: &Attributes<'_>) -> bool {
    user.is_in(User::MASTERS) || is_public(attributes)
}

fn is_public(attributes: &Attributes<'_>) -> bool {
    !attributes.is_resource && attributes.verb == "get" && PUBLIC_PATHS.contains(&attributes.path)
}

/// Why a request is refused, in the words of the reference.
pub fn refusal(user: &User, attributes: &Attributes<'_>) -> String {
    let name = user.name.as_str();
    if !attributes.is_resource {
        return format!(
            "User \"{name}\" cannot {} path \"{}\"",
            attributes.verb, attributes.path
        );
    }
    let mut resource = attributes.resource.to_owned();
    if !attributes.subresource.is_empty() {
        resource = format!("{resource}/{}", attributes.subresource);
    }
    let place = match attributes.namespace {
        "" => "at the cluster scope".to_owned(),
        namespace => format!("in the namespace \"{namespace}\""),
    };
    format!(
        "User \"{name}\" cannot {} resource \"{resource}\" in API group \"{}\" {place}",
        attributes.verb, attributes.group
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_masters_reach_resources() {
        let list = Attributes {
            is_resource: true,
            verb: "list",
            resource: "pods",
            namespace: "a",
            ..Attributes::default()
        };
        assert!(allowed(&User::new("root", "", &[User::MASTERS]), &list));
        let joe = User::new("joe", "", &[User::AUTHENTICATED]);
        assert!(!allowed(&joe, &list));
        assert_eq!(
            refusal(&joe, &list),
            "User \"joe\" cannot list resource \"pods\" in API group \"\" in the namespace \"a\""
        );
    }

    #[test]
    fn health_is_for_all() {
        let health = Attributes {
            verb: "get",
            path: "/livez",
            ..Attributes::default()
        };
        assert!(allowed(&User::anonymous(), &health));
    }
}
