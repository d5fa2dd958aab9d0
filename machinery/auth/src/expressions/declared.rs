//! The types of users and of questions about rights, and which fields an expression selects.

use cel::Type;
use cel::ast::{Expr, Kind};

fn extra() -> Type {
    Type::map(Type::String, Type::texts())
}

/// A user.
pub fn user() -> Type {
    Type::with_fields(
        "kubernetes.UserInfo",
        [
            ("username", Type::String),
            ("uid", Type::String),
            ("groups", Type::texts()),
            ("extra", extra()),
        ],
    )
}

/// The spec of a SubjectAccessReview.
pub fn request() -> Type {
    let selector = |name| {
        let requirement = Type::with_fields(
            "kubernetes.SelectorRequirement",
            [
                ("key", Type::String),
                ("operator", Type::String),
                ("values", Type::texts()),
            ],
        );
        Type::with_fields(
            name,
            [
                ("rawSelector", Type::String),
                ("requirements", Type::list(requirement)),
            ],
        )
    };
    let resource = Type::with_fields(
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
    let path = Type::with_fields(
        "kubernetes.NonResourceAttributes",
        [("path", Type::String), ("verb", Type::String)],
    );
    Type::with_fields(
        "kubernetes.SubjectAccessReviewSpec",
        [
            ("resourceAttributes", resource),
            ("nonResourceAttributes", path),
            ("user", Type::String),
            ("groups", Type::texts()),
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
