//! Descriptions of types and fields, taken from k8s-openapi when this crate is built (see `build.rs`).
//! They are unpacked at each use and not kept: only schema publishing and table headers want them.

use flate2::read::DeflateDecoder;
use std::collections::HashMap;
use std::io::Read;

const PACKED: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptions.deflate"));

/// An unpacked set of descriptions.
#[derive(Debug)]
pub struct Descriptions {
    text: HashMap<String, HashMap<String, String>>,
}

impl Descriptions {
    /// Unpacks all of them: about 2 MB.
    pub fn unpack() -> Self {
        let mut lines = String::new();
        DeflateDecoder::new(PACKED)
            .read_to_string(&mut lines)
            .expect("packed by our own build script");
        let mut text: HashMap<String, HashMap<String, String>> = HashMap::new();
        for line in lines.lines() {
            let mut columns = line.splitn(3, '\t');
            if let (Some(name), Some(field), Some(description)) =
                (columns.next(), columns.next(), columns.next())
            {
                text.entry(name.to_owned())
                    .or_default()
                    .insert(field.to_owned(), unescape(description));
            }
        }
        Self { text }
    }

    /// The description of a type (OpenAPI name), or of one of its fields.
    pub fn get(&self, name: &str, field: Option<&str>) -> Option<&str> {
        Some(self.text.get(name)?.get(field.unwrap_or(""))?.as_str())
    }
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
        let descriptions = Descriptions::unpack();
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
