//! The command line as it is typed. Flags have the names of kube-apiserver where it has them.
//! Nothing is read or checked here beyond the form of single values.

mod access;
mod audit;
mod cluster;
mod etcd;
mod oidc;
mod serving;
mod watch_cache;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

pub use access::{ACCESS_WEBHOOK_TTLS, Access, Authorization, ServiceAccounts, TOKEN_WEBHOOK_TTL};
pub use audit::Audit;
pub use cluster::Cluster;
pub use etcd::Etcd;
pub use serving::Serving;
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

#[derive(Debug, Subcommand)]
enum Command {
    /// Serves the Kubernetes API over a store of its own in a folder, or over etcd (the default command).
    Serve(Box<Options>),
    /// Serves lists and watches from memory, and nothing else: a member of the watch tier beside API servers on one etcd.
    /// Flags about writing have no effect here.
    Watchcache(Box<Options>),
}

/// What the process is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// All tiers in one.
    Serve,
    /// A member of the watch tier.
    Watchcache,
}

/// Everything that can be set.
#[derive(Clone, Debug, Args)]
pub struct Options {
    /// The folder of the embedded store, the certificates and `admin.kubeconfig`
    /// [default: $XDG_DATA_HOME/shardplane or ~/.local/share/shardplane]
    #[arg(long, value_name = "DIR", env = "SHARDPLANE_DATA_DIR")]
    pub data_dir: Option<PathBuf>,
    #[command(flatten)]
    pub serving: Serving,
    #[command(flatten)]
    pub access: Access,
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
}

impl CommandLine {
    /// What the process is, and its options wherever they stand.
    pub fn into_options(self) -> (Role, Options) {
        match self.command {
            Some(Command::Serve(options)) => (Role::Serve, *options),
            Some(Command::Watchcache(options)) => (Role::Watchcache, *options),
            None => (Role::Serve, self.options),
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
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_well_formed() {
        CommandLine::command().debug_assert();
    }

    #[test]
    fn serve_is_the_default_command() {
        let bare = CommandLine::parse_from(["shardplane", "--secure-port", "7443"])
            .into_options()
            .1;
        let named = CommandLine::parse_from(["shardplane", "serve", "--secure-port=7443"])
            .into_options()
            .1;
        assert_eq!(
            (bare.serving.secure_port, named.serving.secure_port),
            (7443, 7443)
        );
        assert_eq!(named.serving.request_timeout.as_secs(), 60);
    }

    #[test]
    fn each_command_is_a_role() {
        let role = |command: &str| CommandLine::parse_from(["shardplane", command]).into_options().0;
        assert_eq!(
            (role("serve"), role("watchcache")),
            (Role::Serve, Role::Watchcache)
        );
    }

    #[test]
    fn durations_are_those_of_go() {
        assert_eq!(duration("1h0m30s").map(|one| one.as_secs()), Ok(3_630));
        assert!(duration("-1s").is_err());
        assert!(duration("soon").is_err());
    }
}
