//! Flags of `certificates`: for which system, and where they are kept.

use std::path::PathBuf;

use clap::Args;

use super::Logging;

/// Everything that can be set for the certificates of a system.
#[derive(Clone, Debug, Args)]
pub struct Certificates {
    /// The folder that they are made in: one folder for each piece
    #[arg(long, value_name = "DIR")]
    pub dir: PathBuf,
    /// What the Services of the system are called, or their names begin with
    #[arg(long, value_name = "NAME", default_value = "shardplane")]
    pub name: String,
    /// The namespace of the Services and Secrets
    #[arg(long, value_name = "NAME", default_value = "shardplane-system")]
    pub namespace: String,
    /// What the names of Services end with
    #[arg(long, value_name = "DOMAIN", default_value = "cluster.local")]
    pub cluster_domain: String,
    /// Other names and addresses of routers and frontends, separated by commas
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    pub names: Vec<String>,
    /// Only these pieces, and the authorities that sign them [default: all]
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    pub pieces: Vec<String>,
    /// Keep them as Secrets NAME-PIECE of the cluster that this process runs in, as its service account
    #[arg(long, conflicts_with = "kubeconfig")]
    pub in_cluster: bool,
    /// Keep them as Secrets of this cluster (kubeconfig)
    #[arg(long, value_name = "FILE")]
    pub kubeconfig: Option<PathBuf>,
    #[command(flatten)]
    pub logging: Logging,
}
