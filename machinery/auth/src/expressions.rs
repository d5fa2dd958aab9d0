//! Expressions of access: what they are evaluated for is claims of a token, a user, or a question about rights.
//! Whose expressions they are and what follows from them is with those who use them.

mod apart;
mod declared;

use std::sync::LazyLock;

use cel::limits::CALL_COST_MAX;
use cel::{CompileError, Environment, Type, Value as Computed};
use object::field::{Error, Path};
use schema::Value;

pub use apart::apart;
pub use declared::user as user_type;

/// What expressions are evaluated for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// `claims`: those of a token.
    Claims,
    /// `user`: who the claims were found to be.
    User,
    /// `request`: the spec of a SubjectAccessReview.
    Request,
}

impl Subject {
    const fn variable(self) -> &'static str {
        match self {
            Self::Claims => "claims",
            Self::User => "user",
            Self::Request => "request",
        }
    }

    fn declared(self) -> &'static Declared {
        static CLAIMS: LazyLock<Declared> =
            LazyLock::new(|| Declared::new(Subject::Claims, Type::map(Type::String, Type::Dyn)));
        static USER: LazyLock<Declared> = LazyLock::new(|| Declared::new(Subject::User, declared::user()));
        static REQUEST: LazyLock<Declared> =
            LazyLock::new(|| Declared::new(Subject::Request, declared::request()));
        match self {
            Self::Claims => &CLAIMS,
            Self::User => &USER,
            Self::Request => &REQUEST,
        }
    }
}

/// The type of a subject, and what its expressions may use.
#[derive(Debug)]
struct Declared {
    of: Type,
    environment: Environment,
}

impl Declared {
    fn new(subject: Subject, of: Type) -> Self {
        let environment = Environment::new().with(subject.variable(), of.clone());
        Self { of, environment }
    }
}

/// An expression that compiles.
#[derive(Debug)]
pub struct Expression {
    text: String,
    subject: Subject,
    program: cel::Program,
    fields: Vec<String>,
}

impl Expression {
    /// Compiles an expression whose value is a truth value. What is wrong with it is said of the field that it stands in.
    pub fn condition(subject: Subject, text: &str, path: &Path) -> Result<Self, String> {
        // Of what a review is asked, the reference tells also what it got.
        let told = |error: CompileError| match subject {
            Subject::Request => error.to_string(),
            _ => error.without_found(),
        };
        Self::compile(subject, text, &[Type::Bool]).map_err(|error| invalid(path, text, told(error)))
    }

    /// Compiles an expression of any value.
    pub fn value(subject: Subject, text: &str, path: &Path) -> Result<Self, String> {
        Self::compile(subject, text, &[]).map_err(|error| invalid(path, text, error.to_string()))
    }

    fn compile(subject: Subject, text: &str, wanted: &[Type]) -> Result<Self, CompileError> {
        let analysis = subject.declared().environment.check_as(text, wanted)?;
        Ok(Self {
            text: text.to_owned(),
            subject,
            program: analysis.program(),
            fields: declared::selected(analysis.tree()),
        })
    }

    /// Its text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether it selects a field of this name, of whatever there is: `claims.email` as `claims.email`, `x.y.name` as `name`.
    pub fn selects(&self, field: &str) -> bool {
        self.fields.iter().any(|selected| selected == field)
    }

    /// Its value for a subject.
    pub fn evaluate<'a>(&self, subject: &'a Value) -> Result<Computed<'a>, String> {
        let of: &'static Type = &self.subject.declared().of;
        let variables = [(self.subject.variable(), Computed::tree(subject, of))];
        let evaluated = self.program.evaluate(&variables, CALL_COST_MAX);
        evaluated
            .outcome
            .map_err(|error| format!("expression '{}' resulted in error: {error}", self.text))
    }
}

/// The message of a field whose text is wrong.
pub fn invalid(path: &Path, text: &str, detail: String) -> String {
    Error::invalid(path, text, detail).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use schema::tree;

    #[test]
    fn what_does_not_compile_is_told_by_field() {
        let path = Path::root("rules").index(0).child("expression");
        let told = |subject, text| Expression::condition(subject, text, &path).expect_err(text);
        assert_eq!(
            told(Subject::Claims, "claims.x +"),
            "rules[0].expression: Invalid value: \"claims.x +\": compilation failed: ERROR: <input>:1:11: Syntax error: mismatched input '<EOF>' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}\n | claims.x +\n | ..........^"
        );
        assert_eq!(
            told(Subject::User, "user.username"),
            "rules[0].expression: Invalid value: \"user.username\": must evaluate to bool"
        );
        assert_eq!(
            told(Subject::Request, "request.user"),
            "rules[0].expression: Invalid value: \"request.user\": must evaluate to bool but got string"
        );
        assert!(told(Subject::User, "user.name == ''").contains("undefined field 'name'"));
        assert!(told(Subject::User, "claims.x == ''").contains("undeclared reference to 'claims'"));
    }

    #[test]
    fn values_are_those_of_the_subject() {
        let path = Path::root("x");
        let roles = Expression::value(Subject::Claims, "claims.roles.map(r, 'a:' + r)", &path).expect("good");
        let claims = tree!({"roles": ["x", "y"]});
        let value = roles.evaluate(&claims).expect("a value");
        assert_eq!(value.to_tree(), Some(tree!(["a:x", "a:y"])));
        let nothing = tree!({});
        assert_eq!(
            roles.evaluate(&nothing).expect_err("no roles"),
            "expression 'claims.roles.map(r, 'a:' + r)' resulted in error: no such key: roles"
        );
    }

    #[test]
    fn selections_are_known() {
        let path = Path::root("x");
        for text in [
            "claims.email",
            "has(claims.email)",
            "claims.?email.orValue('')",
            "[1].map(x, claims.email)",
        ] {
            let expression = Expression::value(Subject::Claims, text, &path).expect("good");
            assert!(expression.selects("claims.email"), "{text}");
            assert!(expression.selects("email"), "{text}");
            assert!(!expression.selects("claims.email_verified"), "{text}");
        }
    }
}
