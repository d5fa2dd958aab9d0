//! Rules of what only Windows knows: credentials of group managed service accounts, and users.

use object::field::Printed;
use object::names;

use super::super::place::Place;
use crate::strategy::Errors;

const CREDENTIALS_BYTES_MAX: usize = 64 << 10;
const DOMAIN_BYTES_MAX: usize = 255;
const NET_BIOS_CHARACTERS_MAX: usize = 15;
const USER_BYTES_MAX: usize = 104;
/// What no user's name has.
const RESERVED: [char; 16] = [
    '"', '/', '\\', ':', ';', '|', '=', ',', '+', '*', '?', '<', '>', '@', '[', ']',
];

/// Checks `windowsOptions`.
pub fn check(options: &Place<'_>, errors: &mut Errors) {
    let name = options.field("gmsaCredentialSpecName");
    if name.is_set() {
        name.format(names::dns_subdomain, errors);
    }
    let credentials = options.field("gmsaCredentialSpec");
    if credentials.is_set() && credentials.is_empty() {
        errors.push(credentials.invalid_text("gmsaCredentialSpec cannot be an empty string"));
    } else if credentials.text().len() > CREDENTIALS_BYTES_MAX {
        errors.push(credentials.invalid_text("gmsaCredentialSpec size must be under 64 KiB"));
    }
    let user = options.field("runAsUserName");
    if user.is_set() {
        let problems = problems(user.text()).into_iter();
        errors.extend(problems.map(|problem| user.invalid_text(problem)));
    }
}

/// Checks `hostProcess` over all containers of a pod: all are such, or none, and then the pod is in the host's network.
pub fn check_host_process(spec: &Place<'_>, errors: &mut Errors) {
    let of = |place: &Place<'_>| {
        let options = place.field("securityContext").field("windowsOptions");
        options.field("hostProcess").value().as_bool()
    };
    let pod = of(spec);
    let (mut all, mut on_host) = (0, 0);
    for container in super::every_container(spec) {
        all += 1;
        let own = of(&container);
        if let (Some(pod), Some(own)) = (pod, own)
            && pod != own
        {
            let detail = format!("pod hostProcess value must be identical if both are specified, was {pod}");
            let place = container.field("securityContext").field("windowsOptions");
            errors.push(place.field("hostProcess").invalid(detail));
        }
        on_host += usize::from(own.or(pod) == Some(true));
    }
    if on_host == 0 {
        return;
    }
    if on_host != all {
        let detail =
            "If pod contains any hostProcess containers then all containers must be HostProcess containers";
        errors.push(spec.invalid_as("", detail));
    }
    let network = spec.field("hostNetwork");
    if !network.is_true() {
        let detail = "hostNetwork must be true if pod contains any hostProcess containers";
        errors.push(network.invalid_as(Printed::raw("false".to_owned()), detail));
    }
}

/// What is wrong with `DOMAIN\USER` or `USER`.
fn problems(text: &str) -> Vec<&'static str> {
    if text.is_empty() {
        return vec!["runAsUserName cannot be an empty string"];
    }
    if text.bytes().any(|byte| byte.is_ascii_control()) {
        return vec!["runAsUserName cannot contain control characters"];
    }
    match text.split('\\').collect::<Vec<_>>()[..] {
        [user] => user_problems(user),
        [domain, user] => [domain_problems(domain), user_problems(user)].concat(),
        _ => vec!["runAsUserName cannot contain more than one backslash"],
    }
}

fn domain_problems(domain: &str) -> Vec<&'static str> {
    let mut problems = Vec::new();
    if domain.len() > DOMAIN_BYTES_MAX {
        problems.push("runAsUserName's Domain length must be under 256 characters");
    }
    if !is_net_bios(domain) && !is_dns(domain) {
        problems.push("runAsUserName's Domain doesn't match the NetBios nor the DNS format");
    }
    problems
}

/// One to 15 characters without reserved ones; a dot not in front.
fn is_net_bios(domain: &str) -> bool {
    (1..=NET_BIOS_CHARACTERS_MAX).contains(&domain.chars().count())
        && !domain.starts_with('.')
        && !domain.contains(['\\', '/', ':', '*', '?', '"', '<', '>', '|'])
}

/// DNS labels of either case, of at most 63.
fn is_dns(domain: &str) -> bool {
    domain
        .split('.')
        .all(|label| names::dns_label(&label.to_ascii_lowercase()).is_empty())
}

fn user_problems(user: &str) -> Vec<&'static str> {
    let mut problems = Vec::new();
    if user.is_empty() {
        problems.push("runAsUserName's User cannot be empty");
    } else if user.len() > USER_BYTES_MAX {
        problems.push("runAsUserName's User length must not be longer than 104 characters");
    }
    if !user.is_empty() && user.chars().all(|char| matches!(char, '.' | ' ')) {
        problems.push("runAsUserName's User cannot contain only periods or spaces");
    }
    if user.contains(RESERVED) {
        problems.push("runAsUserName's User cannot contain the following characters: \"/\\:;|=,+*?<>@[]");
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_may_have_a_domain() {
        for good in [
            "a",
            "A\\b",
            "NT AUTHORITY\\NETWORK SERVICE",
            "corp.Example.com\\a.b",
            "a_b c\\d",
        ] {
            assert_eq!(problems(good), [""; 0], "{good}");
        }
        for (wrong, about) in [
            ("", "an empty string"),
            ("a\n", "control characters"),
            ("a\\b\\c", "more than one backslash"),
            ("a\\", "User cannot be empty"),
            (".a\\b", "NetBios nor the DNS"),
            ("\\b", "NetBios nor the DNS"),
            ("a_b.example.com.org\\c", "NetBios nor the DNS"),
            (". .", "only periods or spaces"),
            ("a@b", "the following characters"),
        ] {
            let told = problems(wrong);
            assert!(told.len() == 1 && told[0].contains(about), "{wrong:?}: {told:?}");
        }
        let long = format!("{}\\{}", "a.".repeat(127) + "aa", "u".repeat(105));
        assert_eq!(
            problems(&long),
            [
                "runAsUserName's Domain length must be under 256 characters",
                "runAsUserName's User length must not be longer than 104 characters",
            ]
        );
    }
}
