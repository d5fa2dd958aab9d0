//! Rules of what only Windows knows: credentials of group managed service accounts, and users.

use object::names;

use super::super::place::Place;
use crate::strategy::Errors;

const CREDENTIALS_BYTES_MAX: usize = 64 << 10;
const DOMAIN_BYTES_MAX: usize = 255;
const USER_BYTES_MAX: usize = 104;

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
        errors.extend(problem(user.text()).map(|problem| user.invalid_text(problem)));
    }
}

/// What is wrong with `DOMAIN\USER` or `USER`.
fn problem(text: &str) -> Option<&'static str> {
    let (domain, user) = text.split_once('\\').unwrap_or(("", text));
    if text.is_empty() {
        Some("runAsUserName cannot be an empty string")
    } else if text.chars().any(char::is_control) {
        Some("runAsUserName cannot contain control characters")
    } else if user.contains('\\') {
        Some("runAsUserName cannot contain more than one backslash")
    } else if domain.len() > DOMAIN_BYTES_MAX {
        Some("runAsUserName's Domain length must be under 256 characters")
    } else if user.is_empty() {
        Some("runAsUserName's User cannot be empty")
    } else if user.len() > USER_BYTES_MAX {
        Some("runAsUserName's User length must not be longer than 104 characters")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_may_have_a_domain() {
        for good in ["a", "A\\b", "NT AUTHORITY\\NETWORK SERVICE"] {
            assert_eq!(problem(good), None, "{good}");
        }
        for wrong in ["", "a\\", "a\\b\\c", "a\n"] {
            assert!(problem(wrong).is_some(), "{wrong:?}");
        }
    }
}
