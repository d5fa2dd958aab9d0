//! Which of several certificates a client is shown: by the name that it asks for (`--tls-sni-cert-key`).

use std::path::Path;
use std::sync::Arc;

use arc_swap::ArcSwap;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use super::{Error, ServingCertificate, content};

/// A certificate for some names.
#[derive(Debug)]
pub struct Named {
    /// Which.
    pub certificate: Arc<ServingCertificate>,
    /// Names that it is to be shown for, `*.` for all one label below; empty for those that it has in it.
    names: Vec<String>,
}

/// The serving certificates of a listener.
#[derive(Debug)]
pub struct Certificates {
    default: Arc<ServingCertificate>,
    named: Vec<Named>,
    /// Names in the certificates, for those that were given without any; as many as `named`.
    own_names: ArcSwap<Vec<Vec<String>>>,
}

impl Named {
    /// As the reference's flag has it: `certificate,key`, or `certificate,key:name,name`.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (files, names) = text.split_once(':').unwrap_or((text, ""));
        let (certificate, key) = files
            .split_once(',')
            .filter(|(certificate, key)| !certificate.is_empty() && !key.is_empty() && !key.contains(','))
            .ok_or_else(|| "expected comma separated certificate and key file paths".to_owned())?;
        let names = names.split(',').map(str::trim).filter(|name| !name.is_empty());
        let certificate = ServingCertificate::load(Path::new(certificate), Path::new(key));
        Ok(Self {
            certificate: certificate.map_err(|error| error.to_string())?,
            names: names.map(str::to_ascii_lowercase).collect(),
        })
    }
}

impl Certificates {
    /// `default` is shown to who asks for no name, or for one that no other has.
    pub fn new(default: Arc<ServingCertificate>, named: Vec<Named>) -> Result<Arc<Self>, Error> {
        let own_names = ArcSwap::from_pointee(own_names(&named)?);
        Ok(Arc::new(Self {
            default,
            named,
            own_names,
        }))
    }

    /// All files, certificate and key of each.
    pub fn paths(&self) -> Vec<&Path> {
        let named = self.named.iter().map(|one| &one.certificate);
        std::iter::once(&self.default)
            .chain(named)
            .flat_map(|one| one.paths())
            .collect()
    }

    /// Reads all files again; of those that cannot be read the old certificate stays, and the first of them is the error.
    pub fn reload(&self) -> Result<(), Error> {
        let named = self.named.iter().map(|one| one.certificate.reload());
        let read: Vec<_> = std::iter::once(self.default.reload()).chain(named).collect();
        self.own_names.store(Arc::new(own_names(&self.named)?));
        read.into_iter().collect()
    }

    /// A name that was given goes before one that a certificate has, the whole name before a wildcard, and the first before others.
    fn of_name(&self, name: &str) -> Option<&Arc<ServingCertificate>> {
        let own = self.own_names.load();
        let of = |name: &String| {
            let given = self.named.iter().position(|one| one.names.contains(name));
            given.or_else(|| own.iter().position(|names| names.contains(name)))
        };
        let name = name.to_ascii_lowercase();
        let wildcard = name.split_once('.').map(|(_, parent)| format!("*.{parent}"));
        let place = of(&name).or_else(|| of(&wildcard?))?;
        Some(&self.named.get(place)?.certificate)
    }
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let named = hello.server_name().and_then(|name| self.of_name(name));
        Some(named.unwrap_or(&self.default).current.load_full())
    }
}

fn own_names(named: &[Named]) -> Result<Vec<Vec<String>>, Error> {
    let names = |one: &Named| match one.names.is_empty() {
        true => one.certificate.dns_names(),
        false => Ok(Vec::new()),
    };
    named.iter().map(names).collect()
}

impl ServingCertificate {
    /// The DNS names that the certificate is for.
    fn dns_names(&self) -> Result<Vec<String>, Error> {
        let pair = self.current.load();
        let leaf = pair.cert.first().map_or(&[][..], |leaf| leaf.as_ref());
        let names = auth::certificate::dns_names(leaf).map_err(|error| content(&self.certificate, error))?;
        Ok(names.iter().map(|name| name.to_ascii_lowercase()).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pki::{Files, Names};

    /// A certificate for these names, as the flag names it.
    fn made(folder: &Path, names: &[&str]) -> String {
        let folder = folder.join(names[0].replace('*', "any"));
        let files = Files::below(&folder);
        let dns = names.iter().map(|name| (*name).to_owned()).collect();
        files
            .ensure(&Names {
                dns,
                addresses: Vec::new(),
            })
            .expect("a folder");
        format!(
            "{},{}",
            files.serving_certificate.display(),
            files.serving_key.display()
        )
    }

    #[test]
    fn the_name_that_is_asked_for_decides() {
        let folder = tempfile::tempdir().expect("a folder");
        let a = made(folder.path(), &["a.example", "*.b.example"]);
        let c = made(folder.path(), &["c.example"]);
        let flags = [a.clone(), format!("{c}:c.example,x.b.example,*.d.example")];
        let named: Vec<Named> = flags
            .iter()
            .map(|flag| Named::parse(flag).expect("files"))
            .collect();
        let default = Named::parse(&made(folder.path(), &["default"]))
            .expect("files")
            .certificate;
        let all = Certificates::new(default, named).expect("certificates");
        let of = |name| {
            all.of_name(name)
                .map(|found| found.paths()[0].display().to_string())
        };
        let file = |flag: &str| {
            flag.split_once(',')
                .map(|(certificate, _)| certificate.to_owned())
        };
        for (name, wanted) in [
            ("a.example", file(&a)),
            ("A.Example", file(&a)),
            ("y.b.example", file(&a)),
            ("x.b.example", file(&c)),
            ("q.d.example", file(&c)),
            ("q.q.d.example", None),
            ("b.example", None),
            ("localhost", None),
        ] {
            assert_eq!(of(name), wanted, "{name}");
        }
        // What the certificate is for changes with it.
        let again = Files::below(&folder.path().join("a.example"));
        std::fs::remove_file(&again.serving_certificate).expect("it was there");
        let names = Names {
            dns: vec!["new.example".to_owned()],
            addresses: Vec::new(),
        };
        again.ensure(&names).expect("a folder");
        all.reload().expect("readable");
        assert_eq!((of("a.example"), of("new.example")), (None, file(&a)));
    }

    #[test]
    fn flags_that_name_no_pair_are_refused() {
        for flag in ["", "a", "a,", ",b", "a,b,c", "/no/such,/file"] {
            assert!(Named::parse(flag).is_err(), "{flag}");
        }
    }
}
