//! Functions and operators: their names, for what types they are declared, and what they do.
//! Which there are is with the libraries.

use std::collections::HashMap;

use crate::types::Type;
use crate::value::{Outcome, Value};

/// What a function does with its arguments; the receiver is the first. It tells arguments apart by what they are.
pub type Run = for<'a> fn(&[Value<'a>]) -> Outcome<'a>;

/// A function.
#[derive(Debug)]
pub struct Function {
    /// Its name.
    pub name: &'static str,
    /// What it is declared for.
    pub overloads: Vec<Overload>,
    /// What it does.
    pub run: Run,
}

/// One declaration of a function.
#[derive(Debug)]
pub struct Overload {
    /// Whether the first argument is a receiver.
    pub is_member: bool,
    /// The types of arguments.
    pub args: Vec<Type>,
    /// The type of what comes of it.
    pub result: Type,
    /// How many types it leaves open.
    pub params: u32,
}

/// A function of a library as it is written down: its name, its declarations, what it does.
///
/// A declaration is `string.(int, list(A)) bool`: the receiver before the dot, if there is one; arguments; the result. Types that
/// are left open are `A` and `B`.
pub type Declared = (&'static str, &'static [&'static str], Run);

/// Functions by name.
pub type Functions = HashMap<&'static str, Function>;

/// Reads what libraries have written down. Functions that several libraries declare have one implementation.
pub fn functions(libraries: &[&[Declared]]) -> Functions {
    let mut all = Functions::new();
    for (name, declarations, run) in libraries.iter().copied().flatten() {
        let function = all.entry(name).or_insert_with(|| Function {
            name,
            overloads: Vec::new(),
            run: *run,
        });
        let overloads = declarations.iter().map(|text| {
            Reader {
                rest: text,
                params: 0,
            }
            .overload()
        });
        function.overloads.extend(overloads);
    }
    all
}

/// Reads a declaration. They are ours: one that cannot be read is found by the first test.
struct Reader {
    rest: &'static str,
    params: u32,
}

impl Reader {
    fn overload(mut self) -> Overload {
        let mut args = Vec::new();
        let is_member = !self.rest.starts_with('(');
        if is_member {
            args.push(self.one());
            self.sign(".");
        }
        self.sign("(");
        while !self.rest.starts_with(')') {
            args.push(self.one());
            self.rest = self.rest.trim_start_matches([',', ' ']);
        }
        self.sign(") ");
        let result = self.one();
        Overload {
            is_member,
            args,
            result,
            params: self.params,
        }
    }

    fn sign(&mut self, sign: &str) {
        self.rest = self
            .rest
            .strip_prefix(sign)
            .expect("a declaration of ours is well formed");
    }

    fn one(&mut self) -> Type {
        let end = self
            .rest
            .find(['(', ')', ',', ' ', '.'])
            .unwrap_or(self.rest.len());
        let (name, rest) = self.rest.split_at(end);
        self.rest = rest;
        match name {
            "list" | "optional" | "type" => {
                self.sign("(");
                let of = self.one();
                self.sign(")");
                match name {
                    "list" => Type::list(of),
                    "optional" => Type::optional(of),
                    _ => Type::Type(of.into()),
                }
            }
            "map" => {
                self.sign("(");
                let key = self.one();
                self.sign(", ");
                let value = self.one();
                self.sign(")");
                Type::map(key, value)
            }
            "A" => self.param(0),
            "B" => self.param(1),
            "dyn" => Type::Dyn,
            "null" => Type::Null,
            "bool" => Type::Bool,
            "int" => Type::Int,
            "uint" => Type::Uint,
            "double" => Type::Double,
            "string" => Type::String,
            "bytes" => Type::Bytes,
            "timestamp" => Type::Timestamp,
            "duration" => Type::Duration,
            other => Type::Opaque(crate::library::type_name(other)),
        }
    }

    fn param(&mut self, at: u32) -> Type {
        self.params = self.params.max(at + 1);
        Type::Param(at)
    }
}
