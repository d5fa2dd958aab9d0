"""A workload for the Python client: the API of custom objects, and a dynamic client that discovers them."""
import threading

from kubernetes import client, config, dynamic, watch

PLACE = ("shop.example.com", "v1", "shop", "shelves")


def shelf(name, **spec):
    return {"apiVersion": "shop.example.com/v1", "kind": "Shelf", "metadata": {"name": name}, "spec": {"wood": "oak", **spec}}


def main():
    api_client = config.new_client_from_config()
    custom = client.CustomObjectsApi(api_client)
    for at in range(12):
        custom.create_namespaced_custom_object(*PLACE, shelf(f"p-{at:02}", boards=at))
    page, names = custom.list_namespaced_custom_object(*PLACE, limit=5), []
    while True:
        names += [item["metadata"]["name"] for item in page["items"]]
        token = page["metadata"]["continue"]
        if not token:
            break
        page = custom.list_namespaced_custom_object(*PLACE, limit=5, _continue=token)
    assert [name for name in names if name.startswith("p-")] == [f"p-{at:02}" for at in range(12)], names
    assert custom.patch_namespaced_custom_object(*PLACE, "p-03", {"spec": {"boards": 9}})["spec"]["boards"] == 9
    assert custom.get_namespaced_custom_object_scale(*PLACE, "p-03")["spec"]["replicas"] == 9
    watched(custom)
    untyped(api_client)
    for at in range(12):
        custom.delete_namespaced_custom_object(*PLACE, f"p-{at:02}")


def watched(custom):
    begin = custom.list_namespaced_custom_object(*PLACE)["metadata"]["resourceVersion"]

    def write():
        custom.create_namespaced_custom_object(*PLACE, shelf("w"))
        custom.patch_namespaced_custom_object(*PLACE, "w", {"spec": {"boards": 1}})
        custom.delete_namespaced_custom_object(*PLACE, "w")

    writer = threading.Thread(target=write)
    writer.start()
    events, stream = [], watch.Watch()
    for event in stream.stream(custom.list_namespaced_custom_object, *PLACE, resource_version=begin, timeout_seconds=30):
        events.append((event["type"], event["object"]["spec"]["boards"]))
        if event["type"] == "DELETED":
            stream.stop()
    writer.join()
    assert events == [("ADDED", 3), ("MODIFIED", 1), ("DELETED", 1)], events


def untyped(api_client):
    shelves = dynamic.DynamicClient(api_client).resources.get(api_version="shop.example.com/v1", kind="Shelf")
    assert shelves.namespaced and "status" in shelves.subresources, shelves
    assert shelves.get(name="p-01", namespace="shop").spec.boards == 1


main()
