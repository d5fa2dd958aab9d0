//! Flags about one OpenID Connect provider. The configuration file of `--authentication-config` says more, and excludes them.

use std::path::PathBuf;

use auth::authenticate::oidc::Flags;
use clap::Args;

const FILE: &str = "authentication_config";

/// A provider whose tokens are taken.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Access")]
pub struct Oidc {
    /// An OpenID Connect provider whose tokens are taken
    #[arg(long, value_name = "URL", default_value = "", hide_default_value = true, conflicts_with = FILE)]
    pub oidc_issuer_url: String,
    /// For whom its tokens must be
    #[arg(long, value_name = "ID", default_value = "", hide_default_value = true, conflicts_with = FILE)]
    pub oidc_client_id: String,
    /// Who signed the provider's certificate (PEM) [default: the authorities of the operating system]
    #[arg(long, value_name = "FILE", conflicts_with = FILE)]
    pub oidc_ca_file: Option<PathBuf>,
    /// The claim with the user's name
    #[arg(long, value_name = "CLAIM", default_value = "sub", conflicts_with = FILE)]
    pub oidc_username_claim: String,
    /// What is put before it; - is nothing [default: the issuer's URL and #, but nothing before mail addresses]
    #[arg(long, value_name = "PREFIX", default_value = "", hide_default_value = true, allow_hyphen_values = true, conflicts_with = FILE)]
    pub oidc_username_prefix: String,
    /// The claim with the user's groups
    #[arg(long, value_name = "CLAIM", default_value = "", hide_default_value = true, conflicts_with = FILE)]
    pub oidc_groups_claim: String,
    /// What is put before each of them
    #[arg(long, value_name = "PREFIX", default_value = "", hide_default_value = true, conflicts_with = FILE)]
    pub oidc_groups_prefix: String,
    /// Signature algorithms that are taken
    #[arg(long, value_name = "LIST", value_delimiter = ',', default_value = "RS256", conflicts_with = FILE)]
    pub oidc_signing_algs: Vec<String>,
    /// A claim that must be there with this value; may be given several times
    #[arg(long, value_name = "CLAIM=VALUE", value_delimiter = ',', conflicts_with = FILE)]
    pub oidc_required_claim: Vec<String>,
}

impl Oidc {
    /// As they are checked.
    pub fn flags(&self) -> Flags {
        Flags {
            issuer_url: self.oidc_issuer_url.clone(),
            client_id: self.oidc_client_id.clone(),
            ca_file: self.oidc_ca_file.clone(),
            username_claim: self.oidc_username_claim.clone(),
            username_prefix: self.oidc_username_prefix.clone(),
            groups_claim: self.oidc_groups_claim.clone(),
            groups_prefix: self.oidc_groups_prefix.clone(),
            signing_algorithms: self.oidc_signing_algs.clone(),
            required_claims: self.oidc_required_claim.clone(),
        }
    }
}
