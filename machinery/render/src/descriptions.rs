//! Descriptions of types and fields, taken from k8s-openapi when this crate is built (see `build.rs`).
//! Only schema publishing and table headers want them, so that they stay packed until somebody does.

use flate2::read::DeflateDecoder;
use std::collections::HashMap;
use std::io::Read;
use std::sync::OnceLock;

const PACKED: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptions.deflate"));

/// Texts by the OpenAPI name of a type and a field; an empty field is the type itself.
type Texts = HashMap<String, HashMap<String, String>>;

/// Descriptions that are unpacked at their first use and then kept: about 2 MB.
#[derive(Debug, Default)]
pub struct Descriptions {
    texts: OnceLock<Texts>,
}

impl Descriptions {
    /// The description of a type (OpenAPI name), or of one of its fields.
    pub fn get(&self, name: &str, field: Option<&str>) -> Option<&str> {
        let texts = self.texts.get_or_init(unpack);
        Some(texts.get(name)?.get(field.unwrap_or(""))?.as_str())
    }
}

fn unpack() -> Texts {
    let mut lines = String::new();
    DeflateDecoder::new(PACKED)
        .read_to_string(&mut lines)
        .expect("packed by our own build script");
    let mut texts = Texts::new();
    for line in lines.lines() {
        let mut columns = line.splitn(3, '\t');
        if let (Some(name), Some(field), Some(description)) = (columns.next(), columns.next(), columns.next())
        {
            texts
                .entry(name.to_owned())
                .or_default()
                .insert(field.to_owned(), unescape(description));
        }
    }
    texts
}

fn unescape(packed: &str) -> String {
    let mut text = String::with_capacity(packed.len());
    let mut chars = packed.chars();
    while let Some(char) = chars.next() {
        match char {
            '\\' => match chars.next() {
                Some('n') => text.push('\n'),
                Some('t') => text.push('\t'),
                Some(other) => text.push(other),
                None => {}
            },
            char => text.push(char),
        }
    }
    text
}

#[cfg(test)]
mod recorded;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn describes_types_and_nested_fields() {
        let descriptions = Descriptions::default();
        let pod = descriptions
            .get("io.k8s.api.core.v1.Pod", None)
            .expect("Pod has one");
        assert!(pod.starts_with("Pod is a collection of containers"), "{pod}");
        assert!(
            descriptions
                .get("io.k8s.api.core.v1.Container", Some("image"))
                .is_some()
        );
        assert!(
            descriptions
                .get("io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta", Some("name"))
                .is_some()
        );
    }
}
