//! The command line as it is typed. Flags have the names of kube-apiserver where it has them.
//! Nothing is read or checked here beyond the form of single values.

mod access;
mod admission;
mod audit;
mod certificates;
mod cluster;
mod etcd;
mod oidc;
mod probe;
mod routing;
mod serving;
mod tiers;
mod up;
mod watch_cache;

use std::path::PathBuf;

use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};

use crate::pages;

pub use access::{
    ACCESS_WEBHOOK_TTLS, Access, Authorization, ServiceAccounts, TOKEN_WEBHOOK_TTL, UserHeaders,
};
pub use admission::Admission;
pub use audit::Audit;
pub use certificates::Certificates;
pub use cluster::Cluster;
pub use etcd::Etcd;
pub use probe::Probe;
pub use routing::Routing;
pub use serving::{Listening, Serving};
pub use tiers::{Share, TierToken, TierTrust, Tiers};
pub use up::Up;
pub use watch_cache::WatchCache;

/// A Kubernetes API server. Without a command it serves.
#[derive(Debug, Parser)]
#[command(
    name = "shardplane",
    version,
    args_conflicts_with_subcommands = true,
    max_term_width = 110
)]
pub struct CommandLine {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    options: Options,
}

/// What the process is.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serves the Kubernetes API over a store of its own in a folder, or over etcd (the default command).
    Serve(Box<Options>),
    /// A frontend: serves everything over an etcd but whole lists and watches, which it leaves to the watch tier.
    Apiserver(Box<Frontend>),
    /// Serves lists and watches from memory, and nothing else: a member of the watch tier beside API servers on one etcd.
    /// Flags about writing have no effect here. With --frontends it shares the resources with other members; without it keeps all.
    Watchcache(Box<Member>),
    /// Passes requests on: lists and watches to the watch tier, everything else to frontends. It needs no etcd.
    Router(Box<Routing>),
    /// Starts a whole system on this machine: processes of all three tiers over an etcd. Tells where they are and stops them together.
    Up(Box<Up>),
    /// Makes the certificates and keys of a system on many machines, in a folder or as Secrets of a cluster; run again, it renews them.
    Certificates(Box<Certificates>),
    /// Asks a server on this machine whether it is well, and fails if it is not.
    Probe(Box<Probe>),
}

/// Everything that can be set for a frontend.
#[derive(Clone, Debug, Args)]
pub struct Frontend {
    #[command(flatten)]
    pub options: Options,
    #[command(flatten)]
    pub trust: TierTrust,
}

/// Everything that can be set for a member of the watch tier.
#[derive(Clone, Debug, Args)]
pub struct Member {
    #[command(flatten)]
    pub options: Options,
    #[command(flatten)]
    pub tiers: Tiers,
    #[command(flatten)]
    pub token: TierToken,
    #[command(flatten)]
    pub share: Share,
}

/// Everything that can be set.
#[derive(Clone, Debug, Args)]
pub struct Options {
    /// The folder of the embedded store, the certificates and `admin.kubeconfig`
    /// [default: $XDG_DATA_HOME/shardplane or ~/.local/share/shardplane]
    #[arg(long, value_name = "DIR", env = "SHARDPLANE_DATA_DIR")]
    pub data_dir: Option<PathBuf>,
    /// The folder of authorities and keys of our own, which the processes of a system share [default: pki in the data folder]
    #[arg(long, value_name = "DIR")]
    pub cert_dir: Option<PathBuf>,
    #[command(flatten)]
    pub serving: Serving,
    #[command(flatten)]
    pub access: Access,
    #[command(flatten)]
    pub admission: Admission,
    #[command(flatten)]
    pub audit: Audit,
    #[command(flatten)]
    pub etcd: Etcd,
    #[command(flatten)]
    pub watch_cache: WatchCache,
    #[command(flatten)]
    pub cluster: Cluster,
    #[command(flatten)]
    pub logging: Logging,
}

/// What is logged.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Logging")]
pub struct Logging {
    /// How much is logged: 0 what an operator should know, 4 what helps to find faults, 6 everything. RUST_LOG goes before it
    #[arg(short = 'v', long = "v", value_name = "LEVEL", default_value_t = 0)]
    pub verbosity: u8,
    /// How lines are written: text for people, json for programs (an object a line)
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = LoggingFormat::Text)]
    pub logging_format: LoggingFormat,
}

/// How lines of the log are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LoggingFormat {
    /// For people.
    Text,
    /// For programs.
    Json,
}

