#!/usr/bin/env python3
"""Writes data/types.txt, the compact table of API types, from fields.json of the Kubernetes API facts.

Usage: generate.py --facts DIR

One type or field a line; src/types/table.rs reads it and says what each mark means.
"""

import argparse
import json
import pathlib

META = "io.k8s.apimachinery.pkg.apis.meta.v1"
CORE = "io.k8s.api.core.v1"
FLAGS = [
    ("pointer", "p"),
    ("omitempty", "o"),
    ("omitzero", "z"),
    ("inline", "i"),
    ("wrap", "w"),
    ("required", "r"),
    ("zeroDefault", "d"),
    ("jsonHidden", "h"),
]
# Lists in which an empty one is not the same as none: what is not there gets a default. `fields.json` does not tell.
NIL_DIFFERS = {("io.k8s.api.autoscaling.v2.HPAScalingRules", "policies")}


def short(name, package):
    """A type name as seen from a package: `.Pod` here, `^ObjectMeta` in meta/v1, `~Pod` in core/v1."""
    for mark, home in ((".", package), ("^", META), ("~", CORE)):
        head, _, tail = name.rpartition(".")
        if head == home:
            return mark + tail
    return name


def kind(text, package):
    """The type of a field: `[]T` for lists, `{}T` for maps."""
    if text.startswith("list<"):
        return "[]" + kind(text[5:-1], package)
    if text.startswith("map<string,"):
        return "{}" + kind(text[11:-1], package)
    return short(text, package) if text.startswith("io.") else text


def field_line(field, package, message):
    flags = "".join(mark for key, mark in FLAGS if field.get(key))
    flags += {"set": "s", "map": "m", "atomic": "l"}.get(field.get("listType"), "")
    flags += {"atomic": "a", "granular": "g"}.get(field.get("mapType"), "")
    flags += "n" if (message, field["json"]) in NIL_DIFFERS else ""
    name = field["json"] or ":" + (field.get("protoName") or field["go"])
    words = [name, str(field["num"] or 0), kind(field["type"], package), flags or "-"]
    for key, mark in (("listMapKeys", "k"), ("patchMergeKey", "m"), ("patchStrategy", "s"), ("featureGate", "g")):
        if value := field.get(key):
            words.append(f"{mark}={','.join(value) if isinstance(value, list) else value}")
    for key, mark in (("enum", "e"), ("keyEnum", "n")):
        if value := field.get(key):
            words.append(f"{mark}={short(value, package)}")
    if "default" in field:
        words.append("d=" + json.dumps(field["default"], separators=(",", ":")))
    assert all(" " not in word for word in words), words
    return " " + " ".join(words)


def message_lines(name, message):
    package, _, own = name.rpartition(".")
    marks = ""
    for key, mark in (("typeMeta", "t"), ("customJSON", "c"), ("scalar", "s"), ("wrapper", "w")):
        if message.get(key):
            marks += mark
    if message.get("swagger") is False:
        marks += "u"
    if message.get("mapType") == "atomic":
        marks += "a"
    words = ["=" + own, marks or "-"]
    gvk = message.get("gvk", [])
    words += ["v=*"] if gvk == "many" else ["v=" + "/".join(each) for each in gvk]
    for union in message.get("unions", []):
        members = ",".join(f"{k}:{v}" for k, v in union["fields-to-discriminateBy"].items())
        words.append(f"u={union.get('discriminator', '')}|{members}")
    assert all(" " not in word for word in words), words
    yield " ".join(words)
    for field in message["fields"]:
        yield field_line(field, package, name)


def table(facts):
    package = None
    for name, enum in facts["enums"].items():
        home, _, own = name.rpartition(".")
        if home != package:
            package = home
            yield "@" + package
        yield "\t".join(["!" + own, "c" if enum["closed"] else "-", *enum["values"]])
    package = None
    for name, message in facts["messages"].items():
        home = name.rpartition(".")[0]
        if home != package:
            package = home
            yield "@" + package
        yield from message_lines(name, message)


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--facts", required=True, type=pathlib.Path, help="the folder with fields.json")
    facts = json.loads((arguments.parse_args().facts / "fields.json").read_text())
    out = pathlib.Path(__file__).parent / "data" / "types.txt"
    out.write_text("\n".join(table(facts)) + "\n")
    print(f"{out}: {len(facts['messages'])} types")


if __name__ == "__main__":
    main()
