//! Issuers of tokens and anonymous access from a file of kind AuthenticationConfiguration (`--authentication-config`).
//! What is wrong with it is told by the name of its field.

mod mapping;

use std::path::Path;
use std::sync::Arc;

use schema::{Value, yaml};
use smol_str::SmolStr;

use super::anonymous::Anonymous;
use super::oidc::{Oidc, Provider};
use crate::client::{Client, Error, Trust, read_file};
use crate::jwt::Algorithm;
use crate::limits::ISSUERS_MAX;

const API_VERSIONS: [&str; 3] = [
    "apiserver.config.k8s.io/v1",
    "apiserver.config.k8s.io/v1beta1",
    "apiserver.config.k8s.io/v1alpha1",
];
/// What a file configures.
#[derive(Debug, Default)]
pub struct Configured {
    /// A provider for each issuer.
    pub issuers: Vec<Arc<Oidc>>,
    /// Who may come without credentials, if the file says so.
    pub anonymous: Option<Anonymous>,
}

impl Configured {
    /// Reads a file.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let within = |why: String| Error::Configuration(format!("{}: {why}", path.display()));
        let file = yaml::parse(&read_file(path)?).map_err(|error| within(error.to_string()))?;
        Self::of(&file).map_err(within)
    }

    /// Reads a configuration.
    pub fn of(file: &Value) -> Result<Self, String> {
        let version = file.str_at(&["apiVersion"]).unwrap_or_default();
        if !API_VERSIONS.contains(&version) || file.str_at(&["kind"]) != Some("AuthenticationConfiguration") {
            return Err(format!(
                "it is no AuthenticationConfiguration of {}",
                API_VERSIONS[0]
            ));
        }
        let entries = file.list_at(&["jwt"]);
        if entries.len() > ISSUERS_MAX {
            return Err(format!("jwt: must have at most {ISSUERS_MAX} items"));
        }
        let mut issuers: Vec<Arc<Oidc>> = Vec::new();
        for (at, entry) in entries.iter().enumerate() {
            let oidc = issuer(entry).map_err(|why| format!("jwt[{at}].{why}"))?;
            if issuers.iter().any(|other| other.issuer() == oidc.issuer()) {
                return Err(format!(
                    "jwt[{at}].issuer.url: duplicate value: {:?}",
                    oidc.issuer()
                ));
            }
            issuers.push(Arc::new(oidc));
        }
        let anonymous = file
            .get("anonymous")
            .filter(|one| !one.is_null())
            .map(anonymous)
            .transpose()?;
        Ok(Self { issuers, anonymous })
    }
}

fn anonymous(value: &Value) -> Result<Anonymous, String> {
    let conditions = value.list_at(&["conditions"]);
    if value.bool_at(&["enabled"]) != Some(true) {
        return match conditions.is_empty() {
            true => Ok(Anonymous::No),
            false => Err(
                "anonymous.conditions: enabled should be set to true when conditions are defined".to_owned(),
            ),
        };
    }
    if conditions.is_empty() {
        return Ok(Anonymous::Yes);
    }
    let path = |condition: &Value| {
        condition
            .str_at(&["path"])
            .filter(|path| !path.is_empty())
            .map(str::to_owned)
    };
    let paths = conditions
        .iter()
        .map(|one| path(one).ok_or("anonymous.conditions: a path is required"));
    Ok(Anonymous::To(paths.collect::<Result<_, _>>()?))
}

fn issuer(entry: &Value) -> Result<Oidc, String> {
    let at = |field: &str| entry.str_at(&["issuer", field]).filter(|text| !text.is_empty());
    let url = at("url").ok_or("issuer.url: URL is required")?;
    if !url.starts_with("https://") {
        return Err(format!("issuer.url: {url:?}: URL scheme must be https"));
    }
    let discovery = at("discoveryURL");
    if discovery.is_some_and(|discovery| !discovery.starts_with("https://") || discovery == url) {
        return Err("issuer.discoveryURL: it must be https and another than the issuer's URL".to_owned());
    }
    let audiences = entry.list_at(&["issuer", "audiences"]).iter();
    let audiences: Vec<SmolStr> = audiences.filter_map(Value::as_str).map(SmolStr::new).collect();
    match (audiences.len(), at("audienceMatchPolicy")) {
        (0, _) => return Err("issuer.audiences: at least one is required".to_owned()),
        (2.., None) => {
            return Err("issuer.audienceMatchPolicy: must be MatchAny for multiple audiences".to_owned());
        }
        (_, None | Some("MatchAny")) => {}
        (_, Some(other)) => return Err(format!("issuer.audienceMatchPolicy: unknown: {other:?}")),
    }
    let trust = Trust {
        authorities: at("certificateAuthority").map(|pem| pem.as_bytes().to_vec()),
        ..Trust::default()
    };
    let client = Client::new(&trust).map_err(|error| format!("issuer.certificateAuthority: {error}"))?;
    let provider = Provider::new(url, discovery, client, Algorithm::ALL.to_vec());
    Ok(Oidc::new(provider, audiences, mapping::read(entry)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Configured, String> {
        let head = "apiVersion: apiserver.config.k8s.io/v1\nkind: AuthenticationConfiguration\n";
        Configured::of(&yaml::parse(format!("{head}{text}").as_bytes()).expect("good YAML"))
    }

    const ISSUER: &str = "jwt:\n- issuer: {url: 'https://a', audiences: [x]}\n  claimMappings: {username: {claim: sub, prefix: ''}}\n";

    #[test]
    fn issuers_and_anonymous_access_are_read() {
        let some = read(&format!(
            "{ISSUER}anonymous: {{enabled: true, conditions: [{{path: /livez}}]}}\n"
        ))
        .expect("good");
        assert_eq!(some.issuers[0].issuer(), "https://a");
        assert_eq!(some.anonymous, Some(Anonymous::To(vec!["/livez".to_owned()])));
        assert_eq!(
            read("anonymous: {enabled: false}\n").expect("good").anonymous,
            Some(Anonymous::No)
        );
    }

    #[test]
    fn what_cannot_be_is_refused_by_name() {
        let broken = ISSUER.replace("claim: sub, prefix: ''", "expression: claims.");
        let cases = [
            (
                broken.as_str(),
                "jwt[0].claimMappings.username.expression: Invalid value: \"claims.\": compilation failed: ERROR: <input>:1:8: Syntax error: ",
            ),
            (
                "jwt:\n- issuer: {url: 'http://a', audiences: [x]}\n",
                "issuer.url",
            ),
            ("jwt:\n- issuer: {url: 'https://a'}\n", "issuer.audiences"),
            (
                "jwt:\n- issuer: {url: 'https://a', audiences: [x]}\n",
                "claimMappings.username",
            ),
            (
                "anonymous: {enabled: false, conditions: [{path: /x}]}\n",
                "anonymous.conditions",
            ),
        ];
        for (text, told) in cases {
            let error = read(text).expect_err(text);
            assert!(error.contains(told), "{error}");
        }
        assert!(
            read(&format!("{ISSUER}{}", &ISSUER[5..]))
                .expect_err("twice")
                .contains("duplicate")
        );
    }
}
