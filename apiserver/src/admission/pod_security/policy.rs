//! Which level of the standards, in which version, holds for a namespace: its labels, and defaults where it has none.

use std::fmt;

use object::field::{Error, Path};
use schema::Map;

/// What labels and audit annotations begin with.
pub const PREFIX: &str = "pod-security.kubernetes.io/";
const LEVEL_PROBLEM: &str = "must be one of privileged, baseline, restricted";
const VERSION_PROBLEM: &str = "must be \"latest\" or \"v1.x\"";

/// How much a pod may; stricter levels are greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// All.
    Privileged,
    /// All but what is known to break out of a pod.
    Baseline,
    /// What hardened pods need.
    Restricted,
}

impl Level {
    /// By its name in labels.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        match text {
            "privileged" => Ok(Self::Privileged),
            "baseline" => Ok(Self::Baseline),
            "restricted" => Ok(Self::Restricted),
            _ => Err(LEVEL_PROBLEM),
        }
    }

    /// Its name in labels.
    pub fn name(self) -> &'static str {
        match self {
            Self::Privileged => "privileged",
            Self::Baseline => "baseline",
            Self::Restricted => "restricted",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The Kubernetes release whose standards are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// `v1.x`.
    Minor(i64),
    /// The newest that the server knows.
    Latest,
}

impl Version {
    /// `latest` or `v1.x`, without leading zeros.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        if text == "latest" {
            return Ok(Self::Latest);
        }
        let digits = text.strip_prefix("v1.").ok_or(VERSION_PROBLEM)?;
        let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
        match digits.parse() {
            Ok(minor) if plain && (digits == "0" || !digits.starts_with('0')) => Ok(Self::Minor(minor)),
            _ => Err(VERSION_PROBLEM),
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Minor(minor) => write!(f, "v1.{minor}"),
            Self::Latest => f.write_str("latest"),
        }
    }
}

/// `baseline:v1.28`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LevelVersion {
    /// How strict.
    pub level: Level,
    /// As of when.
    pub version: Version,
}

impl LevelVersion {
    /// Nothing is forbidden.
    pub const PRIVILEGED: Self = Self {
        level: Level::Privileged,
        version: Version::Latest,
    };
}

impl fmt::Display for LevelVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.level, self.version)
    }
}

/// What a namespace wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Pods that violate this are refused.
    pub enforce: LevelVersion,
    /// What violates this is noted in the audit log.
    pub audit: LevelVersion,
    /// Who makes what violates this is warned.
    pub warn: LevelVersion,
}

impl Policy {
    /// Nothing is forbidden.
    pub const PRIVILEGED: Self = Self {
        enforce: LevelVersion::PRIVILEGED,
        audit: LevelVersion::PRIVILEGED,
        warn: LevelVersion::PRIVILEGED,
    };

    /// What labels say, and `self` where they say nothing; with what is wrong about them. A wrong level enforces the
    /// strictest, and neither audits nor warns. Where only enforcing is labelled, and is stricter, it is warned of too
    /// (since Kubernetes 1.26).
    pub fn with_labels(self, labels: Option<&Map>) -> (Self, Vec<Error>) {
        let mut read = Reading {
            labels,
            errors: Vec::new(),
        };
        let mut policy = Self {
            enforce: read.mode("enforce", self.enforce, Level::Restricted),
            audit: read.mode("audit", self.audit, Level::Privileged),
            warn: read.mode("warn", self.warn, Level::Privileged),
        };
        let is_enforced = read
            .text("enforce")
            .is_some_and(|level| Level::parse(level).is_ok());
        if is_enforced && read.text("warn").is_none() && policy.enforce.level > policy.warn.level {
            policy.warn.level = policy.enforce.level;
            if read.text("warn-version").is_none() {
                policy.warn.version = policy.enforce.version;
            }
        }
        (policy, read.errors)
    }

    /// The modes that forbid something and that labels name: `enforce=baseline:latest, warn=restricted:latest`.
    pub fn labelled(&self, labels: Option<&Map>) -> String {
        let has = |label: String| labels.is_some_and(|labels| labels.contains_key(&label));
        let modes = [
            ("enforce", self.enforce),
            ("audit", self.audit),
            ("warn", self.warn),
        ];
        let told = modes.iter().filter(|(mode, wanted)| {
            let is_named = has(format!("{PREFIX}{mode}")) || has(format!("{PREFIX}{mode}-version"));
            wanted.level != Level::Privileged && is_named
        });
        let told = told.map(|(mode, wanted)| format!("{mode}={wanted}"));
        told.collect::<Vec<_>>().join(", ")
    }
}

/// Labels on their way to a policy.
struct Reading<'a> {
    labels: Option<&'a Map>,
    errors: Vec<Error>,
}

impl<'a> Reading<'a> {
    fn text(&self, name: &str) -> Option<&'a str> {
        let value = self.labels?.get(&format!("{PREFIX}{name}"))?;
        value.as_str()
    }

    fn mode(&mut self, mode: &str, default: LevelVersion, if_wrong: Level) -> LevelVersion {
        LevelVersion {
            level: self.label(mode, Level::parse, default.level, if_wrong),
            version: self.label(
                &format!("{mode}-version"),
                Version::parse,
                default.version,
                Version::Latest,
            ),
        }
    }

    fn label<T>(
        &mut self,
        name: &str,
        parse: impl Fn(&str) -> Result<T, &'static str>,
        default: T,
        if_wrong: T,
    ) -> T {
        let Some(text) = self.text(name) else {
            return default;
        };
        parse(text).unwrap_or_else(|problem| {
            let key = format!("{PREFIX}{name}");
            let path = Path::root("metadata").child("labels").key(key.as_str());
            self.errors.push(Error::invalid(&path, text, problem));
            if_wrong
        })
    }
}

#[cfg(test)]
mod tests;
