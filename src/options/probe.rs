//! Flags of `probe`: what is asked.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::{Logging, duration};

/// A question about the health of a server on this machine.
#[derive(Clone, Debug, Args)]
pub struct Probe {
    /// The server
    #[arg(long, value_name = "URL", default_value = "https://127.0.0.1:6443")]
    pub server: String,
    /// What is asked; of a router /router/livez
    #[arg(long, value_name = "PATH", default_value = "/livez")]
    pub path: String,
    /// The server's data folder, for its authority [default: $XDG_DATA_HOME/shardplane or ~/.local/share/shardplane]
    #[arg(long, value_name = "DIR", env = "SHARDPLANE_DATA_DIR")]
    pub data_dir: Option<PathBuf>,
    /// Authorities of its certificate (PEM) [default: its own, in the data folder]
    #[arg(long, value_name = "FILE")]
    pub certificate_authority: Option<PathBuf>,
    /// How long the answer may take
    #[arg(long, value_name = "DURATION", default_value = "5s", value_parser = duration)]
    pub timeout: Duration,
    #[command(flatten)]
    pub logging: Logging,
}
