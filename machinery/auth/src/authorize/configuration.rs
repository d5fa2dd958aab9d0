//! Which authorizers there are and in what order: from `--authorization-mode`, or from a file of kind
//! AuthorizationConfiguration (`--authorization-config`). It reads files; building clients is part of it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use schema::{Value, time, yaml};
use tokio::sync::watch;

use super::abac::Abac;
use super::conditions::Conditions;
use super::node::Node;
use super::rbac::Rbac;
use super::webhook::{Settings, Webhook};
use super::{Authorizer, Chain};
use crate::client::{Caller, Error, Kubeconfig, read_file};
use crate::limits::WEBHOOK_TIMEOUT;

const API_VERSIONS: [&str; 3] = [
    "apiserver.config.k8s.io/v1",
    "apiserver.config.k8s.io/v1beta1",
    "apiserver.config.k8s.io/v1alpha1",
];

/// Where an API server decides for others.
const ACCESS_REVIEWS: &str = "/apis/authorization.k8s.io/v1/subjectaccessreviews";

/// The authorizers that are fed with objects, shared with who feeds them.
#[derive(Clone, Debug, Default)]
pub struct Fed {
    /// Roles and bindings.
    pub rbac: Arc<Rbac>,
    /// The graph of nodes.
    pub node: Arc<Node>,
    /// Moves when who may do what may have changed: roles and bindings, or the authorizers themselves.
    pub changes: Arc<watch::Sender<u64>>,
}

impl Fed {
    /// Tells those who look again at what they decided.
    pub fn changed(&self) {
        self.changes.send_modify(|count| *count += 1);
    }
}

/// What flags say of the modes that need more than a name.
#[derive(Clone, Debug, Default)]
pub struct Flags {
    /// `--authorization-policy-file`
    pub policy_file: Option<PathBuf>,
    /// `--authorization-webhook-config-file`
    pub webhook_file: Option<PathBuf>,
    /// Times and version of the webhook.
    pub webhook: Settings,
}

/// The authorizers of `--authorization-mode`.
pub fn of_modes(modes: &[String], flags: &Flags, fed: &Fed) -> Result<Vec<Authorizer>, Error> {
    let mut authorizers = Vec::new();
    for (at, mode) in modes.iter().enumerate() {
        if modes[..at].contains(mode) {
            return Err(wrong(format!("{mode} is named twice")));
        }
        authorizers.push(match mode.as_str() {
            "ABAC" => Authorizer::Abac(Arc::new(policies(needed(&flags.policy_file, "ABAC")?)?)),
            "Webhook" => {
                let file = needed(&flags.webhook_file, "Webhook")?;
                webhook(
                    file,
                    WEBHOOK_TIMEOUT * 3,
                    flags.webhook.clone(),
                    Conditions::default(),
                )?
            }
            name => plain(name, fed)?,
        });
    }
    if authorizers.is_empty() {
        return Err(wrong("at least one mode must be given".to_owned()));
    }
    Ok(authorizers)
}

/// The authorizers of a configuration file.
pub fn of_file(path: &Path, fed: &Fed) -> Result<Vec<Authorizer>, Error> {
    let within = |why: String| wrong(format!("{}: {why}", path.display()));
    let file = yaml::parse(&read_file(path)?).map_err(|error| within(error.to_string()))?;
    let version = file.str_at(&["apiVersion"]).unwrap_or_default();
    if !API_VERSIONS.contains(&version) || file.str_at(&["kind"]) != Some("AuthorizationConfiguration") {
        return Err(within(format!(
            "it is no AuthorizationConfiguration of {}",
            API_VERSIONS[0]
        )));
    }
    let entries = file.list_at(&["authorizers"]);
    if entries.is_empty() {
        return Err(within(
            "authorizers: at least one authorization mode must be defined".to_owned(),
        ));
    }
    let mut names: Vec<&str> = Vec::new();
    let mut authorizers = Vec::new();
    for (at, entry) in entries.iter().enumerate() {
        let here = |why: String| within(format!("authorizers[{at}]: {why}"));
        let name = entry.str_at(&["name"]).filter(|name| !name.is_empty());
        let name = name.ok_or_else(|| here("name is required".to_owned()))?;
        if names.contains(&name) {
            return Err(here(format!("the name {name:?} is taken")));
        }
        names.push(name);
        let authorizer = match entry.str_at(&["type"]).unwrap_or_default() {
            "Webhook" => configured_webhook(entry, path),
            "ABAC" => Err(wrong(
                "ABAC cannot be configured by file; use --authorization-mode".to_owned(),
            )),
            other => plain(other, fed),
        };
        authorizers.push(authorizer.map_err(|error| here(error.to_string()))?);
    }
    Ok(authorizers)
}

