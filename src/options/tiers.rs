//! Flags about the other tiers: where they are, and how processes know each other.

use std::path::PathBuf;

use clap::Args;
use router::assignment::Replicas;
use rustls::pki_types::ServerName;

/// Where the other tiers are.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Tiers")]
pub struct Tiers {
    /// Frontends to begin with: host:port, ... separated by commas; names with several addresses too. The others are found by
    /// their leases
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    pub frontends: Vec<String>,
    #[command(flatten)]
    pub trust: TierTrust,
}

/// How a process and the other tiers know each other.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Tiers")]
pub struct TierTrust {
    /// Authorities of the other tiers' serving certificates (PEM); repeat it for several files [default: our own]
    #[arg(long, value_name = "FILE")]
    pub tier_ca_file: Vec<PathBuf>,
    /// A name in the serving certificates of all who are found by their leases [default: each one's address]
    #[arg(long, value_name = "NAME", value_parser = server_name)]
    pub tier_server_name: Option<ServerName<'static>>,
    /// The client certificate that the other tiers are shown (PEM): a front proxy's for a router and a frontend [default: our own]
    #[arg(long, value_name = "FILE", requires = "tier_client_key_file")]
    pub tier_client_cert_file: Option<PathBuf>,
    /// Its key (PEM)
    #[arg(long, value_name = "FILE", requires = "tier_client_cert_file")]
    pub tier_client_key_file: Option<PathBuf>,
}

fn server_name(text: &str) -> Result<ServerName<'static>, String> {
    ServerName::try_from(text.to_owned()).map_err(|error| error.to_string())
}

/// How a member of the watch tier is known where its certificate says nothing.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Tiers")]
pub struct TierToken {
    /// A bearer token that frontends are shown instead of a client certificate, such as a service account's; it is read again when
    /// it changes
    #[arg(long, value_name = "FILE", conflicts_with = "tier_client_cert_file")]
    pub tier_token_file: Option<PathBuf>,
}

/// What a member of the watch tier keeps.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Tiers")]
pub struct Share {
    /// How many members keep each resource, or all. Give all members the same: the first of them counts
    #[arg(long, value_name = "COUNT", default_value = "2")]
    pub unit_replicas: Replicas,
    /// The same for single resources: pods=all,configmaps=3,deployments.apps=2, ...
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    pub unit_replicas_overrides: Vec<String>,
    /// This member's share of resources, compared with the others'
    #[arg(long, value_name = "NUMBER", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=router::limits::WEIGHT_MAX as i64))]
    pub member_weight: u32,
}
