//! Flags of the router: where it listens, whom it lets in, and what it passes on to.

use std::path::PathBuf;

use clap::Args;

use super::{Listening, Logging, Tiers, UserHeaders};

/// Everything that can be set for a router.
#[derive(Clone, Debug, Args)]
pub struct Routing {
    /// The folder of its own certificate and `admin.kubeconfig`
    /// [default: $XDG_DATA_HOME/shardplane or ~/.local/share/shardplane]
    #[arg(long, value_name = "DIR", env = "SHARDPLANE_DATA_DIR")]
    pub data_dir: Option<PathBuf>,
    /// The folder of authorities and keys of our own, which the processes of a system share [default: pki in the data folder]
    #[arg(long, value_name = "DIR")]
    pub cert_dir: Option<PathBuf>,
    #[command(flatten)]
    pub listening: Listening,
    #[command(flatten)]
    pub traffic: Traffic,
    #[command(flatten)]
    pub clients: Clients,
    #[command(flatten)]
    pub tiers: Tiers,
    #[command(flatten)]
    pub logging: Logging,
}

/// How much it takes on.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Serving")]
pub struct Traffic {
    /// Requests and watches under way at a time, of all clients
    #[arg(long, value_name = "COUNT", default_value_t = router::limits::REQUESTS_MAX)]
    pub max_requests: usize,
    /// The same of each client address
    #[arg(long, value_name = "COUNT", default_value_t = router::limits::REQUESTS_PER_CLIENT_MAX)]
    pub max_requests_per_client: usize,
}

/// Whom it lets in.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Access")]
pub struct Clients {
    /// Authorities of client certificates (PEM) [default: our own]
    #[arg(long, value_name = "FILE")]
    pub client_ca_file: Option<PathBuf>,
    /// What the tiers read users from, and so what is taken out of what clients send.
    #[command(flatten)]
    pub user_headers: UserHeaders,
}
