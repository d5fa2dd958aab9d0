//! Where a field is: `spec.ports[0].name`, `metadata.labels[foo]`.
//! Paths are built while walking an object and printed only when there is something to say.

use std::fmt;
use std::sync::Arc;

use schema::SmolStr;

/// A place in an object. Cloning and extending cost one small allocation and copy no text.
#[derive(Clone, Debug, Default)]
pub struct Path(Option<Arc<Node>>);

#[derive(Debug)]
struct Node {
    parent: Path,
    step: Step,
}

#[derive(Debug)]
enum Step {
    Name(SmolStr),
    Index(usize),
    Key(SmolStr),
}

impl Path {
    /// A path of one field: `spec`.
    pub fn root(name: impl Into<SmolStr>) -> Self {
        Self::none().child(name)
    }

    /// No path: prints as `<nil>`, as the reference does for errors of a whole object.
    pub const fn none() -> Self {
        Self(None)
    }

    /// A field of this one: `spec` becomes `spec.ports`.
    pub fn child(&self, name: impl Into<SmolStr>) -> Self {
        self.step(Step::Name(name.into()))
    }

    /// An item of this list: `spec.ports` becomes `spec.ports[3]`.
    pub fn index(&self, index: usize) -> Self {
        self.step(Step::Index(index))
    }

    /// An entry of this map: `metadata.labels` becomes `metadata.labels[app]`.
    pub fn key(&self, key: impl Into<SmolStr>) -> Self {
        self.step(Step::Key(key.into()))
    }

    fn step(&self, step: Step) -> Self {
        Self(Some(Arc::new(Node {
            parent: self.clone(),
            step,
        })))
    }
}

impl From<&Path> for Path {
    fn from(path: &Path) -> Self {
        path.clone()
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut nodes = Vec::new();
        let mut at = self;
        while let Some(node) = &at.0 {
            nodes.push(node);
            at = &node.parent;
        }
        if nodes.is_empty() {
            return f.write_str("<nil>");
        }
        for (depth, node) in nodes.iter().rev().enumerate() {
            match &node.step {
                Step::Name(name) if depth == 0 => f.write_str(name)?,
                Step::Name(name) => write!(f, ".{name}")?,
                Step::Index(index) => write!(f, "[{index}]")?,
                Step::Key(key) => write!(f, "[{key}]")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_as_the_reference_does() {
        let ports = Path::root("spec").child("ports");
        assert_eq!(ports.index(0).child("name").to_string(), "spec.ports[0].name");
        assert_eq!(
            Path::root("metadata").child("labels").key("foo").to_string(),
            "metadata.labels[foo]"
        );
        assert_eq!(Path::none().to_string(), "<nil>");
        assert_eq!(Path::none().index(2).child("a").to_string(), "[2].a");
    }
}
