//! Which of the known resources a server serves: the defaults, `--runtime-config` and the feature gates.

use smol_str::SmolStr;

use crate::{Catalog, Gates, Resource, Stage};

/// What is switched on and off beside the defaults.
#[derive(Clone, Debug, Default)]
pub struct RuntimeConfig {
    /// Feature gates; a resource behind a gate that is off is not served.
    pub gates: Gates,
    overrides: Vec<(Scope, bool)>,
}

/// What a setting applies to. A narrower scope wins over a wider one, later settings over earlier ones.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Scope {
    All,
    Stage(Stage),
    Version(SmolStr, SmolStr),
    Resource(SmolStr, SmolStr, SmolStr),
}

/// A setting that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Not `key=true`, `key=false` or a bare key.
    #[error("invalid value {0:?}: want key=true or key=false")]
    Value(SmolStr),
    /// A key of another shape.
    #[error(
        "unknown API {0:?}: want api/all, api/ga, api/beta, api/alpha, group/version or group/version/resource"
    )]
    Key(SmolStr),
}

impl RuntimeConfig {
    /// Reads the value of `--runtime-config`: comma-separated settings such as `api/beta=true,batch/v1/jobs=false`.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let mut config = Self::default();
        for setting in text
            .split(',')
            .map(str::trim)
            .filter(|setting| !setting.is_empty())
        {
            let (key, on) = split_setting(setting)?;
            config.overrides.push((Scope::parse(key)?, on));
        }
        Ok(config)
    }

    /// Whether a resource is served.
    pub fn enabled(&self, resource: &Resource) -> bool {
        if resource.custom.is_some() {
            // Its definition alone says so.
            return true;
        }
        let gate_is_on = resource
            .feature_gate
            .as_ref()
            .is_none_or(|gate| self.gates.enabled(gate));
        gate_is_on && self.configured(resource).unwrap_or(resource.enabled_by_default)
    }

    /// The served resources of a group version, by name.
    pub fn served<'a>(
        &'a self,
        catalog: &'a Catalog,
        group: &'a str,
        version: &'a str,
    ) -> impl Iterator<Item = &'a std::sync::Arc<Resource>> {
        catalog
            .group_version(group, version)
            .filter(|resource| self.enabled(resource))
    }

    fn configured(&self, resource: &Resource) -> Option<bool> {
        let matching = self.overrides.iter().filter(|(scope, _)| scope.covers(resource));
        // `max_by_key` returns the last of the narrowest.
        matching.max_by_key(|(scope, _)| scope.width()).map(|&(_, on)| on)
    }
}

impl Scope {
    fn parse(key: &str) -> Result<Self, Error> {
        let parts: Vec<&str> = key.split('/').collect();
        Ok(match parts[..] {
            ["api", "all"] => Scope::All,
            ["api", "ga"] => Scope::Stage(Stage::Ga),
            ["api", "beta"] => Scope::Stage(Stage::Beta),
            ["api", "alpha"] => Scope::Stage(Stage::Alpha),
            ["v1"] | ["api", "v1"] => Scope::Version("".into(), "v1".into()),
            ["api" | "", ..] | [_] => return Err(Error::Key(key.into())),
            [group, version] => Scope::Version(group.into(), version.into()),
            [group, version, resource] => Scope::Resource(group.into(), version.into(), resource.into()),
            _ => return Err(Error::Key(key.into())),
        })
    }

    fn covers(&self, resource: &Resource) -> bool {
        match self {
            Scope::All => true,
            Scope::Stage(stage) => resource.stage == *stage,
            Scope::Version(group, version) => resource.group == *group && resource.version == *version,
            Scope::Resource(group, version, name) => {
                resource.group == *group && resource.version == *version && resource.resource == *name
            }
        }
    }

    /// How narrow it is.
    fn width(&self) -> u8 {
        match self {
            Scope::All => 0,
            Scope::Stage(_) => 1,
            Scope::Version(..) => 2,
            Scope::Resource(..) => 3,
        }
    }
}

fn split_setting(setting: &str) -> Result<(&str, bool), Error> {
    match setting.split_once('=') {
        None => Ok((setting, true)),
        Some((key, value)) => match value {
            "" | "true" => Ok((key, true)),
            "false" => Ok((key, false)),
            _ => Err(Error::Value(setting.into())),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn served(config: &RuntimeConfig, group: &str, version: &str) -> Vec<SmolStr> {
        config
            .served(Catalog::builtin(), group, version)
            .map(|found| found.resource.clone())
            .collect()
    }

    #[test]
    fn serves_what_is_on_by_default() {
        let config = RuntimeConfig::default();
        assert_eq!(served(&config, "networking.k8s.io", "v1").len(), 5);
        assert!(served(&config, "networking.k8s.io", "v1beta1").is_empty());
        assert!(served(&config, "internal.apiserver.k8s.io", "v1alpha1").is_empty());
    }

    #[test]
    fn the_narrowest_setting_wins() {
        let config =
            RuntimeConfig::parse("resource.k8s.io/v1beta2/resourceslices=true,api/beta=false,api/all=true")
                .expect("reads");
        assert_eq!(served(&config, "resource.k8s.io", "v1beta2"), ["resourceslices"]);
        assert_eq!(
            served(&config, "internal.apiserver.k8s.io", "v1alpha1"),
            ["storageversions"]
        );
        let config = RuntimeConfig::parse("batch/v1/jobs=false").expect("reads");
        assert_eq!(served(&config, "batch", "v1"), ["cronjobs"]);
    }

    #[test]
    fn a_gate_withholds_what_is_configured() {
        let mut config = RuntimeConfig::parse("scheduling.k8s.io/v1alpha2").expect("reads");
        assert!(served(&config, "scheduling.k8s.io", "v1alpha2").is_empty());
        config.gates.set("GenericWorkload", true).expect("known");
        assert_eq!(
            served(&config, "scheduling.k8s.io", "v1alpha2"),
            ["podgroups", "workloads"]
        );
    }

    #[test]
    fn refuses_what_it_cannot_read() {
        assert_eq!(
            RuntimeConfig::parse("api/beta=yes").err(),
            Some(Error::Value("api/beta=yes".into()))
        );
        assert_eq!(
            RuntimeConfig::parse("api/gamma").err(),
            Some(Error::Key("api/gamma".into()))
        );
        assert_eq!(
            RuntimeConfig::parse("batch").err(),
            Some(Error::Key("batch".into()))
        );
    }
}
