//! `--etcd-servers-overrides`: which resources have an etcd of their own.
//! The form is kube-apiserver's: `group/resource#server1;server2`, the core group's name is empty.

use storage::GroupResource;
use storage::etcd;

use crate::error::Error;

const FLAG: &str = "etcd-servers-overrides";

/// An etcd and what is there instead of in the main store.
#[derive(Clone, Debug)]
pub struct Override {
    /// Resources with the same servers share a connection and a history.
    pub resources: Vec<GroupResource>,
    /// With the certificates of the main etcd.
    pub etcd: etcd::Options,
}

/// Reads the flag's elements; `client` has the certificates.
pub fn parse(elements: &[String], client: &etcd::Options) -> Result<Vec<Override>, Error> {
    let mut found: Vec<Override> = Vec::new();
    for element in elements {
        let (resource, endpoints) = parse_one(element)?;
        if found.iter().any(|one| one.resources.contains(&resource)) {
            return Err(Error::flag(
                FLAG,
                format!("{element:?}: this resource is there twice"),
            ));
        }
        match found.iter_mut().find(|one| one.etcd.endpoints == endpoints) {
            Some(same) => same.resources.push(resource),
            None => found.push(Override {
                resources: vec![resource],
                etcd: etcd::Options {
                    endpoints,
                    ..client.clone()
                },
            }),
        }
    }
    Ok(found)
}

fn parse_one(element: &str) -> Result<(GroupResource, Vec<String>), Error> {
    let invalid = || {
        let form = "group/resource#servers, where servers are URLs, semicolon separated";
        Error::flag(FLAG, format!("invalid, must be of format: {form}: {element:?}"))
    };
    let (path, servers) = element.split_once('#').ok_or_else(invalid)?;
    let (group, resource) = path.split_once('/').ok_or_else(invalid)?;
    let servers: Vec<String> = servers.split(';').map(str::to_owned).collect();
    let is_url = |server: &String| server.starts_with("http://") || server.starts_with("https://");
    if resource.is_empty() || resource.contains('/') || !servers.iter().all(is_url) {
        return Err(invalid());
    }
    Ok((GroupResource::new(group, resource), servers))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(elements: &[&str]) -> Result<Vec<(usize, Vec<String>)>, String> {
        let elements: Vec<String> = elements.iter().map(|&element| element.to_owned()).collect();
        let found = parse(&elements, &etcd::Options::default()).map_err(|error| error.to_string())?;
        Ok(found
            .into_iter()
            .map(|one| (one.resources.len(), one.etcd.endpoints))
            .collect())
    }

    #[test]
    fn resources_with_the_same_servers_share_them() {
        let found = parsed(&[
            "/events#http://a:1;http://b:1",
            "coordination.k8s.io/leases#http://a:1;http://b:1",
            "apps/deployments#https://c:1",
        ]);
        let urls = |list: &[&str]| list.iter().map(|&url| url.to_owned()).collect::<Vec<_>>();
        assert_eq!(
            found,
            Ok(vec![
                (2, urls(&["http://a:1", "http://b:1"])),
                (1, urls(&["https://c:1"]))
            ])
        );
    }

    #[test]
    fn other_forms_are_refused() {
        for element in [
            "",
            "events#http://a:1",
            "/events",
            "/events#",
            "/events#a:1",
            "/#http://a:1",
            "a/b/c#http://a:1",
        ] {
            assert!(
                parsed(&[element]).is_err_and(|why| why.contains("must be of format")),
                "{element}"
            );
        }
        assert!(
            parsed(&["/events#http://a:1", "/events#http://b:1"]).is_err_and(|why| why.contains("twice"))
        );
    }
}
