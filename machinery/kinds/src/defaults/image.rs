//! Image references: which pull policy they imply. Whether an image exists is the node's question.
//!
//! The grammar is that of the distribution project's references: `[domain/]path[:tag][@digest]`.

/// Longest `domain/path`, in bytes.
const NAME_MAX: usize = 255;
/// Longest tag, in bytes.
const TAG_MAX: usize = 128;

/// `Always` for the tag `latest`, which is also meant when neither tag nor digest is given; else `IfNotPresent`.
/// A reference that does not parse has no tag.
pub(super) fn pull_policy(image: &str) -> &'static str {
    match tag(image) {
        Some("latest") => "Always",
        _ => "IfNotPresent",
    }
}

/// The tag of a valid reference: `latest` when there is neither tag nor digest, `None` with a digest only.
fn tag(image: &str) -> Option<&str> {
    if is_identifier(image) {
        return None;
    }
    let (rest, digest) = match image.split_once('@') {
        Some((rest, digest)) => (rest, Some(digest)),
        None => (image, None),
    };
    // A colon before the last slash belongs to the port of the domain.
    let (name, tag) = match rest.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => (name, Some(tag)),
        _ => (rest, None),
    };
    let valid = is_name(name) && tag.is_none_or(is_tag) && digest.is_none_or(is_digest);
    match (valid, tag, digest) {
        (true, Some(tag), _) => Some(tag),
        (true, None, None) => Some("latest"),
        _ => None,
    }
}

/// 64 hexadecimal digits are an image id, not a name.
fn is_identifier(image: &str) -> bool {
    image.len() == 64
        && image
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

fn is_name(name: &str) -> bool {
    let (domain, path) = match name.split_once('/') {
        Some((domain, path)) if is_domain_like(domain) => (Some(domain), path),
        _ => (None, name),
    };
    name.len() <= NAME_MAX && domain.is_none_or(is_domain) && path.split('/').all(is_path_component)
}

/// A first component is a domain if it has a dot, a port or an upper case letter, or is `localhost`.
fn is_domain_like(first: &str) -> bool {
    first == "localhost" || first.contains(['.', ':']) || first.bytes().any(|byte| byte.is_ascii_uppercase())
}

fn is_domain(domain: &str) -> bool {
    let (host, port) = match domain.strip_prefix('[') {
        Some(rest) => match rest.split_once(']') {
            Some((address, port)) => (None, is_bracketed(address).then_some(port)),
            None => return false,
        },
        None => match domain.split_once(':') {
            Some((host, _)) => (Some(host), Some(&domain[host.len()..])),
            None => (Some(domain), Some("")),
        },
    };
    host.is_none_or(|host| host.split('.').all(is_domain_component)) && port.is_some_and(is_port_suffix)
}

fn is_bracketed(address: &str) -> bool {
    !address.is_empty()
        && address
            .bytes()
            .all(|byte| byte.is_ascii_hexdigit() || byte == b':')
}

fn is_port_suffix(suffix: &str) -> bool {
    match suffix.strip_prefix(':') {
        Some(port) => !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()),
        None => suffix.is_empty(),
    }
}

fn is_domain_component(part: &str) -> bool {
    !part.is_empty()
        && !part.starts_with('-')
        && !part.ends_with('-')
        && part
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// Lower case letters and digits, in groups parted by one dot, one or two underscores, or any number of dashes.
fn is_path_component(part: &str) -> bool {
    let is_word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let mut between = part.split(|letter: char| letter.is_ascii() && is_word(letter as u8));
    part.bytes().next().is_some_and(is_word)
        && part.bytes().last().is_some_and(is_word)
        && between.all(|text| matches!(text, "." | "_" | "__") || text.bytes().all(|byte| byte == b'-'))
}

fn is_tag(tag: &str) -> bool {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    tag.len() <= TAG_MAX
        && tag.bytes().next().is_some_and(is_word)
        && tag
            .bytes()
            .all(|byte| is_word(byte) || matches!(byte, b'.' | b'-'))
}

/// Only algorithms that are known have valid digests.
fn is_digest(digest: &str) -> bool {
    let Some((algorithm, hex)) = digest.split_once(':') else {
        return false;
    };
    let length = match algorithm {
        "sha256" => 64,
        "sha384" => 96,
        "sha512" => 128,
        _ => return false,
    };
    hex.len() == length && hex.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use super::pull_policy;

    #[test]
    fn policy_follows_the_tag() {
        for image in [
            "a",
            "reg.example:5000/a",
            "a:latest",
            "localhost/a__b/c--d",
            "[::1]:5000/a",
            "Reg/a",
        ] {
            assert_eq!(pull_policy(image), "Always", "{image}");
        }
        let digest = format!("a@sha256:{}", "0".repeat(64));
        let both = format!("a:1@sha256:{}", "0".repeat(64));
        let id = "0".repeat(64);
        for image in [
            "",
            "a:1",
            "reg.example:5000/a:1",
            "A",
            "a:",
            "a___b",
            "-a",
            "a-",
            "a//b",
            &digest,
            &both,
            &id,
        ] {
            assert_eq!(pull_policy(image), "IfNotPresent", "{image}");
        }
        assert_eq!(
            pull_policy(&format!("a:latest@sha256:{}", "0".repeat(64))),
            "Always"
        );
        assert_eq!(pull_policy("a@sha256:00"), "IfNotPresent");
    }
}
