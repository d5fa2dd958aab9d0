//! Where a webhook is and how to prove oneself there, from a file in kubeconfig's form.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use schema::{Value, yaml};

use super::token_file::TokenFile;
use super::{Error, Trust, read_file};

/// One server and how to come in.
#[derive(Clone, Default)]
pub struct Kubeconfig {
    /// The URL of the server.
    pub server: String,
    /// TLS.
    pub trust: Trust,
    /// What is sent to prove who asks beside a certificate.
    pub authorization: Authorization,
}

/// Where the `Authorization` header comes from.
#[derive(Clone, Default)]
pub enum Authorization {
    /// There is none.
    #[default]
    None,
    /// The whole header.
    Fixed(String),
    /// A token in a file, which changes.
    File(Arc<TokenFile>),
}

impl Authorization {
    /// The header as it is now.
    pub fn header(&self) -> Option<String> {
        match self {
            Self::None => None,
            Self::Fixed(header) => Some(header.clone()),
            Self::File(file) => Some(format!("Bearer {}", file.token())),
        }
    }
}

impl std::fmt::Debug for Kubeconfig {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Kubeconfig")
            .field("server", &self.server)
            .finish_non_exhaustive()
    }
}

impl Kubeconfig {
    /// Reads a file; the current context counts, and its paths are relative to the file.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let bytes = read_file(path)?;
        let within = |why: String| Error::Configuration(format!("{}: {why}", path.display()));
        let file = yaml::parse(&bytes).map_err(|error| within(error.to_string()))?;
        let folder = path.parent().unwrap_or(Path::new(""));
        Reader { file: &file, folder }
            .read()
            .map_err(|error| within(error.to_string()))
    }

    /// The same, asking for a path below the server's URL.
    pub fn below(self, path: &str) -> Self {
        Self {
            server: format!("{}{path}", self.server.trim_end_matches('/')),
            ..self
        }
    }
}

struct Reader<'a> {
    file: &'a Value,
    folder: &'a Path,
}

impl Reader<'_> {
    fn read(&self) -> Result<Kubeconfig, Error> {
        let current = self.file.str_at(&["current-context"]).unwrap_or_default();
        let context = self.named("contexts", "context", current)?;
        let cluster = self.named(
            "clusters",
            "cluster",
            context.str_at(&["cluster"]).unwrap_or_default(),
        )?;
        let user = match context.str_at(&["user"]).unwrap_or_default() {
            "" => &Value::Null,
            name => self.named("users", "user", name)?,
        };
        if cluster.bool_at(&["insecure-skip-tls-verify"]) == Some(true) {
            return Err(wrong(
                "insecure-skip-tls-verify is not supported: name the server's authority",
            ));
        }
        for field in ["exec", "auth-provider"] {
            if user.get(field).is_some() {
                return Err(wrong(&format!("a user by {field} is not supported")));
            }
        }
        let certificate = self.content(user, "client-certificate")?;
        let key = self.content(user, "client-key")?;
        Ok(Kubeconfig {
            server: cluster
                .str_at(&["server"])
                .ok_or_else(|| wrong("the cluster has no server"))?
                .to_owned(),
            trust: Trust {
                authorities: self.content(cluster, "certificate-authority")?,
                identity: certificate.zip(key),
                server_name: cluster.str_at(&["tls-server-name"]).map(str::to_owned),
            },
            authorization: self.authorization(user)?,
        })
    }

    /// A token's file goes before a token.
    fn authorization(&self, user: &Value) -> Result<Authorization, Error> {
        if let Some(path) = user.str_at(&["tokenFile"]).filter(|path| !path.is_empty()) {
            return TokenFile::read(self.path(path)).map(|file| Authorization::File(Arc::new(file)));
        }
        if let Some(token) = user.str_at(&["token"]).filter(|token| !token.is_empty()) {
            return Ok(Authorization::Fixed(format!("Bearer {token}")));
        }
        let basic = user.str_at(&["username"]).zip(user.str_at(&["password"]));
        Ok(basic.map_or(Authorization::None, |(name, password)| {
            let encoded = STANDARD.encode(format!("{name}:{password}"));
            Authorization::Fixed(format!("Basic {encoded}"))
        }))
    }

    fn named(&self, list: &str, field: &str, name: &str) -> Result<&Value, Error> {
        let mut of_name = self
            .file
            .list_at(&[list])
            .iter()
            .filter(|one| one.str_at(&["name"]) == Some(name));
        let found = of_name.next().and_then(|one| one.get(field));
        found.ok_or_else(|| wrong(&format!("no {field} of the name {name:?}")))
    }

    /// What stands in `field-data` (base64) or in the file that `field` names.
    fn content(&self, of: &Value, field: &str) -> Result<Option<Vec<u8>>, Error> {
        if let Some(data) = of
            .str_at(&[&format!("{field}-data")])
            .filter(|data| !data.is_empty())
        {
            return STANDARD
                .decode(data)
                .map(Some)
                .map_err(|_| wrong(&format!("{field}-data is not base64")));
        }
        let path = of.str_at(&[field]).filter(|path| !path.is_empty());
        path.map(|path| read_file(&self.path(path))).transpose()
    }

    fn path(&self, path: &str) -> PathBuf {
        self.folder.join(path)
    }
}

fn wrong(why: &str) -> Error {
    Error::Configuration(why.to_owned())
}
