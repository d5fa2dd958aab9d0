//! What a typical rule costs: to be compiled, and to be evaluated for an object of ten items; time, and instructions where
//! valgrind is installed, which noise does not touch. `cargo bench -p shardplane-cel`.

use std::hint::black_box;

use cel::limits::CALL_COST_MAX;
use cel::{Environment, Object, Program, Type, Value};
use schema::{SmolStr, tree};

const RULE: &str = "self.replicas <= self.maxReplicas && self.items.all(i, i.name.startsWith('a'))";
const ROUNDS: usize = 20;
const PER_ROUND: u32 = 2_000;
/// How often a case runs under valgrind to even out what the process does besides.
const COUNTED: u64 = 200;

struct Setup {
    environment: Environment,
    program: Program,
    of: Type,
    object: schema::Value,
}

type Case = (&'static str, fn(&Setup));

const CASES: &[Case] = &[
    ("compile a rule", |setup| {
        drop(black_box(
            setup.environment.compile(black_box(RULE), &[Type::Bool]),
        ));
    }),
    ("evaluate it, declared", |setup| {
        let variables = [("self", Value::tree(&setup.object, &setup.of))];
        drop(black_box(setup.program.evaluate(&variables, CALL_COST_MAX)));
    }),
    ("evaluate it, dynamic", |setup| {
        let variables = [("self", Value::dynamic(&setup.object))];
        drop(black_box(setup.program.evaluate(&variables, CALL_COST_MAX)));
    }),
];

fn setup() -> Setup {
    let object = |name: &'static str, fields: [(&'static str, Type); 3]| {
        let fields = fields.map(|(name, of)| (SmolStr::new_static(name), of));
        Type::object(Object::new(name, fields))
    };
    let item = object(
        "item",
        [
            ("name", Type::String),
            ("value", Type::Int),
            ("note", Type::String),
        ],
    );
    let of = object(
        "self",
        [
            ("replicas", Type::Int),
            ("maxReplicas", Type::Int),
            ("items", Type::list(item)),
        ],
    );
    let environment = Environment::new().with("self", of.clone());
    let program = environment
        .compile(RULE, &[Type::Bool])
        .expect("the rule compiles");
    let items =
        (0..10i64).map(|at| tree!({"name": (format!("a{at}")), "value": at, "note": "an item of the list"}));
    let items = schema::Value::List(items.collect());
    Setup {
        environment,
        program,
        of,
        object: tree!({"replicas": 3i64, "maxReplicas": 5i64, "items": items}),
    }
}

fn main() {
    let setup = setup();
    if let Some((name, times)) = measure::asked() {
        let case = CASES.iter().find(|(have, _)| *have == name).expect("a case");
        (0..times).for_each(|_| case.1(&setup));
        return;
    }
    for (name, run) in CASES {
        let seconds = measure::best(ROUNDS, PER_ROUND, || run(&setup));
        let counted = measure::told(measure::instructions(name, COUNTED, &[]));
        println!("{name:22} {:7.2} us   {counted}", seconds * 1e6);
    }
}
