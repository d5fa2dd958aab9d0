//! Makes and renews the certificates of a system on many machines, in a folder or as Secrets of a cluster. It runs and ends; what it
//! makes is [`serve::pki::system`]'s affair.

mod secrets;

use std::collections::BTreeMap;
use std::path::Path;

use auth::client::Kubeconfig;
use serve::pki::system::{Piece, System};
use serve::pki::{Names, write_private};
use serve::tls;

use crate::completed::data_dir;
use crate::error::Error;
use crate::options;

use secrets::Secrets;

/// The files of a piece by name.
type Files = BTreeMap<String, Vec<u8>>;

/// Makes what is missing or about to expire, and says what was made. Keys are never printed.
pub async fn run(options: options::Certificates) -> Result<(), Error> {
    tls::install_provider();
    let pieces = pieces(&options.pieces)?;
    let folder = data_dir(Some(&options.dir))?;
    let cluster = cluster(&options)?;
    let system = System {
        name: options.name,
        namespace: options.namespace,
        cluster_domain: options.cluster_domain,
        others: names(&options.names),
    };
    for piece in pieces {
        let place = folder.join(piece.name());
        let kept = match &cluster {
            Some(secrets) => secrets.read(piece).await?,
            None => None,
        };
        if let Some(secret) = &kept {
            write(&place, &secret.files)?;
        }
        let before = read(&place)?;
        system.ensure(&folder, piece)?;
        let after = read(&place)?;
        let is_kept = kept.as_ref().is_some_and(|secret| secret.files == after);
        match &cluster {
            Some(secrets) if !is_kept => secrets.write(piece, kept, &after).await?,
            _ => {}
        }
        let is_unchanged = before == after && (is_kept || cluster.is_none());
        let said = if is_unchanged { "is good" } else { "is made" };
        println!("{} {said}", piece.name());
    }
    Ok(())
}

/// Those that are wanted, after the authorities that sign them.
fn pieces(wanted: &[String]) -> Result<Vec<Piece>, Error> {
    let known = |name: &String| Piece::ALL.iter().any(|piece| piece.name() == name);
    if let Some(unknown) = wanted.iter().find(|name| !known(name)) {
        let all = Piece::ALL.map(Piece::name).join(", ");
        return Err(Error::flag("pieces", format!("{unknown:?} is none of {all}")));
    }
    let is_wanted = |piece: &Piece| {
        let is_authority = matches!(piece, Piece::Authority | Piece::FrontProxyAuthority);
        wanted.is_empty() || is_authority || wanted.iter().any(|name| name == piece.name())
    };
    Ok(Piece::ALL.into_iter().filter(is_wanted).collect())
}

fn names(texts: &[String]) -> Names {
    let mut names = Names::default();
    for text in texts.iter().filter(|text| !text.is_empty()) {
        match text.parse() {
            Ok(address) => names.addresses.push(address),
            Err(_) => names.dns.push(text.clone()),
        }
    }
    names
}

/// The cluster that keeps them, if any is to.
fn cluster(options: &options::Certificates) -> Result<Option<Secrets>, Error> {
    let failed = |error: auth::client::Error| Error::Certificates(error.to_string());
    let way = match &options.kubeconfig {
        Some(path) => Kubeconfig::read(path).map_err(failed)?,
        None if options.in_cluster => secrets::of_pod()?,
        None => return Ok(None),
    };
    Secrets::new(way, &options.namespace, &options.name).map(Some)
}

/// The files of a folder; none if there is no folder.
fn read(folder: &Path) -> Result<Files, Error> {
    let failed = |source| Error::Folder {
        path: folder.to_owned(),
        source,
    };
    let mut files = Files::new();
    if !folder.exists() {
        return Ok(files);
    }
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        files.insert(name, std::fs::read(entry.path()).map_err(failed)?);
    }
    Ok(files)
}

fn write(folder: &Path, files: &Files) -> Result<(), Error> {
    for (name, content) in files {
        write_private(&folder.join(name), content)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn authorities_come_before_what_they_sign() {
        let named = |list: &[&str]| {
            let list: Vec<_> = list.iter().map(|&name| name.to_owned()).collect();
            pieces(&list).map(|pieces| pieces.into_iter().map(Piece::name).collect::<Vec<_>>())
        };
        assert_eq!(
            named(&["router-tls"]).expect("known"),
            ["ca", "front-proxy-ca", "router-tls"]
        );
        assert_eq!(named(&[]).expect("known").len(), Piece::ALL.len());
        let why = named(&["../x"]).expect_err("unknown").to_string();
        assert!(why.starts_with("--pieces: \"../x\" is none of ca, "), "{why}");
    }
}
