//! Which objects a list, watch or deletecollection is about: label and field selectors, checked for the resource.

use kinds::{Resource, fields};
use object::selector::{field, label};
use schema::{SmolStr, Value};
use serve::status::Status;

use crate::call::Call;
use crate::options::ListOptions;

/// Selectors over objects in their hub form.
#[derive(Clone, Debug)]
pub struct Selection {
    labels: label::Selector,
    fields: field::Selector,
    kind: SmolStr,
}

impl Selection {
    /// Of a request. 400 for fields that the resource cannot be selected by.
    pub fn new(call: &Call, options: &ListOptions) -> Result<Self, Status> {
        let stored = |label: &str, value: &str| {
            let stored = fields::stored_label(&call.resource, label)?;
            Ok((SmolStr::new(stored), SmolStr::new(value)))
        };
        let fields = options
            .fields
            .try_map(stored)
            .map_err(|error: fields::Error| Status::bad_request(error.to_string()))?;
        Ok(Self {
            labels: options.labels.clone(),
            fields,
            kind: kind(&call.hub),
        })
    }

    /// Whether it is about all objects.
    pub fn is_everything(&self) -> bool {
        self.labels.is_everything() && self.fields.is_everything()
    }

    /// The one name that is selected.
    pub fn name(&self) -> Option<&str> {
        self.fields.exact("metadata.name")
    }

    /// Whether it is about this object.
    pub fn matches(&self, object: &Value) -> bool {
        let empty = schema::Map::new();
        let labels = object::meta::of(object).labels().unwrap_or(&empty);
        self.labels.matches(labels)
            && self.fields.terms().iter().all(|term| {
                (fields::value(&self.kind, &term.field, object) == term.value.as_str()) == term.equal
            })
    }
}

fn kind(hub: &Resource) -> SmolStr {
    hub.kind.clone()
}
