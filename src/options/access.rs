//! Flags about who may come in and what they may do.

use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgAction, Args};

use super::duration;
use super::oidc::Oidc;

/// For how long the answers of a token webhook are remembered, unless told otherwise.
pub const TOKEN_WEBHOOK_TTL: Duration = Duration::from_secs(120);
/// The same of an authorization webhook: for yes, and for no.
pub const ACCESS_WEBHOOK_TTLS: [Duration; 2] = [Duration::from_secs(300), Duration::from_secs(30)];

/// Who is let in, and what they may do.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Access")]
pub struct Access {
    /// Authorities of client certificates (PEM) [default: our own in the data folder]
    #[arg(long, value_name = "FILE")]
    pub client_ca_file: Option<PathBuf>,
    /// Static bearer tokens: a CSV file of token,user,uid,"group1,group2"
    #[arg(long, value_name = "FILE")]
    pub token_auth_file: Option<PathBuf>,
    /// Whether requests without credentials are let in, as system:anonymous
    #[arg(long, value_name = "BOOL", default_value_t = true, action = ArgAction::Set, num_args = 0..=1, default_missing_value = "true", require_equals = true)]
    pub anonymous_auth: bool,
    /// Issuers of tokens and anonymous access (YAML, AuthenticationConfiguration)
    #[arg(long, value_name = "FILE")]
    pub authentication_config: Option<PathBuf>,
    /// Whether secrets of type bootstrap.kubernetes.io/token in kube-system let in who has them
    #[arg(long, value_name = "BOOL", default_value_t = false, action = ArgAction::Set, num_args = 0..=1, default_missing_value = "true", require_equals = true)]
    pub enable_bootstrap_token_auth: bool,
    /// A webhook that knows tokens (kubeconfig)
    #[arg(long, value_name = "FILE")]
    pub authentication_token_webhook_config_file: Option<PathBuf>,
    /// The version of the TokenReviews that it is sent
    #[arg(long, value_name = "VERSION", default_value = "v1beta1", value_parser = ["v1", "v1beta1"])]
    pub authentication_token_webhook_version: String,
    /// For how long its answers are remembered [default: 2m0s, and 10s with --authentication-kubeconfig]
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub authentication_token_webhook_cache_ttl: Option<Duration>,
    /// Whether watches end when their user loses the right to them, or their credential ends
    #[arg(long, value_name = "BOOL", default_value_t = true, action = ArgAction::Set, num_args = 0..=1, default_missing_value = "true", require_equals = true)]
    pub end_watches_on_revocation: bool,
    /// For whom tokens must be [default: the issuers of service account tokens]
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    pub api_audiences: Vec<String>,
    #[command(flatten)]
    pub delegation: Delegation,
    #[command(flatten)]
    pub oidc: Oidc,
    #[command(flatten)]
    pub front_proxy: FrontProxy,
    #[command(flatten)]
    pub service_accounts: ServiceAccounts,
    #[command(flatten)]
    pub authorization: Authorization,
}

/// Another API server that knows users.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Access")]
pub struct Delegation {
    /// Another API server that is asked whose token it is, by TokenReview (kubeconfig)
    #[arg(long, value_name = "FILE", conflicts_with_all = ["authentication_config", "authentication_token_webhook_config_file", "enable_bootstrap_token_auth", "oidc_issuer_url"])]
    pub authentication_kubeconfig: Option<PathBuf>,
}

/// Proxies that name users in headers.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Access")]
pub struct FrontProxy {
    /// Authorities of front proxies' certificates (PEM) [default: our own in the data folder]
    #[arg(long, value_name = "FILE", requires = "requestheader_allowed_names")]
    pub requestheader_client_ca_file: Option<PathBuf>,
    /// Common names that such certificates may have
    #[arg(
        long,
        value_name = "LIST",
        value_delimiter = ',',
        default_value = "front-proxy-client"
    )]
    pub requestheader_allowed_names: Vec<String>,
    #[command(flatten)]
    pub user_headers: UserHeaders,
}

