//! The tree of an expression. Places are in code points; what names and calls mean is the checker's affair.

use smol_str::SmolStr;

/// Names one node; the checker's findings are kept by it.
pub type Id = u32;

/// A node.
#[derive(Clone, Debug, PartialEq)]
pub struct Expr {
    /// Its name.
    pub id: Id,
    /// Where it is: of operators and calls, their sign.
    pub at: u32,
    /// How large the tree is that begins here.
    pub extent: Extent,
    /// What it is.
    pub kind: Kind,
}

/// The size of a tree. It is kept because macros copy what they are given: trees can be much larger than their text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    /// Its longest line of nodes.
    pub depth: u32,
    /// All of its nodes.
    pub nodes: u32,
}

/// What a node is.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// A value that is written down.
    Literal(Literal),
    /// A name. One that begins with a dot is not looked for in inner scopes.
    Ident(SmolStr),
    /// `operand.field`, or with `test` whether it is there (`has(operand.field)`).
    Select {
        /// Of what.
        operand: Box<Expr>,
        /// Which.
        field: SmolStr,
        /// Whether presence is asked for.
        test: bool,
    },
    /// A function or an operator, perhaps with a receiver.
    Call {
        /// Operators have names as `_+_`.
        function: SmolStr,
        /// The receiver.
        target: Option<Box<Expr>>,
        /// The arguments.
        args: Vec<Expr>,
    },
    /// `[a, ?b]`: items, and whether each is left out when it has no value.
    List(Vec<(Expr, bool)>),
    /// `{a: b, ?c: d}`
    Map(Vec<Entry>),
    /// `Name{field: value}`
    Struct {
        /// The type.
        name: SmolStr,
        /// The fields.
        fields: Vec<FieldEntry>,
    },
    /// What macros over lists and maps become.
    Comprehension(Box<Comprehension>),
}

/// A value that is written down.
#[derive(Clone, Debug, PartialEq)]
pub enum Literal {
    /// `null`
    Null,
    /// `true`
    Bool(bool),
    /// `1`
    Int(i64),
    /// `1u`
    Uint(u64),
    /// `1.0`
    Double(f64),
    /// `'a'`
    String(SmolStr),
    /// `b'a'`
    Bytes(Box<[u8]>),
}

/// An entry of a map.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The place of its colon.
    pub at: u32,
    /// The key.
    pub key: Expr,
    /// The value.
    pub value: Expr,
    /// Whether it is left out when the value is none.
    pub optional: bool,
}

/// A field of a message.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldEntry {
    /// The place of its colon.
    pub at: u32,
    /// The field.
    pub name: SmolStr,
    /// The value.
    pub value: Expr,
    /// Whether it is left out when the value is none.
    pub optional: bool,
}

/// A fold over a list, or over the keys of a map: the result begins as `init`, and is `step` for each item while `condition` holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Comprehension {
    /// What is gone through.
    pub range: Expr,
    /// The name of the item, or of the key.
    pub item: SmolStr,
    /// The name of the value, where key and value are named (`all(k, v, ...)`).
    pub second: Option<SmolStr>,
    /// The name of what is folded.
    pub accumulator: SmolStr,
    /// What it begins as.
    pub init: Expr,
    /// Whether to go on.
    pub condition: Expr,
    /// What it becomes.
    pub step: Expr,
    /// What comes of it.
    pub result: Expr,
}

/// The name of what macros fold; nobody can write it.
pub const ACCUMULATOR: &str = "@result";

impl Expr {
    /// A node.
    pub fn new(id: Id, at: u32, kind: Kind) -> Self {
        let extent = Extent { depth: 1, nodes: 1 };
        let mut node = Self { id, at, extent, kind };
        let mut whole = extent;
        node.children(&mut |child| {
            whole.depth = whole.depth.max(child.extent.depth.saturating_add(1));
            whole.nodes = whole.nodes.saturating_add(child.extent.nodes);
        });
        node.extent = whole;
        node
    }

    /// Calls `visit` for this node and all below it, from the top.
    pub fn visit<'e>(&'e self, visit: &mut dyn FnMut(&'e Expr)) {
        visit(self);
        self.children(&mut |child| child.visit(visit));
    }

    /// Calls `visit` for what stands directly below this node.
    pub fn children<'e>(&'e self, visit: &mut dyn FnMut(&'e Expr)) {
        match &self.kind {
            Kind::Literal(_) | Kind::Ident(_) => {}
            Kind::Select { operand, .. } => visit(operand),
            Kind::Call { target, args, .. } => target.iter().map(AsRef::as_ref).chain(args).for_each(visit),
            Kind::List(items) => items.iter().for_each(|(item, _)| visit(item)),
            Kind::Map(entries) => entries.iter().for_each(|entry| {
                visit(&entry.key);
                visit(&entry.value);
            }),
            Kind::Struct { fields, .. } => fields.iter().for_each(|field| visit(&field.value)),
            Kind::Comprehension(fold) => {
                [&fold.range, &fold.init, &fold.condition, &fold.step, &fold.result]
                    .into_iter()
                    .for_each(visit);
            }
        }
    }

    /// The dotted name that a chain of selections is, if it is one of at most so many bytes: `a.b.c`. Chains are asked for it at
    /// each of their levels: longer ones are not gone through.
    pub fn qualified_name(&self, bytes_max: usize) -> Option<String> {
        let mut parts = Vec::new();
        let mut left = bytes_max;
        let mut node = self;
        while let Kind::Select {
            operand,
            field,
            test: false,
        } = &node.kind
        {
            left = left.checked_sub(field.len() + 1)?;
            parts.push(field.as_str());
            node = operand;
        }
        parts.push(node.as_name().filter(|name| name.len() <= left)?);
        parts.reverse();
        Some(parts.join("."))
    }

    /// The text of a literal.
    pub fn as_text(&self) -> Option<&SmolStr> {
        match &self.kind {
            Kind::Literal(Literal::String(text)) => Some(text),
            _ => None,
        }
    }

    /// The name of a plain identifier.
    pub fn as_name(&self) -> Option<&SmolStr> {
        match &self.kind {
            Kind::Ident(name) => Some(name),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_short_chains_have_a_name() {
        let name = Expr::new(1, 0, Kind::Ident(SmolStr::new("a")));
        let chain = (2..=100).fold(name, |operand, id| {
            let (operand, field) = (Box::new(operand), SmolStr::new("b"));
            let test = false;
            Expr::new(id, 0, Kind::Select { operand, field, test })
        });
        let whole = format!("a{}", ".b".repeat(99));
        assert_eq!(chain.qualified_name(whole.len()).as_ref(), Some(&whole));
        assert_eq!(chain.qualified_name(whole.len() - 1), None);
    }
}
