//! Which processes a system on one machine consists of, and with which arguments each is started.

use std::ffi::OsString;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::options;

/// What a process is; they are started in this order and stopped in the opposite one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// The store, where it is ours to start.
    Etcd,
    /// The request tier.
    Frontend,
    /// The watch tier.
    Member,
    /// What clients talk to.
    Router,
}

/// One process.
#[derive(Clone, Debug)]
pub struct Piece {
    /// What it is.
    pub role: Role,
    /// Unique in the system, and of its folder.
    pub name: String,
    /// Where it listens.
    pub address: SocketAddr,
    /// What is run. It stops in order when its standard input ends.
    pub program: PathBuf,
    /// With what.
    pub arguments: Vec<OsString>,
    /// Where what it says is added.
    pub log: PathBuf,
}

impl Role {
    /// The command that starts it, and what its processes are called.
    pub fn command(self) -> &'static str {
        match self {
            Self::Etcd => "etcd",
            Self::Frontend => "apiserver",
            Self::Member => "watchcache",
            Self::Router => "router",
        }
    }

    /// Where it says whether it is ready.
    pub fn readiness(self) -> &'static str {
        match self {
            Self::Etcd => "/health",
            Self::Frontend | Self::Member => "/readyz",
            Self::Router => "/router/readyz",
        }
    }

    /// What a process of it is called, where there are several.
    fn name(self, number: u16) -> String {
        let tier = match self {
            Self::Etcd => "etcd",
            Self::Frontend => "frontend",
            Self::Member => "member",
            Self::Router => "router",
        };
        format!("{tier}-{number}")
    }
}

/// The tiers over these etcd servers, in the order in which they are started.
pub fn tiers(options: &options::Up, folder: &Path, etcd: &[String]) -> Result<Vec<Piece>, Error> {
    let program = std::env::current_exe().map_err(Error::Runtime)?;
    // Routers have the first ports: they are what people type.
    let mut ports = Ports::new(options.secure_port);
    let order = [
        (Role::Router, options.routers),
        (Role::Frontend, options.apiservers),
        (Role::Member, options.watchcaches),
    ];
    let mut pieces = Vec::new();
    for (role, count) in order {
        for number in 1..=count {
            let (name, address) = (role.name(number), ports.next()?);
            pieces.push(Piece {
                role,
                arguments: standing(role, folder, &name, address),
                log: log(folder, &name),
                name,
                address,
                program: program.clone(),
            });
        }
    }
    let frontends = pieces.iter().filter(|piece| piece.role == Role::Frontend);
    let seeds: Vec<String> = frontends.map(|piece| piece.address.to_string()).collect();
    for piece in &mut pieces {
        if piece.role != Role::Router {
            piece.arguments.extend(flag("--etcd-servers", etcd.join(",")));
        }
        if piece.role != Role::Frontend {
            piece.arguments.extend(flag("--frontends", seeds.join(",")));
        }
        let more = match piece.role {
            Role::Etcd => &[][..],
            Role::Frontend => &options.apiserver_args,
            Role::Member => &options.watchcache_args,
            Role::Router => &options.router_args,
        };
        piece.arguments.extend(more.iter().map(OsString::from));
    }
    pieces.sort_by_key(|piece| piece.role);
    Ok(pieces)
}

/// Where a process writes what it says.
pub fn log(folder: &Path, name: &str) -> PathBuf {
    folder.join(name).join("log")
}

/// The certificates that the processes share.
pub fn certificates(folder: &Path) -> PathBuf {
    folder.join("pki")
}

/// What each process is told of where it stands.
fn standing(role: Role, folder: &Path, name: &str, address: SocketAddr) -> Vec<OsString> {
    let flags = [
        flag("--data-dir", folder.join(name)),
        flag("--cert-dir", certificates(folder)),
        flag("--bind-address", address.ip().to_string()),
        flag("--secure-port", address.port().to_string()),
    ];
    let whole = ["--stop-with-stdin".into()];
    let command = [OsString::from(role.command())];
    command
        .into_iter()
        .chain(flags.into_iter().flatten())
        .chain(whole)
        .collect()
}

fn flag(name: &str, value: impl Into<OsString>) -> [OsString; 2] {
    [name.into(), value.into()]
}

/// Ports for one process after the other.
struct Ports {
    /// The next one; 0 is any that is free.
    next: u32,
}

impl Ports {
    fn new(first: u16) -> Self {
        Self { next: first.into() }
    }

    fn next(&mut self) -> Result<SocketAddr, Error> {
        if self.next == 0 {
            return free_address();
        }
        let port = u16::try_from(self.next)
            .map_err(|_| Error::flag("secure-port", "there are fewer ports above it than processes"))?;
        self.next += 1;
        Ok(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))
    }
}

/// An address on this machine that nobody listens on. Somebody else may take it before it is used.
pub fn free_address() -> Result<SocketAddr, Error> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(Error::Runtime)?;
    listener.local_addr().map_err(Error::Runtime)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::{Command, CommandLine};
    use clap::Parser;

    fn pieces(arguments: &[&str]) -> Result<Vec<Piece>, Error> {
        let parsed = CommandLine::parse_from(["shardplane", "up"].iter().chain(arguments)).into_command();
        let Command::Up(options) = parsed else {
            panic!("{parsed:?}");
        };
        tiers(&options, Path::new("/data"), &["http://e:1".to_owned()])
    }

    #[test]
    fn every_process_is_a_command_line_that_is_understood() {
        let flags = [
            "--routers=2",
            "--secure-port=7000",
            "--apiserver-arg=--event-ttl=5m",
            "--watchcache-arg=-v",
            "--watchcache-arg=4",
        ];
        let pieces = pieces(&flags).expect("ports enough");
        let shown: Vec<_> = pieces
            .iter()
            .map(|piece| (piece.name.as_str(), piece.address.port()))
            .collect();
        let wanted = [
            ("frontend-1", 7002),
            ("frontend-2", 7003),
            ("member-1", 7004),
            ("member-2", 7005),
            ("member-3", 7006),
            ("router-1", 7000),
            ("router-2", 7001),
        ];
        assert_eq!(shown, wanted);
        for piece in pieces {
            let arguments = [OsString::from("shardplane")].into_iter().chain(piece.arguments);
            match (piece.role, CommandLine::parse_from(arguments).into_command()) {
                (Role::Frontend, Command::Apiserver(options)) => {
                    assert_eq!(options.options.etcd.etcd_servers, ["http://e:1"]);
                    assert_eq!(options.options.cluster.event_ttl.as_secs(), 300);
                }
                (Role::Member, Command::Watchcache(member)) => {
                    assert_eq!(member.tiers.frontends, ["127.0.0.1:7002", "127.0.0.1:7003"]);
                    assert_eq!(member.options.logging.verbosity, 4);
                }
                (Role::Router, Command::Router(routing)) => {
                    assert_eq!(routing.tiers.frontends.len(), 2);
                    assert!(routing.listening.stop_with_stdin);
                }
                (role, other) => panic!("{role:?}: {other:?}"),
            }
        }
    }

    #[test]
    fn ports_must_be_enough() {
        assert!(pieces(&["--secure-port=65530"]).is_ok(), "the last is 65535");
        assert!(pieces(&["--secure-port=65531"]).is_err());
        let free = pieces(&["--secure-port=0"]).expect("free ones");
        let ports: std::collections::BTreeSet<_> = free.iter().map(|piece| piece.address.port()).collect();
        assert!(ports.len() == free.len() && !ports.contains(&0));
    }
}