/// The headers in which a proxy names a user.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Access")]
pub struct UserHeaders {
    /// Headers with the user's name
    #[arg(
        long,
        value_name = "LIST",
        value_delimiter = ',',
        default_value = "X-Remote-User"
    )]
    pub requestheader_username_headers: Vec<String>,
    /// Headers with the user's uid
    #[arg(
        long,
        value_name = "LIST",
        value_delimiter = ',',
        default_value = "X-Remote-Uid"
    )]
    pub requestheader_uid_headers: Vec<String>,
    /// Headers with groups
    #[arg(
        long,
        value_name = "LIST",
        value_delimiter = ',',
        default_value = "X-Remote-Group"
    )]
    pub requestheader_group_headers: Vec<String>,
    /// Beginnings of headers with extras
    #[arg(
        long,
        value_name = "LIST",
        value_delimiter = ',',
        default_value = "X-Remote-Extra-"
    )]
    pub requestheader_extra_headers_prefix: Vec<String>,
}

/// Tokens of service accounts.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Access")]
pub struct ServiceAccounts {
    /// Who signs service account tokens, as it stands in them; the first one signs
    #[arg(long, value_name = "URL", default_value = "https://kubernetes.default.svc")]
    pub service_account_issuer: Vec<String>,
    /// Keys that service account tokens may be signed with (PEM) [default: our own in the data folder]
    #[arg(long, value_name = "FILE")]
    pub service_account_key_file: Vec<PathBuf>,
    /// The key that signs service account tokens (PEM) [default: our own in the data folder]
    #[arg(long, value_name = "FILE")]
    pub service_account_signing_key_file: Option<PathBuf>,
    /// Whether tokens of pods live for a year, so that clients that never read them again go on working
    #[arg(long, value_name = "BOOL", default_value_t = true, action = ArgAction::Set, num_args = 0..=1, default_missing_value = "true", require_equals = true)]
    pub service_account_extend_token_expiration: bool,
    /// Where others find the keys [default: at the advertised address]
    #[arg(long, value_name = "URL")]
    pub service_account_jwks_uri: Option<String>,
}

/// What users may do.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Access")]
pub struct Authorization {
    /// Authorizers in order: Node, RBAC, ABAC, Webhook, AlwaysAllow, AlwaysDeny
    #[arg(
        long,
        value_name = "LIST",
        value_delimiter = ',',
        default_value = "Node,RBAC",
        conflicts_with = "authorization_config"
    )]
    pub authorization_mode: Vec<String>,
    /// Authorizers in order (YAML, AuthorizationConfiguration)
    #[arg(long, value_name = "FILE")]
    pub authorization_config: Option<PathBuf>,
    /// Another API server that decides, by SubjectAccessReview (kubeconfig)
    #[arg(long, value_name = "FILE", conflicts_with_all = ["authorization_mode", "authorization_config", "authorization_policy_file", "authorization_webhook_config_file"])]
    pub authorization_kubeconfig: Option<PathBuf>,
    /// Paths that are open to all before it is asked
    #[arg(
        long,
        value_name = "LIST",
        value_delimiter = ',',
        default_value = "/healthz,/readyz,/livez",
        requires = "authorization_kubeconfig"
    )]
    pub authorization_always_allow_paths: Vec<String>,
    /// The policies of ABAC, one JSON object a line
    #[arg(long, value_name = "FILE")]
    pub authorization_policy_file: Option<PathBuf>,
    /// The webhook of the mode Webhook (kubeconfig)
    #[arg(long, value_name = "FILE")]
    pub authorization_webhook_config_file: Option<PathBuf>,
    /// The version of the SubjectAccessReviews that it is sent
    #[arg(long, value_name = "VERSION", default_value = "v1beta1", value_parser = ["v1", "v1beta1"])]
    pub authorization_webhook_version: String,
    /// For how long it is remembered that something is allowed [default: 5m0s, and 10s with --authorization-kubeconfig]
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub authorization_webhook_cache_authorized_ttl: Option<Duration>,
    /// For how long it is remembered that something is not [default: 30s, and 10s with --authorization-kubeconfig]
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub authorization_webhook_cache_unauthorized_ttl: Option<Duration>,
}
