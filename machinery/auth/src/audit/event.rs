//! One event (audit.k8s.io/v1 Event), filled in as a request goes its way.

use schema::time::Time;
use schema::{Map, Value, tree};
use smol_str::SmolStr;

use super::Told;
use super::policy::Level;
use crate::User;
use crate::authorize::Attributes;
use crate::review::user_info;

/// A moment on a request's way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// It came.
    RequestReceived,
    /// An answer that takes long begins.
    ResponseStarted,
    /// The answer is sent.
    ResponseComplete,
    /// Handling it broke down.
    Panic,
}

impl Stage {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Stage::RequestReceived => "RequestReceived",
            Stage::ResponseStarted => "ResponseStarted",
            Stage::ResponseComplete => "ResponseComplete",
            Stage::Panic => "Panic",
        }
    }

    pub(super) fn of(name: &str) -> Option<Self> {
        let all = [
            Stage::RequestReceived,
            Stage::ResponseStarted,
            Stage::ResponseComplete,
            Stage::Panic,
        ];
        all.into_iter().find(|stage| stage.name() == name)
    }
}

/// What is known of a request.
#[derive(Clone, Debug)]
pub struct Event {
    told: Told,
    fields: Map,
    annotations: Map,
}

impl Event {
    /// Of a request that came now.
    pub fn new(
        told: Told,
        id: &str,
        uri: &str,
        user: &User,
        request: &Attributes<'_>,
        received: Time,
    ) -> Self {
        let mut fields = Map::new();
        fields.insert("kind", "Event");
        fields.insert("apiVersion", "audit.k8s.io/v1");
        fields.insert("level", told.level.name());
        fields.insert("auditID", id);
        fields.insert("requestURI", uri);
        fields.insert("verb", request.verb);
        fields.insert("user", user_info(user));
        fields.insert("requestReceivedTimestamp", received.format_micro());
        if request.is_resource {
            fields.insert("objectRef", object_reference(request));
        }
        Self {
            told,
            fields,
            annotations: Map::new(),
        }
    }

    /// Where it came from, the client first.
    pub fn set_source(&mut self, addresses: &[SmolStr], agent: &str) {
        let addresses = addresses.iter().cloned().map(Value::from).collect::<Vec<_>>();
        self.fields.insert("sourceIPs", addresses);
        if !agent.is_empty() {
            self.fields.insert("userAgent", agent);
        }
    }

    /// As whom it is made.
    pub fn set_impersonated(&mut self, user: &User) {
        self.fields.insert("impersonatedUser", user_info(user));
    }

    /// The code of its answer, with what a failure says of itself.
    pub fn set_status(&mut self, code: u16, failure: Option<&Value>) {
        let mut status = tree!({"metadata": {}, "code": (i64::from(code))});
        if let (Some(map), Some(failure)) = (status.as_map_mut(), failure) {
            for field in ["status", "message", "reason", "details"] {
                if let Some(value) = failure.get(field) {
                    map.insert(field, value.clone());
                }
            }
        }
        self.fields.insert("responseStatus", status);
    }

    /// The request's body, if the level has it.
    pub fn set_request_object(&mut self, object: Value) {
        if self.told.level >= Level::Request {
            self.fields.insert("requestObject", self.shown(object));
        }
    }

    /// The answer's body, if the level has it.
    pub fn set_response_object(&mut self, object: Value) {
        if self.told.level >= Level::RequestResponse {
            self.fields.insert("responseObject", self.shown(object));
        }
    }

    /// Something that a decider notes, e.g. `authorization.k8s.io/decision`. The first note of a key counts.
    pub fn annotate(&mut self, key: &str, text: &str) {
        if !self.annotations.contains_key(key) {
            self.annotations.insert(key, text);
        }
    }

    /// How much is told.
    pub fn level(&self) -> Level {
        self.told.level
    }

    /// The event of a moment; `None` where nothing is told then.
    pub fn at(&self, stage: Stage, now: Time) -> Option<Value> {
        if self.told.level == Level::None || self.told.omit_stages.contains(&stage) {
            return None;
        }
        let mut fields = self.fields.clone();
        fields.insert("stage", stage.name());
        fields.insert("stageTimestamp", now.format_micro());
        if !self.annotations.is_empty() {
            fields.insert("annotations", self.annotations.clone());
        }
        Some(Value::Map(fields))
    }

    fn shown(&self, mut object: Value) -> Value {
        if self.told.omit_managed_fields {
            drop_owners(&mut object);
            let items = object.get_mut("items").and_then(Value::as_list_mut);
            items.into_iter().flatten().for_each(drop_owners);
        }
        object
    }
}

fn drop_owners(object: &mut Value) {
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_map_mut) {
        metadata.remove("managedFields");
    }
}

fn object_reference(request: &Attributes<'_>) -> Map {
    let mut reference = Map::new();
    let fields = [
        ("resource", request.resource),
        ("namespace", request.namespace),
        ("name", request.name),
        ("apiGroup", request.group),
        ("apiVersion", request.version),
        ("subresource", request.subresource),
    ];
    for (field, text) in fields.into_iter().filter(|(_, text)| !text.is_empty()) {
        reference.insert(field, text);
    }
    reference
}
