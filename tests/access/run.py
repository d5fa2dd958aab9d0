#!/usr/bin/env python3
"""Who comes in and what they may do, on running servers: credentials of every kind, headers that lie, rights that are lost, the
audit log, files that configure access and files that change, a member of the watch tier, and kubectl's view of it all.

    run.py --store embedded|etcd      needs openssl and kubectl
    run.py --store tiers              every tier of `shardplane up`, to which somebody lies; what nodes may see while members die
"""
import argparse, json, pathlib, sys, tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "system")]
from cluster import Failure, Member, cluster
import configured, entry, everywhere, kubectl, members, reload, watches
from calls import call, hold, wait_for

POLICY = """apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- {level: RequestResponse, resources: [{group: "", resources: [configmaps]}], verbs: [create]}
- {level: Metadata, resources: [{group: "", resources: [secrets]}]}
- {level: None}
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--store", choices=["embedded", "etcd", "tiers"], default="embedded")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        if options.store == "tiers":
            everywhere.run()
            return print("access: nobody was believed, and nodes saw what is theirs")
        everyday(options.store, folder)
        configured.run(options.store, folder / "configured")
        files = reload.Files(folder)
        with cluster(options.store, extra=strings("--end-watches-on-revocation=false", *files.flags())) as server:
            reload.run(server, files)
            watches.left_open(server, server.folder / "data" / "pki", folder)
    print("access: all held")


def everyday(store, folder):
    (folder / "policy.yaml").write_text(POLICY)
    log = folder / "audit.log"
    flags = ["--service-account-issuer", members.ISSUER, "--audit-policy-file", folder / "policy.yaml", "--audit-log-path", log, "--enable-bootstrap-token-auth"]
    with cluster(store, extra=strings(*flags)) as server:
        pki = server.folder / "data" / "pki"
        entry.bootstrap_tokens(server)
        entry.spoofed_headers(server)
        entry.odd_headers(server)
        entry.front_proxies(server, pki, folder)
        entry.proxied_users(server, folder)
        entry.client_certificates(server, pki, folder)
        audit(server, log)
        watches.run(server, pki, folder, server)
        watches.revoked_tokens(server, server)
        watches.ending_certificates(server, pki, folder, server)
        kubectl.run(server, folder)
        if store == "etcd":
            members.run(server, folder)


def audit(server, log):
    body = {"metadata": {"name": "told"}}
    hold("a config map", call(server, "POST", "/api/v1/namespaces/default/configmaps", body)[0], 201)
    hold("a bad token", call(server, "GET", "/api/v1/namespaces/default/secrets", token="bad")[0], 401)
    events = lambda: [json.loads(line) for line in log.read_text().splitlines()]
    of = lambda resource, code: [one for one in events() if (one["objectRef"]["resource"], one["responseStatus"]["code"]) == (resource, code)]
    wait_for("both are told", lambda: of("configmaps", 201) and of("secrets", 401))
    [made] = of("configmaps", 201)
    hold("its level", made["level"], "RequestResponse")
    hold("its request", made["requestObject"]["metadata"]["name"], "told")
    hold("its answer", made["responseObject"]["kind"], "ConfigMap")
    hold("its decision", made["annotations"]["authorization.k8s.io/decision"], "allow")
    refused = of("secrets", 401)[-1]
    hold("who was not known", (refused["user"], refused["stage"]), ({}, "ResponseStarted"))
    hold("what was tried", refused["responseStatus"]["message"], "Authentication failed, attempted: bearer")
    hold("the level of secrets", {one["level"] for one in events() if one["objectRef"]["resource"] == "secrets"}, {"Metadata"})
    hold("no secret is told", "bad" in json.dumps(refused), False)


def strings(*flags):
    return tuple(map(str, flags))


if __name__ == "__main__":
    try:
        main()
    except Failure as failure:
        sys.exit(str(failure))
