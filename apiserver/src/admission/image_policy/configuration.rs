//! The plugin's configuration: `imagePolicy`, in a file that has no type. Its limits and defaults are those of the reference.

use std::path::PathBuf;
use std::time::Duration;

use schema::Value;

/// Stands for no time at all; 0 stands for the default.
const NONE: i64 = -1;

/// Which webhook is asked, and what its answers are worth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Configuration {
    /// Where the webhook is; a relative path is relative to the working directory.
    pub kubeconfig: PathBuf,
    /// For how long an allowance is remembered; zero is not at all.
    pub allowed_for: Duration,
    /// For how long a refusal is.
    pub denied_for: Duration,
    /// Before the webhook is asked again; each later pause is half as long again.
    pub pause: Duration,
    /// Whether pods are allowed where the webhook fails.
    pub allows_on_failure: bool,
}

/// A number that is a time. It is above the least and at most the most.
struct Setting {
    field: &'static str,
    unit: &'static str,
    unit_ms: i64,
    range_ms: (i64, i64),
    range: &'static str,
    default: Duration,
}

const ALLOW_TTL: Setting = Setting {
    field: "allowTTL",
    unit: "s",
    unit_ms: 1_000,
    range_ms: (1_000, 1_800_000),
    range: "1s and 30m0s",
    default: Duration::from_secs(300),
};
const DENY_TTL: Setting = Setting {
    field: "denyTTL",
    default: Duration::from_secs(30),
    ..ALLOW_TTL
};
const RETRY_BACKOFF: Setting = Setting {
    field: "retryBackoff",
    unit: "ms",
    unit_ms: 1,
    range_ms: (0, 300_000),
    range: "1ns and 5m0s",
    default: Duration::from_millis(500),
};

impl Configuration {
    /// From the decoded file, which there must be.
    pub fn read(file: Option<&Value>) -> Result<Self, String> {
        let file = file.ok_or("no config specified")?;
        let policy = file.get("imagePolicy").unwrap_or(&Value::Null);
        let allows_on_failure = match policy.get("defaultAllow").unwrap_or(&Value::Null) {
            Value::Null => false,
            value => value.as_bool().ok_or("imagePolicy.defaultAllow is no boolean")?,
        };
        Ok(Self {
            kubeconfig: policy.str_at(&["kubeConfigFile"]).unwrap_or_default().into(),
            allowed_for: ALLOW_TTL.of(policy)?,
            denied_for: DENY_TTL.of(policy)?,
            pause: RETRY_BACKOFF.of(policy)?,
            allows_on_failure,
        })
    }
}

impl Setting {
    fn of(&self, policy: &Value) -> Result<Duration, String> {
        let field = self.field;
        let value = match policy.get(field).unwrap_or(&Value::Null) {
            Value::Null => 0,
            value => value
                .as_int()
                .ok_or_else(|| format!("imagePolicy.{field} is no whole number"))?,
        };
        let ms = value.saturating_mul(self.unit_ms);
        let (least, most) = self.range_ms;
        match u64::try_from(ms) {
            _ if value == NONE => Ok(Duration::ZERO),
            _ if value == 0 => Ok(self.default),
            Ok(in_ms) if ms > least && ms <= most => Ok(Duration::from_millis(in_ms)),
            _ => Err(format!(
                "imagePolicy.{field}: valid value is between {}, got {value}{}",
                self.range, self.unit
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use schema::tree;

    fn read(policy: Value) -> Result<Configuration, String> {
        Configuration::read(Some(&tree!({"imagePolicy": policy})))
    }

    fn times(allow: i64, deny: i64, pause: i64) -> Result<[u128; 3], String> {
        let read = read(tree!({"allowTTL": allow, "denyTTL": deny, "retryBackoff": pause}))?;
        Ok([read.allowed_for, read.denied_for, read.pause].map(|time| time.as_millis()))
    }

    #[test]
    fn times_have_defaults_and_can_be_none() {
        assert_eq!(times(0, 0, 0), Ok([300_000, 30_000, 500]));
        assert_eq!(times(-1, -1, -1), Ok([0, 0, 0]));
        assert_eq!(times(2, 1_800, 300_000), Ok([2_000, 1_800_000, 300_000]));
        let read = read(tree!({"kubeConfigFile": "/etc/k", "defaultAllow": true})).unwrap();
        assert_eq!(read.kubeconfig, PathBuf::from("/etc/k"));
        assert!(read.allows_on_failure);
        assert_eq!(read.allowed_for, Duration::from_secs(300));
    }

    #[test]
    fn times_are_in_their_range() {
        let why = |field: &str, range: &str, got: &str| {
            Err(format!(
                "imagePolicy.{field}: valid value is between {range}, got {got}"
            ))
        };
        let range = "1s and 30m0s";
        assert_eq!(times(1, 0, 0), why("allowTTL", range, "1s"));
        assert_eq!(times(0, 1_801, 0), why("denyTTL", range, "1801s"));
        assert_eq!(times(0, -2, 0), why("denyTTL", range, "-2s"));
        let backoff = |got: &str| why("retryBackoff", "1ns and 5m0s", got);
        assert_eq!(times(0, 0, -5), backoff("-5ms"));
        assert_eq!(times(0, 0, 300_001), backoff("300001ms"));
        assert_eq!(times(0, 0, i64::MAX), backoff("9223372036854775807ms"));
    }

    #[test]
    fn other_types_and_no_file_are_refused() {
        assert_eq!(Configuration::read(None), Err("no config specified".to_owned()));
        assert!(read(tree!({"allowTTL": "5m"})).is_err());
        assert!(read(tree!({"defaultAllow": "yes"})).is_err());
    }
}
