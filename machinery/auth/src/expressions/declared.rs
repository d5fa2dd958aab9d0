//! The types of users and of questions about rights, and which fields an expression selects.

use cel::ast::{Expr, Kind};
use cel::{Object, Type};
use smol_str::SmolStr;

fn object<const N: usize>(name: &'static str, fields: [(&'static str, Type); N]) -> Type {
    let fields = fields.map(|(name, of)| (SmolStr::new_static(name), of));
    Type::object(Object::new(SmolStr::new_static(name), fields))
}

fn texts() -> Type {
    Type::list(Type::String)
}

fn extra() -> Type {
    Type::map(Type::String, texts())
}

/// A user.
pub fn user() -> Type {
    object(
        "kubernetes.UserInfo",
        [
            ("username", Type::String),
            ("uid", Type::String),
            ("groups", texts()),
            ("extra", extra()),
        ],
    )
}

/// The spec of a SubjectAccessReview.
pub fn request() -> Type {
    let selector = |name| {
        let requirement = object(
            "kubernetes.SelectorRequirement",
            [
                ("key", Type::String),
                ("operator", Type::String),
                ("values", texts()),
            ],
        );
        object(
            name,
            [
                ("rawSelector", Type::String),
                ("requirements", Type::list(requirement)),
            ],
        )
    };
    let resource = object(
        "kubernetes.ResourceAttributes",
        [
            ("namespace", Type::String),
            ("verb", Type::String),
            ("group", Type::String),
            ("version", Type::String),
            ("resource", Type::String),
            ("subresource", Type::String),
            ("name", Type::String),
            ("fieldSelector", selector("kubernetes.FieldSelectorAttributes")),
            ("labelSelector", selector("kubernetes.LabelSelectorAttributes")),
        ],
    );
    let path = object(
        "kubernetes.NonResourceAttributes",
        [("path", Type::String), ("verb", Type::String)],
    );
    object(
        "kubernetes.SubjectAccessReviewSpec",
        [
            ("resourceAttributes", resource),
            ("nonResourceAttributes", path),
            ("user", Type::String),
            ("groups", texts()),
            ("extra", extra()),
            ("uid", Type::String),
        ],
    )
}

/// The fields that an expression selects: by their names, and with the variable before them if they are of one.
pub fn selected(tree: &Expr) -> Vec<String> {
    let mut found = Vec::new();
    tree.visit(&mut |expr| {
        let (operand, field) = match &expr.kind {
            Kind::Select { operand, field, .. } => (Some(&**operand), Some(field)),
            Kind::Call { function, args, .. } if function == "_?._" => {
                (args.first(), args.get(1).and_then(Expr::as_text))
            }
            _ => (None, None),
        };
        if let Some(field) = field {
            found.push(field.to_string());
            let variable = operand.and_then(Expr::as_name);
            found.extend(variable.map(|variable| format!("{variable}.{field}")));
        }
    });
    found
}
