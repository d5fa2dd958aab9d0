//! Who may come without credentials: everybody, nobody, or everybody to some paths.

/// The setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Anonymous {
    /// Nobody.
    No,
    /// Everybody.
    Yes,
    /// Everybody, to exactly these paths.
    To(Vec<String>),
}

impl Anonymous {
    /// Whether a request to a path may be anonymous.
    pub fn admits(&self, path: &str) -> bool {
        match self {
            Anonymous::No => false,
            Anonymous::Yes => true,
            Anonymous::To(paths) => paths.iter().any(|one| one == path),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_exact() {
        let some = Anonymous::To(vec!["/livez".to_owned()]);
        assert!(some.admits("/livez"));
        assert!(!some.admits("/livez/"));
        assert!(Anonymous::Yes.admits("/x"));
        assert!(!Anonymous::No.admits("/livez"));
    }
}
