//! The options with everything filled in that depends on the machine: folders, addresses, names.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, UdpSocket};
use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::options::Options;

/// Complete, not yet checked.
#[derive(Clone, Debug)]
pub struct Completed {
    /// As typed.
    pub options: Options,
    /// The data folder.
    pub data_dir: PathBuf,
    /// Where the rest of the cluster reaches this server.
    pub advertise_address: IpAddr,
    /// This machine's name.
    pub hostname: String,
}

impl Options {
    /// Fills in what was not typed.
    pub fn complete(self) -> Result<Completed, Error> {
        let listening = &self.serving.listening;
        Ok(Completed {
            data_dir: data_dir(self.data_dir.as_deref())?,
            advertise_address: advertise_address(listening.advertise_address, listening.bind_address),
            hostname: hostname(),
            options: self,
        })
    }
}

/// The data folder, whatever the process's working folder is later.
pub fn data_dir(given: Option<&Path>) -> Result<PathBuf, Error> {
    let path = given.map_or_else(default_data_dir, Path::to_owned);
    std::path::absolute(&path).map_err(|source| Error::Folder { path, source })
}

/// Where others reach a server that is bound to an address.
pub fn advertise_address(given: Option<IpAddr>, bound: IpAddr) -> IpAddr {
    given.unwrap_or_else(|| match bound {
        address if address.is_unspecified() || address.is_loopback() => outward_address(),
        address => address,
    })
}

fn default_data_dir() -> PathBuf {
    let from = |variable: &str, below: &str| {
        let folder = std::env::var_os(variable).filter(|folder| Path::new(folder).is_absolute())?;
        Some(Path::new(&folder).join(below))
    };
    from("XDG_DATA_HOME", "shardplane")
        .or_else(|| from("HOME", ".local/share/shardplane"))
        .unwrap_or_else(|| PathBuf::from("shardplane-data"))
}

/// The address that packets to elsewhere would leave from. Nothing is sent to find it. Without a network it is the
/// loopback address.
fn outward_address() -> IpAddr {
    // Addresses for documentation (RFC 5737, RFC 3849): routed as any other.
    let tries: [(IpAddr, &str); 2] = [
        (Ipv4Addr::UNSPECIFIED.into(), "192.0.2.1:9"),
        (Ipv6Addr::UNSPECIFIED.into(), "[2001:db8::1]:9"),
    ];
    let found = tries.iter().find_map(|(from, to)| {
        let socket = UdpSocket::bind((*from, 0)).ok()?;
        socket.connect(to).ok()?;
        socket.local_addr().ok().map(|address| address.ip())
    });
    found
        .filter(|address| !address.is_unspecified())
        .unwrap_or(Ipv4Addr::LOCALHOST.into())
}

/// This machine's name.
pub fn hostname() -> String {
    let from_kernel = std::fs::read_to_string("/proc/sys/kernel/hostname").ok();
    let name = from_kernel
        .or_else(|| std::env::var("HOSTNAME").ok())
        .unwrap_or_default();
    let name = name.trim().to_ascii_lowercase();
    if name.is_empty() {
        "localhost".to_owned()
    } else {
        name
    }
}
