//! Name formats: what a name, label, key or port may look like, in the reference's words, and generated names.
//! It judges text alone; which field has which format is validation's part.
//!
//! A check returns what is wrong, in the reference's order; an empty list means valid. Lengths are in bytes, also where
//! the text says characters.

mod dns;
mod env;
mod generate;
mod key;
mod object;
mod path;

use std::borrow::Cow;

pub use dns::{
    dns_1035_label, dns_label, dns_subdomain, dns_subdomain_with_underscore, fully_qualified_domain_name,
    fully_qualified_name, port_name, wildcard_dns_subdomain,
};
pub use env::{c_identifier, config_map_key, env_var_name, env_var_name_strict, http_header_name, percent};
pub use generate::{RANDOM_ALPHABET, generate};
pub use key::{domain_prefixed_key, domain_prefixed_path, label_value, qualified_name};
pub use object::NameFormat;
pub use path::{path_segment, path_segment_prefix};

/// What is wrong with a text: one message each.
pub type Problems = Vec<Cow<'static, str>>;

/// The message for text longer than `max`, as older formats put it.
fn too_many_characters(max: usize) -> Cow<'static, str> {
    Cow::Owned(format!("must be no more than {max} characters"))
}

/// The message for text longer than `max`, as label keys and values put it.
fn too_many_bytes(max: usize) -> Cow<'static, str> {
    Cow::Owned(format!("must be no more than {max} bytes"))
}

#[cfg(test)]
mod tests {
    use super::*;

    type Check = fn(&str) -> Problems;

    fn accepts(check: Check, values: &[&str]) {
        for value in values {
            assert_eq!(check(value), Problems::new(), "{value:?}");
        }
    }

    fn refuses(check: Check, values: &[&str]) {
        for value in values {
            assert_ne!(check(value), Problems::new(), "{value:?}");
        }
    }

    #[test]
    fn dns_labels() {
        let long = "a".repeat(64);
        accepts(dns_label, &["a", "0", "a-b", "a0", &long[1..]]);
        refuses(dns_label, &["", "-a", "a-", "A", "a.b", "a_b", "é", &long]);
        accepts(dns_1035_label, &["a", "a-1"]);
        refuses(dns_1035_label, &["1a", "", "a-"]);
        assert_eq!(dns_label("a.b"), ["must not contain dots"]);
        assert_eq!(dns_label(&long), ["must be no more than 63 characters"]);
    }

    #[test]
    fn dns_subdomains() {
        accepts(dns_subdomain, &["a", "a.b", "1.2", "a-b.c"]);
        refuses(
            dns_subdomain,
            &["", ".", "a.", ".a", "a..b", "A.b", "a-.b", &"a.".repeat(130)],
        );
        accepts(dns_subdomain_with_underscore, &["_a.b", "a_b.c"]);
        refuses(dns_subdomain_with_underscore, &["__a", "a_", "_"]);
        accepts(wildcard_dns_subdomain, &["*.a", "*.a.b"]);
        refuses(wildcard_dns_subdomain, &["a.b", "*", "*.", "*.*.a", "*a.b"]);
        accepts(fully_qualified_name, &["a.b.c"]);
        refuses(fully_qualified_name, &["a.b", "a.b.c.", "A.b.c"]);
        accepts(fully_qualified_domain_name, &["a.b", "a.b."]);
        refuses(fully_qualified_domain_name, &["a", "a."]);
    }

    #[test]
    fn keys_and_values() {
        accepts(qualified_name, &["a", "A.b_c-d", "example.com/a"]);
        refuses(qualified_name, &["", "a/", "/a", "a/b/c", "A.com/a", "-a", "a b"]);
        assert_eq!(qualified_name("a/").len(), 2);
        assert_eq!(qualified_name("/a"), ["prefix part must be non-empty"]);
        assert_eq!(
            qualified_name(&"a".repeat(64)),
            ["name part must be no more than 63 bytes"]
        );
        accepts(label_value, &["", "a", "A_b.c-d"]);
        refuses(label_value, &["-", "a b", "a-", &"a".repeat(64)]);
        assert_eq!(label_value(&"a".repeat(64)), ["must be no more than 63 bytes"]);
        accepts(domain_prefixed_key, &["a.io/b"]);
        refuses(domain_prefixed_key, &["a", "a.io/b/c"]);
        accepts(domain_prefixed_path, &["a.io/b/c:d"]);
        refuses(domain_prefixed_path, &["a.io", "a.io/", "/x", "a.io/ "]);
    }

    #[test]
    fn process_names() {
        accepts(config_map_key, &["a", "a.b", ".a"]);
        refuses(config_map_key, &["", ".", "..", "..a", "a b", &"a".repeat(254)]);
        accepts(env_var_name, &["a", "1 %", "~"]);
        refuses(env_var_name, &["", "a=b", "é", "a\tb"]);
        accepts(env_var_name_strict, &["_a", "a.b-c"]);
        refuses(env_var_name_strict, &["1a", "", "a b", ".."]);
        accepts(c_identifier, &["_a", "a1"]);
        refuses(c_identifier, &["1a", "", "a-b"]);
        accepts(http_header_name, &["X-A"]);
        refuses(http_header_name, &["", "a b"]);
        accepts(percent, &["5%", "100%"]);
        refuses(percent, &["%", "5", "a%", "-1%"]);
    }

    #[test]
    fn port_names() {
        accepts(port_name, &["http", "a-1"]);
        refuses(port_name, &["", "1", "a--b", "-a", "a-", "A", &"a".repeat(16)]);
        assert_eq!(port_name("").len(), 2);
    }

    #[test]
    fn object_names() {
        assert_eq!(
            path_segment("a/b%"),
            ["may not contain '/'", "may not contain '%'"]
        );
        assert_eq!(path_segment(".."), ["may not be '..'"]);
        assert_eq!(NameFormat::PathSegment.prefix("."), Problems::new());
        assert_eq!(NameFormat::DnsSubdomain.prefix("abc-"), Problems::new());
        assert_eq!(NameFormat::DnsLabel.prefix("ab--"), Problems::new());
        assert_eq!(NameFormat::DnsSubdomain.prefix("-").len(), 1);
        assert_eq!(NameFormat::DnsLabel.prefix("Bad_").len(), 1);
        assert_eq!(NameFormat::DnsLabel.prefix("é-").len(), 1);
    }

    #[test]
    fn generated_names() {
        assert_eq!(generate("web-", [0, 1, 26, 27, 255]), "web-bc9bq");
        assert_eq!(generate(&"a".repeat(100), [0; 5]).len(), 63);
        assert_eq!(generate(&"é".repeat(29), [0; 5]).len(), 63);
        assert_eq!(
            generate(&format!("a{}", "é".repeat(40)), [0; 5]),
            format!("a{}bbbbb", "é".repeat(28))
        );
    }
}
