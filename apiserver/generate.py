#!/usr/bin/env python3
"""Makes data/bootstrap.jsonl, the objects that a new cluster starts with, from the facts tables.

    generate.py --facts DIR      DIR holds rbac-bootstrap.json and flowcontrol-bootstrap.json

One API object a line, in the order in which they are made. Run it again when the tables change, and check the result in.
"""
import argparse, json, pathlib

RBAC = ["clusterRoles", "controllerClusterRoles", "clusterRoleBindings", "controllerClusterRoleBindings", "roles", "roleBindings"]
FLOW_CONTROL = ["mandatoryPriorityLevels", "suggestedPriorityLevels", "mandatoryFlowSchemas", "suggestedFlowSchemas"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--facts", required=True, type=pathlib.Path)
    facts = parser.parse_args().facts
    out = pathlib.Path(__file__).parent / "data" / "bootstrap.jsonl"
    with out.open("w") as lines:
        for table, groups in [("flowcontrol-bootstrap.json", FLOW_CONTROL), ("rbac-bootstrap.json", RBAC)]:
            objects = json.loads((facts / table).read_text())
            for group in groups:
                for thing in objects[group]:
                    lines.write(json.dumps(thing, separators=(",", ":"), sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
