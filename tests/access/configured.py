"""Access by structured configuration files: a real OpenID Connect provider whose claims and users must keep to rules, a webhook that
knows tokens, and webhooks that decide under conditions, and fail."""
import concurrent.futures, hashlib, hmac, json, time

from calls import bind, call, hold, made, user, wait_for
from cluster import cluster
from providers import Provider, Webhook, encoded

CONFIGMAPS = "/api/v1/namespaces/{}/configmaps"
# What the rules of the files say.
HOUR = 3600
# The longest that a webhook may take, in the file.
TIMEOUT = "500ms"


def run(store, folder):
    folder.mkdir()
    with Provider(folder) as provider, Webhook(reviewed) as tokens, Webhook(guarded) as guard, Webhook(hinted) as hint:
        flags = ["--authentication-config", authentication(provider, folder), "--authorization-config", authorization(guard, hint, folder),
                 "--authentication-token-webhook-config-file", tokens.kubeconfig(folder / "tokens.kubeconfig"),
                 "--authentication-token-webhook-version", "v1", "--authentication-token-webhook-cache-ttl", "1s"]
        with cluster(store, extra=tuple(map(str, flags))) as server:
            bind(server, "ops", {"kind": "Group", "name": "idp:ops"})
            for name in ["guarded", "hinted", "plain"]:
                made(server, "/api/v1/namespaces", {"metadata": {"name": name}})
            claims(server, provider)
            forgeries(server, provider, folder)
            anonymous(server)
            token_webhook(server, tokens)
            conditions(server, provider, guard, hint)
            failures(server, provider, guard, hint)
            other_keys(server, provider)


def authentication(provider, folder):
    path = folder / "authentication.yaml"
    path.write_text(json.dumps({
        "apiVersion": "apiserver.config.k8s.io/v1", "kind": "AuthenticationConfiguration",
        "anonymous": {"enabled": True, "conditions": [{"path": "/livez"}, {"path": "/version"}]},
        "jwt": [{
            "issuer": {"url": provider.url, "audiences": ["us", "others"], "audienceMatchPolicy": "MatchAny",
                       "certificateAuthority": provider.authority.read_text()},
            "claimValidationRules": [
                {"expression": f"claims.exp - claims.iat <= {HOUR}", "message": "tokens are for an hour at most"},
                {"expression": "claims.tenant in ['a', 'b']", "message": "of another tenant"}],
            "claimMappings": {
                "username": {"expression": "'idp:' + claims.sub"},
                "groups": {"expression": "claims.?roles.orValue([]).map(role, 'idp:' + role)"},
                "uid": {"claim": "id"},
                "extra": [{"key": "example.com/tenant", "valueExpression": "claims.tenant"}]},
            "userValidationRules": [
                {"expression": "!user.groups.exists(group, group.contains('system:'))", "message": "no groups of the system"},
                {"expression": "user.username != 'idp:root' || user.extra['example.com/tenant'] == ['a']", "message": "no root of others"}],
        }]}))
    return path


def authorization(guard, hint, folder):
    def webhook(name, service, policy):
        return {"type": "Webhook", "name": name, "webhook": {
            "timeout": TIMEOUT, "failurePolicy": policy, "subjectAccessReviewVersion": "v1", "matchConditionSubjectAccessReviewVersion": "v1",
            "cacheAuthorizedRequests": False, "cacheUnauthorizedRequests": False,
            "connectionInfo": {"type": "KubeConfigFile", "kubeConfigFile": str(service.kubeconfig(folder / f"{name}.kubeconfig"))},
            "matchConditions": [
                {"expression": "has(request.resourceAttributes)"},
                {"expression": f"request.resourceAttributes.namespace == '{name}'"},
                {"expression": "!('system:serviceaccounts' in request.groups) && request.user != 'idp:exempt'"}]}}

    path = folder / "authorization.yaml"
    path.write_text(json.dumps({
        "apiVersion": "apiserver.config.k8s.io/v1", "kind": "AuthorizationConfiguration",
        "authorizers": [webhook("guarded", guard, "Deny"), webhook("hinted", hint, "NoOpinion"),
                        {"type": "Node", "name": "node"}, {"type": "RBAC", "name": "rbac"}]}))
    return path


