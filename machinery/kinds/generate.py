#!/usr/bin/env python3
"""Makes the compact tables in data/ and tests/data/ from the Kubernetes API fact tables.

    generate.py --facts DIR

DIR holds resources.json, discovery.json, strategy.json and features.json. What every entry means is told by the
readers of the tables: src/catalog/data.rs and src/gates.rs. Only what differs from the usual is written.
"""
import argparse
import json
import pathlib
import re

HERE = pathlib.Path(__file__).resolve().parent
PREFIX = "/registry/"
# The reference keeps these as JSON: their types know no protobuf in its storage codecs.
JSON_GROUPS = ["apiextensions.k8s.io", "apiregistration.k8s.io"]
# What requests for these are warned of; the fact tables have no deprecations of stable versions.
DEPRECATED = {("", "v1", "componentstatuses"): "v1 ComponentStatus is deprecated in v1.19+",
              ("", "v1", "endpoints"): "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice"}
ALL_VERBS = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"]
USUAL_FIELDS = ["metadata.name", "metadata.namespace"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--facts", required=True, type=pathlib.Path, help="folder with the fact tables")
    facts = parser.parse_args().facts
    tables = {name: json.loads((facts / f"{name}.json").read_text()) for name in
              ("resources", "discovery", "strategy", "features")}
    writes = {(entry["group"], entry["resource"]): write_facts(entry) for entry in tables["strategy"]["resources"]}
    resources = tables["resources"]["resources"]
    save("data/resources.json", [compact(entry, writes) for entry in resources])
    save("data/groups.json", groups(tables["discovery"]))
    save("data/gates.json", [gate(entry) for entry in tables["features"]["gates"]])
    save("tests/data/stubs.json", [stub(entry) for entry in resources if "stub" in entry])
    bodies = [{"kind": kind, "columns": listed(entries)} for kind, entries in tables["resources"]["extraColumns"].items()]
    save("tests/data/columns.json", [columns(entry) for entry in resources if "columns" in entry] + bodies)


def save(path, lines):
    """One entry a line, so that a change of the facts is a readable diff."""
    path = HERE / path
    path.parent.mkdir(parents=True, exist_ok=True)
    body = ",\n".join(json.dumps(line, separators=(",", ":"), ensure_ascii=False) for line in lines)
    path.write_text(f"[\n{body}\n]\n")


def compact(entry, writes):
    out = {key: entry[key] for key in ("group", "version", "resource", "singular", "kind", "message", "stage")}
    for key in ("listKind", "listMessage", "shortNames", "categories", "namespaced", "featureGate", "introduced", "removed"):
        if entry.get(key):
            out[key] = entry[key]
    identity = entry["group"], entry["version"], entry["resource"]
    if identity in DEPRECATED:
        out["deprecation"] = DEPRECATED[identity]
    if entry["verbs"] != ALL_VERBS:
        out["verbs"] = entry["verbs"]
    if entry["subresources"]:
        out["subresources"] = [subresource(entry, sub) for sub in entry["subresources"]]
    if not entry["enabledByDefault"]:
        out["off"] = True
    if entry["etcdPrefix"]:
        assert entry["etcdPrefix"].startswith(PREFIX), entry["etcdPrefix"]
        storage = entry["storage"]
        out["etcd"] = entry["etcdPrefix"][len(PREFIX):]
        out["storage"] = [storage["group"], storage["version"], storage["kind"]]
        if storage["group"] in JSON_GROUPS:
            out["json"] = True
        out["write"] = writes[stored_as(entry)]
    if entry["listKind"] and entry["fieldSelectors"] != USUAL_FIELDS:
        out["fields"] = fields(entry)
    return out


def stored_as(entry):
    return entry["storage"]["group"], entry["resource"]


def subresource(entry, sub):
    out = {"name": sub["name"], "kind": sub["kind"], "message": sub["message"], "verbs": sub["verbs"]}
    if (sub["group"], sub["version"]) != (entry["group"], entry["version"]):
        out["group"], out["version"] = sub["group"], sub["version"]
    return out


def fields(entry):
    """Request label to stored-form label."""
    selectors = entry["fieldSelectors"]
    labels = dict(selectors) if isinstance(selectors, dict) else {label: label for label in selectors}
    labels.update(entry.get("fieldSelectorNotes", {}).get("alias", {}))
    return labels


def write_facts(entry):
    out = {}
    for key in ("createOnUpdate", "unconditionalUpdate", "statusClearedOnCreate", "statusKeptOnUpdate"):
        if entry[key]:
            out[key] = True
    rule = entry["generation"]
    assert re.fullmatch(r"(unset|1 on create)(, \+1 on spec \(content\) change)?", rule), rule
    if rule.startswith("1"):
        out["generationOnCreate"] = True
    if "+1" in rule:
        out["generationOnChange"] = True
    if "resetFields" in entry:
        out["resetFields"] = entry["resetFields"]
    return out


def groups(discovery):
    """The legacy group first, then the named ones in discovery order; priorities are those of versions still served.
    The aggregator's own group has none, since no APIService stands for it."""
    priorities = {}
    for entry in discovery["apiServicePriorities"]:
        key = entry["group"], entry["version"]
        priorities.setdefault(key, [entry["groupPriorityMinimum"], entry["versionPriority"]])
    listed = [{"group": "", "versions": discovery["legacy"]["versions"]}] + discovery["groups"]
    return [{"group": entry["group"],
             "versions": [[version] + priorities.get((entry["group"], version), []) for version in entry["versions"]]}
            for entry in listed]


def gate(entry):
    out = {"gate": entry["gate"], "stage": entry["stage"]}
    for key in ("default", "locked"):
        if entry[key]:
            out[key] = True
    return out


def stub(entry):
    return {"group": entry["group"], "version": entry["version"], "resource": entry["resource"], "object": entry["stub"]}


def columns(entry):
    return {"group": entry["group"], "version": entry["version"], "resource": entry["resource"],
            "columns": listed(entry["columns"])}


def listed(entries):
    return [[column[key] for key in ("name", "type", "format", "priority")] for column in entries]


if __name__ == "__main__":
    main()
