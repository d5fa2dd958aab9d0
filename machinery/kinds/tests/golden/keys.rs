//! Keys of stored objects.

use kinds::keys::Place;
use kinds::{Catalog, Encoding, Keys, Resource};

use schema::Types;

use super::corpus::{fixture, lines};

fn resource(path: &str) -> Option<&'static Resource> {
    let mut parts = path.rsplitn(3, '/');
    let (name, version, group) = (parts.next()?, parts.next()?, parts.next().unwrap_or_default());
    Catalog::builtin()
        .resource(group, version, name)
        .map(|found| &**found)
}

#[test]
fn every_sample_object_resolves_to_its_resource() {
    let catalog = Catalog::builtin();
    let stubs = fixture(include_str!("../data/stubs.json"));
    assert_eq!(stubs.len(), 87);
    for stub in stubs {
        let of = |field| stub.str_at(&[field]).expect("a stub names its resource");
        let object = stub.get("object").expect("a stub has an object");
        let resource = catalog
            .resource(of("group"), of("version"), of("resource"))
            .expect("known");
        assert!(resource.storage.is_some(), "{stub:?}");
        let kind = catalog
            .kind(of("group"), of("version"), &resource.kind)
            .expect("known");
        assert_eq!(kind.resource, resource.resource);
        let decoded =
            schema::json::from_tree(Types::builtin(), resource.type_id, object).expect("it decodes");
        assert_eq!(decoded.strict, [], "{stub:?}");
        assert_eq!(
            decoded.value.at(&["metadata", "name"]),
            object.at(&["metadata", "name"])
        );
    }
}

#[test]
fn keys_and_stored_forms_are_those_of_the_reference() {
    let keys = Keys::default();
    let mut compared = 0;
    for line in lines("etcd/objects.jsonl") {
        let text = |path: &[&str]| line.str_at(path).unwrap_or_default();
        let Some(resource) = resource(text(&["resource"])) else {
            continue;
        };
        let storage = resource.storage.as_ref().expect("it was stored");
        let place = Place {
            namespace: text(&["object", "metadata", "namespace"]),
            name: text(&["object", "metadata", "name"]),
        };
        assert_eq!(keys.object(storage, place.namespace, place.name), text(&["key"]));
        assert_eq!(keys.parse(resource, text(&["key"]).as_bytes()), Some(place));
        assert!(keys.all(storage).contains(text(&["key"]).as_bytes()));
        assert_eq!(
            storage.api_version(),
            text(&["storedAs", "apiVersion"]),
            "{}",
            text(&["key"])
        );
        assert_eq!(storage.kind, text(&["storedAs", "kind"]));
        let json = line.str_at(&["storedAs", "encoding"]) == Some("json");
        assert_eq!(storage.encoding == Encoding::Json, json, "{}", text(&["key"]));
        compared += 1;
    }
    assert!(compared > 140, "only {compared} objects were compared");
}
