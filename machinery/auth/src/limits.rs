//! What access checks hold and wait for, at most.

use std::time::Duration;

/// The most bytes of a bearer token. Larger ones are refused unread.
pub const TOKEN_BYTES_MAX: usize = 16 * 1024;
/// Tokens whose user is remembered.
pub const CACHED_TOKENS_MAX: usize = 32 * 1024;
/// For how long a good token counts without being looked at again: what revoking one takes at most.
pub const TOKEN_GOOD_FOR: Duration = Duration::from_secs(1);
/// Users looked up at several authenticators by the groups that impersonation asks for, headers included.
pub const IMPERSONATED_VALUES_MAX: usize = 1_024;
/// Users of whom it is remembered how they impersonated last.
pub const REMEMBERED_IMPERSONATORS_MAX: usize = 10_000;
/// Answers of webhooks that are remembered.
pub const CACHED_ANSWERS_MAX: usize = 8 * 1024;
/// Questions that are too long to be remembered.
pub const CACHED_QUESTION_BYTES_MAX: usize = 10_000;
/// The most bytes of what a webhook or an OIDC provider answers.
pub const ANSWER_BYTES_MAX: usize = 1024 * 1024;
/// How often a webhook is asked again when it does not answer.
pub const WEBHOOK_TRIES_MAX: u32 = 5;
/// Before the first of these tries; each later pause is half as long again.
pub const WEBHOOK_PAUSE: Duration = Duration::from_millis(500);
/// How long a webhook may take, unless configured.
pub const WEBHOOK_TIMEOUT: Duration = Duration::from_secs(10);
/// For how long the answers of another API server are remembered, unless configured.
pub const DELEGATED_ANSWER_TTL: Duration = Duration::from_secs(10);
/// How long an OIDC provider may take.
pub const OIDC_TIMEOUT: Duration = Duration::from_secs(10);
/// Keys of an OIDC provider are read again this often at most when a token has an unknown one.
pub const OIDC_REFRESH_MIN: Duration = Duration::from_secs(10);
/// And this often at least.
pub const OIDC_REFRESH_MAX: Duration = Duration::from_secs(3_600);
/// The most bytes of a file that configures access.
pub const FILE_BYTES_MAX: u64 = 16 * 1024 * 1024;
/// The most conditions of an authorization webhook.
pub const MATCH_CONDITIONS_MAX: usize = 64;
/// Subjects that expressions are evaluated for at a time, where that may take long; others wait.
pub const EVALUATIONS_MAX: usize = 8;
/// The most issuers of an authentication configuration.
pub const ISSUERS_MAX: usize = 64;
/// Audit events that wait to be written or sent; more are dropped and counted.
pub const AUDIT_EVENTS_MAX: usize = 10_000;
/// The most bytes of a body that an audit event tells.
pub const AUDIT_BODY_BYTES_MAX: usize = 1024 * 1024;
/// How long what a token's file held counts before it is looked at again; those of pods are written anew long before they end.
pub const TOKEN_FILE_FRESH: Duration = Duration::from_secs(10);
