//! From a checked tree to what is run: names are resolved to places, calls to functions.

use std::sync::Arc;

use smol_str::SmolStr;

use crate::ast::{Comprehension, Expr, Kind, Literal};
use crate::check::{Checked, Meaning};
use crate::function::Function;
use crate::library::compiled;
use crate::types::Object;
use crate::value::{Kept, Value};

/// A step of a program.
#[derive(Debug)]
pub enum Node {
    /// A value that was written down.
    Constant(Value<'static>),
    /// A variable of the environment.
    Variable(SmolStr),
    /// A variable of a macro, by its place.
    Local(usize),
    /// A field.
    Select(Box<Node>, SmolStr),
    /// Whether a field is there.
    Has(Box<Node>, SmolStr),
    /// A field, if it is there.
    OptionalSelect(Box<Node>, SmolStr),
    /// Both.
    And(Box<[Node; 2]>),
    /// Either.
    Or(Box<[Node; 2]>),
    /// The second if the first, else the third.
    Choice(Box<[Node; 3]>),
    /// Whether it is true or wrong.
    NotFalse(Box<Node>),
    /// A function.
    Call(&'static Function, Vec<Node>),
    /// A list; items that are left out when they have no value say so.
    List(Vec<(Node, bool)>),
    /// A map.
    Map(Vec<(Node, Node, bool)>),
    /// An object.
    Object(Arc<Object>, Vec<(SmolStr, Node, bool)>),
    /// A fold.
    Fold(Box<Fold>),
    /// The list at a place with one more item. The place is empty until the fold fills it again.
    Append(usize, Box<Node>),
    /// The map at a place with one more entry, or with those of another map.
    Insert(usize, Vec<Node>),
}

/// A fold.
#[derive(Debug)]
pub struct Fold {
    pub range: Node,
    pub has_second: bool,
    pub init: Node,
    pub condition: Node,
    pub step: Node,
    pub result: Node,
}

/// Plans a checked expression.
pub fn plan(tree: &Expr, checked: &Checked) -> Node {
    Planner {
        checked,
        scope: Vec::new(),
    }
    .node(tree)
}

struct Planner<'p> {
    checked: &'p Checked,
    scope: Vec<SmolStr>,
}

impl Planner<'_> {
    fn node(&mut self, expr: &Expr) -> Node {
        let meaning = self.checked.meanings.get(&expr.id);
        match (&expr.kind, meaning) {
            (_, Some(Meaning::Variable(name))) => Node::Variable(name.clone()),
            (_, Some(Meaning::Type(of))) => Node::Constant(Value::Type(SmolStr::new(of.name()))),
            (Kind::Ident(name), _) => self.local(name),
            (Kind::Literal(literal), _) => Node::Constant(constant(literal)),
            (Kind::Select { operand, field, test }, _) => {
                let operand = Box::new(self.node(operand));
                if *test {
                    Node::Has(operand, field.clone())
                } else {
                    Node::Select(operand, field.clone())
                }
            }
            (Kind::Call { target, args, .. }, Some(Meaning::Function { function, qualified })) => {
                let target = target.as_deref().filter(|_| !qualified);
                self.call(function, target.into_iter().chain(args).collect())
            }
            (Kind::Call { args, .. }, _) => self.optional_select(args),
            (Kind::List(items), _) => Node::List(
                items
                    .iter()
                    .map(|(item, optional)| (self.node(item), *optional))
                    .collect(),
            ),
            (Kind::Map(entries), _) => {
                let entry = |entry: &crate::ast::Entry| {
                    (self.node(&entry.key), self.node(&entry.value), entry.optional)
                };
                Node::Map(entries.iter().map(entry).collect())
            }
            (Kind::Struct { name, fields }, meaning) => {
                let object = match meaning {
                    Some(Meaning::Object(object)) => object.clone(),
                    _ => Arc::new(Object::open(name.clone())),
                };
                let fields = fields
                    .iter()
                    .map(|field| (field.name.clone(), self.node(&field.value), field.optional));
                Node::Object(object, fields.collect())
            }
            (Kind::Comprehension(fold), _) => self.fold(fold),
        }
    }

