//! The etcd that a system on one machine stands on: the one that it is pointed to, one of its own, or one that runs here already.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use auth::client::Client;

use super::limits::{HEALTH_POLL, HEALTH_TIMEOUT};
use super::plan::{Piece, Role, free_address, log};
use crate::error::Error;

/// Where etcd listens unless it is told otherwise.
const USUAL: &str = "http://127.0.0.1:2379";

/// Runs a program, and ends it in order when standard input ends: as the tiers do by themselves, and even if whoever started it was
/// killed.
const SUPERVISED: &str = r#"exec 3<&0; "$0" "$@" </dev/null & program=$!; (cat <&3 >/dev/null; kill -TERM $program) 2>/dev/null & exec 3<&-; wait $program"#;

/// What was found.
pub struct Found {
    /// Its endpoints.
    pub endpoints: Vec<String>,
    /// How it is started, if it is ours.
    pub piece: Option<Piece>,
}

impl Found {
    /// Where it is or how it is started.
    pub async fn look(given: &[String], folder: &Path, client: &Client) -> Result<Self, Error> {
        if !given.is_empty() {
            return Ok(Self {
                endpoints: given.to_vec(),
                piece: None,
            });
        }
        if let Some(program) = on_path("etcd") {
            let (clients, peers) = (free_address()?, free_address()?);
            return Ok(Self {
                endpoints: vec![format!("http://{clients}")],
                piece: Some(own(&program, folder, clients, peers)),
            });
        }
        match client.get(&format!("{USUAL}/health"), HEALTH_TIMEOUT).await {
            Ok(_) => Ok(Self {
                endpoints: vec![USUAL.to_owned()],
                piece: None,
            }),
            Err(_) => Err(Error::flag(
                "etcd-servers",
                format!(
                    "there is no etcd: none in $PATH, none at {USUAL}. Install etcd, or say where one is"
                ),
            )),
        }
    }
}

/// Returns when one that was started here says that it is well.
pub async fn healthy(piece: &Piece, client: &Client) {
    let url = format!("http://{}{}", piece.address, piece.role.readiness());
    while client.get(&url, HEALTH_TIMEOUT).await.is_err() {
        tokio::time::sleep(HEALTH_POLL).await;
    }
}

fn own(program: &Path, folder: &Path, clients: SocketAddr, peers: SocketAddr) -> Piece {
    let name = Role::Etcd.command();
    let (clients_url, peers_url) = (format!("http://{clients}"), format!("http://{peers}"));
    let flags = [
        ("--name", name.into()),
        ("--data-dir", folder.join(name).join("data").into_os_string()),
        ("--log-level", "warn".into()),
        ("--listen-client-urls", clients_url.clone().into()),
        ("--advertise-client-urls", clients_url.into()),
        ("--listen-peer-urls", peers_url.clone().into()),
        ("--initial-advertise-peer-urls", peers_url.clone().into()),
        ("--initial-cluster", format!("{name}={peers_url}").into()),
    ];
    let script: [OsString; 3] = ["-c".into(), SUPERVISED.into(), program.into()];
    let flags = flags
        .into_iter()
        .flat_map(|(flag, value)| [OsString::from(flag), value]);
    Piece {
        role: Role::Etcd,
        name: name.to_owned(),
        address: clients,
        program: PathBuf::from("/bin/sh"),
        arguments: script.into_iter().chain(flags).collect(),
        log: log(folder, name),
    }
}

fn on_path(program: &str) -> Option<PathBuf> {
    let folders = std::env::var_os("PATH")?;
    std::env::split_paths(&folders)
        .map(|folder| folder.join(program))
        .find(|path| path.is_file())
}
