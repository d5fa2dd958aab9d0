//! What expressions are about: trees of declared types, and rights.

use std::sync::Arc;

use cel::authorizer::{Authorizer, Check, Decision, On, Permit, Stage};
use cel::limits::CALL_COST_MAX;
use cel::{Environment, Error, Kept, Object, Type, Value};
use schema::{SmolStr, tree};

#[test]
fn declared_types_tell_how_trees_are_read() {
    let fields = [
        ("at", Type::Timestamp),
        ("for", Type::Duration),
        ("ratio", Type::Double),
        ("raw", Type::Bytes),
    ];
    let this = Type::object(Object::escaped(
        "self",
        fields.map(|(name, of)| (SmolStr::new_static(name), of)),
    ));
    let environment = Environment::new().with("self", this.clone());
    let text = "self.at.getFullYear() == 2020 && self.__for__ > duration('1m') && self.ratio / 2.0 == 0.5 && self.raw == b'x'";
    let program = environment.compile(text, &[Type::Bool]).expect("good");
    let data = tree!({"at": "2020-01-01T00:00:00Z", "for": "2m", "ratio": 1i64, "raw": "eA==", "more": 1i64});
    let evaluated = program.evaluate(&[("self", Value::tree(&data, &this))], CALL_COST_MAX);
    assert_eq!(evaluated.outcome.expect("a value").as_bool(), Some(true));
}

#[derive(Debug)]
struct Knows;

impl Authorizer for Knows {
    fn decide(&self, check: &Check) -> Option<Decision> {
        let allowed = match &check.on {
            On::Path(path) => path == "/healthz",
            On::Resource(on) if on.resource == "slow" => return None,
            On::Resource(on) => {
                on.resource == "pods" && on.namespace == "a" && check.service_account.is_none()
            }
        };
        Some(Decision {
            allowed,
            reason: "r".into(),
            error: SmolStr::default(),
        })
    }
}

#[test]
fn rights_are_asked_of_the_caller() {
    let authorizer = Arc::new(Permit {
        authorizer: Arc::new(Knows),
        stage: Stage::Authorizer,
        check: Check::default(),
    });
    let of = Type::Opaque("kubernetes.authorization.Authorizer");
    let environment = Environment::new().with("authorizer", of);
    let run = |text: &str| {
        let program = environment
            .compile(text, &[Type::Bool])
            .unwrap_or_else(|error| panic!("{error}"));
        let variables = [("authorizer", Value::Kept(Kept::Permit(authorizer.clone())))];
        program
            .evaluate(&variables, CALL_COST_MAX)
            .outcome
            .map(|value| value.as_bool())
    };
    assert_eq!(
        run("authorizer.path('/healthz').check('get').allowed()"),
        Ok(Some(true))
    );
    let pods = "authorizer.group('').resource('pods').namespace('a')";
    assert_eq!(
        run(&format!(
            "{pods}.check('list').allowed() && {pods}.check('get').reason() == 'r'"
        )),
        Ok(Some(true))
    );
    assert_eq!(
        run(
            "authorizer.serviceAccount('ns', 'sa').group('').resource('pods').namespace('a').check('x').allowed()"
        ),
        Ok(Some(false))
    );
    let three = format!("[1, 2, 3].all(i, {pods}.check('list').allowed())");
    assert_eq!(run(&three), Err(Error::CostLimit));
    assert!(matches!(
        run("authorizer.group('').resource('slow').check('get').allowed() || true"),
        Err(Error::Undecided(check)) if check.verb == "get"
    ));
}
