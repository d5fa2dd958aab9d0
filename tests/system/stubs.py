"""A sample object of every kind that a server serves: the project's stubs, matched with the server's discovery.

It makes the namespace that they live in; what is done with them is the suites' affair.
"""
import json, pathlib
from dataclasses import dataclass

from cluster import REPO, Failure

STUBS = REPO / "machinery" / "kinds" / "tests" / "data" / "stubs.json"
NAMESPACE = "etcdstoragepathtestnamespace"


@dataclass(frozen=True)
class Kind:
    group: str
    version: str
    resource: str
    kind: str
    namespaced: bool
    subresources: tuple
    stub: str

    @property
    def api_version(self):
        return f"{self.group}/{self.version}".lstrip("/")

    @property
    def collection(self):
        prefix = f"/apis/{self.group}/{self.version}" if self.group else f"/api/{self.version}"
        return f"{prefix}/namespaces/{NAMESPACE}/{self.resource}" if self.namespaced else f"{prefix}/{self.resource}"

    @property
    def object(self):
        """A copy of the sample, with its kind."""
        return {"apiVersion": self.api_version, "kind": self.kind, **json.loads(self.stub)}

    @property
    def name(self):
        return json.loads(self.stub)["metadata"]["name"]

    @property
    def path(self):
        return f"{self.collection}/{self.name}"

    def __str__(self):
        return f"{self.resource}.{self.version}.{self.group}".rstrip(".")


def kinds(server):
    """Every kind that is served and can be created and read, with its sample. One without a sample is a failure."""
    stubs = {(stub["group"], stub["version"], stub["resource"]): stub["object"] for stub in json.loads(STUBS.read_text())}
    found = []
    for group, version, prefix in group_versions(server):
        listed = read(server, prefix)["resources"]
        for one in listed:
            if "/" in one["name"] or not {"create", "get", "list"} <= set(one["verbs"]):
                continue
            stub = stubs.get((group, version, one["name"]))
            if stub is None:
                raise Failure(f"there is no sample of {group}/{version} {one['name']}")
            inner = tuple(each["name"].split("/")[1] for each in listed if each["name"].startswith(one["name"] + "/"))
            found.append(Kind(group, version, one["name"], one["kind"], one["namespaced"], inner, json.dumps(stub)))
    return found


def group_versions(server):
    yield "", "v1", "/api/v1"
    for group in read(server, "/apis")["groups"]:
        for version in group["versions"]:
            yield group["name"], version["version"], f"/apis/{version['groupVersion']}"


def read(server, path):
    status, _, body = server.request("GET", path)
    if status != 200:
        raise Failure(f"GET {path}: {status} {body[:300]!r}")
    return json.loads(body)


def make_namespace(server, name=NAMESPACE):
    """The namespace of the samples, with the account that the controller manager would make."""
    for path, named in [("/api/v1/namespaces", name), (f"/api/v1/namespaces/{name}/serviceaccounts", "default")]:
        status, _, body = server.request("POST", path, {"metadata": {"name": named}})
        if status != 201:
            raise Failure(f"POST {path}: {status} {body[:300]!r}")
