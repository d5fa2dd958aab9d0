"""The expressions of dashboards and rules, and what they name. They are taken from the files as the chart ships them."""
import json, pathlib, re

from cluster import REPO

FILES = REPO / "deploy" / "helm" / "shardplane" / "files"
DASHBOARDS = sorted((FILES / "dashboards").glob("*.json"))
RULES = sorted((FILES / "rules").glob("*.yaml"))

# Words of the language that look like names of metrics.
FUNCTIONS = re.compile(r"\b[a-z_]+(?=\s*\()")
WORDS = {"by", "without", "on", "ignoring", "group_left", "group_right", "and", "or", "unless", "bool", "offset"}
GROUPING = re.compile(r"\b(?:by|without|on|ignoring)\s*\(([^)]*)\)")
SELECTED = re.compile(r"([a-zA-Z_:][\w:]*)?\{([^}]*)\}")


def panels():
    """The dashboard, the panel's title, and each of its expressions with the variables filled in."""
    for path in DASHBOARDS:
        for panel in json.loads(path.read_text())["panels"]:
            for target in panel.get("targets", []):
                yield path.stem, panel["title"], target["expr"].replace("$__rate_interval", "30s").replace("$job", "shardplane-.+")


def rules(yaml):
    """Each rule with the file that it is in; `yaml` reads texts."""
    for path in RULES:
        for group in yaml(path.read_text())["groups"]:
            for rule in group["rules"]:
                yield path.stem, rule


def names(expression):
    """Metrics that an expression names, each with the labels that it selects by; and the labels that it groups by."""
    bare = re.sub(r'"[^"]*"', '""', expression)
    grouped = {label.strip() for labels in GROUPING.findall(bare) for label in labels.split(",") if label.strip()}
    selected = {}
    for name, labels in SELECTED.findall(bare):
        selected.setdefault(name, set()).update(re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", labels))
    left = GROUPING.sub(" ", SELECTED.sub(lambda found: f" {found[1] or ''} ", bare))
    left = re.sub(r"\[[^]]*\]", " ", FUNCTIONS.sub(" ", left))
    for name in re.findall(r"[a-zA-Z_:][\w:]*", left):
        if name not in WORDS:
            selected.setdefault(name, set())
    return selected, grouped