def reviewed(spec):
    """The users of tokens that end in their name."""
    kind, _, name = spec["token"].partition(":")
    user = {"username": f"hook:{name}", "uid": "u", "groups": ["hooked"], "extra": {"example.com/by": ["hook"]}}
    return {"good": {"authenticated": True, "user": user}, "aimed": {"authenticated": True, "audiences": ["elsewhere"], "user": user},
            "told": {"authenticated": False, "error": "told so"}, "nobody": {"authenticated": True, "user": {}},
            "odd": {"authenticated": True, "user": {"username": "root", "groups": "system:masters"}}}.get(kind, {"authenticated": False})


def guarded(spec):
    verb = spec["resourceAttributes"]["verb"]
    return {"get": {"allowed": True, "reason": "it may be read"}, "delete": {"allowed": False, "denied": True, "reason": "never"}}.get(verb, {"allowed": False})


def hinted(spec):
    return {"allowed": spec["user"] == "idp:hinted"}


def claims(server, provider):
    joe = user(server, token=provider.token(roles=["dev"], jti="j1"))
    hold("a user of claims", joe, {
        "username": "idp:joe", "uid": "7", "groups": ["idp:dev", "system:authenticated"],
        "extra": {"example.com/tenant": ["a"], "authentication.kubernetes.io/credential-id": ["JTI=j1"]}})
    hold("for one of several audiences", user(server, token=provider.token(aud=["x", "others"]))["username"], "idp:joe")
    hold("root of this tenant", user(server, token=provider.token(sub="root"))["username"], "idp:root")
    now = int(time.time())
    refused = {
        "for too long": {"exp": now + 2 * HOUR}, "of another tenant": {"tenant": "c"}, "of no tenant": {"tenant": None},
        "root of another tenant": {"sub": "root", "tenant": "b"}, "of a group of the system": {"roles": ["system:masters"]},
        "roles of another type": {"roles": [7]}, "without a name": {"sub": None}, "with a name of another type": {"sub": 7},
        "without an uid": {"id": None}, "expired": {"exp": now - 10}, "without an end": {"exp": None}, "not valid yet": {"nbf": now + HOUR},
        "for others": {"aud": "them"}, "for nobody": {"aud": None}, "of another issuer": {"iss": "https://127.0.0.1:1"},
    }
    for what, changed in refused.items():
        hold(f"a token {what}", user(server, token=provider.token(**changed)), 401)


def forgeries(server, provider, folder):
    good = provider.token()
    signed, _, signature = good.rpartition(".")
    payload = signed.partition(".")[2]
    strange = folder / "strange.pem"
    strange.write_bytes((folder / "issuer-tls.key").read_bytes())

    def by_secret(secret):
        text = f"{encoded(json.dumps({'alg': 'HS256', 'kid': provider.kid}).encode())}.{payload}"
        return f"{text}.{encoded(hmac.new(secret, text.encode(), hashlib.sha256).digest())}"

    forged = {
        "of another key": provider.token(key=strange), "of no algorithm": f"{encoded(json.dumps({'alg': 'none'}).encode())}.{payload}.",
        "of no algorithm, signed": f"{encoded(json.dumps({'alg': 'none'}).encode())}.{payload}.{signature}",
        "of the public key as a secret": by_secret(json.dumps(provider.jwk()).encode()), "without a signature": f"{signed}.",
        "cut off": good[:-4], "twice": f"{good}.{signature}", "too long": good + "A" * 20_000,
        "of another algorithm": provider.token(header={"alg": "RS512", "kid": provider.kid}),
        "of an algorithm for other keys": provider.token(header={"alg": "ES256", "kid": provider.kid}),
    }
    for what, token in forged.items():
        hold(f"a token {what}", user(server, token=token), 401)


def anonymous(server):
    for path, code in [("/livez", 200), ("/version", 200), ("/readyz", 401), ("/livez/ping", 401), ("/api", 401), ("/version/x", 401)]:
        hold(f"anonymous at {path}", call(server, "GET", path, token=None)[0], code)


