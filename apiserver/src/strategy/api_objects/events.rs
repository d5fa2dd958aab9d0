//! Events: one kind in two groups, whose rules are those of the group that the client writes through.
//! The rules themselves are in [`crate::validation::events`].

use schema::Value;

use crate::strategy::{Errors, Strategy, WriteContext};
use crate::validation::events;

const NEWER_GROUP: &str = "events.k8s.io";

/// Both kinds of events.
#[derive(Debug)]
pub struct Events;

impl Strategy for Events {
    fn validate_create(&self, cx: &WriteContext<'_>, object: &Value, errors: &mut Errors) {
        match cx.group {
            NEWER_GROUP => events::create_of_group(object, errors),
            _ => events::create(object, errors),
        }
    }
}
