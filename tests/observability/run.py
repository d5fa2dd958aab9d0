#!/usr/bin/env python3
"""What can be seen of running tiers, with real tools: Prometheus scrapes them, promtool checks the rules, and each expression of the
dashboards and rules is held against what is really exported.

    run.py            metrics, rules and dashboards over all tiers; traces through them, logs, profiles, /statusz and /flagz
"""
import contextlib, gzip, json, os, pathlib, re, shutil, socket, subprocess, sys, tempfile, threading, time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), *(str(HERE.parent / folder) for folder in ["system"])]
import expressions
from cluster import TOKEN, TOOLS, Failure, insecure
from collector import Collector, fields
from commands import expect, same
from prometheus import METRICS_PATHS, Prometheus, promtool
from reference import REFERENCE
from tiers import system

MAPS = "/api/v1/namespaces/default/configmaps"
# What comes with a scrape and is no part of it.
OF_SCRAPES = {"job", "instance"}
# How long traffic goes on at most until each panel shows something.
SHOWN_SECONDS_MAX = 60


def main():
    step(rules_hold)
    collector, folder = Collector(), pathlib.Path(tempfile.mkdtemp(prefix="shardplane-traces-"))
    try:
        run_over(collector, folder)
    finally:
        collector.close()
        shutil.rmtree(folder)


def run_over(collector, folder):
    """A system whose tiers log as JSON, and trace what its clients trace."""
    tracing = folder / "tracing.yaml"
    tracing.write_text(f"apiVersion: apiserver.config.k8s.io/v1\nkind: TracingConfiguration\nendpoint: {collector.address}\n")
    flags = [f"--tracing-config-file={tracing}", "--logging-format=json"]
    with system(frontend_flags=flags, member_flags=flags, router_flags=flags) as tiers:
        router = tiers.routers[0]
        step(requests_are_traced, router, collector)
        step(processes_tell_of_themselves, tiers)
        step(profiles_are_taken, tiers)
        step(logs_are_objects, tiers)
        stop, traffic = threading.Event(), None
        try:
            traffic = threading.Thread(target=keep_busy, args=(router, stop), daemon=True)
            traffic.start()
            prometheus = Prometheus(tiers.folder, tiers.processes)
            try:
                step(panels_show_something, prometheus)
                step(names_are_exported, tiers)
                step(scrapes_are_valid, tiers)
                step(deliveries_are_told, prometheus)
            finally:
                prometheus.stop()
        finally:
            stop.set()
            if traffic:
                traffic.join()


def step(test, *arguments):
    begin = time.monotonic()
    said = test(*arguments)
    print(f"{test.__name__}: {said or 'ok'} in {time.monotonic() - begin:.1f} s", flush=True)


def keep_busy(router, stop):
    """Requests of all kinds, those among them that are given up, and watches with and without initial events."""
    number = 0
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "busy"}}
    watches = [f"{MAPS}?watch=1&timeoutSeconds=5", f"{MAPS}?watch=1&timeoutSeconds=5&sendInitialEvents=true&allowWatchBookmarks=true"
               "&resourceVersionMatch=NotOlderThan"]
    watching = []
    while not stop.is_set():
        number += 1
        watching = [one for one in watching if one.is_alive()]
        if not watching:
            watching = [threading.Thread(target=ask, args=(router, "GET", path)) for path in watches]
            for one in watching:
                one.start()
        ask(router, "POST", MAPS, body)
        ask(router, "POST", f"{MAPS}?dryRun=All", {**body, "metadata": {"name": "dry"}})
        ask(router, "PUT", f"{MAPS}/busy", {**body, "data": {"number": str(number)}})
        ask(router, "GET", MAPS)
        ask(router, "GET", f"{MAPS}/busy")
        ask(router, "GET", "/api/v1/namespaces/default/endpoints/kubernetes")
        ask(router, "DELETE", f"{MAPS}/busy")
        give_up(router)
        ask(router, "PUT", f"{MAPS}/late?timeout=1us", {**body, "metadata": {"name": "late"}})
        stop.wait(0.1)
    for one in watching:
        one.join()


def ask(router, *arguments):
    try:
        router.request(*arguments)
    except OSError as error:
        print(f"{arguments[:2]}: {error}", file=sys.stderr)


