//! Flags about who may come in.

use std::path::PathBuf;

use clap::Args;

/// Who is let in.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Access")]
pub struct Access {
    /// Authorities of client certificates (PEM) [default: our own in the data folder]
    #[arg(long, value_name = "FILE")]
    pub client_ca_file: Option<PathBuf>,
    /// Static bearer tokens: a CSV file of token,user,uid,"group1,group2"
    #[arg(long, value_name = "FILE")]
    pub token_auth_file: Option<PathBuf>,
    /// Who signs service account tokens, as it stands in them; the first one signs
    #[arg(long, value_name = "URL", default_value = "https://kubernetes.default.svc")]
    pub service_account_issuer: Vec<String>,
    /// Keys that service account tokens may be signed with (PEM) [default: our own in the data folder]
    #[arg(long, value_name = "FILE")]
    pub service_account_key_file: Vec<PathBuf>,
    /// The key that signs service account tokens (PEM) [default: our own in the data folder]
    #[arg(long, value_name = "FILE")]
    pub service_account_signing_key_file: Option<PathBuf>,
}
