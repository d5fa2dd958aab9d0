//! Which objects a list, watch or deletecollection is about: label, field and shard selectors, checked for the resource.
//! Where the objects are, and in which form, is not known here: an object's tree and its facts are asked the same.

use kinds::{Facts, Resource, Selectable, facts, fields};
use object::selector::{field, label, shard};
use schema::{SmolStr, Value};
use serve::status::Status;

use crate::call::Call;
use crate::options::ListOptions;

/// Selectors over objects in their hub form.
#[derive(Clone, Debug)]
pub struct Selection {
    labels: label::Selector,
    /// Terms about fields of the stored form.
    fields: field::Selector,
    /// Where each term's value is found when there is no tree.
    sources: Box<[Source]>,
    kind: SmolStr,
    shards: Option<shard::Selector>,
}

/// Where the value of a field is when there is no tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Source {
    Name,
    Namespace,
    /// A place in [`Facts`].
    Field(usize),
}

impl Selection {
    /// Of a request. 400 for fields that the resource cannot be selected by.
    pub fn new(call: &Call, options: &ListOptions) -> Result<Self, Status> {
        let selection = Self::of(&call.resource, &call.hub, options.labels.clone(), &options.fields)?;
        let shards = options.shards.clone().filter(|_| call.heeds_shards);
        Ok(selection.in_shards(shards))
    }

    /// Of selectors, the fields named as `resource` names them.
    pub fn of(
        resource: &Resource,
        hub: &Resource,
        labels: label::Selector,
        fields: &field::Selector,
    ) -> Result<Self, Status> {
        let stored = |label: &str, value: &str| {
            let stored = fields::stored_label(resource, label)?;
            Ok((SmolStr::new(stored), SmolStr::new(value)))
        };
        let fields = fields
            .try_map(stored)
            .map_err(|error: fields::Error| Status::bad_request(error.to_string()))?;
        let selectable = Selectable::of(hub);
        let terms = fields.terms().iter();
        Ok(Self {
            sources: terms
                .map(|term| source(&selectable, &term.field))
                .collect::<Result<_, _>>()?,
            labels,
            fields,
            kind: match &hub.custom {
                Some(_) => SmolStr::default(),
                None => hub.kind.clone(),
            },
            shards: None,
        })
    }

    /// Only objects of these shards.
    pub fn in_shards(self, shards: Option<shard::Selector>) -> Self {
        Self { shards, ..self }
    }

    /// The shards that it is about, if not about all.
    pub fn shards(&self) -> Option<&shard::Selector> {
        self.shards.as_ref()
    }

    /// Whether it is about all objects.
    pub fn is_everything(&self) -> bool {
        self.labels.is_everything() && self.fields.is_everything() && self.shards.is_none()
    }

    /// The one name that is selected.
    pub fn name(&self) -> Option<&str> {
        self.fields.exact(fields::NAME)
    }

    /// The one value that a field of the stored form, e.g. `spec.nodeName`, must have.
    pub fn exact(&self, label: &str) -> Option<&str> {
        self.fields.exact(label)
    }

    /// Which labels are selected.
    pub fn labels(&self) -> &label::Selector {
        &self.labels
    }

    /// Whether it is about this object.
    pub fn matches(&self, object: &Value) -> bool {
        let empty = schema::Map::new();
        let labels = object::meta::of(object).labels().unwrap_or(&empty);
        let shards = self.shards.as_ref();
        self.labels.matches(labels)
            && shards.is_none_or(|shards| shards.matches(&facts::hashes(object)))
            && self.fields.terms().iter().all(|term| {
                (fields::value(&self.kind, &term.field, object) == term.value.as_str()) == term.equal
            })
    }

    /// The same, of an object whose facts are known.
    #[inline]
    pub fn matches_facts(&self, facts: &Facts, namespace: &str, name: &str) -> bool {
        let mut terms = self.fields.terms().iter().zip(&self.sources);
        let shards = self.shards.as_ref();
        shards.is_none_or(|shards| shards.matches(facts.hashes()))
            && self.labels.matches(facts)
            && terms.all(|(term, source)| {
                let value = match source {
                    Source::Name => name,
                    Source::Namespace => namespace,
                    Source::Field(index) => facts.field(*index),
                };
                (value == term.value.as_str()) == term.equal
            })
    }
}

fn source(selectable: &Selectable, label: &str) -> Result<Source, Status> {
    match label {
        fields::NAME => Ok(Source::Name),
        fields::NAMESPACE => Ok(Source::Namespace),
        label => selectable
            .index(label)
            .map(Source::Field)
            .ok_or_else(|| Status::internal(&format!("the stored form has no field {label:?} to select by"))),
    }
}
