"""Objects of the kinds that other operators bring are taken by our own server once those kinds are defined, alone and in a release."""
import copy, json, pathlib

from accepted import SPACE, STRICT
from chart import CERTIFICATES, CHART, CUSTOM, MONITORED, PROFILES, as_list, render
from cluster import TOOLS
from commands import expect, same

HERE = pathlib.Path(__file__).resolve().parent
RESOURCES = {
    "Certificate": "certificates.cert-manager.io",
    "Issuer": "issuers.cert-manager.io",
    "PrometheusRule": "prometheusrules.monitoring.coreos.com",
    "ServiceMonitor": "servicemonitors.monitoring.coreos.com",
}
ALL = ",".join(RESOURCES.values())
WITH = [*CERTIFICATES["cert-manager"], *MONITORED]
# Of each kind a field of `spec`, a value that it cannot have, and what is said of that: by validation, and by apply.
WRONG = {
    "Certificate": ("isCA", "yes", r'spec\.isCA: Invalid value: "string": spec\.isCA in body must be of type boolean: "string"', r"\.spec\.isCA: expected boolean"),
    "Issuer": ("selfSigned", "yes", r'spec\.selfSigned: Invalid value: "string": spec\.selfSigned in body must be of type object: "string"', r"\.spec\.selfSigned: expected map"),
    "PrometheusRule": ("groups", {}, r'spec\.groups: Invalid value: "object": spec\.groups in body must be of type array: "object"', r"\.spec\.groups: expected list"),
    "ServiceMonitor": ("jobLabel", 5, r'spec\.jobLabel: Invalid value: "integer": spec\.jobLabel in body must be of type string: "integer"', r"\.spec\.jobLabel: expected string"),
}


def customs(found):
    return [one for one in found if one["kind"] in CUSTOM]


def stored(clients):
    """What is there of these kinds, as (kind, name) to spec."""
    items = clients.kubectl.json("get", ALL, "-n", SPACE)["items"]
    return {(one["kind"], one["metadata"]["name"]): one["spec"] for one in items}


def wanted(found):
    return {(one["kind"], one["metadata"]["name"]): one["spec"] for one in customs(found)}


def their_kinds_are_unknown_at_first(clients):
    found = customs(render(*PROFILES["ha"], *WITH))
    same({one["kind"] for one in found}, CUSTOM)
    said = clients.kubectl("apply", *STRICT, "--dry-run=server", "-f", "-", stdin=as_list(found), fails=True)
    for kind in CUSTOM:
        expect(said, rf'no matches for kind "{kind}"')


def their_kinds_are_defined(clients):
    for folder in [TOOLS / "definitions", HERE / "definitions"]:
        clients.kubectl("create", "--validate=strict", "-f", str(folder))
    definitions = [f"crd/{name}" for name in RESOURCES.values()]
    clients.kubectl("wait", "--for=condition=Established", *definitions, "--timeout=30s")


def all_of_theirs_are_taken(clients):
    """With strict validation, and with no field lost."""
    count = 0
    for profile, flags in PROFILES.items():
        for way, more in CERTIFICATES.items():
            found = customs(render(*flags, *more, *MONITORED))
            out = clients.kubectl("apply", *STRICT, "-f", "-", stdin=as_list(found))
            same((profile, way, out.count(" serverside-applied")), (profile, way, len(found)))
            same((profile, way, stored(clients)), (profile, way, wanted(found)))
            clients.kubectl("delete", "-f", "-", stdin=as_list(found))
            same((profile, way, stored(clients)), (profile, way, {}))
            count += len(found)
    return f"{count} objects"


def wrong_ones_are_refused(clients):
    """With a field that no definition has, and with a value of another type; made and applied."""
    samples = {one["kind"]: one for one in customs(render(*PROFILES["ha"], *WITH))}
    for kind, (field, value, invalid, untyped) in WRONG.items():
        for name, given, by_create, by_apply in [
            ("surplus", "yes", r'strict decoding error: unknown field "spec\.surplus"', r"\.spec\.surplus: field not declared in schema"),
            (field, value, invalid, untyped),
        ]:
            one = copy.deepcopy(samples[kind])
            one["spec"][name] = given
            refuse = lambda *command: clients.kubectl(*command, "-f", "-", stdin=json.dumps(one), fails=True)
            expect(refuse("create", "--validate=strict"), by_create)
            expect(refuse("apply", *STRICT), by_apply)
    same(stored(clients), {})
    return f"{len(WRONG)} kinds"


def releases_with_them_live(clients):
    """Each profile without them, upgraded to have them, changed, rolled back to each, and gone."""
    for profile, flags in PROFILES.items():
        # The namespace of leases is there already.
        common = [*flags, "--set", "offload.createNamespace=false"]
        with_them, changed = [*common, *WITH], [*common, *WITH, "--set", "monitoring.serviceMonitor.interval=45s"]
        release = lambda verb, *more: clients.helm(verb, "shardplane", str(CHART), "-n", SPACE, *more)
        holds = lambda step, *chosen: same((profile, step, stored(clients)), (profile, step, wanted(render(*chosen))))
        expect(release("install", *common), r"STATUS: deployed")
        holds("installed", *common)
        for revision, chosen in [(2, with_them), (3, changed)]:
            expect(release("upgrade", *chosen), r"STATUS: deployed", rf"REVISION: {revision}")
            holds(f"upgraded to {revision}", *chosen)
        for revision, chosen in [(2, with_them), (1, common), (3, changed)]:
            expect(clients.helm("rollback", "shardplane", str(revision), "-n", SPACE), r"Rollback was a success")
            holds(f"rolled back to {revision}", *chosen)
        clients.helm("uninstall", "shardplane", "-n", SPACE)
        same((profile, stored(clients), clients.left()), (profile, {}, []))


STEPS = [their_kinds_are_unknown_at_first, their_kinds_are_defined, all_of_theirs_are_taken, wrong_ones_are_refused, releases_with_them_live]
