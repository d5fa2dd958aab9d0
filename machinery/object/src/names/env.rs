//! Names that processes and protocols see: environment variables, config keys, identifiers, HTTP headers, percentages.

use super::{Problems, too_many_characters};

const CONFIG_KEY_CHARACTERS_MAX: usize = 253;

const CONFIG_KEY: &str = "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. \
    'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')";
const ENV_STRICT: &str = "a valid environment variable name must consist of alphabetic characters, digits, '_', '-', \
    or '.', and must not start with a digit (e.g. 'my.env-name',  or 'MY_ENV.NAME',  or 'MyEnvName1', regex used \
    for validation is '[-._a-zA-Z][-._a-zA-Z0-9]*')";
const ENV: &str =
    "a valid environment variable name must consist only of printable ASCII characters other than '='";
const C_IDENTIFIER: &str = "a valid C identifier must start with alphabetic character or '_', followed by a string \
    of alphanumeric characters or '_' (e.g. 'my_name',  or 'MY_NAME',  or 'MyName', regex used for validation is \
    '[A-Za-z_][A-Za-z0-9_]*')";
const HEADER: &str = "a valid HTTP header must consist of alphanumeric characters or '-' (e.g. 'X-Header-Name', \
    regex used for validation is '[-A-Za-z0-9]+')";
const PERCENT: &str = "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or \
    '93%', regex used for validation is '[0-9]+%')";

/// A key of a ConfigMap or Secret: at most 253, not `.`, not beginning with `..`.
pub fn config_map_key(value: &str) -> Problems {
    let mut problems = Problems::new();
    if value.len() > CONFIG_KEY_CHARACTERS_MAX {
        problems.push(too_many_characters(CONFIG_KEY_CHARACTERS_MAX));
    }
    if value.is_empty() || !value.bytes().all(is_config_byte) {
        problems.push(CONFIG_KEY.into());
    }
    push_dots(&mut problems, value);
    problems
}

/// The name of an environment variable: printable ASCII other than `=`.
pub fn env_var_name(value: &str) -> Problems {
    let mut problems = Problems::new();
    if value.is_empty() {
        problems.push("environment variable name must be non-empty".into());
    }
    if !value
        .bytes()
        .all(|byte| matches!(byte, b' '..=b'~') && byte != b'=')
    {
        problems.push(ENV.into());
    }
    problems
}

/// The name of an environment variable in the strict form.
pub fn env_var_name_strict(value: &str) -> Problems {
    let mut problems = Problems::new();
    let starts_well = value
        .bytes()
        .next()
        .is_some_and(|byte| is_config_byte(byte) && !byte.is_ascii_digit());
    if !starts_well || !value.bytes().all(is_config_byte) {
        problems.push(ENV_STRICT.into());
    }
    push_dots(&mut problems, value);
    problems
}

/// An identifier of C.
pub fn c_identifier(value: &str) -> Problems {
    let starts_well = value
        .bytes()
        .next()
        .is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_');
    require(
        starts_well
            && value
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_'),
        C_IDENTIFIER,
    )
}

/// The name of an HTTP header, in the API's narrow form.
pub fn http_header_name(value: &str) -> Problems {
    let good = !value.is_empty()
        && value
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    require(good, HEADER)
}

/// Digits and a percent sign.
pub fn percent(value: &str) -> Problems {
    let digits = value.strip_suffix('%').unwrap_or_default();
    require(
        !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()),
        PERCENT,
    )
}

fn require(good: bool, problem: &'static str) -> Problems {
    if good {
        Problems::new()
    } else {
        vec![problem.into()]
    }
}

fn is_config_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._".contains(&byte)
}

fn push_dots(problems: &mut Problems, value: &str) {
    match value {
        "." => problems.push("must not be '.'".into()),
        ".." => problems.push("must not be '..'".into()),
        _ if value.starts_with("..") => problems.push("must not start with '..'".into()),
        _ => {}
    }
}