def requests_are_traced(router, collector):
    """Through the tiers to etcd, each below who asked it; and nothing of what the client does not trace."""
    trace, span = os.urandom(16).hex(), os.urandom(8).hex()
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "traced"}}
    same(router.request("POST", MAPS, {**body, "metadata": {"name": "untraced"}})[0], 201)
    same(router.request("POST", MAPS, body, {"traceparent": f"00-{trace}-{span}-01"})[0], 201)
    same(router.request("GET", MAPS, headers={"traceparent": f"00-{trace}-{span}-01"})[0], 200)

    def found(service, method, parent):
        return [one for one in collector.spans if one.service == service and one.attributes.get("http.request.method") == method
                and one.parent == parent]

    def chain(tier, method, call):
        for first in found("shardplane-router", method, span):
            for second in found(tier, method, first.span):
                below = [one for one in collector.spans if one.parent == second.span and one.name == call]
                if below:
                    return [first, second, *below]
        return []

    end = time.monotonic() + SHOWN_SECONDS_MAX
    while time.monotonic() < end:
        written, read = chain("shardplane-apiserver", "POST", "etcdserverpb.KV/Txn"), chain("shardplane-watchcache", "GET", "etcdserverpb.KV/Range")
        if written and read:
            break
        time.sleep(0.1)
    else:
        raise Failure("no whole trace in:\n" + "\n".join(map(str, collector.spans)))
    same({one.trace for one in collector.spans}, {trace})
    same([one.kind for one in written[:3]], [2, 2, 3])
    same(written[2].attributes["k8s.resource"], "configmaps")
    return f"{len(collector.spans)} spans"


def processes_tell_of_themselves(tiers):
    """Since when they run, and how they were started; to who may know."""
    for process in tiers.processes:
        below = "/router" if process.tier == "router" else ""
        flags = process.request("GET", f"{below}/flagz")[2].decode()
        for line in [f"shardplane-{process.tier} flagz", "logging-format=json", f"secure-port={process.port}", "request-timeout=1m0s"]:
            if line not in flags.splitlines():
                raise Failure(f"{process.name}: {line} is not in\n{flags}")
        same(process.request("GET", f"{below}/flagz", token=None)[0], 403)
        if process.tier != "router":
            text = process.request("GET", "/statusz")[2].decode()
            for pattern in [rf"^shardplane-{process.tier} statusz$", r"^Up: 0 hr 0\d min \d\d sec$", r"^Binary version: 1\.36\.", r"^Resources ready: \d+$"]:
                expect(text, pattern)
            accept = {"Accept": "application/json;v=v1beta1;g=config.k8s.io;as=Statusz"}
            status = json.loads(process.request("GET", "/statusz", headers=accept)[2])
            same((status["kind"], status["metadata"]["name"]), ("Statusz", f"shardplane-{process.tier}"))


def profiles_are_taken(tiers):
    """By each tier, for who may; of a process that does something."""
    for process in [tiers.frontends[0], tiers.members[0], tiers.routers[0]]:
        for what in ["profile?seconds=1", "heap"]:
            path = ("/router" if process.tier == "router" else "") + f"/debug/pprof/{what}"
            same(process.request("GET", path, token=None)[0], 403)
            status, headers, body = process.request("GET", path)
            same((process.name, status, headers["content-type"]), (process.name, 200, "application/octet-stream"))
            profile = fields(gzip.decompress(body))
            # Field 1 of a Profile is what kind of samples it has: there is one without any of them too. What is in memory has samples.
            if not profile[1] or what == "heap" and not profile.get(2):
                raise Failure(f"{process.name}: an empty profile")
            # Field 6 has the names of functions.
            if what == "heap" and not any(b"shardplane" in name or b"kinds" in name for name in profile[6]):
                raise Failure(f"{process.name}: a profile without names")


def logs_are_objects(tiers):
    """Each line, but for what is told to whoever started the process; tokens are in none."""
    count = 0
    for process in tiers.processes:
        text = process.log.read_text()
        if TOKEN in text:
            raise Failure(f"{process.name} logs a token")
        for line in text.splitlines():
            if line.startswith("{"):
                told = json.loads(line)
                count += 1
                if not {"ts", "caller", "msg", "level"} <= told.keys() or ("v" not in told and told["level"] != "error"):
                    raise Failure(f"{process.name}: {line}")
            elif re.match(r"\d{4}-\d\d-\d\dT", line):
                raise Failure(f"{process.name} logs text: {line}")
    if not count:
        raise Failure("nothing is logged")
    return f"{count} lines"


def give_up(router):
    """A client that goes away before its answer: what it asked is given up, since it is no write."""
    with contextlib.suppress(OSError), socket.create_connection((router.host, router.port), timeout=10) as plain:
        with insecure().wrap_socket(plain) as connection:
            connection.sendall(f"GET {MAPS} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\n\r\n".encode())


