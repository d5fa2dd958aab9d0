//! The checked configuration: every value parsed, every file that was named read or found readable.

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use apiserver::allocate::addresses::AddressRange;
use apiserver::allocate::node_ports::PortRange;
use auth::tokens::{self, StaticTokens};
use ipnet::IpNet;
use kinds::RuntimeConfig;
use serve::pki;

use crate::access;
use crate::completed::Completed;
use crate::encryption::Encryption;
use crate::error::Error;
use crate::options::{self, Cluster, Options};
use crate::store::Backend;
use apiserver::admission;

/// What a server runs with.
pub struct Config {
    /// As typed, for values that need no parsing.
    pub options: Options,
    /// The data folder.
    pub data_dir: PathBuf,
    /// Where the rest of the cluster reaches this server.
    pub advertise_address: IpAddr,
    /// This machine's name.
    pub hostname: String,
    /// Certificates of our own.
    pub pki: pki::Files,
    /// Who may come in and what they may do.
    pub access: access::Settled,
    /// Which admission plugins are on, and their configuration.
    pub admission: admission::Configuration,
    /// Where objects are kept.
    pub backend: Backend,
    /// What is encrypted there.
    pub encryption: Option<Encryption>,
    /// Which APIs are served.
    pub runtime: RuntimeConfig,
    /// At least one, at most one of each family.
    pub service_ranges: Vec<AddressRange>,
    /// Of NodePort Services.
    pub node_ports: PortRange,
}

impl Completed {
    /// Checks everything that can be checked without a store and a socket.
    pub fn validate(self) -> Result<Config, Error> {
        let Completed {
            options,
            data_dir,
            advertise_address,
            hostname,
        } = self;
        check_issuers(&options.access.service_accounts.service_account_issuer)?;
        let service_ranges = service_ranges(&options.cluster.service_cluster_ip_range)?;
        Ok(Config {
            pki: own_files(&data_dir, options.cert_dir.as_deref()),
            access: access::Settled::new(
                options.access.clone(),
                static_tokens(options.access.token_auth_file.as_deref())?,
            )?,
            admission: admission(&options.admission)?,
            backend: Backend::of(&options.etcd, &data_dir)?,
            encryption: Encryption::of(&options.etcd)?,
            runtime: runtime(&options.cluster)?,
            node_ports: port_range(&options.cluster.service_node_port_range)?,
            service_ranges,
            options,
            data_dir,
            advertise_address,
            hostname,
        })
    }
}

impl Config {
    /// The names of the serving certificate.
    pub fn names(&self) -> pki::Names {
        let addresses = [
            self.advertise_address,
            self.options.serving.listening.bind_address,
            self.service_ranges[0].first(),
        ];
        names(&self.hostname, &addresses)
    }
}

/// Certificates and keys of our own: in the data folder, but for what processes share in a folder that is given.
pub fn own_files(data_dir: &Path, shared: Option<&Path>) -> pki::Files {
    let own = data_dir.join("pki");
    pki::Files::of(shared.unwrap_or(&own), &own)
}

/// Under which names a server of this host is reached, at these addresses and the usual ones.
pub fn names(hostname: &str, others: &[IpAddr]) -> pki::Names {
    let mut dns: Vec<String> = [
        "localhost",
        "kubernetes",
        "kubernetes.default",
        "kubernetes.default.svc",
    ]
    .map(str::to_owned)
    .to_vec();
    dns.push("kubernetes.default.svc.cluster.local".to_owned());
    if !dns.iter().any(|name| name == hostname) && hostname.is_ascii() {
        dns.push(hostname.to_owned());
    }
    let mut addresses: Vec<IpAddr> = vec![[127, 0, 0, 1].into(), std::net::Ipv6Addr::LOCALHOST.into()];
    for address in others.iter().filter(|address| !address.is_unspecified()) {
        if !addresses.contains(address) {
            addresses.push(*address);
        }
    }
    pki::Names { dns, addresses }
}

fn static_tokens(path: Option<&Path>) -> Result<StaticTokens, Error> {
    const FLAG: &str = "token-auth-file";
    let Some(path) = path else {
        return Ok(StaticTokens::default());
    };
    let failed = |source| Error::File {
        flag: FLAG,
        path: path.to_owned(),
        source,
    };
    if std::fs::metadata(path).map_err(failed)?.len() > tokens::FILE_BYTES_MAX {
        return Err(Error::flag(
            FLAG,
            format!("more than {} bytes", tokens::FILE_BYTES_MAX),
        ));
    }
    let text = std::fs::read_to_string(path).map_err(failed)?;
    StaticTokens::parse(&text).map_err(|error| Error::flag(FLAG, error))
}

