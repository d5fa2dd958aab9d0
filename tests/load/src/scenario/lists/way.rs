//! The ways in which clients list. How they are measured is told above.

/// The label of one pod in a hundred.
const SELECTOR: &str = "labelSelector=watchload.shardplane.dev%2Fselected%3Dyes";
/// One pod of how many has that label.
pub const SELECTED_ONE_OF: usize = 100;
/// Over how many namespaces pods are spread.
pub const NAMESPACES: usize = 10;
const PAGE: usize = 500;

/// One way of listing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    Full,
    Consistent,
    Paged,
    Selected,
    Namespace,
}

impl Way {
    /// All of them, in the order of the report.
    pub const ALL: [Self; 5] = [
        Self::Full,
        Self::Consistent,
        Self::Paged,
        Self::Selected,
        Self::Namespace,
    ];

    /// Its name in keys, and in words.
    pub fn name(self) -> (&'static str, &'static str) {
        match self {
            Self::Full => ("full", "full, resourceVersion=0"),
            Self::Consistent => ("consistent", "full, consistent"),
            Self::Paged => ("paged", "paged by 500"),
            Self::Selected => ("selected", "by a label of 1%"),
            Self::Namespace => ("namespace", "one namespace of ten"),
        }
    }

    /// What is asked for.
    pub fn path(self, namespace: &str) -> String {
        match self {
            Self::Full => "/api/v1/pods?resourceVersion=0".to_owned(),
            Self::Consistent => "/api/v1/pods".to_owned(),
            Self::Paged => format!("/api/v1/pods?limit={PAGE}"),
            Self::Selected => format!("/api/v1/pods?resourceVersion=0&{SELECTOR}"),
            Self::Namespace => format!("/api/v1/namespaces/{namespace}-1/pods?resourceVersion=0"),
        }
    }

    /// How many of `pods` it returns.
    pub fn expected(self, pods: usize) -> u64 {
        let count = match self {
            Self::Full | Self::Consistent | Self::Paged => pods,
            Self::Selected => pods.div_ceil(SELECTED_ONE_OF),
            Self::Namespace => (pods + NAMESPACES - 2) / NAMESPACES,
        };
        count as u64
    }
}
