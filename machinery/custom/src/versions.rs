//! The order of versions: `v2` before `v1` before `v1beta1` before what is no Kubernetes version, as the API concepts page has it.

use std::cmp::{Ordering, Reverse};

use schema::SmolStr;

/// How finished a version is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    Alpha,
    Beta,
    Ga,
}

/// The more preferred of two versions is the smaller one.
pub fn compare(one: &str, other: &str) -> Ordering {
    match (parse(one), parse(other)) {
        (Some(one), Some(other)) => Reverse(one).cmp(&Reverse(other)),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => one.cmp(other),
    }
}

/// The most preferred first.
pub fn sort(versions: &mut [SmolStr]) {
    versions.sort_by(|one, other| compare(one, other));
}

/// `v1beta2` is (beta, 1, 2).
fn parse(version: &str) -> Option<(Stage, u64, u64)> {
    let rest = version.strip_prefix('v')?;
    let digits = rest
        .find(|char: char| !char.is_ascii_digit())
        .unwrap_or(rest.len());
    let major = number(&rest[..digits])?;
    let rest = &rest[digits..];
    if rest.is_empty() {
        return Some((Stage::Ga, major, 0));
    }
    let (stage, minor) = match rest.strip_prefix("beta") {
        Some(minor) => (Stage::Beta, minor),
        None => (Stage::Alpha, rest.strip_prefix("alpha")?),
    };
    Some((stage, major, number(minor)?))
}

/// Without leading zeros.
fn number(text: &str) -> Option<u64> {
    let is_plain = !text.starts_with('0') && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| is_plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_finished_and_newest_version_comes_first() {
        let wanted = [
            "v10",
            "v2",
            "v1",
            "v11beta2",
            "v10beta3",
            "v3beta1",
            "v12alpha1",
            "v11alpha2",
            "foo1",
            "foo10",
            "v01",
        ];
        let mut mixed: Vec<SmolStr> = wanted.iter().rev().map(SmolStr::new).collect();
        sort(&mut mixed);
        assert_eq!(mixed, wanted);
    }
}