fn check_issuers(issuers: &[String]) -> Result<(), Error> {
    match issuers.iter().any(String::is_empty) {
        true => Err(Error::flag("service-account-issuer", "it must not be empty")),
        false => Ok(()),
    }
}

fn admission(flags: &options::Admission) -> Result<admission::Configuration, Error> {
    let file = flags.admission_control_config_file.as_deref();
    let read = admission::Configuration::read(
        &flags.enable_admission_plugins,
        &flags.disable_admission_plugins,
        file,
    );
    read.map_err(|error| Error::flag(error.flag, error))
}

fn runtime(cluster: &Cluster) -> Result<RuntimeConfig, Error> {
    let mut runtime = RuntimeConfig::parse(&cluster.runtime_config)
        .map_err(|error| Error::flag("runtime-config", error))?;
    for setting in cluster
        .feature_gates
        .split(',')
        .map(str::trim)
        .filter(|setting| !setting.is_empty())
    {
        let invalid = |why: String| Error::flag("feature-gates", why);
        let (gate, on) = setting
            .split_once('=')
            .and_then(|(gate, on)| Some((gate, on.parse::<bool>().ok()?)))
            .ok_or_else(|| invalid(format!("{setting:?} is not Name=true or Name=false")))?;
        runtime
            .gates
            .set(gate, on)
            .map_err(|error| invalid(error.to_string()))?;
    }
    Ok(runtime)
}

fn service_ranges(text: &str) -> Result<Vec<AddressRange>, Error> {
    let invalid = |why: String| Error::flag("service-cluster-ip-range", why);
    let parse = |one: &str| {
        one.trim()
            .parse::<IpNet>()
            .map_err(|error| invalid(format!("{one:?}: {error}")))
    };
    let nets = text.split(',').map(parse).collect::<Result<Vec<_>, _>>()?;
    for net in &nets {
        if net.max_prefix_len() - net.prefix_len() < 2 {
            return Err(invalid(format!(
                "{net} has too few addresses: at least 4 are needed"
            )));
        }
    }
    match nets.as_slice() {
        [_] => {}
        [one, other] if one.addr().is_ipv4() != other.addr().is_ipv4() => {}
        _ => return Err(invalid("want one range, or one of each family".to_owned())),
    }
    Ok(nets.into_iter().map(AddressRange::new).collect())
}

/// `first-last`, or `first+count` as the reference also takes it.
fn port_range(text: &str) -> Result<PortRange, Error> {
    let invalid = || {
        Error::flag(
            "service-node-port-range",
            format!("{text:?} is not a range of ports such as 30000-32767"),
        )
    };
    let number = |part: &str| part.trim().parse::<u16>().map_err(|_| invalid());
    let (first, last) = if let Some((first, last)) = text.split_once('-') {
        (number(first)?, number(last)?)
    } else if let Some((first, more)) = text.split_once('+') {
        let first = number(first)?;
        (first, first.checked_add(number(more)?).ok_or_else(invalid)?)
    } else {
        return Err(invalid());
    };
    if first == 0 || last < first {
        Err(invalid())
    } else {
        Ok(PortRange { first, last })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn port_ranges_have_two_forms() {
        let ends = |text| port_range(text).map(|range| (range.first, range.last)).ok();
        assert_eq!(ends("30000-32767"), Some((30_000, 32_767)));
        assert_eq!(ends("30000+99"), Some((30_000, 30_099)));
        for text in ["", "1", "5-4", "0-4", "1-70000", "65000+1000"] {
            assert_eq!(ends(text), None, "{text}");
        }
    }

    #[test]
    fn service_ranges_are_one_of_each_family_at_most() {
        assert_eq!(
            service_ranges("10.96.0.0/16").map(|ranges| ranges.len()).ok(),
            Some(1)
        );
        assert_eq!(
            service_ranges("10.96.0.0/16,fd00::/112")
                .map(|ranges| ranges.len())
                .ok(),
            Some(2)
        );
        for text in ["", "10.0.0.0/31", "10.0.0.0/16,10.1.0.0/16", "everything"] {
            assert!(service_ranges(text).is_err(), "{text}");
        }
    }
}