def rules_hold():
    """They parse, and alerts fire when they are to."""
    for path in expressions.RULES:
        promtool("check", "rules", path)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="shardplane-rules-"))
    try:
        for path in [*expressions.RULES, HERE / "rules_test.yaml"]:
            shutil.copy(path, folder)
        promtool("test", "rules", "rules_test.yaml", cwd=folder)
    finally:
        shutil.rmtree(folder)
    return f"{len(expressions.RULES)} files"


def panels_show_something(prometheus):
    """Each expression of each panel, over tiers that have something to do."""
    end = time.monotonic() + SHOWN_SECONDS_MAX
    empty = all_of_them = list(expressions.panels())
    while empty and time.monotonic() < end:
        empty = [one for one in empty if not prometheus.ask(one[2])]
        time.sleep(0.5)
    if empty:
        raise Failure("nothing is shown by:\n" + "\n".join(f"{board} / {title}: {expression}" for board, title, expression in empty))
    return f"{len(all_of_them)} expressions of {len(expressions.DASHBOARDS)} dashboards"


def names_are_exported(tiers):
    """What expressions name is there, with the labels that they name; and what the reference has, under its labels."""
    exported = {"up": set(OF_SCRAPES)}
    for process in tiers.processes:
        for line in scraped(process).splitlines():
            sample = re.match(r"([a-zA-Z_:][\w:]*)(\{.*\})? \S+$", line)
            if sample:
                labels = re.findall(r'(\w+)="(?:[^"\\]|\\.)*"', sample[2] or "")
                exported.setdefault(sample[1], set(OF_SCRAPES)).update(labels)
    named = [(f"{board} / {title}", expression) for board, title, expression in expressions.panels()]
    recorded = {}
    for place, rule in expressions.rules(yaml):
        named.append((f"{place} / {rule.get('alert') or rule.get('record')}", rule["expr"]))
        if "record" in rule:
            recorded[rule["record"]] = set()
    wrong = []
    for place, expression in named:
        selected, grouped = expressions.names(expression)
        if not selected:
            wrong.append(f"{place}: names nothing: {expression}")
        known = set()
        for name, labels in selected.items():
            has = exported.get(name, recorded.get(name))
            known |= has or set()
            if has is None:
                wrong.append(f"{place}: {name} is not exported")
            elif labels - has:
                wrong.append(f"{place}: {name} has no {labels - has}")
        if grouped - known:
            wrong.append(f"{place}: nothing has {grouped - known}")
    for name, labels in REFERENCE.items():
        has = exported.get(name)
        if has is None or has - OF_SCRAPES != set(labels.split()):
            wrong.append(f"{name}: the reference has {labels!r}, exported is {sorted(has) if has else None}")
    if wrong:
        raise Failure("\n".join(sorted(set(wrong))))
    return f"{len(named)} expressions, {len(REFERENCE)} names of the reference, {len(exported)} exported"


def scrapes_are_valid(tiers):
    """To promtool's linter, but for what it says of names that are the reference's."""
    known = re.compile(r"authentication_attempts|authenticated_user_requests|authentication_token_cache_active_fetch_count|_sizes|kubernetes_")
    for process in tiers.processes:
        checked = subprocess.run([str(TOOLS / "bin" / "promtool"), "check", "metrics"], input=scraped(process).encode(), capture_output=True)
        said = [line for line in (checked.stdout + checked.stderr).decode().splitlines() if line and not known.search(line)]
        same((process.name, said), (process.name, []))


def scraped(process):
    status, headers, text = process.request("GET", METRICS_PATHS[process.tier])
    same((status, headers["content-type"]), (200, "text/plain; version=0.0.4; charset=utf-8"))
    return text.decode()


def deliveries_are_told(prometheus):
    """Under the rules that are shipped: the objective can be computed, and holds here with some room."""
    rule = next(rule for _, rule in expressions.rules(yaml) if rule.get("record") == "shardplane:watch_delivery_slow:ratio_rate5m")
    slow = float(prometheus.ask(rule["expr"])[0]["value"][1])
    count = float(prometheus.ask("sum(shardplane_watch_delivery_seconds_count)")[0]["value"][1])
    events = float(prometheus.ask('sum(apiserver_watch_events_total{resource="configmaps"})')[0]["value"][1])
    if not 0 <= slow <= 1 or count < 10 or events < count / 10:
        raise Failure(f"{slow} of {count} are slow; {events} events")
    return f"{count:.0f} changes, {slow:.1%} above 100 ms"


def yaml(text):
    """As the venv's YAML library reads it."""
    python = TOOLS / "venv" / "bin" / "python"
    read = subprocess.run([str(python), "-c", "import json, sys, yaml; print(json.dumps(yaml.safe_load(sys.stdin)))"], input=text,
                          capture_output=True, text=True, check=True)
    return json.loads(read.stdout)


if __name__ == "__main__":
    main()
