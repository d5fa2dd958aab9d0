"""Server-side apply as kubectl does it: conflicts, force, managers, and objects that change between the two kinds of apply."""
import json

from commands import expect, same

NAMESPACE = ("-n", "owned")


def manifest(image="registry.example/own:1", replicas=2, **labels):
    """A deployment as people write it; without replicas when those are None."""
    spec = {
        "selector": {"matchLabels": {"app": "own"}},
        "template": {
            "metadata": {"labels": {"app": "own"}},
            "spec": {"containers": [{"name": "own", "image": image, "ports": [{"containerPort": 80}]}]},
        },
    }
    if replicas is not None:
        spec["replicas"] = replicas
    metadata = {"name": "own", "namespace": "owned", "labels": {"app": "own", **labels}}
    return json.dumps({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": spec})


def managers(kubectl, kind="deployment", name="own"):
    """Who owns something of an object, and how."""
    entries = kubectl.json("get", kind, name, *NAMESPACE, "--show-managed-fields")["metadata"]["managedFields"]
    return sorted((entry["manager"], entry["operation"]) for entry in entries)


def field(kubectl, path):
    return kubectl("get", "deployment", "own", *NAMESPACE, "-o", f"jsonpath={{{path}}}")


def apply_and_conflict(kubectl):
    kubectl("create", "namespace", "owned")
    expect(kubectl("apply", "--server-side", "-f", "-", stdin=manifest()), r"deployment.apps/own serverside-applied")
    same(managers(kubectl), [("kubectl", "Apply")])
    version = field(kubectl, ".metadata.resourceVersion")
    kubectl("apply", "--server-side", "-f", "-", stdin=manifest())
    same(field(kubectl, ".metadata.resourceVersion"), version)
    other = ("apply", "--server-side", "--field-manager=other", "-f", "-")
    refused = kubectl(*other, stdin=manifest(replicas=5), fails=True)
    expect(refused, r'Apply failed with 1 conflict: conflict with "kubectl": \.spec\.replicas')
    kubectl(*other, "--force-conflicts", stdin=manifest(replicas=5))
    same(field(kubectl, ".spec.replicas"), "5")
    same(managers(kubectl), [("kubectl", "Apply"), ("other", "Apply")])
    expect(kubectl("apply", "--server-side", "-f", "-", stdin=manifest(), fails=True), r'conflict with "other"')
    # Who does not name a field gives it up; the other still owns it.
    kubectl("apply", "--server-side", "-f", "-", stdin=manifest(replicas=None))
    same(field(kubectl, ".spec.replicas"), "5")
    kubectl(*other, stdin=manifest(replicas=None))
    same(field(kubectl, ".spec.replicas"), "1")
    same(kubectl("apply", "--server-side", "-f", "-", "--dry-run=server", "-o", "jsonpath={.spec.replicas}", stdin=manifest(replicas=9)), "9")
    same(field(kubectl, ".spec.replicas"), "1")


def show_and_diff(kubectl):
    hidden = kubectl("get", "deployment", "own", *NAMESPACE, "-o", "yaml")
    same("managedFields" in hidden, False)
    shown = kubectl("get", "deployment", "own", *NAMESPACE, "-o", "yaml", "--show-managed-fields")
    expect(shown, r"managedFields:", r"manager: kubectl", r"operation: Apply", r"f:containers:", r'k:\{"name":"own"\}')
    changed = manifest(image="registry.example/own:2", replicas=None)
    expect(kubectl("diff", "--server-side", "--force-conflicts", "-f", "-", stdin=changed, code=1), r"^\+.*own:2$", r"^-.*own:1$")
    kubectl("diff", "--server-side", "-f", "-", stdin=manifest(replicas=None), code=0)
    unknown = manifest(replicas=None).replace('"image"', '"imagee"')
    expect(kubectl("apply", "--server-side", "-f", "-", stdin=unknown, fails=True), r"field not declared in schema|unknown field")


def change_kinds_of_apply(kubectl):
    """An object that was applied by the client is taken over by the server, and goes back."""
    settings = lambda color, **more: json.dumps(
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "moved", "namespace": "owned"}, "data": {"color": color, **more}}
    )
    data = lambda: kubectl.json("get", "configmap", "moved", *NAMESPACE)["data"]
    kubectl("apply", "-f", "-", stdin=settings("blue", old="1"))
    same(managers(kubectl, "configmap", "moved"), [("kubectl-client-side-apply", "Update")])
    expect(kubectl("apply", "view-last-applied", "configmap", "moved", *NAMESPACE), r"color: blue")
    # The first apply of the server takes what the client-side applies owned, so that it may change and remove it.
    kubectl("apply", "--server-side", "-f", "-", stdin=settings("green"))
    same(data(), {"color": "green"})
    same(("kubectl", "Apply") in managers(kubectl, "configmap", "moved"), True)
    same(("kubectl-client-side-apply", "Update") in managers(kubectl, "configmap", "moved"), False)
    expect(kubectl("apply", "view-last-applied", "configmap", "moved", *NAMESPACE), r"color: green")
    kubectl("apply", "-f", "-", stdin=settings("red"))
    same(data(), {"color": "red"})
    expect(kubectl("apply", "view-last-applied", "configmap", "moved", *NAMESPACE), r"color: red")
    kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", stdin=settings("blue"))
    # The editor of the tests makes it green.
    kubectl("edit", "configmap", "moved", *NAMESPACE)
    same(data(), {"color": "green"})
    same(("kubectl-edit", "Update") in managers(kubectl, "configmap", "moved"), True)
    refused = kubectl("apply", "--server-side", "-f", "-", stdin=settings("blue"), fails=True)
    expect(refused, r'conflict with "kubectl-edit" using v1: \.data\.color')


STEPS = [apply_and_conflict, show_and_diff, change_kinds_of_apply]
