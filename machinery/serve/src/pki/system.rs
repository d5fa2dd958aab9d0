//! The certificates and keys of a system whose processes run on many machines: each piece in a folder of its own, in the form of a
//! `kubernetes.io/tls` Secret (`tls.crt`, `tls.key`, `ca.crt`), so that a process is given what it needs and nothing else.
//! Where the folders go is the caller's affair.

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use super::{
    AUTHORITY_VALIDITY, Error, FRONT_PROXY_CLIENT, Names, TIERS_GROUP, WATCH_CACHE_USER, client_params,
    ensure_authority, ensure_leaf, ensure_self_signed, files, kubeconfig, params, serving_params,
    write_private,
};

/// Who may read metrics and health, by the roles that every cluster has.
const MONITORING_GROUP: &str = "system:monitoring";

/// What there is of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece {
    /// Signs serving and client certificates.
    Authority,
    /// Signs front proxies' certificates.
    FrontProxyAuthority,
    /// Routers' serving certificate.
    Router,
    /// Frontends' serving certificate.
    Frontends,
    /// The serving certificate of members of the watch tier.
    WatchCache,
    /// What routers and frontends show the other tiers.
    FrontProxyClient,
    /// What members of the watch tier show frontends.
    WatchCacheClient,
    /// The administrator's certificate, and a kubeconfig with it.
    Admin,
    /// The certificate of who reads metrics.
    Monitoring,
    /// Signs service account tokens.
    ServiceAccount,
}

impl Piece {
    /// In the order in which they are made.
    pub const ALL: [Self; 10] = [
        Self::Authority,
        Self::FrontProxyAuthority,
        Self::Router,
        Self::Frontends,
        Self::WatchCache,
        Self::FrontProxyClient,
        Self::WatchCacheClient,
        Self::Admin,
        Self::Monitoring,
        Self::ServiceAccount,
    ];

    /// The name of its folder, and the end of its Secret's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Authority => "ca",
            Self::FrontProxyAuthority => "front-proxy-ca",
            Self::Router => "router-tls",
            Self::Frontends => "frontends-tls",
            Self::WatchCache => "watchcache-tls",
            Self::FrontProxyClient => "front-proxy-client",
            Self::WatchCacheClient => "watchcache-client",
            Self::Admin => "admin",
            Self::Monitoring => "monitoring",
            Self::ServiceAccount => "service-account",
        }
    }
}

/// A system and how it is reached.
#[derive(Clone, Debug)]
pub struct System {
    /// What its Services are called, or their names begin with.
    pub name: String,
    /// The namespace of the Services.
    pub namespace: String,
    /// What the names of Services end with.
    pub cluster_domain: String,
    /// Other names and addresses of routers and frontends.
    pub others: Names,
}

impl System {
    /// Makes what is missing or about to expire of a piece, below a folder in which its authority is. Authorities and the key of
    /// tokens are never replaced.
    pub fn ensure(&self, folder: &Path, piece: Piece) -> Result<(), Error> {
        let of = |piece: Piece| Place::of(folder, piece);
        let (place, authority) = (of(piece), of(Piece::Authority));
        let proxies = of(Piece::FrontProxyAuthority);
        match piece {
            Piece::Authority => {
                return ensure_authority("shardplane-ca", &place.certificate, &place.key);
            }
            Piece::FrontProxyAuthority => {
                return ensure_authority("shardplane-front-proxy-ca", &place.certificate, &place.key);
            }
            Piece::ServiceAccount => {
                let params = params("shardplane-service-account", AUTHORITY_VALIDITY);
                return ensure_self_signed(params, "service account key", &place.certificate, &place.key);
            }
            _ => {}
        }
        let (params, authority) = match piece {
            Piece::FrontProxyClient => (client_params(FRONT_PROXY_CLIENT, None), proxies),
            Piece::WatchCacheClient => (client_params(WATCH_CACHE_USER, Some(TIERS_GROUP)), authority),
            Piece::Admin => (
                client_params("kubernetes-admin", Some("system:masters")),
                authority,
            ),
            Piece::Monitoring => (
                client_params("shardplane-monitoring", Some(MONITORING_GROUP)),
                authority,
            ),
            _ => (serving_params(&self.names(piece))?, authority),
        };
        ensure_leaf(params, authority.pair(), place.pair())?;
        write_private(
            &place.folder.join("ca.crt"),
            files::read(&authority.certificate)?.as_bytes(),
        )?;
        if piece == Piece::Admin {
            let address = format!("https://{}.{}.svc", self.name, self.namespace);
            let path = place.folder.join("kubeconfig");
            kubeconfig::write(&path, &address, &authority.certificate, place.pair())?;
        }
        Ok(())
    }

