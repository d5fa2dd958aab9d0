"""Open watches of who lost the right to them, or whose credential ended."""
from calls import Watch, bind, call, hold, made, sign, wait_for
from entry import dated_seconds

PATH = "/api/v1/configmaps?watch=1"
ACCOUNTS = "/api/v1/namespaces/kube-public/serviceaccounts"


def run(server, pki, folder, watched, who="the server"):
    """`watched` is whom the watches are opened at; roles and accounts are written at the server."""
    certificate = sign(pki, "ca", "/CN=watcher", folder)
    kept = sign(pki, "ca", "/O=keepers/CN=keeper", folder)
    stays = bind(server, "keepers", {"kind": "Group", "name": "keepers"})
    goes = bind(server, "watcher", {"kind": "User", "name": "watcher"})
    allowed = lambda who: call(watched, "GET", "/api/v1/configmaps", token=None, certificate=who)[0] == 200
    wait_for("both may", lambda: allowed(certificate) and allowed(kept))
    lost = [Watch(watched, PATH, token=None, certificate=certificate) for _ in range(3)]
    open_still = Watch(watched, PATH + "&timeoutSeconds=20", token=None, certificate=kept)
    hold("the binding is deleted", call(server, "DELETE", goes)[0], 200)
    took = wait_for("new requests are refused", lambda: not allowed(certificate))
    hold(f"{who}: within a second", took < 1, True)
    for watch in lost:
        hold(f"{who}: a watch ends with the right to it", watch.ended(), True)
    made(server, "/api/v1/namespaces/kube-public/configmaps", {"metadata": {"name": "after"}})
    hold(f"{who}: the other watch goes on", open_still.shows("after"), True)
    hold("the other binding is deleted", call(server, "DELETE", stays)[0], 200)
    hold("the config map is deleted", call(server, "DELETE", "/api/v1/namespaces/kube-public/configmaps/after")[0], 200)


def revoked_tokens(server, watched, who="the server", seconds=1):
    """A token of an account that is deleted is refused within a second, or what answers are remembered for on the way."""
    made(server, ACCOUNTS, {"metadata": {"name": "gone"}})
    token = made(server, f"{ACCOUNTS}/gone/token", {"spec": {}})["status"]["token"]
    known = lambda: call(watched, "GET", "/api/v1/configmaps", token=token)[0] != 401
    wait_for(f"{who}: it is known", known)
    hold("the account is deleted", call(server, "DELETE", f"{ACCOUNTS}/gone")[0], 200)
    took = wait_for(f"{who}: it is refused", lambda: not known())
    # What was found a moment before it was deleted counts as long, and asking takes a moment.
    hold(f"{who}: refused within about {seconds} s: {took:.2f}", took < seconds + 0.5, True)


def ending_certificates(server, pki, folder, watched, who="the server"):
    """A watch ends when the certificate does that opened it."""
    certificate = dated_seconds(pki, "/O=system:masters/CN=short", folder, 6)
    watch = Watch(watched, PATH, token=None, certificate=certificate)
    took = wait_for(f"{who}: the watch ends", watch.ended)
    hold(f"{who}: with its certificate, not before and not long after: {took:.1f} s", took < 12, True)


def left_open(server, pki, folder):
    """Where it is not wanted watches go on, as in the reference."""
    certificate = sign(pki, "ca", "/CN=watcher", folder)
    goes = bind(server, "watcher", {"kind": "User", "name": "watcher"})
    allowed = lambda: call(server, "GET", "/api/v1/configmaps", token=None, certificate=certificate)[0] == 200
    wait_for("he may", allowed)
    watch = Watch(server, PATH, token=None, certificate=certificate)
    hold("the binding is deleted", call(server, "DELETE", goes)[0], 200)
    wait_for("new requests are refused", lambda: not allowed())
    made(server, "/api/v1/namespaces/kube-public/configmaps", {"metadata": {"name": "after"}})
    hold("the watch goes on", watch.shows("after"), True)
