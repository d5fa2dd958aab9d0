//! Questions about rights, put together step by step.

use std::sync::Arc;

use object::names::{dns_label, dns_subdomain};
use smol_str::SmolStr;

use super::no_overload;
use crate::authorizer::{Decision, On, Permit, ResourceCheck, Stage};
use crate::function::Declared;
use crate::value::{Error, Kept, Outcome, Value};

pub const ALL: &[Declared] = &[
    ("path", &["authorizer.(string) pathcheck"], |args| {
        grown("path", Stage::Authorizer, Stage::Path, args, |permit, text| {
            permit.check.on = On::Path(text)
        })
    }),
    ("group", &["authorizer.(string) groupcheck"], |args| {
        grown("group", Stage::Authorizer, Stage::Group, args, |permit, text| {
            resource(permit).group = text
        })
    }),
    (
        "serviceAccount",
        &["authorizer.(string, string) authorizer"],
        service_account,
    ),
    ("resource", &["groupcheck.(string) resourcecheck"], |args| {
        grown("resource", Stage::Group, Stage::Resource, args, |permit, text| {
            resource(permit).resource = text
        })
    }),
    ("subresource", &["resourcecheck.(string) resourcecheck"], |args| {
        narrowed("subresource", args, |check| &mut check.subresource)
    }),
    ("namespace", &["resourcecheck.(string) resourcecheck"], |args| {
        narrowed("namespace", args, |check| &mut check.namespace)
    }),
    ("name", &["resourcecheck.(string) resourcecheck"], |args| {
        narrowed("name", args, |check| &mut check.name)
    }),
    (
        "fieldSelector",
        &["resourcecheck.(string) resourcecheck"],
        |args| narrowed("fieldSelector", args, |check| &mut check.field_selector),
    ),
    (
        "labelSelector",
        &["resourcecheck.(string) resourcecheck"],
        |args| narrowed("labelSelector", args, |check| &mut check.label_selector),
    ),
    (
        "check",
        &["pathcheck.(string) decision", "resourcecheck.(string) decision"],
        check,
    ),
    ("allowed", &["decision.() bool"], |args| {
        told("allowed", args, |decision| Value::Bool(decision.allowed))
    }),
    ("reason", &["decision.() string"], |args| {
        told("reason", args, |decision| Value::String(decision.reason.clone()))
    }),
    ("errored", &["decision.() bool"], |args| {
        told("errored", args, |decision| {
            Value::Bool(!decision.error.is_empty())
        })
    }),
    ("error", &["decision.() string"], |args| {
        told("error", args, |decision| Value::String(decision.error.clone()))
    }),
];

fn resource(permit: &mut Permit) -> &mut ResourceCheck {
    if !matches!(permit.check.on, On::Resource(_)) {
        permit.check.on = On::default();
    }
    match &mut permit.check.on {
        On::Resource(check) => check,
        On::Path(_) => unreachable!("made a resource just above"),
    }
}

/// The next stage of a question.
fn grown<'a>(
    name: &str,
    from: Stage,
    to: Stage,
    args: &[Value<'a>],
    change: fn(&mut Permit, SmolStr),
) -> Outcome<'a> {
    match args {
        [Value::Kept(Kept::Permit(permit)), Value::String(text)] if permit.stage == from => {
            let mut permit = Permit::clone(permit);
            change(&mut permit, text.clone());
            permit.stage = to;
            Ok(Value::Kept(Kept::Permit(Arc::new(permit))))
        }
        _ => no_overload(name, args),
    }
}

fn narrowed<'a>(name: &str, args: &[Value<'a>], part: fn(&mut ResourceCheck) -> &mut SmolStr) -> Outcome<'a> {
    match args {
        [Value::Kept(Kept::Permit(permit)), Value::String(text)] if permit.stage == Stage::Resource => {
            let mut permit = Permit::clone(permit);
            *part(resource(&mut permit)) = text.clone();
            Ok(Value::Kept(Kept::Permit(Arc::new(permit))))
        }
        _ => no_overload(name, args),
    }
}

fn service_account<'a>(args: &[Value<'a>]) -> Outcome<'a> {
    let [
        Value::Kept(Kept::Permit(permit)),
        Value::String(namespace),
        Value::String(name),
    ] = args
    else {
        return no_overload("serviceAccount", args);
    };
    if !dns_label(namespace).is_empty() {
        return Err(Error::failed("Invalid service account namespace"));
    }
    if !dns_subdomain(name).is_empty() {
        return Err(Error::failed("Invalid service account name"));
    }
    let mut permit = Permit::clone(permit);
    permit.check.service_account = Some((namespace.clone(), name.clone()));
    Ok(Value::Kept(Kept::Permit(Arc::new(permit))))
}

fn check<'a>(args: &[Value<'a>]) -> Outcome<'a> {
    match args {
        [Value::Kept(Kept::Permit(permit)), Value::String(verb)] => {
            let mut check = permit.check.clone();
            check.verb = verb.clone();
            match permit.authorizer.decide(&check) {
                Some(decision) => Ok(Value::Kept(Kept::Decision(Arc::new(decision)))),
                None => Err(Error::Undecided(Box::new(check))),
            }
        }
        _ => no_overload("check", args),
    }
}

fn told<'a>(name: &str, args: &[Value<'a>], tell: fn(&Decision) -> Value<'static>) -> Outcome<'a> {
    match args {
        [Value::Kept(Kept::Decision(decision))] => Ok(tell(decision)),
        _ => no_overload(name, args),
    }
}
