//! Named formats of texts: `format.dns1123Label().validate(name)` tells what is wrong with a name, if anything is.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use object::names::{NameFormat, dns_1035_label, dns_label, dns_subdomain, label_value, qualified_name};
use schema::time::Time;

use super::{no_overload, urls::Url};
use crate::function::Declared;
use crate::value::{Error, Kept, Outcome, Value};

/// A format.
#[derive(Debug)]
pub struct NamedFormat {
    /// Its name.
    pub name: &'static str,
    check: fn(&str) -> Vec<String>,
}

macro_rules! formats {
    ($($name:literal => $check:expr,)*) => {
        const FORMATS: &[NamedFormat] = &[$(NamedFormat { name: $name, check: $check }),*];

        pub const ALL: &[Declared] = &[
            $((concat!("format.", $name), &["() format"], |_| named($name)),)*
            ("format.named", &["(string) optional(format)"], |args| match args {
                [Value::String(name)] => Ok(named(name).map_or(Value::Optional(None), Value::some)),
                _ => no_overload("format.named", args),
            }),
            ("validate", &["format.(string) optional(list(string))"], validate),
        ];
    };
}

formats! {
    "dns1123Label" => |text| owned(dns_label(text)),
    "dns1123Subdomain" => |text| owned(dns_subdomain(text)),
    "dns1035Label" => |text| owned(dns_1035_label(text)),
    "qualifiedName" => |text| owned(qualified_name(text)),
    "dns1123LabelPrefix" => |text| owned(NameFormat::DnsLabel.prefix(text)),
    "dns1123SubdomainPrefix" => |text| owned(NameFormat::DnsSubdomain.prefix(text)),
    "dns1035LabelPrefix" => |text| owned(NameFormat::Dns1035Label.prefix(text)),
    "labelValue" => |text| owned(label_value(text)),
    "uri" => |text| Url::parse(text).err().into_iter().collect(),
    "uuid" => |text| problem(is_uuid(text), "does not match the UUID format"),
    "byte" => |text| problem(STANDARD.decode(text).is_ok(), "invalid base64"),
    "date" => |text| problem(Time::parse(&format!("{text}T00:00:00Z")).is_ok(), "invalid date"),
    "datetime" => |text| problem(Time::parse(text).is_ok(), "invalid datetime"),
}

fn named(name: &str) -> Outcome<'static> {
    let found = FORMATS.iter().find(|format| format.name == name);
    let found = found.ok_or_else(|| Error::failed(format!("no such format: {name}")))?;
    Ok(Value::Kept(Kept::Format(found)))
}

fn owned(problems: object::names::Problems) -> Vec<String> {
    problems.into_iter().map(|problem| problem.to_string()).collect()
}

fn problem(holds: bool, otherwise: &str) -> Vec<String> {
    if holds {
        Vec::new()
    } else {
        vec![otherwise.to_owned()]
    }
}

fn is_uuid(text: &str) -> bool {
    let hex: Vec<&str> = text.split('-').collect();
    let is_hex = |part: &str| part.bytes().all(|byte| byte.is_ascii_hexdigit());
    match hex.as_slice() {
        [only] => only.len() == 32 && is_hex(only),
        parts => {
            let lengths: Vec<usize> = parts.iter().map(|part| part.len()).collect();
            lengths == [8, 4, 4, 4, 12] && parts.iter().all(|part| is_hex(part))
        }
    }
}

fn validate<'a>(args: &[Value<'a>]) -> Outcome<'a> {
    match args {
        [Value::Kept(Kept::Format(format)), Value::String(text)] => {
            let problems: Vec<Value<'a>> = (format.check)(text).into_iter().map(Value::text).collect();
            Ok(if problems.is_empty() {
                Value::Optional(None)
            } else {
                Value::some(Value::list(problems))
            })
        }
        _ => no_overload("validate", args),
    }
}