impl CommandLine {
    /// Reads what was typed. It ends the process where that is wrong, and where only help is wanted.
    pub fn read() -> Command {
        let mut known = Self::command();
        let matches = known.get_matches_mut();
        let typed = Self::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
        let flags = match matches.subcommand() {
            Some((name, matches)) => known
                .find_subcommand(name)
                .map(|known| pages::flags(known, matches)),
            None => Some(pages::flags(&known, &matches)),
        };
        let mut command = typed.into_command();
        if let Some((listening, component)) = command.listening() {
            listening.component = component;
            listening.given = flags.unwrap_or_else(|| [].into());
        }
        command
    }

    /// What the process is, with its options wherever they stand.
    pub fn into_command(self) -> Command {
        self.command
            .unwrap_or_else(|| Command::Serve(Box::new(self.options)))
    }
}

impl Command {
    /// Where it listens; `None` if it is no tier itself. It knows then what it is and how it was started.
    pub fn listening(&mut self) -> Option<(&mut Listening, &'static str)> {
        Some(match self {
            Self::Serve(options) => (&mut options.serving.listening, "shardplane"),
            Self::Apiserver(frontend) => (&mut frontend.options.serving.listening, "shardplane-apiserver"),
            Self::Watchcache(member) => (&mut member.options.serving.listening, "shardplane-watchcache"),
            Self::Router(routing) => (&mut routing.listening, "shardplane-router"),
            Self::Up(_) | Self::Certificates(_) | Self::Probe(_) => return None,
        })
    }

    /// What is logged, and how.
    pub fn logging(&self) -> &Logging {
        match self {
            Self::Serve(options) => &options.logging,
            Self::Apiserver(frontend) => &frontend.options.logging,
            Self::Watchcache(member) => &member.options.logging,
            Self::Router(routing) => &routing.logging,
            Self::Up(options) => &options.logging,
            Self::Certificates(options) => &options.logging,
            Self::Probe(options) => &options.logging,
        }
    }
}

/// Reads a duration as Go prints it (`1m30s`).
fn duration(text: &str) -> Result<std::time::Duration, String> {
    let nanos = schema::time::duration::parse(text)?;
    u64::try_from(nanos)
        .map(std::time::Duration::from_nanos)
        .map_err(|_| "it must not be negative".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        CommandLine::command().debug_assert();
    }

    fn command(arguments: &[&str]) -> Command {
        CommandLine::parse_from(["shardplane"].iter().chain(arguments)).into_command()
    }

    #[test]
    fn serve_is_the_default_command() {
        let serving = |arguments: &[&str]| match command(arguments) {
            Command::Serve(options) => options.serving.listening,
            other => panic!("{other:?}"),
        };
        let (bare, named) = (
            serving(&["--secure-port", "7443"]),
            serving(&["serve", "--secure-port=7443"]),
        );
        assert_eq!((bare.secure_port, named.secure_port), (7443, 7443));
        assert_eq!(named.request_timeout.as_secs(), 60);
    }

    #[test]
    fn each_tier_is_a_command() {
        assert!(matches!(
            command(&["apiserver", "-v", "4"]),
            Command::Apiserver(_)
        ));
        assert_eq!(command(&["router", "-v", "4"]).logging().verbosity, 4);
        let member = command(&["watchcache", "--unit-replicas-overrides", "pods=all,nodes=3"]);
        let Command::Watchcache(member) = member else {
            panic!("{member:?}");
        };
        assert_eq!(member.share.unit_replicas_overrides, ["pods=all", "nodes=3"]);
    }

    #[test]
    fn what_another_server_decides_is_not_configured_here() {
        let parse = |arguments: &[&str]| {
            CommandLine::try_parse_from(["shardplane", "watchcache"].iter().chain(arguments)).map(drop)
        };
        let (users, rights) = (
            ["--authentication-kubeconfig", "k"],
            ["--authorization-kubeconfig", "k"],
        );
        let paths = ["--authorization-always-allow-paths", "/livez"];
        assert!(parse(&[users, rights, paths].concat()).is_ok());
        assert!(parse(&paths).is_err(), "they are allowed before it is asked");
        for (delegated, own) in [
            (users, "--oidc-issuer-url=https://issuer"),
            (rights, "--authorization-policy-file=p"),
            (rights, "--authorization-webhook-config-file=w"),
        ] {
            assert!(parse(&[&delegated[..], &[own]].concat()).is_err(), "{own}");
        }
    }

    #[test]
    fn durations_are_those_of_go() {
        assert_eq!(duration("1h0m30s").map(|one| one.as_secs()), Ok(3_630));
        assert!(duration("-1s").is_err());
        assert!(duration("soon").is_err());
    }
}
