//! Flags of `up`: how many processes of each tier, and over which etcd.

use std::path::PathBuf;

use clap::Args;

use super::Logging;

/// Processes of a tier, at most: this is for one machine.
const PROCESSES_MAX: i64 = 64;

/// Everything that can be set for a whole system on one machine.
#[derive(Clone, Debug, Args)]
pub struct Up {
    /// The folder of everything: `admin.kubeconfig`, `system.json`, certificates, and a folder of each process with its log
    /// [default: $XDG_DATA_HOME/shardplane or ~/.local/share/shardplane, and there up]
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// How many frontends
    #[arg(long, value_name = "COUNT", default_value_t = 2, value_parser = counts(1))]
    pub apiservers: u16,
    /// How many members of the watch tier
    #[arg(long, value_name = "COUNT", default_value_t = 3, value_parser = counts(1))]
    pub watchcaches: u16,
    /// How many routers
    #[arg(long, value_name = "COUNT", default_value_t = 1, value_parser = counts(1))]
    pub routers: u16,
    /// The port of the first router; the other processes have those after it. 0 finds a free one for each
    #[arg(long, value_name = "PORT", default_value_t = 6443)]
    pub secure_port: u16,
    /// etcd's endpoints, separated by commas [default: the program etcd of $PATH, started with its data in the data folder; or
    /// else what answers at http://127.0.0.1:2379]
    #[arg(long, value_name = "URLS", value_delimiter = ',')]
    pub etcd_servers: Vec<String>,
    /// A flag for each frontend besides; repeat it for several
    #[arg(long = "apiserver-arg", value_name = "FLAG", allow_hyphen_values = true)]
    pub apiserver_args: Vec<String>,
    /// The same for each member of the watch tier
    #[arg(long = "watchcache-arg", value_name = "FLAG", allow_hyphen_values = true)]
    pub watchcache_args: Vec<String>,
    /// The same for each router
    #[arg(long = "router-arg", value_name = "FLAG", allow_hyphen_values = true)]
    pub router_args: Vec<String>,
    /// Start what ended by itself again
    #[arg(long, value_name = "BOOL", default_value_t = true, action = clap::ArgAction::Set)]
    pub restart: bool,
    #[command(flatten)]
    pub logging: Logging,
}

fn counts(least: i64) -> clap::builder::RangedI64ValueParser<u16> {
    clap::value_parser!(u16).range(least..=PROCESSES_MAX)
}
