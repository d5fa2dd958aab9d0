#!/usr/bin/env python3
"""Every kind goes round over HTTP: created, read in every form, written back in every format, patched in every way, watched,
deleted.

    run.py --store embedded|etcd [--only REGEX]
"""
import argparse, contextlib, http.client, json, pathlib, re, sys, time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "system"))
import protobuf, stubs
from cluster import TOKEN, TOOLS, Failure, cluster, insecure

# The reader of YAML is one of the libraries that tests/tools/fetch gets.
sys.path += map(str, TOOLS.glob("venv/lib/python3*/site-packages"))
import yaml

JSON, YAML, PROTOBUF = "application/json", "application/yaml", protobuf.MEDIA
TABLE, PARTIAL, PARTIAL_LIST = (f"{JSON};as={kind};v=v1;g=meta.k8s.io" for kind in ["Table", "PartialObjectMetadata", "PartialObjectMetadataList"])
PATCHES = ["merge-patch+json", "json-patch+json", "strategic-merge-patch+json", "apply-patch+yaml"]
WATCH_SECONDS_MAX = JUDGED_SECONDS_MAX = 30
# Kinds that the server itself judges after they are created, and by which condition that is seen.
CONDITIONS = {"CustomResourceDefinition": "Established", "APIService": "Available", "FlowSchema": "Dangling"}
# What 1.36 serves by default; with fewer, discovery has lost some.
KINDS_MIN = 60


