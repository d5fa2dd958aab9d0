//! How a webhook is reached: a URL, or a service of the cluster.
//! Whether it answers is not looked at.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use object::names::dns_subdomain;
use x509_parser::pem::Pem;

use super::super::place::Place;
use super::super::urls::Url;
use crate::strategy::Errors;

const ONE_OF_TWO: &str = "exactly one of url or service is required";
const FORM: &str = "; desired format: https://host[/path]";

/// Requires one of the two ways, and that it is well formed. The bundle of certificates is not looked at.
pub fn check(config: &Place<'_>, errors: &mut Errors) {
    let [url, service] = ["url", "service"].map(|field| config.field(field));
    match (url.is_set(), service.is_set()) {
        (true, false) => self::url(&url, errors),
        (false, true) => self::service(&service, errors),
        _ => errors.push(config.required(ONE_OF_TWO)),
    }
}

fn url(place: &Place<'_>, errors: &mut Errors) {
    let url = match Url::parse(place.text()) {
        Ok(url) => url,
        Err(problem) => {
            errors.push(place.required(&format!("url must be a valid URL: {problem}{FORM}")));
            return;
        }
    };
    if url.scheme != "https" {
        let detail = format!("'https' is the only allowed URL scheme{FORM}");
        errors.push(place.invalid_as(&url.scheme, detail));
    }
    if url.host.is_empty() {
        errors.push(place.invalid_as(url.host, format!("host must be provided{FORM}")));
    }
    if let Some(user) = url.user {
        errors.push(place.invalid_as(user, "user information is not permitted in the URL"));
    }
    if !url.fragment.is_empty() {
        errors.push(place.invalid_as(url.fragment, "fragments are not permitted in the URL"));
    }
    if !url.query.is_empty() {
        errors.push(place.invalid_as(url.query, "query parameters are not permitted in the URL"));
    }
}

fn service(service: &Place<'_>, errors: &mut Errors) {
    for field in ["name", "namespace"] {
        service.field(field).require(errors);
    }
    let port = service.field("port");
    if !(1..=65_535).contains(&port.int()) {
        errors.push(port.invalid_int("port is not valid: must be between 1 and 65535, inclusive"));
    }
    path(&service.field("path"), errors);
}

fn path(place: &Place<'_>, errors: &mut Errors) {
    let text = place.text();
    match text {
        "" | "/" => return,
        "//" => {
            errors.push(place.invalid_text("segment[0] may not be empty"));
            return;
        }
        _ => {}
    }
    if !text.starts_with('/') {
        errors.push(place.invalid_text("must start with a '/'"));
    }
    // The first character is taken for the slash, whatever it is.
    let mut rest = text.chars();
    rest.next();
    let rest = rest.as_str();
    for (at, segment) in rest.strip_suffix('/').unwrap_or(rest).split('/').enumerate() {
        if segment.is_empty() {
            errors.push(place.invalid_text(format!("segment[{at}] may not be empty")));
            continue;
        }
        for problem in dns_subdomain(segment) {
            errors.push(place.invalid_text(format!("segment[{at}]: {problem}")));
        }
    }
}

/// Requires a bundle of certificates, as PEM in base64.
pub fn bundle(place: &Place<'_>, errors: &mut Errors) {
    if let Some(problem) = bundle_problem(&STANDARD.decode(place.text()).unwrap_or_default()) {
        errors.push(place.invalid_text(format!("unable to load root certificates: {problem}")));
    }
}

/// Blocks of other types, and with headers, are passed over.
fn bundle_problem(pem: &[u8]) -> Option<&'static str> {
    let mut found = false;
    let blocks = Pem::iter_from_buffer(pem).map_while(Result::ok);
    for block in blocks.filter(|block| block.label == "CERTIFICATE") {
        if block.parse_x509().is_err() {
            return Some("x509: malformed certificate");
        }
        found = true;
    }
    (!found).then_some("data does not contain any valid RSA or ECDSA certificates")
}
