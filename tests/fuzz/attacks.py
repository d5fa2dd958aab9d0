"""What is sent: requests of every family, each made from a random source alone, so that a number tells a case.

A case says how it is to be sent and what is known of it before; judging answers is the runner's affair.
"""
import base64, json, urllib.parse
from dataclasses import dataclass, field

import mutate, protobuf
import yaml

JSON, YAML = "application/json", "application/yaml"
PATCHES = ["merge-patch+json", "json-patch+json", "strategic-merge-patch+json", "apply-patch+yaml"]
ACCEPTS = [
    JSON, YAML, protobuf.MEDIA, "*/*", "", "text/html", f"{JSON};as=Table;v=v1;g=meta.k8s.io", f"{JSON};as=PartialObjectMetadata;v=v1;g=meta.k8s.io",
    f"{protobuf.MEDIA};as=PartialObjectMetadataList;v=v1;g=meta.k8s.io,{JSON}", f"{JSON};q=0.1, {YAML};q=x", ",;,", "a/b/c;d;e=f", f"{JSON};stream=watch", f"{JSON};as=;v=;g=",
]
# Definitions and rules that change how the server answers others: never written for real.
DRY_ONLY = {"admissionregistration.k8s.io", "apiextensions.k8s.io", "apiregistration.k8s.io", "flowcontrol.apiserver.k8s.io", "rbac.authorization.k8s.io"}
QUERIES = {
    "labelSelector": ["a=b", "a in (b,c),!d,e notin (f)", "a>1", "x" * 300, "a=b," * 2000, "(((", "a in (", "!!a", "a==b=c", "=b", "a in (\u0000)"],
    "fieldSelector": ["metadata.name=a", "metadata.name!=a,metadata.namespace=b", "spec.nodeName=", "status.phase=x", "a\\,b=c", "a=b\\", "==", "no.such=1"],
    "limit": ["1", "2", "500", "-1", "0", "9223372036854775808", "x", ""],
    "continue": ["", "x", "eyJ2IjoibWV0YS5rOHMuaW8vdjEifQ", "e30", "bnVsbA", "W10", "====", "x" * 9000],
    "resourceVersion": ["0", "1", "5", "-1", "18446744073709551616", "x", ""],
    "resourceVersionMatch": ["Exact", "NotOlderThan", "x", ""],
    "timeoutSeconds": ["1", "0", "-1", "x", "1e3"],
    "watch": ["1", "true", "x"], "allowWatchBookmarks": ["true", "x"], "sendInitialEvents": ["true", "false", "x"],
    "pretty": ["1", "x"], "fieldManager": ["a", "\u0000", "m" * 129, ""], "force": ["true", "x"], "fieldValidation": ["Strict", "Warn", "Ignore", "x"],
    "propagationPolicy": ["Foreground", "Orphan", "x"], "gracePeriodSeconds": ["0", "-5", "x", "9223372036854775807"], "orphanDependents": ["true", "x"],
    "includeObject": ["None", "x"], "dryRun": ["All", "x"], "command": ["sh"], "tailLines": ["-1"], "shardSelector": ["x", "shardRange(object.metadata.uid, '0x0', '0x8')"],
}
ODD_PATHS = [
    "/", "//", "/api", "/api/", "/api/v2", "/apis/", "/apis/x/y/z", "/api/v1/namespaces/%00", "/api/v1/namespaces/a%2Fb/pods", "/api/v1/namespaces/../nodes", "/api/v1/watch/pods",
    "/api/v1/namespaces//pods", "/api/v1/pods/a/b/c/d/e", "/openapi/v3/apis/none/v1", "/openapi/v3/api/v1?hash=x", "/metrics", "/livez/none", "/readyz?exclude=x&verbose", "/version/x",
    "/%", "/%zz", "/api/v1/" + "x" * 9000, "/\u00fc", "/api/v1/proxy/nodes/x", "/.well-known/openid-configuration", "/logs", "/debug/pprof", "/api/v1/namespaces/x/services/:/proxy/",
]
HEADERS = {
    "Content-Type": ["", "application/json;charset=x", "application/json; =", "text/plain", "application/json,application/yaml", "\u00e9", "application/" + "x" * 5000],
    "Accept-Encoding": ["gzip", "gzip;q=0", "br, gzip;q=x", "x" * 3000], "Content-Encoding": ["gzip", "x"], "User-Agent": ["", "x" * 9000, "\u00e9/1"],
    "Impersonate-User": ["", "nobody", "system:serviceaccount:a:b", "\u00e9", "x" * 4000], "Impersonate-Group": ["system:masters", ""], "Impersonate-Extra-a%zz": ["b"],
    "If-None-Match": ["*", '"x"', "x" * 900], "If-Match": ["x"], "Range": ["bytes=0-1"], "Connection": ["Upgrade", "close, x"], "Upgrade": ["websocket", "SPDY/3.1", "h2c"],
    "Sec-WebSocket-Version": ["13"], "Sec-WebSocket-Key": ["x"], "Expect": ["100-continue", "x"], "X-Http-Method-Override": ["DELETE"], "Audit-ID": ["x" * 200], "Authorization": ["", "Bearer", "Basic ====", "Bearer x.y.z", "Bearer \u00ff", "Bearer " + "x" * 9000],
    "Sec-WebSocket-Protocol": ["v4.channel.k8s.io", "base64url.bearer.authorization.k8s.io.eA, x", "base64url.bearer.authorization.k8s.io.!", "\u00ff", ",,"],
    "Impersonate-Uid": ["7", "\u00ff"], "X-Remote-Extra-a%+1": ["b"],
    "X-Remote-User": ["admin"], "X-Forwarded-For": ["x"], "traceparent": ["00-" + "0" * 32 + "-x-01"], "Host": ["", "x y"],
}


