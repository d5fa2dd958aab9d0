//! One provider from the flags `--oidc-*`, which are older than the configuration file and say less.

use std::path::PathBuf;

use super::{Mapping, Oidc, Prefixed, Provider, Source};
use crate::client::{Client, Trust, read_file};
use crate::jwt::Algorithm;

/// The claim that names users unless told otherwise; it means the same to all providers.
const EMAIL: &str = "email";
/// The prefix that is none.
const NO_PREFIX: &str = "-";

/// What the flags say. Defaults are the flags' own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Flags {
    /// `--oidc-issuer-url`
    pub issuer_url: String,
    /// `--oidc-client-id`: for whom tokens must be.
    pub client_id: String,
    /// `--oidc-ca-file`: who signed the provider's certificate; those of the operating system unless given.
    pub ca_file: Option<PathBuf>,
    /// `--oidc-username-claim`
    pub username_claim: String,
    /// `--oidc-username-prefix`: `-` is none; empty is the issuer and `#`, but for mail addresses.
    pub username_prefix: String,
    /// `--oidc-groups-claim`; empty is no groups.
    pub groups_claim: String,
    /// `--oidc-groups-prefix`
    pub groups_prefix: String,
    /// `--oidc-signing-algs`
    pub signing_algorithms: Vec<String>,
    /// `--oidc-required-claim`: `claim=value`, each of them.
    pub required_claims: Vec<String>,
}

impl Flags {
    /// The provider; `None` if none is named. An error says which flag is wrong.
    pub fn provider(&self) -> Result<Option<Oidc>, String> {
        match (self.issuer_url.as_str(), self.client_id.as_str()) {
            ("", "") => return Ok(None),
            ("", _) | (_, "") => {
                return Err("oidc-issuer-url and oidc-client-id must be specified together".to_owned());
            }
            (url, _) if !url.starts_with("https://") => {
                return Err(format!("oidc-issuer-url: {url:?}: URL scheme must be https"));
            }
            _ => {}
        }
        let authorities = self.ca_file.as_deref().map(read_file).transpose();
        let trust = Trust {
            authorities: authorities.map_err(|error| format!("oidc-ca-file: {error}"))?,
            ..Trust::default()
        };
        let client = Client::new(&trust).map_err(|error| format!("oidc-ca-file: {error}"))?;
        let provider = Provider::new(&self.issuer_url, None, client, self.algorithms()?);
        let audiences = vec![self.client_id.as_str().into()];
        Ok(Some(Oidc::new(provider, audiences, self.mapping()?)))
    }

    fn algorithms(&self) -> Result<Vec<Algorithm>, String> {
        let known = |name: &String| {
            Algorithm::of_name(name)
                .filter(|algorithm| *algorithm != Algorithm::EdDSA)
                .ok_or_else(|| format!("oidc-signing-algs: unsupported signing alg: {name:?}"))
        };
        self.signing_algorithms.iter().map(known).collect()
    }

    fn mapping(&self) -> Result<Mapping, String> {
        let prefix = match self.username_prefix.as_str() {
            NO_PREFIX => String::new(),
            "" if self.username_claim != EMAIL => format!("{}#", self.issuer_url),
            given => given.to_owned(),
        };
        let mut required = Vec::new();
        for pair in &self.required_claims {
            let (claim, value) = pair
                .split_once('=')
                .filter(|(claim, _)| !claim.is_empty())
                .ok_or_else(|| format!("oidc-required-claim: {pair:?} is not claim=value"))?;
            required.push((claim.to_owned(), value.to_owned()));
        }
        Ok(Mapping {
            username: Source::Claim(Prefixed {
                claim: self.username_claim.clone(),
                prefix,
            }),
            groups: (!self.groups_claim.is_empty()).then(|| {
                Source::Claim(Prefixed {
                    claim: self.groups_claim.clone(),
                    prefix: self.groups_prefix.clone(),
                })
            }),
            required,
            ..Mapping::default()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flags() -> Flags {
        Flags {
            issuer_url: "https://issuer".to_owned(),
            client_id: "us".to_owned(),
            username_claim: "sub".to_owned(),
            signing_algorithms: vec!["RS256".to_owned()],
            ..Flags::default()
        }
    }

    fn error(change: impl FnOnce(&mut Flags)) -> String {
        let mut flags = flags();
        change(&mut flags);
        flags.provider().expect_err("a bad flag")
    }

    #[test]
    fn a_provider_is_named_by_issuer_and_client() {
        assert!(Flags::default().provider().expect("nothing is named").is_none());
        let provider = flags().provider().expect("good").expect("named");
        assert_eq!(provider.issuer(), "https://issuer");
        assert!(error(|flags| flags.client_id.clear()).contains("must be specified together"));
        assert!(error(|flags| flags.issuer_url.clear()).contains("must be specified together"));
        assert!(error(|flags| flags.issuer_url = "http://issuer".to_owned()).contains("must be https"));
    }

    #[test]
    fn what_is_wrong_is_told_by_flag() {
        for algorithm in ["none", "HS256", "EdDSA"] {
            let told = error(|flags| flags.signing_algorithms = vec![algorithm.to_owned()]);
            assert!(told.contains("oidc-signing-algs"), "{told}");
        }
        let told = error(|flags| flags.required_claims = vec!["claim".to_owned()]);
        assert!(told.contains("oidc-required-claim"), "{told}");
        let told = error(|flags| flags.ca_file = Some("/nowhere".into()));
        assert!(told.contains("oidc-ca-file"), "{told}");
    }

    fn prefix_of(source: Source) -> String {
        match source {
            Source::Claim(mapping) => mapping.prefix,
            Source::Expression(_) => panic!("flags have no expressions"),
        }
    }

    #[test]
    fn users_of_different_issuers_are_told_apart() {
        let prefix = |claim: &str, prefix: &str| {
            let flags = Flags {
                username_claim: claim.to_owned(),
                username_prefix: prefix.to_owned(),
                ..flags()
            };
            prefix_of(flags.mapping().expect("good").username)
        };
        assert_eq!(prefix("sub", ""), "https://issuer#");
        assert_eq!(prefix("email", ""), "");
        assert_eq!(prefix("sub", "-"), "");
        assert_eq!(prefix("sub", "oidc:"), "oidc:");
        let flags = Flags {
            groups_claim: "roles".to_owned(),
            groups_prefix: "g:".to_owned(),
            required_claims: vec!["hd=example.com".to_owned(), "a=b=c".to_owned()],
            ..flags()
        };
        let mapping = flags.mapping().expect("good");
        assert_eq!(prefix_of(mapping.groups.expect("named")), "g:");
        let pair = |claim: &str, value: &str| (claim.to_owned(), value.to_owned());
        assert_eq!(mapping.required, [pair("hd", "example.com"), pair("a", "b=c")]);
    }
}
