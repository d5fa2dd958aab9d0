//! The named forms of text that rules speak of, each with a text that is none of them.
//! Names and lengths are those of the Kubernetes 1.36 fact tables (`validation.json`, formats).

/// A form of text.
pub struct Form {
    /// How rules call it.
    names: &'static [&'static str],
    /// Text of another form.
    pub wrong: &'static str,
    /// How many characters it may have, if it says so.
    pub longest: Option<usize>,
}

const BAD: &str = "Bad_! name";

const fn form(names: &'static [&'static str], wrong: &'static str, longest: Option<usize>) -> Form {
    Form {
        names,
        wrong,
        longest,
    }
}

const FORMS: [Form; 20] = [
    form(&["dnsLabel"], BAD, Some(63)),
    form(&["dns1035Label"], "9a", Some(63)),
    form(&["dnsSubdomain", "lowercased dnsSubdomain"], BAD, Some(253)),
    form(&["qualifiedName", "lowercased qualifiedName"], BAD, Some(63)),
    form(&["label key", "label keys"], BAD, Some(63)),
    form(&["labelValue"], BAD, Some(63)),
    form(&["portName"], BAD, Some(15)),
    form(&["configMapKey"], BAD, Some(253)),
    form(&["path segment", "path segments"], "a/b", None),
    form(&["domain-prefixed path"], BAD, None),
    form(&["signerName format"], BAD, Some(571)),
    form(&["IP", "an IP"], "300.1.1.1", None),
    form(&["CIDR"], "10.0.0.0/33", None),
    form(&["cron format"], "* *", None),
    form(&["local path", "relative"], "/a", None),
    form(&["absolute"], "a", None),
    form(&["no \"..\" segment"], "a/../b", None),
    form(&["HTTP header name"], BAD, None),
    form(&["CEL identifier"], BAD, None),
    form(&["group/version"], "a/b/c", None),
];

/// The form of that name.
pub fn named(name: &str) -> Option<&'static Form> {
    FORMS.iter().find(|form| form.names.contains(&name))
}
