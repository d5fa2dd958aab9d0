//! The audit policy (audit.k8s.io/v1 Policy): the first rule that matches a request says how much is told of it.

use schema::{Value, yaml};
use smol_str::SmolStr;

use super::Stage;
use crate::User;
use crate::authorize::Attributes;

const API_VERSION: &str = "audit.k8s.io/v1";

/// How much is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Nothing.
    #[default]
    None,
    /// Who asked for what, when, and with what result.
    Metadata,
    /// The request's body too.
    Request,
    /// The answer's body too.
    RequestResponse,
}

impl Level {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Level::None => "None",
            Level::Metadata => "Metadata",
            Level::Request => "Request",
            Level::RequestResponse => "RequestResponse",
        }
    }

    fn of(name: &str) -> Option<Self> {
        let all = [
            Level::None,
            Level::Metadata,
            Level::Request,
            Level::RequestResponse,
        ];
        all.into_iter().find(|level| level.name() == name)
    }
}

/// What is told of a request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// How much.
    pub level: Level,
    /// At which moments nothing.
    pub omit_stages: Vec<Stage>,
    /// Bodies are told without managed fields.
    pub omit_managed_fields: bool,
}

/// The rules.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    rules: Vec<Rule>,
}

#[derive(Clone, Debug, Default)]
struct Rule {
    told: Told,
    users: Vec<SmolStr>,
    groups: Vec<SmolStr>,
    verbs: Vec<SmolStr>,
    resources: Vec<GroupResources>,
    namespaces: Vec<SmolStr>,
    paths: Vec<SmolStr>,
}

#[derive(Clone, Debug, Default)]
struct GroupResources {
    group: SmolStr,
    resources: Vec<SmolStr>,
    names: Vec<SmolStr>,
}

impl Policy {
    /// Reads the text of a policy file.
    pub fn parse(text: &[u8]) -> Result<Self, String> {
        let file = yaml::parse(text).map_err(|error| error.to_string())?;
        if file.str_at(&["apiVersion"]) != Some(API_VERSION) || file.str_at(&["kind"]) != Some("Policy") {
            return Err(format!("it is no Policy of {API_VERSION}"));
        }
        let omitted = stages(&file, "omitStages")?;
        let without_owners = file.bool_at(&["omitManagedFields"]).unwrap_or_default();
        let rules = file.list_at(&["rules"]);
        if rules.is_empty() {
            return Err("loaded illegal policy with 0 rules".to_owned());
        }
        let read = |(at, rule): (usize, &Value)| {
            Rule::read(rule, &omitted, without_owners).map_err(|why| format!("rules[{at}].{why}"))
        };
        Ok(Self {
            rules: rules.iter().enumerate().map(read).collect::<Result<_, _>>()?,
        })
    }

    /// What is told of a request; nothing if no rule matches.
    pub fn of(&self, user: &User, request: &Attributes<'_>) -> Told {
        let rule = self.rules.iter().find(|rule| rule.matches(user, request));
        rule.map(|rule| rule.told.clone()).unwrap_or_default()
    }
}

impl Rule {
    fn read(rule: &Value, omitted: &[Stage], without_owners: bool) -> Result<Self, String> {
        let level = rule.str_at(&["level"]).unwrap_or_default();
        let level = Level::of(level).ok_or_else(|| format!("level: unknown: {level:?}"))?;
        let mut omit_stages = stages(rule, "omitStages")?;
        omit_stages.extend(
            omitted
                .iter()
                .filter(|stage| !omit_stages.contains(stage))
                .copied()
                .collect::<Vec<_>>(),
        );
        let resources = rule.list_at(&["resources"]).iter().map(|one| GroupResources {
            group: one.str_at(&["group"]).unwrap_or_default().into(),
            resources: texts(one, "resources"),
            names: texts(one, "resourceNames"),
        });
        let read = Self {
            told: Told {
                level,
                omit_stages,
                omit_managed_fields: rule.bool_at(&["omitManagedFields"]).unwrap_or(without_owners),
            },
            users: texts(rule, "users"),
            groups: texts(rule, "userGroups"),
            verbs: texts(rule, "verbs"),
            resources: resources.collect(),
            namespaces: texts(rule, "namespaces"),
            paths: texts(rule, "nonResourceURLs"),
        };
        let is_of_resources = !read.resources.is_empty() || !read.namespaces.is_empty();
        if is_of_resources && !read.paths.is_empty() {
            return Err(
                "nonResourceURLs: rules cannot apply to both regular resources and non-resource URLs"
                    .to_owned(),
            );
        }
        Ok(read)
    }

    fn matches(&self, user: &User, request: &Attributes<'_>) -> bool {
        let any_or = |list: &[SmolStr], word: &str| list.is_empty() || list.iter().any(|one| one == word);
        if !any_or(&self.users, &user.name) || !any_or(&self.verbs, request.verb) {
            return false;
        }
        if !self.groups.is_empty() && !self.groups.iter().any(|group| user.is_in(group)) {
            return false;
        }
        if !self.resources.is_empty() || !self.namespaces.is_empty() {
            return request.is_resource
                && any_or(&self.namespaces, request.namespace)
                && self.has_resource(request);
        }
        self.paths.is_empty()
            || !request.is_resource && self.paths.iter().any(|path| path_matches(path, request.path))
    }

    fn has_resource(&self, request: &Attributes<'_>) -> bool {
        self.resources.is_empty() || self.resources.iter().any(|one| one.has(request))
    }
}

impl GroupResources {
    fn has(&self, request: &Attributes<'_>) -> bool {
        if self.group != request.group {
            return false;
        }
        let of_name = self.names.is_empty() || self.names.iter().any(|name| name == request.name);
        let is_one = |resource: &SmolStr| resource_matches(resource, request.resource, request.subresource);
        self.resources.is_empty() || of_name && self.resources.iter().any(is_one)
    }
}

/// `*` is all, `pods` only pods themselves, `pods/*` their subresources, `*/scale` that of all.
fn resource_matches(rule: &str, resource: &str, subresource: &str) -> bool {
    match rule.split_once('/') {
        None => rule == "*" || rule == resource && subresource.is_empty(),
        Some(("*", sub)) => sub == subresource,
        Some((of, "*")) => of == resource && !subresource.is_empty(),
        Some((of, sub)) => of == resource && sub == subresource,
    }
}

fn path_matches(rule: &str, path: &str) -> bool {
    rule == path
        || rule
            .strip_suffix('*')
            .is_some_and(|start| path.starts_with(start))
}

fn texts(value: &Value, field: &str) -> Vec<SmolStr> {
    value
        .list_at(&[field])
        .iter()
        .filter_map(Value::as_str)
        .map(SmolStr::new)
        .collect()
}

fn stages(value: &Value, field: &str) -> Result<Vec<Stage>, String> {
    let read = |name: SmolStr| Stage::of(&name).ok_or_else(|| format!("{field}: unknown stage {name:?}"));
    texts(value, field).into_iter().map(read).collect()
}
