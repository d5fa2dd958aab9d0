//! Macros: calls that stand for something longer, mostly a fold over a list or a map.

use smol_str::SmolStr;

use super::Parser;
use crate::ast::{ACCUMULATOR, Comprehension, Expr, Kind, Literal};

const SIMPLE_NAME: &str = "argument must be a simple name";
const NO_IDENTIFIER: &str = "argument is not an identifier";

/// A fold that is being made: all but its range and its variables.
struct Fold {
    init: Expr,
    condition: Expr,
    step: Expr,
    result: Expr,
}

impl Parser<'_> {
    /// A call, or what it stands for. `at` is its parenthesis.
    pub fn call_or_macro(&mut self, at: u32, name: &str, target: Option<Expr>, mut args: Vec<Expr>) -> Expr {
        if self.gave_up {
            return self.nothing(at);
        }
        match (name, target, args.len()) {
            ("has", None, 1) => {
                let arg = args.remove(0);
                self.has(at, arg)
            }
            ("bind", Some(target), 3) if self.syntax.bind && is_name(&target, "cel") => self.bind(at, args),
            ("all" | "exists" | "exists_one" | "existsOne" | "filter", Some(target), 2) => {
                self.fold(at, name, target, args)
            }
            ("map", Some(target), 2 | 3) => self.fold(at, name, target, args),
            ("all" | "exists" | "exists_one" | "existsOne", Some(target), 3)
            | ("transformList" | "transformMap" | "transformMapEntry", Some(target), 3 | 4) => {
                self.fold_pairs(at, name, target, args)
            }
            ("optMap" | "optFlatMap", Some(target), 2) => self.optional(at, name, target, args),
            (_, target, _) => {
                let function = SmolStr::new(name);
                let target = target.map(Box::new);
                self.node(
                    at,
                    Kind::Call {
                        function,
                        target,
                        args,
                    },
                )
            }
        }
    }

    fn has(&mut self, at: u32, arg: Expr) -> Expr {
        let place = arg.at;
        match arg.kind {
            Kind::Select {
                operand,
                field,
                test: false,
            } => self.node(
                at,
                Kind::Select {
                    operand,
                    field,
                    test: true,
                },
            ),
            _ => {
                self.error(place, "invalid argument to has() macro");
                self.nothing(at)
            }
        }
    }

    /// A name that a macro binds; nothing if it is none, which is told.
    fn variable(&mut self, arg: &Expr, otherwise: &str) -> Option<SmolStr> {
        match arg.as_name() {
            Some(name) if name == ACCUMULATOR => {
                self.error(arg.at, "iteration variable overwrites accumulator variable");
                None
            }
            Some(name) if !name.starts_with('.') => Some(name.clone()),
            _ => {
                self.error(arg.at, otherwise);
                None
            }
        }
    }

    fn fold(&mut self, at: u32, name: &str, range: Expr, mut args: Vec<Expr>) -> Expr {
        let otherwise = if matches!(name, "map" | "filter") {
            NO_IDENTIFIER
        } else {
            SIMPLE_NAME
        };
        let first = args.remove(0);
        let Some(item) = self.variable(&first, otherwise) else {
            return self.nothing(at);
        };
        let fold = match name {
            "filter" => {
                let predicate = args.remove(0);
                self.collect(at, first, Some(predicate))
            }
            "map" => {
                let filter = (args.len() == 2).then(|| args.remove(0));
                let transform = args.remove(0);
                self.collect(at, transform, filter)
            }
            _ => {
                let predicate = args.remove(0);
                self.quantify(at, name, predicate)
            }
        };
        self.comprehension(at, range, item, None, fold)
    }

    fn fold_pairs(&mut self, at: u32, name: &str, range: Expr, mut args: Vec<Expr>) -> Expr {
        let (first, second) = (args.remove(0), args.remove(0));
        let first_name = self.variable(&first, SIMPLE_NAME);
        let second_name = self.variable(&second, SIMPLE_NAME);
        let (Some(item), Some(value)) = (first_name, second_name) else {
            return self.nothing(at);
        };
        if item == value {
            self.error(second.at, format!("duplicate variable name: {value}"));
            return self.nothing(at);
        }
        let filter = (args.len() == 2).then(|| args.remove(0));
        let body = args.remove(0);
        let fold = match name {
            "transformList" => self.collect(at, body, filter),
            "transformMap" => self.insert(at, vec![first, body], filter),
            "transformMapEntry" => self.insert(at, vec![body], filter),
            _ => self.quantify(at, name, body),
        };
        self.comprehension(at, range, item, Some(value), fold)
    }

    fn comprehension(
        &mut self,
        at: u32,
        range: Expr,
        item: SmolStr,
        second: Option<SmolStr>,
        fold: Fold,
    ) -> Expr {
        let whole = Comprehension {
            range,
            item,
            second,
            accumulator: SmolStr::new_static(ACCUMULATOR),
            init: fold.init,
            condition: fold.condition,
            step: fold.step,
            result: fold.result,
        };
        self.node(at, Kind::Comprehension(Box::new(whole)))
    }

    fn literal_node(&mut self, at: u32, literal: Literal) -> Expr {
        self.node(at, Kind::Literal(literal))
    }

    fn accumulator(&mut self, at: u32) -> Expr {
        self.node(at, Kind::Ident(SmolStr::new_static(ACCUMULATOR)))
    }

    fn quantify(&mut self, at: u32, name: &str, predicate: Expr) -> Fold {
        if matches!(name, "exists_one" | "existsOne") {
            return self.count_one(at, predicate);
        }
        let is_all = name == "all";
        let init = self.literal_node(at, Literal::Bool(is_all));
        let mut so_far = self.accumulator(at);
        if !is_all {
            so_far = self.call(at, "!_", vec![so_far]);
        }
        let condition = self.call(at, "@not_strictly_false", vec![so_far]);
        let before = self.accumulator(at);
        let step = self.call(at, if is_all { "_&&_" } else { "_||_" }, vec![before, predicate]);
        let result = self.accumulator(at);
        Fold {
            init,
            condition,
            step,
            result,
        }
    }

    fn count_one(&mut self, at: u32, predicate: Expr) -> Fold {
        let init = self.literal_node(at, Literal::Int(0));
        let condition = self.literal_node(at, Literal::Bool(true));
        let (before, one) = (self.accumulator(at), self.literal_node(at, Literal::Int(1)));
        let more = self.call(at, "_+_", vec![before, one]);
        let same = self.accumulator(at);
        let step = self.call(at, "_?_:_", vec![predicate, more, same]);
        let (count, one) = (self.accumulator(at), self.literal_node(at, Literal::Int(1)));
        let result = self.call(at, "_==_", vec![count, one]);
        Fold {
            init,
            condition,
            step,
            result,
        }
    }

    fn collect(&mut self, at: u32, item: Expr, filter: Option<Expr>) -> Fold {
        let init = self.node(at, Kind::List(Vec::new()));
        let (before, list) = (
            self.accumulator(at),
            self.node(at, Kind::List(vec![(item, false)])),
        );
        let step = self.call(at, "_+_", vec![before, list]);
        self.filtered(at, init, step, filter)
    }

    fn insert(&mut self, at: u32, mut args: Vec<Expr>, filter: Option<Expr>) -> Fold {
        let init = self.node(at, Kind::Map(Vec::new()));
        args.insert(0, self.accumulator(at));
        let step = self.call(at, "cel.@mapInsert", args);
        self.filtered(at, init, step, filter)
    }

    fn filtered(&mut self, at: u32, init: Expr, step: Expr, filter: Option<Expr>) -> Fold {
        let condition = self.literal_node(at, Literal::Bool(true));
        let step = match filter {
            Some(filter) => {
                let same = self.accumulator(at);
                self.call(at, "_?_:_", vec![filter, step, same])
            }
            None => step,
        };
        let result = self.accumulator(at);
        Fold {
            init,
            condition,
            step,
            result,
        }
    }

    fn bind(&mut self, at: u32, mut args: Vec<Expr>) -> Expr {
        let message = "cel.bind() variable names must be simple identifiers";
        let Some(name) = self.variable(&args[0], message) else {
            return self.nothing(at);
        };
        let body = args.remove(2);
        let value = args.remove(1);
        self.bound(at, name, value, body)
    }

    /// `body` where `name` is `value`: a fold over nothing.
    fn bound(&mut self, at: u32, name: SmolStr, value: Expr, body: Expr) -> Expr {
        let range = self.node(at, Kind::List(Vec::new()));
        let condition = self.literal_node(at, Literal::Bool(false));
        let step = self.node(at, Kind::Ident(name.clone()));
        let whole = Comprehension {
            range,
            item: SmolStr::new_static("#unused"),
            second: None,
            accumulator: name,
            init: value,
            condition,
            step,
            result: body,
        };
        self.node(at, Kind::Comprehension(Box::new(whole)))
    }

    /// What is made of an optional's value, if it has one.
    fn optional(&mut self, at: u32, name: &str, target: Expr, mut args: Vec<Expr>) -> Expr {
        let message = format!("{name}() variable name must be a simple identifier");
        let Some(variable) = self.variable(&args[0], &message) else {
            return self.nothing(at);
        };
        let body = args.remove(1);
        let on = |parser: &mut Self, target: Expr, function: &'static str| {
            let function = SmolStr::new_static(function);
            let target = Some(Box::new(target));
            parser.node(
                at,
                Kind::Call {
                    function,
                    target,
                    args: Vec::new(),
                },
            )
        };
        if !self.has_room(at, target.extent.nodes) {
            return self.nothing(at);
        }
        let has_value = on(self, target.clone(), "hasValue");
        let value = on(self, target, "value");
        let mut some = self.bound(at, variable, value, body);
        if name == "optMap" {
            some = self.call(at, "optional.of", vec![some]);
        }
        let none = self.call(at, "optional.none", Vec::new());
        self.call(at, "_?_:_", vec![has_value, some, none])
    }
}

fn is_name(target: &Expr, name: &str) -> bool {
    target.as_name().is_some_and(|found| found == name)
}