def token_webhook(server, tokens):
    known = {"username": "hook:ann", "uid": "u", "groups": ["hooked", "system:authenticated"], "extra": {"example.com/by": ["hook"]}}
    hold("a user of a webhook", user(server, token="good:ann"), known)
    for token in ["aimed:ann", "told:ann", "nobody:", "odd:", "other"]:
        hold(f"a token {token}", user(server, token=token), 401)
    # What it says of a token counts for this server alone: it knows of no audiences.
    review = lambda audiences: call(server, "POST", "/apis/authentication.k8s.io/v1/tokenreviews", {"spec": {"token": "good:ann", "audiences": audiences}})[1]["status"]
    hold("for this server", review([])["user"]["username"], "hook:ann")
    hold("for others", review(["them"]).get("authenticated", False), False)
    for mode in ["garbage", "broken", "away"]:
        tokens.mode = mode
        hold(f"a webhook that is {mode}", user(server, token=f"good:{mode}"), 401)
    # Who is known is so until the answer is forgotten, and then no more.
    tokens.mode = "garbage"
    wait_for("it is forgotten", lambda: user(server, token="good:ann") == 401)
    tokens.mode = "good"
    hold("a webhook that is back", user(server, token="good:ann"), known)


def conditions(server, provider, guard, hint):
    nobody, ops, other = provider.token(), provider.token(sub="boss", roles=["ops"]), provider.token(sub="hinted")
    path = lambda namespace: CONFIGMAPS.format(namespace) + "/x"
    code = lambda method, namespace, token: call(server, method, path(namespace), token=token)[0]
    before = len(guard.specs())
    hold("allowed by a webhook, and not there", code("GET", "guarded", nobody), 404)
    [spec] = guard.specs()[before:]
    hold("what it was asked", spec, {
        "user": "idp:joe", "uid": "7", "groups": ["system:authenticated"], "extra": {"example.com/tenant": ["a"]},
        "resourceAttributes": {"verb": "get", "version": "v1", "resource": "configmaps", "namespace": "guarded", "name": "x"}})
    status, refused = call(server, "DELETE", path("guarded"), token=ops)
    hold("denied, whatever roles say", (status, refused["message"].endswith(": never")), (403, True))
    hold("left to roles, which allow", call(server, "POST", CONFIGMAPS.format("guarded"), {"metadata": {"name": "y"}}, token=ops)[0], 201)
    hold("left to roles, which do not", call(server, "POST", CONFIGMAPS.format("guarded"), {"metadata": {"name": "z"}}, token=nobody)[0], 403)
    hold("another webhook's namespace", (code("GET", "hinted", other), code("GET", "hinted", nobody)), (404, 403))
    asked = len(guard.specs()), len(hint.specs())
    hold("nobody's namespace", (code("GET", "plain", ops), code("GET", "plain", nobody)), (404, 403))
    hold("one that is exempt", code("GET", "guarded", provider.token(sub="exempt")), 403)
    hold("a path", call(server, "GET", "/metrics", token=nobody)[0], 403)
    hold("masters", code("DELETE", "guarded", "admintoken"), 404)
    hold("for none of these is anybody asked", (len(guard.specs()), len(hint.specs())), asked)
    review = {"spec": {"resourceAttributes": {"verb": "get", "resource": "configmaps", "namespace": "guarded"}}}
    answer = call(server, "POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", review, token=nobody)[1]["status"]
    hold("a review", (answer["allowed"], answer["reason"]), (True, "it may be read"))


def failures(server, provider, guard, hint):
    """A webhook that fails denies, or has no opinion, as its policy says; roles would allow."""
    ops = provider.token(sub="boss", roles=["ops"])
    code = lambda namespace: call(server, "POST", CONFIGMAPS.format(namespace), {"metadata": {"generateName": "x-"}}, token=ops)[0]
    for mode in ["garbage", "broken", "late", "away"]:
        guard.mode = hint.mode = mode
        with concurrent.futures.ThreadPoolExecutor() as pool:
            hold(f"webhooks that are {mode}", list(pool.map(code, ["guarded", "hinted", "plain"])), [403, 201, 201])
    guard.mode = hint.mode = "good"
    hold("webhooks that are back", [code(namespace) for namespace in ["guarded", "hinted"]], [201, 201])


def other_keys(server, provider):
    """A provider that is gone is not needed while its keys are known; keys that it exchanges are read when a token needs them."""
    old = provider.token()
    provider.mode = "garbage"
    hold("without a provider", user(server, token=provider.token())["username"], "idp:joe")
    provider.new_key()
    hold("a key that cannot be read", user(server, token=provider.token()), 401)
    provider.mode = "good"
    wait_for("the new key counts", lambda: user(server, token=provider.token()) != 401)
    wait_for("the old key does not", lambda: user(server, token=old) == 401)
