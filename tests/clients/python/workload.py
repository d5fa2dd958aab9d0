"""A workload for the Python client: typed and dynamic API, paging, patches, errors, a watch that resumes."""
import threading

from kubernetes import client, config, dynamic, watch

NAMESPACE = "python"


def main():
    api_client = config.new_client_from_config()
    core, apps = client.CoreV1Api(api_client), client.AppsV1Api(api_client)
    assert client.VersionApi(api_client).get_code().minor == "36"
    core.create_namespace({"metadata": {"name": NAMESPACE}})
    typed(core)
    deployments(apps)
    errors(core)
    watched(core)
    untyped(api_client)
    core.delete_namespace(NAMESPACE)
    print("python: all passed")


def typed(core):
    for at in range(25):
        core.create_namespaced_config_map(NAMESPACE, client.V1ConfigMap(
            metadata=client.V1ObjectMeta(name=f"c-{at:02}", labels={"parity": str(at % 2)}), data={"at": str(at)}))
    page, names = core.list_namespaced_config_map(NAMESPACE, limit=10), []
    while True:
        names += [item.metadata.name for item in page.items]
        if not page.metadata._continue:
            break
        page = core.list_namespaced_config_map(NAMESPACE, limit=10, _continue=page.metadata._continue)
    assert names == [f"c-{at:02}" for at in range(25)], names
    assert len(core.list_namespaced_config_map(NAMESPACE, label_selector="parity=1").items) == 12
    one = core.read_namespaced_config_map("c-03", NAMESPACE)
    one.data["more"] = "yes"
    assert core.replace_namespaced_config_map("c-03", NAMESPACE, one).data == {"at": "3", "more": "yes"}
    assert core.patch_namespaced_config_map("c-03", NAMESPACE, {"data": {"at": None}}).data == {"more": "yes"}
    core.delete_collection_namespaced_config_map(NAMESPACE, label_selector="parity=0")
    assert len(core.list_namespaced_config_map(NAMESPACE).items) == 12


def deployments(apps):
    labels = {"app": "web"}
    container = client.V1Container(name="web", image="registry.example/web:1", resources={"requests": {"cpu": "1500m"}})
    apps.create_namespaced_deployment(NAMESPACE, client.V1Deployment(
        metadata=client.V1ObjectMeta(name="web"),
        spec=client.V1DeploymentSpec(selector={"matchLabels": labels}, template=client.V1PodTemplateSpec(
            metadata=client.V1ObjectMeta(labels=labels), spec=client.V1PodSpec(containers=[container])))))
    scale = apps.read_namespaced_deployment_scale("web", NAMESPACE)
    scale.spec.replicas = 3
    assert apps.replace_namespaced_deployment_scale("web", NAMESPACE, scale).spec.replicas == 3
    apps.patch_namespaced_deployment_status("web", NAMESPACE, {"status": {"replicas": 3}})
    web = apps.read_namespaced_deployment("web", NAMESPACE)
    assert (web.spec.replicas, web.status.replicas, web.metadata.generation) == (3, 3, 2), web
    assert web.spec.template.spec.containers[0].resources.requests == {"cpu": "1500m"}


def errors(core):
    for code, call in [
        (404, lambda: core.read_namespaced_config_map("missing", NAMESPACE)),
        (409, lambda: core.create_namespace({"metadata": {"name": NAMESPACE}})),
        (422, lambda: core.create_namespaced_config_map(NAMESPACE, {"metadata": {"name": "Bad_Name"}})),
        (400, lambda: core.list_namespaced_config_map(NAMESPACE, label_selector="a in (")),
    ]:
        try:
            call()
        except client.ApiException as error:
            assert error.status == code and '"kind":"Status"' in error.body.replace(" ", ""), (code, error.status, error.body)
        else:
            raise AssertionError(f"expected {code}")


def watched(core):
    begin = core.list_namespaced_secret(NAMESPACE).metadata.resource_version

    def write():
        core.create_namespaced_secret(NAMESPACE, {"metadata": {"name": "s"}, "stringData": {"a": "1"}})
        core.patch_namespaced_secret("s", NAMESPACE, {"stringData": {"b": "2"}})
        core.delete_namespaced_secret("s", NAMESPACE)

    writer = threading.Thread(target=write)
    writer.start()
    events, stream = [], watch.Watch()
    for event in stream.stream(core.list_namespaced_secret, NAMESPACE, resource_version=begin, timeout_seconds=30):
        events.append((event["type"], sorted(event["object"].data or {})))
        if event["type"] == "DELETED":
            stream.stop()
    writer.join()
    assert events == [("ADDED", ["a"]), ("MODIFIED", ["a", "b"]), ("DELETED", ["a", "b"])], events


def untyped(api_client):
    everything = dynamic.DynamicClient(api_client)
    jobs = everything.resources.get(api_version="batch/v1", kind="Job")
    jobs.create(namespace=NAMESPACE, body={"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "once"}, "spec": {
        "template": {"spec": {"restartPolicy": "Never", "containers": [{"name": "c", "image": "registry.example/c:1"}]}}}})
    assert jobs.get(name="once", namespace=NAMESPACE).spec.backoffLimit == 6
    kinds = {resource.kind for resource in everything.resources.search(group="networking.k8s.io")}
    assert {"Ingress", "NetworkPolicy"} <= kinds, kinds


main()
