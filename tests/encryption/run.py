#!/usr/bin/env python3
"""Encryption at rest as a client and somebody with access to the disk see it: run.py --store embedded|etcd

A server is restarted with one EncryptionConfiguration after another; keys are rotated, a key is lost.
"""
import argparse, base64, json, pathlib, sys, tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "system"))
from cluster import Failure, cluster

SECRETS = "/api/v1/namespaces/default/secrets"
PLAIN = "find-me-on-the-disk"
KEYS = {name: base64.b64encode(name.encode() * 32).decode() for name in "abc"}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--store", choices=["embedded", "etcd"], required=True)
    store = parser.parse_args().store
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "encryption.yaml"
        configure(file, provider("aescbc", "a"), "{identity: {}}")
        with cluster(store, extra=["--encryption-provider-config", str(file)]) as server:
            is_encrypted(server)
            is_rewritten_once(server, file)
            fails_alone_without_its_key(server, file)
    print("encryption holds")


def provider(kind, key):
    return f"{{{kind}: {{keys: [{{name: {key}, secret: {KEYS[key]}}}]}}}}"


def configure(file, *providers):
    file.write_text("apiVersion: apiserver.config.k8s.io/v1\nkind: EncryptionConfiguration\n"
                    f"resources:\n- resources: [secrets]\n  providers: [{', '.join(providers)}]\n")


def restart(server, file, *providers):
    server.stop()
    configure(file, *providers)
    server.start()


def is_encrypted(server):
    """Clients see the value, the disk does not have it, in no encoding that is likely."""
    call(server, 201, "POST", SECRETS, {"metadata": {"name": "one"}, "stringData": {"key": PLAIN}})
    call(server, 201, "POST", "/api/v1/namespaces/default/configmaps", {"metadata": {"name": "one"}, "data": {"key": "plain-" + PLAIN}})
    seen = call(server, 200, "GET", f"{SECRETS}/one")["data"]["key"]
    check(base64.b64decode(seen).decode() == PLAIN, f"read back: {seen}")
    on_disk = disk(server)
    check(("plain-" + PLAIN).encode() in on_disk, "what is not encrypted is found on the disk")
    rest = on_disk.replace(("plain-" + PLAIN).encode(), b"")
    check(PLAIN.encode() not in rest and base64.b64encode(PLAIN.encode()) not in rest, "the secret is on the disk")
    check(b"k8s:enc:aescbc:v1:a:" in on_disk, "no encrypted value is on the disk")


def is_rewritten_once(server, file):
    """An update that changes nothing writes if another key is first now, and only then."""
    read = call(server, 200, "GET", f"{SECRETS}/one")
    check(revision(update(server, read)) == revision(read), "an update without a change wrote")
    restart(server, file, provider("aesgcm", "b"), provider("aescbc", "a"), "{identity: {}}")
    read = call(server, 200, "GET", f"{SECRETS}/one")
    once = update(server, read)
    check(int(revision(once)) > int(revision(read)), "a value of the old key was not rewritten")
    check(revision(update(server, once)) == revision(once), "a value of the new key was rewritten")
    check(b"k8s:enc:aesgcm:v1:b:" in disk(server), "no value of the new key is on the disk")


def fails_alone_without_its_key(server, file):
    """The reference's words for a value whose key is gone; other objects are served."""
    restart(server, file, provider("secretbox", "c"))
    answer = call(server, 500, "GET", f"{SECRETS}/one")
    check(answer["message"] == "Internal error occurred: no matching prefix found", answer["message"])
    call(server, 500, "PUT", f"{SECRETS}/one", {"metadata": {"name": "one"}})
    call(server, 201, "POST", SECRETS, {"metadata": {"name": "two"}})
    call(server, 200, "GET", f"{SECRETS}/two")
    call(server, 500, "GET", SECRETS)
    call(server, 200, "GET", "/api/v1/namespaces/default/configmaps")
    restart(server, file, provider("secretbox", "c"), provider("aesgcm", "b"))
    check(len(call(server, 200, "GET", SECRETS)["items"]) == 2, "the key is back, the objects are not")


def update(server, read):
    return call(server, 200, "PUT", f"{SECRETS}/one", read)


def revision(read):
    return read["metadata"]["resourceVersion"]


def disk(server):
    """Every file of the store, whichever it is."""
    folder = server.folder / ("etcd" if server.etcd else "data/store")
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def call(server, expected, method, path, body=None):
    status, _, answer = server.request(method, path, body)
    if status != expected:
        raise Failure(f"{method} {path}: {status}, not {expected}: {answer[:500]!r}")
    return json.loads(answer)


def check(holds, why):
    if not holds:
        raise Failure(why)


if __name__ == "__main__":
    try:
        main()
    except Failure as failure:
        sys.exit(f"encryption test failed: {failure}")