    /// The name that the serving certificates of frontends and members share: the others know them by it, whatever their address.
    pub fn tiers_name(&self) -> String {
        format!("{}-tiers.{}.svc", self.name, self.namespace)
    }

    /// Under which names the processes of a tier are reached.
    fn names(&self, piece: Piece) -> Names {
        let service = |name: &str, namespace: &str| {
            let svc = format!("{name}.{namespace}.svc");
            let full = format!("{svc}.{}", self.cluster_domain);
            [name.to_owned(), format!("{name}.{namespace}"), svc, full]
        };
        let mut names = Names::default();
        match piece {
            Piece::Router => names.dns.extend(service(&self.name, &self.namespace)),
            Piece::Frontends => {
                let own = format!("{}-frontends", self.name);
                names.dns.extend(service(&own, &self.namespace));
            }
            _ => {}
        }
        if piece != Piece::Router {
            names.dns.push(self.tiers_name());
        }
        if piece != Piece::WatchCache {
            names.dns.extend(service("kubernetes", "default"));
            names.dns.extend(self.others.dns.iter().cloned());
            names.addresses.extend(&self.others.addresses);
        }
        names.dns.push("localhost".to_owned());
        names.addresses.push(IpAddr::from([127, 0, 0, 1]));
        names
    }
}

/// Where a piece is.
struct Place {
    folder: PathBuf,
    certificate: PathBuf,
    key: PathBuf,
}

impl Place {
    fn of(folder: &Path, piece: Piece) -> Self {
        let folder = folder.join(piece.name());
        Self {
            certificate: folder.join("tls.crt"),
            key: folder.join("tls.key"),
            folder,
        }
    }

    fn pair(&self) -> (&Path, &Path) {
        (&self.certificate, &self.key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn system() -> System {
        System {
            name: "sp".to_owned(),
            namespace: "work".to_owned(),
            cluster_domain: "cluster.local".to_owned(),
            others: Names {
                dns: vec!["api.example".to_owned()],
                addresses: vec![IpAddr::from([192, 0, 2, 1])],
            },
        }
    }

    fn ensure_all(folder: &Path) {
        for piece in Piece::ALL {
            system().ensure(folder, piece).expect("a writable folder");
        }
    }

    fn alternative_names(folder: &Path, piece: Piece) -> Vec<String> {
        let pem = std::fs::read(folder.join(piece.name()).join("tls.crt")).expect("made");
        let (_, block) = x509_parser::pem::parse_x509_pem(&pem).expect("PEM");
        let parsed = block.parse_x509().expect("a certificate");
        let names = parsed.subject_alternative_name().expect("well formed");
        let names = names.map(|names| names.value.general_names.clone());
        let names = names.unwrap_or_default();
        names.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_second_run_changes_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let read = || {
            let files = Piece::ALL.map(|piece| {
                let place = Place::of(folder.path(), piece);
                (files::read(&place.certificate), files::read(&place.key))
            });
            files.map(|(certificate, key)| (certificate.expect("made"), key.expect("made")))
        };
        ensure_all(folder.path());
        let first = read();
        ensure_all(folder.path());
        assert_eq!(first, read());
        let names: std::collections::HashSet<_> = first.iter().map(|(_, key)| key).collect();
        assert_eq!(names.len(), Piece::ALL.len(), "no two share a key");
    }

    #[test]
    fn only_the_owner_reads_them() {
        let folder = tempfile::tempdir().expect("a folder");
        ensure_all(folder.path());
        for piece in Piece::ALL {
            for file in std::fs::read_dir(folder.path().join(piece.name())).expect("a folder") {
                let mode = file
                    .expect("readable")
                    .metadata()
                    .expect("there")
                    .permissions()
                    .mode();
                assert_eq!(mode & 0o777, 0o600);
            }
        }
    }

    #[test]
    fn each_tier_has_the_names_under_which_it_is_asked() {
        let folder = tempfile::tempdir().expect("a folder");
        ensure_all(folder.path());
        let has = |piece, name: &str| {
            let wanted = format!("DNSName({name})");
            alternative_names(folder.path(), piece).contains(&wanted)
        };
        assert!(has(Piece::Router, "sp.work.svc") && has(Piece::Router, "api.example"));
        assert!(!has(Piece::Router, "sp-tiers.work.svc"));
        assert!(has(Piece::Frontends, "sp-frontends.work.svc") && has(Piece::Frontends, "sp-tiers.work.svc"));
        assert!(has(Piece::WatchCache, "sp-tiers.work.svc"));
        assert!(!has(Piece::WatchCache, "kubernetes.default.svc"));
        assert!(alternative_names(folder.path(), Piece::Admin).is_empty());
    }
}