class Round:
    """One kind's way on one server."""

    def __init__(self, server, session, kind):
        self.server, self.session, self.kind = server, session, kind

    def request(self, method, path, body=None, media=None, accept=JSON, code=200):
        content = json.dumps(body).encode() if isinstance(body, (dict, list)) else body
        headers = {"Accept": accept, **({"Content-Type": media or JSON} if body is not None else {})}
        status, answered, text = self.session.request(method, path, content, headers)
        if status != code:
            raise Failure(f"{self.kind}: {method} {path} as {accept}: {status} instead of {code}: {text[:500]!r}")
        if accept in (JSON, YAML, PROTOBUF) and not answered["content-type"].startswith(accept):
            raise Failure(f"{self.kind}: {method} {path} as {accept}: answered as {answered['content-type']}")
        return text if accept in (YAML, PROTOBUF) else json.loads(text)

    def same(self, what, got, wanted):
        if got != wanted:
            raise Failure(f"{self.kind}: {what}: expected {json.dumps(wanted)}\ngot {json.dumps(got)}")

    def go(self):
        created = self.create()
        self.read_forms(created)
        settled = self.write_back(created)
        with self.watch(settled, JSON) as events, self.watch(settled, PROTOBUF) as frames:
            wanted = [self.update(settled), *self.patch(settled)]
            self.delete()
            self.told(events, frames, wanted)
        self.request("GET", self.kind.path, code=404)

    def create(self):
        """It would be created from every format with the same result, and is from JSON; what is read equals what was answered."""
        dry = f"{self.kind.collection}?dryRun=All"
        for media in [YAML, PROTOBUF]:
            first = self.request("POST", dry, self.kind.object, accept=media, code=201)
            once = self.request("POST", dry, first, media=media, code=201)
            again = self.request("POST", dry, once, code=201)
            self.same(f"created from {media}", content(once), content(again))
            if media == YAML:
                self.same("created from what YAML says", content(once), content(yaml.safe_load(first)))
        created = self.request("POST", self.kind.collection, self.kind.object, code=201)
        self.same("named", [created[key] for key in ("apiVersion", "kind")], [self.kind.api_version, self.kind.kind])
        if self.kind.kind in CONDITIONS:
            return self.judged(CONDITIONS[self.kind.kind])
        self.same("read after create", self.request("GET", self.kind.path), created)
        return created

    def judged(self, condition):
        """The object when the server has written the condition that it gives this kind."""
        end = time.monotonic() + JUDGED_SECONDS_MAX
        while time.monotonic() < end:
            value = self.request("GET", self.kind.path)
            if any(each["type"] == condition for each in value.get("status", {}).get("conditions") or []):
                return value
            time.sleep(0.05)
        raise Failure(f"{self.kind}: no condition {condition} after {JUDGED_SECONDS_MAX} s")

    def read_forms(self, created):
        """The same object as YAML, protobuf, metadata and a table row, alone and in a list."""
        path, metadata = self.kind.path, metadata_form(created["metadata"])
        self.same("as YAML", yaml.safe_load(self.request("GET", path, accept=YAML)), created)
        version, kind, _ = protobuf.envelope(self.request("GET", path, accept=PROTOBUF))
        self.same("as protobuf", [version, kind], [self.kind.api_version, self.kind.kind])
        partial = self.request("GET", path, accept=PARTIAL)
        self.same("as metadata", partial, {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": metadata})
        table = self.request("GET", path, accept=TABLE)
        self.table("as a table", table, [metadata])
        bare = {key: value for key, value in created.items() if key not in ("apiVersion", "kind")}
        mine = lambda items: [item for item in items if item["metadata"]["uid"] == metadata["uid"]]
        listed = self.request("GET", self.kind.collection)
        self.same("in a list", [{k: v for k, v in item.items() if k not in ("apiVersion", "kind")} for item in mine(listed["items"])], [bare])
        partials = self.request("GET", self.kind.collection, accept=PARTIAL_LIST)
        self.same("in a list of metadata", [item["metadata"] for item in mine(partials["items"])], [metadata])
        selected = f"{self.kind.collection}?fieldSelector=metadata.name%3D{self.kind.name}"
        self.table("in a table", self.request("GET", selected, accept=TABLE), [metadata])
        kind = protobuf.envelope(self.request("GET", selected, accept=PROTOBUF))[1]
        self.same("a list as protobuf", kind, listed["kind"])

    def table(self, what, table, rows):
        self.same(what, [table["kind"], table["apiVersion"]], ["Table", "meta.k8s.io/v1"])
        self.same(f"{what}, rows", [row["object"]["metadata"] for row in table["rows"]], rows)
        for row in table["rows"]:
            # The reference has a cell too many for IPAddress.
            self.same(f"{what}, a cell for each column", len(row["cells"]) - (self.kind.kind == "IPAddress"), len(table["columnDefinitions"]))

    def write_back(self, created):
        """What was read is taken back in every format, and nothing changes by it."""
        # What a kind's defaults on read add is written by its first update.
        settled = self.request("PUT", self.kind.path, created)
        for media in [JSON, YAML, PROTOBUF]:
            body = self.request("GET", self.kind.path, accept=media)
            body = json.dumps(body).encode() if media == JSON else body
            answer = self.request("PUT", self.kind.path, body, media=media)
            self.same(f"written back as {media}", answer, settled)
            answer = self.request("PUT", self.kind.path, body, media=media, accept=PROTOBUF)
            self.same(f"answered as protobuf to {media}", answer, self.request("GET", self.kind.path, accept=PROTOBUF))
        return settled

    def update(self, settled):
        """A changed object is written, and one of an older version is refused."""
        changed = marked(settled, "update")
        updated = self.request("PUT", self.kind.path, changed)
        self.same("updated", marks(updated), ["update"])
        self.newer(updated, settled)
        refused = self.request("PUT", self.kind.path, marked(settled, "late"), code=409)
        self.same("of an older version", refused["reason"], "Conflict")
        return updated

    def patch(self, settled):
        """Each kind of patch changes one annotation; doing it again changes nothing."""
        last = settled
        for form in PATCHES:
            body = self.patch_body(form)
            manager = "?fieldManager=kinds&force=true" if form.startswith("apply") else ""
            patched = self.request("PATCH", self.kind.path + manager, body, media=f"application/{form}")
            self.same(form, marks(patched), [form])
            self.newer(patched, last)
            again = self.request("PATCH", self.kind.path + manager, body, media=f"application/{form}")
            self.same(f"{form} again", again, patched)
            yield patched
            last = patched

    def patch_body(self, form):
        if form == "json-patch+json":
            return [{"op": "replace", "path": f"/metadata/annotations/{MARK}", "value": form}]
        body = {"metadata": {"annotations": {MARK: form}}}
        if form == "apply-patch+yaml":
            body = {"apiVersion": self.kind.api_version, "kind": self.kind.kind, **body}
        return body

    def newer(self, one, other):
        versions = [int(each["metadata"]["resourceVersion"]) for each in (other, one)]
        if versions[0] >= versions[1]:
            raise Failure(f"{self.kind}: written, but the resource version went from {versions[0]} to {versions[1]}")

    def delete(self):
        """It goes; what keeps it is let go, as the controllers would."""
        self.request("DELETE", f"{self.kind.path}?gracePeriodSeconds=0&propagationPolicy=Background")
        status, _, text = self.session.request("GET", self.kind.path)
        if status == 404:
            return
        left = json.loads(text)
        if "deletionTimestamp" not in left["metadata"]:
            raise Failure(f"{self.kind}: deleted, but it is there: {text[:500]!r}")
        if self.kind.resource == "namespaces":
            return self.request("PUT", f"{self.kind.path}/finalize", {**left, "spec": {"finalizers": []}})
        self.session.request("PATCH", self.kind.path, b'{"metadata":{"finalizers":null}}', {"Content-Type": "application/merge-patch+json"})

    @contextlib.contextmanager
    def watch(self, since, accept):
        """A watch of this object alone, from a version."""
        query = f"watch=1&fieldSelector=metadata.name%3D{self.kind.name}&resourceVersion={since['metadata']['resourceVersion']}"
        connection = http.client.HTTPSConnection("127.0.0.1", self.server.port, timeout=WATCH_SECONDS_MAX, context=insecure())
        try:
            connection.request("GET", f"{self.kind.collection}?{query}", headers={"Authorization": f"Bearer {TOKEN}", "Accept": accept})
            answer = connection.getresponse()
            if answer.status != 200 or not answer.getheader("content-type").startswith(accept):
                raise Failure(f"{self.kind}: watch as {accept}: {answer.status} {answer.getheader('content-type')}")
            yield answer
        finally:
            connection.close()

    def told(self, events, frames, wanted):
        """Both watches told each write, in order, up to the deletion, and the same of each."""
        at, kind = 0, ""
        while kind != "DELETED":
            event = json.loads(events.readline())
            frame = protobuf.watch_frame(frames)
            kind = event["type"]
            self.same("event as protobuf", [frame[0], *protobuf.envelope(frame[1])[:2]], [kind, self.kind.api_version, self.kind.kind])
            if at < len(wanted):
                self.same("event", event, {"type": "MODIFIED", "object": wanted[at]})
            at += 1
        if at <= len(wanted):
            raise Failure(f"{self.kind}: the deletion came after {at - 1} of {len(wanted)} writes")


# The annotation that writes change.
MARK = "mark"


def marked(value, mark):
    metadata = {**value["metadata"], "annotations": {**value["metadata"].get("annotations", {}), MARK: mark}}
    return {**value, "metadata": metadata}


def marks(value):
    return [text for key, text in value["metadata"].get("annotations", {}).items() if key == MARK]


def content(created):
    """What a create took from its body: without what the server sets on each, and with the times that are now."""
    metadata = {key: value for key, value in created["metadata"].items() if key not in ("uid", "creationTimestamp", "managedFields")}
    now = created["metadata"]["creationTimestamp"][:len("2026-01-01")]
    return json.loads(re.sub(f'"{now}T[0-9:.]+Z"', '"now"', json.dumps({**created, "metadata": metadata})))


def metadata_form(metadata):
    """Metadata as its own form has it. The template's generation of a daemon set is an annotation of whole objects only."""
    annotations = {key: value for key, value in metadata.get("annotations", {}).items() if key != "deprecated.daemonset.template.generation"}
    bare = {key: value for key, value in metadata.items() if key != "annotations"}
    return {**bare, **({"annotations": annotations} if annotations else {})}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--store", choices=["embedded", "etcd"], default="embedded")
    parser.add_argument("--only", default="", help="only kinds whose name has this in it, a regular expression")
    options = parser.parse_args()
    with cluster(options.store) as server:
        stubs.make_namespace(server)
        kinds, session = [kind for kind in stubs.kinds(server) if re.search(options.only, str(kind))], server.session()
        for kind in kinds:
            Round(server, session, kind).go()
        session.close()
        print(f"{len(kinds)} kinds went round on {options.store}", flush=True)
        if not options.only and len(kinds) < KINDS_MIN:
            raise Failure(f"no fewer than {KINDS_MIN} kinds are served by default")


if __name__ == "__main__":
    try:
        main()
    except Failure as failure:
        sys.exit(str(failure))