/// Reads a configuration file again and puts its authorizers in place of those of the chain. Webhooks may come and go, others
/// may not (as in the reference): what is fed with objects is so from the start.
pub fn reload(path: &Path, fed: &Fed, chain: &Chain) -> Result<(), Error> {
    let new = of_file(path, fed)?;
    let (old, wanted) = (lasting(&chain.authorizers()), lasting(&new));
    if old != wanted {
        return Err(wrong(format!(
            "authorizers other than webhooks cannot be changed while the server runs: they are {}, not {}",
            old.join(", "),
            wanted.join(", ")
        )));
    }
    chain.set(new);
    fed.changed();
    Ok(())
}

/// What may not change, in an order of its own.
fn lasting(authorizers: &[Authorizer]) -> Vec<&'static str> {
    let mut names: Vec<_> = authorizers.iter().map(Authorizer::name).collect();
    names.retain(|name| !matches!(*name, "Webhook" | "Masters"));
    names.sort_unstable();
    names
}

/// The authorizers of a tier that asks another API server (`--authorization-kubeconfig`): paths that everybody may read, then
/// SubjectAccessReviews there.
pub fn delegated(kubeconfig: &Path, paths: &[String], settings: Settings) -> Result<Vec<Authorizer>, Error> {
    let kubeconfig = Kubeconfig::read(kubeconfig)?.below(ACCESS_REVIEWS);
    let caller = Caller::new(kubeconfig, WEBHOOK_TIMEOUT)?;
    let paths = paths.iter().map(|path| path.as_str().into()).collect();
    Ok(vec![
        Authorizer::Paths(Arc::new(paths)),
        Authorizer::Webhook(Arc::new(Webhook::new(caller, settings))),
    ])
}

fn plain(mode: &str, fed: &Fed) -> Result<Authorizer, Error> {
    match mode {
        "RBAC" => Ok(Authorizer::Rbac(fed.rbac.clone())),
        "Node" => Ok(Authorizer::Node(fed.node.clone())),
        "AlwaysAllow" => Ok(Authorizer::AlwaysAllow),
        "AlwaysDeny" => Ok(Authorizer::AlwaysDeny),
        other => Err(wrong(format!(
            "{other:?} is not a valid mode; known are AlwaysAllow, AlwaysDeny, ABAC, Webhook, RBAC, Node"
        ))),
    }
}

fn policies(file: &Path) -> Result<Abac, Error> {
    let text = String::from_utf8(read_file(file)?)
        .map_err(|_| wrong(format!("{}: it is not text", file.display())))?;
    Abac::parse(&text).map_err(|error| wrong(format!("{}: {error}", file.display())))
}