# They take long.
BOMBS_OF_ALL = 0.02


@dataclass
class Case:
    method: str
    path: str
    headers: dict = field(default_factory=dict)
    body: bytes | None = None
    # Bytes for a connection of their own, instead of the request.
    raw: bytes | None = None
    http2: bool = False

    @property
    def streams(self):
        """Whether the answer may go on for long."""
        return "watch" in self.path or "follow" in self.path or "sendInitialEvents" in self.path or "Upgrade" in self.headers


class Attacker:
    """Makes cases from the kinds of a server, and from what it has stored of each."""

    def __init__(self, kinds, stored, messages, token):
        self.kinds, self.stored, self.messages, self.token = kinds, stored, messages, token
        self.families = [self.create, self.create, self.update, self.message, self.message, *[self.patch] * 4, self.read, self.read, self.delete, self.headers, self.path, self.raw]

    def case(self, random):
        return (self.bomb if random.random() < BOMBS_OF_ALL else random.choice(self.families))(random)

    def create(self, random):
        kind = random.choice(self.kinds)
        value = mutate.tree(random, kind.object)
        media = random.choice([JSON, JSON, YAML])
        # Most as a trial: what is kept for good has another name in every case, and must not pile up.
        return Case("POST", self.query(random, f"{kind.collection}?dryRun=All"), self.accept(random, media), self.encode(random, value, media))

    def update(self, random):
        kind = random.choice(self.kinds)
        value = mutate.tree(random, self.stored[kind])
        value.get("metadata", {}).pop("resourceVersion", None) if isinstance(value, dict) and isinstance(value.get("metadata"), dict) and random.random() < 0.7 else None
        media = random.choice([JSON, JSON, YAML])
        return Case("PUT", self.query(random, self.target(random, kind)), self.accept(random, media), self.encode(random, value, media))

    def message(self, random):
        """Protobuf: the envelope, or the object in it."""
        kind = random.choice(self.kinds)
        stored = self.messages[kind]
        body = mutate.message(random, stored[4:]) if random.random() < 0.8 else mutate.data(random, stored[4:])
        body = (protobuf.MAGIC if random.random() < 0.97 else b"k8s\1") + body
        method, path = random.choice([("POST", f"{kind.collection}?dryRun=All"), ("PUT", self.target(random, kind))])
        return Case(method, path, self.accept(random, protobuf.MEDIA), body)

    def patch(self, random):
        kind, form = random.choice(self.kinds), random.choice(PATCHES)
        if form == "json-patch+json":
            value = self.operations(random, self.stored[kind])
        else:
            value = mutate.tree(random, kind.object if random.random() < 0.6 else self.stored[kind])
            if form.startswith("strategic"):
                value = directed(random, value)
        media = YAML if form.startswith("apply") and random.random() < 0.5 else JSON
        path = self.target(random, kind)
        if form.startswith("apply") and random.random() < 0.95:
            path += ("&" if "?" in path else "?") + "fieldManager=fuzz" + random.choice(["", "&force=true"])
        return Case("PATCH", self.query(random, path), self.accept(random, f"application/{form}"), self.encode(random, value, media))

    def operations(self, random, value):
        """A JSON patch whose pointers are mostly those of the object."""
        pointers = list(pointers_of(value)) + ["", "/", "/-", "/metadata/labels/a~1b", "/spec/containers/-", "/spec/containers/01", "/a/b/c", "x", "/~2", "/spec/containers/18446744073709551616"]
        found = []
        for _ in range(random.choice([1, 1, 2, 5, 60])):
            one = {"op": random.choice(["add", "remove", "replace", "move", "copy", "test", "Add", ""]), "path": random.choice(pointers)}
            if random.random() < 0.8:
                one["value"] = random.choice([mutate.leaf(random, "x"), mutate.tree(random, {"a": ["b"]})])
            if random.random() < 0.5:
                one["from"] = random.choice(pointers)
            found.append(one)
        return found if random.random() < 0.9 else mutate.tree(random, found)

    def read(self, random):
        kind = random.choice(self.kinds)
        if random.random() < 0.1:
            return Case("GET", f"{kind.collection}?limit=1&continue={continue_token(random, self.token)}", self.accept(random, None))
        path = random.choice([kind.collection, kind.collection, kind.path, f"{kind.path}/{random.choice(kind.subresources or ('status',))}"])
        return Case("GET", self.query(random, path, more=True), self.accept(random, None))

    def delete(self, random):
        kind = random.choice(self.kinds)
        options = {"kind": "DeleteOptions", "apiVersion": "v1", "gracePeriodSeconds": 5, "preconditions": {"uid": "u", "resourceVersion": "1"}, "propagationPolicy": "Foreground", "dryRun": ["All"], "orphanDependents": None}
        path = random.choice([kind.path, kind.collection])
        media = random.choice([JSON, JSON, YAML, protobuf.MEDIA])
        body = self.encode(random, mutate.tree(random, options), media) if media != protobuf.MEDIA else mutate.data(random, protobuf.MAGIC + b"\x0a\x13\x0a\x02v1\x12\x0dDeleteOptions\x12\x02\x08\x05")
        return Case("DELETE", f"{path}?dryRun=All", self.accept(random, media), body if random.random() < 0.9 else None)

    def headers(self, random):
        kind = random.choice(self.kinds)
        method = random.choice(["GET", "GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "QUERY", "X" * 50])
        names = random.sample(list(HEADERS), random.choice([1, 2, 3]))
        headers = {**self.accept(random, random.choice([JSON, "application/merge-patch+json"])), **{name: random.choice(HEADERS[name]) for name in names}}
        body = json.dumps(kind.object).encode() if method in ("POST", "PUT", "PATCH") else None
        return Case(method, f"{random.choice([kind.path, kind.collection])}?dryRun=All", headers, body)

    def path(self, random):
        kind = random.choice(self.kinds)
        path = random.choice(ODD_PATHS) if random.random() < 0.4 else mutate.text(random, f"{kind.path}/{random.choice(kind.subresources or ('x',))}")
        return Case(random.choice(["GET", "GET", "PATCH", "OPTIONS"]), "/" + urllib.parse.quote(path[:20_000].lstrip("/"), safe="/%?=&"), self.accept(random, None))

    def raw(self, random):
        import wire
        kind = random.choice(self.kinds)
        if random.random() < 0.25:
            return Case("", "", raw=wire.http2(random), http2=True)
        return Case("", "", raw=wire.http1(random, f"{kind.collection}?dryRun=All", json.dumps(kind.object).encode()))

    def bomb(self, random):
        """Small requests that mean much."""
        maps = next(kind for kind in self.kinds if kind.resource == "configmaps")
        apply = f"{maps.path}?dryRun=All&fieldManager=f"
        media, body = random.choice(BOMBS)
        method, path = ("POST", f"{maps.collection}?dryRun=All") if media in (JSON, YAML, protobuf.MEDIA) else ("PATCH", apply)
        return Case(method, path, self.accept(random, media), body)

    def target(self, random, kind):
        """The object or one of its subresources; a trial where others would feel it, and often elsewhere too."""
        inner = [each for each in kind.subresources if each in ("status", "scale", "approval", "ephemeralcontainers", "resize")]
        path = f"{kind.path}/{random.choice(inner)}" if inner and random.random() < 0.3 else kind.path
        return path + ("?dryRun=All" if kind.group in DRY_ONLY or kind.resource == "namespaces" or random.random() < 0.5 else "")

    def query(self, random, path, more=False):
        """The path with parameters, most of them sensible; a trial stays one."""
        if not more and random.random() < 0.7:
            return path
        names = random.sample(list(QUERIES), random.choice([1, 1, 2, 3, 6]))
        pairs = [(name, random.choice(QUERIES[name])) for name in names if more or name != "dryRun"]
        pairs = [(name, mutate.text(random, value) if value and random.random() < 0.2 else value) for name, value in pairs]
        text = urllib.parse.urlencode(pairs, errors="replace") if random.random() < 0.9 else mutate.text(random, "&".join("=".join(pair) for pair in pairs))
        text = urllib.parse.quote(text, safe="%=&+;")[:20_000]
        return path + ("&" if "?" in path else "?") + text

    def accept(self, random, media):
        accept = random.choice(ACCEPTS) if random.random() < 0.3 else JSON
        return {**({"Accept": accept} if accept else {}), **({"Content-Type": media} if media else {})}

    def encode(self, random, value, media):
        if media == YAML and random.random() < 0.8:
            return mutate.text(random, yaml.safe_dump(value, default_flow_style=random.choice([True, False, None]))).encode("utf-8", "surrogatepass")
        out = mutate.written(random, value)
        return out if random.random() < 0.8 else mutate.data(random, out)


def directed(random, value):
    """Directives of a strategic merge patch in some map of the tree."""
    if isinstance(value, dict):
        inner = [key for key in value if isinstance(value[key], (dict, list))]
        if inner and random.random() < 0.75:
            key = random.choice(inner)
            return {**value, key: directed(random, value[key])}
        names = list(value) or ["a"]
        return {**value, **random.choice([
            {"$patch": random.choice(["delete", "replace", "merge", "x", None, 1])},
            {"$retainKeys": random.choice([names, names[:1], "a", [1], None])},
            {f"$setElementOrder/{random.choice(names)}": random.choice([[], [{"name": "a"}], [{}], ["a"], "a", None, [1]])},
            {f"$deleteFromPrimitiveList/{random.choice(names)}": random.choice([["a"], [1], {}, None])},
        ])}
    if isinstance(value, list):
        at = random.randrange(len(value) + 1)
        return [*value[:at], random.choice([{"$patch": "replace"}, {"$patch": "delete", "name": "a"}, {"$patch": "delete"}, {"name": "a"}, {}]), *value[at:]]
    return value


def pointers_of(value, at=""):
    yield at
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in inner:
        yield from pointers_of(each, f"{at}/{str(key).replace('~', '~0').replace('/', '~1')}")


def bombs():
    """Media type and body."""
    deep, laughs = 200_000, "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(f"{chr(98 + at)}: &{chr(98 + at)} [{','.join(['*' + chr(97 + at)] * 9)}]\n" for at in range(12))
    copies = [{"op": "add", "path": "/data/a", "value": "x" * 1000}, *[{"op": "copy", "from": "/data", "path": f"/data/b{at}"} for at in range(40)]]
    labels = {f"k{at}": "v" for at in range(60_000)}
    return [
        (JSON, b'{"data":' + b'{"a":' * deep + b"1" + b"}" * deep + b"}"), (JSON, b"[" * deep), (JSON, b'{"metadata":{"name":"a","labels":' + json.dumps(labels).encode() + b"}}"),
        (JSON, json.dumps({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "big"}, "data": {"a": "x" * 4_000_000}}).encode()),
        (YAML, laughs.encode()), (YAML, ("- " * deep).encode()), (YAML, ("{a: " * deep).encode()), (YAML, ("? " * 50_000).encode()), (YAML, b"a: " + b"&a " * 50_000), (YAML, b"--- " * 50_000), (YAML, b"!!binary " * 9_000),
        ("application/json-patch+json", json.dumps(copies).encode()), ("application/json-patch+json", json.dumps([{"op": "test", "path": "/kind", "value": "ConfigMap"}] * 10_001).encode()),
        ("application/json-patch+json", json.dumps([{"op": "add", "path": "/" + "a/" * 30_000, "value": 1}]).encode()),
        ("application/merge-patch+json", b'{"data":' + b'{"a":' * deep + b"1" + b"}" * deep + b"}"), ("application/merge-patch+json", json.dumps({"metadata": {"annotations": labels}}).encode()),
        ("application/strategic-merge-patch+json", json.dumps({"metadata": {"$setElementOrder/finalizers": ["a/b"] * 60_000, "finalizers": [f"a/{at}" for at in range(3_000)]}}).encode()),
        ("application/apply-patch+yaml", laughs.encode()), ("application/apply-patch+yaml", json.dumps({"apiVersion": "v1", "kind": "ConfigMap", "data": labels}).encode()),
        ("application/apply-patch+yaml", json.dumps({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"finalizers": [f"a/{at}" for at in range(5_000)]}}).encode()),
        (protobuf.MEDIA, protobuf.MAGIC + b"\x12\xff\xff\xff\xff\xff\xff\xff\xff\x7f"),
    ]


BOMBS = bombs()


def continue_token(random, token):
    """A real continue token with its inside changed."""
    inside = mutate.tree(random, json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))))
    return base64.urlsafe_b64encode(mutate.written(random, inside)).decode().rstrip("=")
