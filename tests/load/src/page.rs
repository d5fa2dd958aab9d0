//! One or two results as a single HTML page with plots, which asks nobody for anything: style, script and numbers are in it. What
//! is drawn, and how, is in `page/`; this puts the parts together.

use std::path::Path;

use serde_json::Value;

use crate::Error;

const DOCUMENT: &str = include_str!("page/document.html");
const STYLE: &str = include_str!("page/style.css");
const SCRIPTS: [&str; 3] = [
    include_str!("page/numbers.js"),
    include_str!("page/plot.js"),
    include_str!("page/page.js"),
];

/// Writes the page of one result, or of two that are compared.
pub fn write(path: &Path, results: &[Value]) -> Result<(), Error> {
    std::fs::write(path, document(results)).map_err(|source| Error::file(path, source))
}

/// The page.
pub fn document(results: &[Value]) -> String {
    // Within a script element only its end tag, or a comment, would be read as HTML.
    let data = Value::from(results).to_string().replace('<', "\\u003c");
    DOCUMENT
        .replace("{{style}}", STYLE)
        .replace("{{script}}", &SCRIPTS.concat())
        .replace("{{results}}", &data)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn nothing_in_a_result_ends_the_script_and_the_page_asks_for_nothing() {
        let note = "</script><img src=x>{{style}}";
        let page = document(&[json!({"scenario": "fanout", "notes": [note]})]);
        assert!(!page.contains("<img"), "{page}");
        assert_eq!(page.matches("</script>").count(), 2);
        for outside in ["http:", "https:", "//cdn", "@import", "url("] {
            let svg = "http://www.w3.org/2000/svg";
            assert!(!page.replace(svg, "").contains(outside), "{outside}");
        }
    }
}