fn configured_webhook(entry: &Value, file: &Path) -> Result<Authorizer, Error> {
    let webhook_at = |field: &str| entry.at(&["webhook", field]).and_then(Value::as_str);
    let required =
        |field: &str| webhook_at(field).ok_or_else(|| wrong(format!("webhook.{field} is required")));
    let conditions = conditions(entry)?;
    let caches = |field: &str| entry.bool_at(&["webhook", field]).unwrap_or(true);
    let time = |field: &str, otherwise: Duration| {
        webhook_at(field).map_or(Ok(otherwise), |text| duration(field, text))
    };
    let defaults = Settings::default();
    let kept = |caches: bool, time: Duration| if caches { time } else { Duration::ZERO };
    let settings = Settings {
        authorized_for: kept(
            caches("cacheAuthorizedRequests"),
            time("authorizedTTL", defaults.authorized_for)?,
        ),
        unauthorized_for: kept(
            caches("cacheUnauthorizedRequests"),
            time("unauthorizedTTL", defaults.unauthorized_for)?,
        ),
        version: one_of(
            "subjectAccessReviewVersion",
            required("subjectAccessReviewVersion")?,
            &["v1", "v1beta1"],
        )?,
        denies_on_failure: one_of(
            "failurePolicy",
            required("failurePolicy")?,
            &["NoOpinion", "Deny"],
        )? == "Deny",
    };
    let timeout = duration("timeout", required("timeout")?)?;
    if timeout.is_zero() || timeout > Duration::from_secs(30) {
        return Err(wrong(
            "webhook.timeout must be more than 0s and at most 30s".to_owned(),
        ));
    }
    match entry.str_at(&["webhook", "connectionInfo", "type"]) {
        Some("KubeConfigFile") => {}
        other => {
            return Err(wrong(format!(
                "webhook.connectionInfo.type: {other:?} is not supported"
            )));
        }
    }
    let kubeconfig = entry.str_at(&["webhook", "connectionInfo", "kubeConfigFile"]);
    let kubeconfig =
        kubeconfig.ok_or_else(|| wrong("webhook.connectionInfo.kubeConfigFile is required".to_owned()))?;
    let folder = file.parent().unwrap_or(Path::new(""));
    webhook(&folder.join(kubeconfig), timeout, settings, conditions)
}

/// Under which conditions a webhook is asked. They speak of reviews of one version.
fn conditions(entry: &Value) -> Result<Conditions, Error> {
    let entries = entry.list_at(&["webhook", "matchConditions"]);
    let field = "matchConditionSubjectAccessReviewVersion";
    let version = entry.str_at(&["webhook", field]).unwrap_or_default();
    match version {
        "" if entries.is_empty() => {}
        "" => {
            return Err(wrong(format!(
                "{field}: Required value: required if match conditions are specified"
            )));
        }
        version => {
            one_of(field, version, &["v1"])?;
        }
    }
    Conditions::read(entries).map_err(wrong)
}

fn webhook(
    file: &Path,
    timeout: Duration,
    settings: Settings,
    conditions: Conditions,
) -> Result<Authorizer, Error> {
    let caller = Caller::new(Kubeconfig::read(file)?, timeout)?;
    let webhook = Webhook::new(caller, settings).when(conditions);
    Ok(Authorizer::Webhook(Arc::new(webhook)))
}

fn needed<'a>(file: &'a Option<PathBuf>, mode: &str) -> Result<&'a Path, Error> {
    file.as_deref()
        .ok_or_else(|| wrong(format!("the mode {mode} needs a file of its own")))
}

fn one_of(field: &str, text: &str, allowed: &[&str]) -> Result<String, Error> {
    match allowed.contains(&text) {
        true => Ok(text.to_owned()),
        false => Err(wrong(format!(
            "webhook.{field}: {text:?} is none of {}",
            allowed.join(", ")
        ))),
    }
}

fn duration(field: &str, text: &str) -> Result<Duration, Error> {
    let nanos = time::duration::parse(text)
        .ok()
        .and_then(|nanos| u64::try_from(nanos).ok());
    nanos
        .map(Duration::from_nanos)
        .ok_or_else(|| wrong(format!("webhook.{field}: {text:?} is no duration")))
}

fn wrong(why: String) -> Error {
    Error::Configuration(why)
}
