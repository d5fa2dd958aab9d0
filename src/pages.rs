//! What `/statusz` and `/flagz` tell of a tier: how it was started, and how it is doing.

use std::sync::Arc;

use clap::ArgMatches;
use serve::pages::{More, Pages};
use watchcache::Cache;

use crate::options::Listening;

/// What operators may ask of a tier over a store.
const PATHS: &[&str] = &[
    "/debug/pprof/heap",
    "/debug/pprof/profile",
    "/flagz",
    "/healthz",
    "/livez",
    "/metrics",
    "/readyz",
    "/statusz",
    "/version",
];

/// Of a tier that keeps a cache.
pub fn of_cache(listening: &Listening, cache: &Arc<Cache>) -> Pages {
    let cache = cache.clone();
    let more: More = Arc::new(move || cache_lines(&cache));
    Pages::new(listening.component, listening.given.clone(), PATHS, more)
}

/// Of a router, whose own page tells the rest.
pub fn of_router(listening: &Listening) -> Pages {
    let more: More = Arc::new(Vec::new);
    Pages::new(listening.component, listening.given.clone(), &[], more)
}

fn cache_lines(cache: &Cache) -> Vec<(&'static str, String)> {
    let held: Vec<_> = cache.units().into_iter().filter(|unit| unit.is_held()).collect();
    let ready = held.iter().filter(|unit| unit.generation().is_some()).count();
    let watches: u64 = held.iter().map(|unit| unit.watchers()).sum();
    let silent = held.iter().max_by_key(|unit| unit.silence());
    let silent = silent.map_or_else(
        || "-".to_owned(),
        |unit| format!("{:.1} s ({})", unit.silence().as_secs_f64(), unit.name()),
    );
    vec![
        ("Resources kept", held.len().to_string()),
        ("Resources ready", ready.to_string()),
        ("Watches", watches.to_string()),
        ("Longest silence of the store", silent),
    ]
}

/// The flags of a command as they count, whether typed or by default. Users and passwords in URLs are left out.
pub fn flags(command: &clap::Command, matches: &ArgMatches) -> Arc<[(String, String)]> {
    let arguments = command.get_arguments().filter_map(|argument| {
        let name = argument.get_long()?.to_owned();
        let values = matches.try_get_raw(argument.get_id().as_str()).ok().flatten();
        let values = values.into_iter().flatten();
        let values: Vec<String> = values
            .map(|value| without_user(&value.to_string_lossy()))
            .collect();
        Some((name, values.join(",")))
    });
    let mut flags: Vec<_> = arguments.collect();
    flags.sort();
    flags.into()
}

/// A value without the users of the URLs in it, of which there may be several (`group/resource#url;url`).
fn without_user(value: &str) -> String {
    let mut parts = value.split("://");
    let mut told = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.find(['/', '?', '#']).unwrap_or(part.len());
        let from = part[..end].rfind('@').map_or(0, |at| at + 1);
        told.push_str("://");
        told.push_str(&part[from..]);
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::CommandLine;
    use clap::CommandFactory;

    #[test]
    fn flags_are_told_as_they_count_without_secrets() {
        let command = CommandLine::command();
        let matches = command.clone().get_matches_from([
            "shardplane",
            "--etcd-servers=http://root:secret@a:1/x,https://b:2",
            "--etcd-servers-overrides=/events#http://u:se;cret@a:1;https://v:secret@b:2",
            "-v4",
        ]);
        let flags = flags(&command, &matches);
        let of = |name: &str| {
            let found = flags.iter().find(|(known, _)| known == name);
            found.map(|(_, value)| value.as_str())
        };
        assert_eq!(of("etcd-servers"), Some("http://a:1/x,https://b:2"));
        assert_eq!(
            of("etcd-servers-overrides"),
            Some("/events#http://a:1;https://b:2")
        );
        assert_eq!((of("v"), of("request-timeout")), (Some("4"), Some("1m0s")));
        assert_eq!(of("tls-cert-file"), Some(""));
    }
}