    fn local(&self, name: &SmolStr) -> Node {
        match self.scope.iter().rposition(|known| known == name) {
            Some(at) => Node::Local(at),
            None => Node::Variable(name.clone()),
        }
    }

    fn optional_select(&mut self, args: &[Expr]) -> Node {
        match args {
            [operand, field] => {
                let name = field.as_text().cloned().unwrap_or_default();
                Node::OptionalSelect(Box::new(self.node(operand)), name)
            }
            _ => Node::Constant(Value::Null),
        }
    }

    fn call(&mut self, function: &'static Function, args: Vec<&Expr>) -> Node {
        let mut nodes: Vec<Node> = args.iter().map(|arg| self.node(arg)).collect();
        match (function.name, nodes.as_mut_slice()) {
            ("matches" | "find" | "findAll", [_, pattern, ..]) => compile(pattern),
            ("_+_", [Node::Local(_), Node::List(items)]) if self.is_accumulator(args[0]) && is_one(items) => {
                let (Some(Node::List(mut items)), Some(Node::Local(at))) = (nodes.pop(), nodes.pop()) else {
                    unreachable!("both were matched just above");
                };
                return Node::Append(at, Box::new(items.remove(0).0));
            }
            ("cel.@mapInsert", [Node::Local(at), ..]) => {
                let at = *at;
                nodes.remove(0);
                return Node::Insert(at, nodes);
            }
            _ => {}
        }
        let boxed = |nodes: Vec<Node>| nodes.into_boxed_slice();
        match function.name {
            "_&&_" => boxed(nodes)
                .try_into()
                .map_or(Node::Constant(Value::Null), Node::And),
            "_||_" => boxed(nodes)
                .try_into()
                .map_or(Node::Constant(Value::Null), Node::Or),
            "_?_:_" => boxed(nodes)
                .try_into()
                .map_or(Node::Constant(Value::Null), Node::Choice),
            "@not_strictly_false" => Node::NotFalse(Box::new(nodes.remove(0))),
            _ => Node::Call(function, nodes),
        }
    }

    fn is_accumulator(&self, arg: &Expr) -> bool {
        arg.as_name().is_some_and(|name| name == crate::ast::ACCUMULATOR)
    }

    fn fold(&mut self, fold: &Comprehension) -> Node {
        let range = self.node(&fold.range);
        let init = self.node(&fold.init);
        let before = self.scope.len();
        self.scope.push(fold.accumulator.clone());
        self.scope.push(fold.item.clone());
        self.scope.extend(fold.second.clone());
        let condition = self.node(&fold.condition);
        let step = self.node(&fold.step);
        self.scope.truncate(before + 1);
        let result = self.node(&fold.result);
        self.scope.truncate(before);
        Node::Fold(Box::new(Fold {
            range,
            has_second: fold.second.is_some(),
            init,
            condition,
            step,
            result,
        }))
    }
}

fn is_one(items: &[(Node, bool)]) -> bool {
    matches!(items, [(_, false)])
}

/// Compiles a pattern that is written down.
fn compile(pattern: &mut Node) {
    if let Node::Constant(Value::String(text)) = pattern
        && let Ok(regex) = compiled(text)
    {
        *pattern = Node::Constant(Value::Kept(Kept::Regex(regex)));
    }
}

fn constant(literal: &Literal) -> Value<'static> {
    match literal {
        Literal::Null => Value::Null,
        Literal::Bool(truth) => Value::Bool(*truth),
        Literal::Int(number) => Value::Int(*number),
        Literal::Uint(number) => Value::Uint(*number),
        Literal::Double(number) => Value::Double(*number),
        Literal::String(text) => Value::String(text.clone()),
        Literal::Bytes(bytes) => Value::Bytes(Arc::from(&**bytes)),
    }
}
