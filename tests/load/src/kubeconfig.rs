//! A kubeconfig: the server of a context, its authority, and a client certificate or token, its own or those that a credential plugin
//! gives. It opens no connections; users with passwords, unverified servers and proxies are refused.

mod exec;

use std::path::{Path, PathBuf};

use base64::{Engine, prelude::BASE64_STANDARD};
use schema::Value;

use crate::Error;

/// What one context of a kubeconfig says.
pub struct Kubeconfig {
    /// The server's address, `https://host:port`.
    pub server: String,
    /// The name to verify the server's certificate by, where it is not the host.
    pub server_name: Option<String>,
    /// The authority's certificates, PEM.
    pub authority: Option<Vec<u8>>,
    /// The client's certificate and key, PEM.
    pub identity: Option<(Vec<u8>, Vec<u8>)>,
    /// The bearer token.
    pub token: Option<String>,
}

/// Key and token are secrets: neither is told.
impl std::fmt::Debug for Kubeconfig {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut told = formatter.debug_struct("Kubeconfig");
        told.field("server", &self.server).finish_non_exhaustive()
    }
}

impl Kubeconfig {
    /// Reads `path`, and takes its current context or the named one.
    pub fn read(path: &Path, context: Option<&str>) -> Result<Self, Error> {
        let content = std::fs::read(path).map_err(|source| Error::file(path, source))?;
        Self::parse(&content, path.parent().unwrap_or(Path::new("")), context)
    }

    /// The same from bytes; files that it names are relative to `folder`.
    pub fn parse(content: &[u8], folder: &Path, context: Option<&str>) -> Result<Self, Error> {
        let tree = schema::yaml::parse(content).map_err(|error| missing(format!("not readable: {error}")))?;
        let context = match context.or_else(|| tree.str_at(&["current-context"])) {
            Some(name) if !name.is_empty() => named(&tree, "contexts", "context", name)?,
            _ => return Err(missing("no current-context; give --context")),
        };
        let cluster = named(&tree, "clusters", "cluster", required(context, "cluster")?)?;
        let user = named(&tree, "users", "user", required(context, "user")?)?;
        if cluster.bool_at(&["insecure-skip-tls-verify"]) == Some(true) {
            return Err(missing(
                "insecure-skip-tls-verify is not supported; give the certificate-authority",
            ));
        }
        if cluster.str_at(&["proxy-url"]).is_some_and(|url| !url.is_empty()) {
            return Err(missing("proxy-url is not supported"));
        }
        let server = required(cluster, "server")?.to_owned();
        let part = |of: &Value, name: &str| content_of(of, folder, name);
        let mut identity = match (part(user, "client-certificate")?, part(user, "client-key")?) {
            (Some(certificate), Some(key)) => Some((certificate, key)),
            (None, None) => None,
            _ => return Err(missing("client-certificate and client-key belong together")),
        };
        let mut token = token(user, folder)?;
        if let Some(exec) = user.get("exec").filter(|_| identity.is_none() && token.is_none()) {
            let credential = exec::run(exec, folder, &server)?;
            (identity, token) = (credential.identity, credential.token);
        }
        if identity.is_none() && token.is_none() {
            return Err(missing("the user has neither a client certificate nor a token"));
        }
        Ok(Self {
            server,
            server_name: cluster.str_at(&["tls-server-name"]).map(str::to_owned),
            authority: part(cluster, "certificate-authority")?,
            identity,
            token,
        })
    }
}

fn named<'a>(tree: &'a Value, list: &str, kind: &str, name: &str) -> Result<&'a Value, Error> {
    let found = tree
        .list_at(&[list])
        .iter()
        .find(|entry| entry.str_at(&["name"]) == Some(name));
    found
        .and_then(|entry| entry.get(kind))
        .ok_or_else(|| missing(format!("no {kind} named {name:?}")))
}

fn required<'a>(tree: &'a Value, key: &str) -> Result<&'a str, Error> {
    tree.str_at(&[key])
        .ok_or_else(|| missing(format!("{key} is not set")))
}

/// What is inline under `NAME-data` as base64, or in the file under `NAME`.
fn content_of(tree: &Value, folder: &Path, name: &str) -> Result<Option<Vec<u8>>, Error> {
    if let Some(data) = tree.str_at(&[&format!("{name}-data")]) {
        let decoded = BASE64_STANDARD.decode(data.trim());
        return decoded
            .map(Some)
            .map_err(|error| missing(format!("{name}-data: {error}")));
    }
    tree.str_at(&[name]).map(|path| read(folder, path)).transpose()
}

/// The token in a file comes before the one beside it, as for client-go.
fn token(user: &Value, folder: &Path) -> Result<Option<String>, Error> {
    let Some(path) = user.str_at(&["tokenFile"]) else {
        return Ok(user.str_at(&["token"]).map(str::to_owned));
    };
    let content = String::from_utf8(read(folder, path)?).map_err(|_| missing("the token is not text"))?;
    Ok(Some(content.trim().to_owned()))
}

fn read(folder: &Path, path: &str) -> Result<Vec<u8>, Error> {
    let path: PathBuf = folder.join(path);
    std::fs::read(&path).map_err(|source| Error::file(path, source))
}

fn missing(what: impl Into<String>) -> Error {
    Error::Kubeconfig(what.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONTENT: &str = "
apiVersion: v1
kind: Config
current-context: one
contexts:
- {name: one, context: {cluster: here, user: someone}}
- {name: two, context: {cluster: here, user: nobody}}
clusters:
- {name: here, cluster: {server: 'https://127.0.0.1:6443', certificate-authority-data: aGVsbG8=}}
users:
- {name: someone, user: {token: secret}}
- {name: nobody, user: {}}
";

    #[test]
    fn takes_the_current_context_with_inline_data() {
        let config = Kubeconfig::parse(CONTENT.as_bytes(), Path::new(""), None).expect("complete");
        assert_eq!(config.server, "https://127.0.0.1:6443");
        assert_eq!(config.authority.as_deref(), Some(b"hello".as_slice()));
        assert_eq!(config.token.as_deref(), Some("secret"));
    }

    #[test]
    fn refuses_a_user_without_credentials_and_an_unknown_context() {
        for context in ["two", "three"] {
            let outcome = Kubeconfig::parse(CONTENT.as_bytes(), Path::new(""), Some(context));
            assert!(matches!(outcome, Err(Error::Kubeconfig(_))), "{context}");
        }
    }
}
