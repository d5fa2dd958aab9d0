#!/usr/bin/env python3
"""Quotas under many creators: 3 frontends as processes of their own over one etcd never exceed a quota together, and what refused or
failed writes were charged is given back.

There is no controller-manager: what a quota's status says is set once, as its controller would, and from then on what servers charge.
"""
import concurrent.futures, http.client, json, pathlib, sys, threading, time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "system"))
from cluster import Failure
from commands import same
from tiers import system

FRONTENDS, CREATORS, EACH = 3, 50, 4


def main():
    with system(frontends=FRONTENDS, members=0, routers=0) as tiers:
        for test in [counts_are_never_exceeded, amounts_are_never_exceeded, failed_writes_are_given_back, dry_runs_cost_nothing,
                     updates_cost_what_they_add, a_killed_server_exceeds_nothing]:
            begin = time.monotonic()
            said = test(tiers, Namespace(tiers, test.__name__.replace("_", "-")))
            print(f"{test.__name__}: {said} in {time.monotonic() - begin:.1f} s", flush=True)


class Namespace:
    """A namespace with a quota."""

    def __init__(self, tiers, name):
        self.tiers, self.frontends, self.path = tiers, tiers.frontends, f"/api/v1/namespaces/{name}"
        self.created("/api/v1/namespaces", {"metadata": {"name": name}})
        self.created(f"{self.path}/serviceaccounts", {"metadata": {"name": "default"}})

    def created(self, path, body):
        status, _, answer = self.frontends[0].request("POST", path, body)
        same((path, status, answer if status != 201 else ""), (path, 201, ""))

    def limit(self, **hard):
        """A quota whose controller has seen that nothing is used, and of which all frontends know."""
        hard = {name.replace("__", "/").replace("_", "."): str(amount) for name, amount in hard.items()}
        self.created(f"{self.path}/resourcequotas", {"metadata": {"name": "q"}, "spec": {"hard": hard}})
        self.report(hard, hard)
        for frontend in self.frontends:
            self.tiers.until("a frontend knows of it", lambda: self.probe(frontend, next(iter(hard))) == 403)
        self.report(hard, dict.fromkeys(hard, "0"))

    def report(self, hard, used):
        """What the controller would write."""
        status, _, answer = self.frontends[0].request(
            "PATCH", f"{self.path}/resourcequotas/q/status", json.dumps({"status": {"hard": hard, "used": used}}).encode(),
            {"Content-Type": "application/merge-patch+json"})
        same((status, answer if status != 200 else ""), (200, ""))

    def probe(self, frontend, name):
        """The status of a dry run that needs something of the quota."""
        resource = name.split("/")[-1]
        spec = {"pods": {"containers": [{"name": "main", "image": "i", "resources": {"requests": {"cpu": "1"}}}]}, "services": {"ports": [{"port": 1}]}}
        body = {"metadata": {"name": "probe"}, **({"spec": spec[resource]} if resource in spec else {})}
        return frontend.request("POST", f"{self.path}/{resource}?dryRun=All", body)[0]

    def used(self):
        return json.loads(self.frontends[0].request("GET", f"{self.path}/resourcequotas/q")[2])["status"]["used"]

    def names(self, resource):
        answer = self.frontends[0].request("GET", f"{self.path}/{resource}?limit=5000")[2]
        return sorted(item["metadata"]["name"] for item in json.loads(answer)["items"])


def creators(namespace, resource, body, frontends, until=None):
    """Everybody creates at once, spread over the frontends; what they were answered, as (status, text). With an event they go on until
    it is set, each with one more after that, and whom nobody answers has the status 0."""
    answers, begin = [], threading.Barrier(CREATORS, timeout=60)

    def create(number):
        session = frontends[number % len(frontends)].session()
        begin.wait()
        at, is_last = 0, False
        while not is_last:
            is_last = at + 1 >= EACH and (until is None or until.is_set())
            try:
                status, _, answer = session.request("POST", f"{namespace.path}/{resource}", body(number, at))
            except (OSError, http.client.HTTPException) as error:
                if until is None:
                    raise
                status, answer = 0, str(error).encode()
            answers.append((status, answer.decode()))
            at += 1
        session.close()

    with concurrent.futures.ThreadPoolExecutor(CREATORS) as pool:
        for creator in [pool.submit(create, number) for number in range(CREATORS)]:
            creator.result()
    if until is None:
        same(len(answers), CREATORS * EACH)
    return answers


def check_answers(answers, refusal):
    """All were created or refused for this reason; how many were created."""
    other = [(status, text) for status, text in answers if status != 201 and not (status == 403 and refusal in text)]
    same(other[:3], [])
    return sum(status == 201 for status, _ in answers)


def counts_are_never_exceeded(tiers, namespace):
    hard = 40
    namespace.limit(count__configmaps=hard)
    answers = creators(namespace, "configmaps", lambda number, at: {"metadata": {"name": f"map-{number}-{at}"}}, tiers.frontends)
    created = check_answers(answers, f"exceeded quota: q, requested: count/configmaps=1, used: count/configmaps={hard}, limited: count/configmaps={hard}")
    same((created, len(namespace.names("configmaps")), namespace.used()), (hard, hard, {"count/configmaps": str(hard)}))
    return f"{created} of {len(answers)} created"


def amounts_are_never_exceeded(tiers, namespace):
    namespace.limit(pods=1000, requests_cpu=3)

    def pod(number, at):
        container = {"name": "main", "image": "i", "resources": {"requests": {"cpu": "100m"}}}
        return {"metadata": {"name": f"pod-{number}-{at}"}, "spec": {"containers": [container]}}

    answers = creators(namespace, "pods", pod, tiers.frontends)
    created = check_answers(answers, "exceeded quota: q, requested: requests.cpu=100m, used: requests.cpu=3, limited: requests.cpu=3")
    same((created, len(namespace.names("pods")), namespace.used()), (30, 30, {"pods": "30", "requests.cpu": "3"}))
    return f"{created} of {len(answers)} created"


def failed_writes_are_given_back(tiers, namespace):
    """Many want the same few names: all are charged, few are stored."""
    namespace.limit(configmaps=CREATORS * EACH)
    answers = creators(namespace, "configmaps", lambda number, at: {"metadata": {"name": f"map-{at}"}}, tiers.frontends)
    same({status for status, _ in answers}, {201, 409})
    created = sum(status == 201 for status, _ in answers)
    same((created, namespace.names("configmaps"), namespace.used()),
         (EACH, [f"map-{at}" for at in range(EACH)], {"configmaps": str(EACH)}))
    return f"{len(answers) - created} given back"


def dry_runs_cost_nothing(tiers, namespace):
    namespace.limit(configmaps=1)
    path, body = f"{namespace.path}/configmaps", {"metadata": {"name": "map"}}
    same(tiers.frontends[1].request("POST", f"{path}?dryRun=All", body)[0], 201)
    same(namespace.used(), {"configmaps": "0"})
    same(tiers.frontends[1].request("POST", path, body)[0], 201)
    other = {"metadata": {"name": "other"}}
    same(tiers.frontends[2].request("POST", f"{path}?dryRun=All", other)[0], 403)
    same(namespace.used(), {"configmaps": "1"})
    return "ok"


def updates_cost_what_they_add(tiers, namespace):
    namespace.limit(services=1, services_nodeports=2)
    path = f"{namespace.path}/services"
    namespace.created(path, {"metadata": {"name": "s"}, "spec": {"ports": [{"name": "a", "port": 1}]}})
    same(namespace.used(), {"services": "1", "services.nodeports": "0"})

    def patch(spec):
        headers = {"Content-Type": "application/merge-patch+json"}
        return tiers.frontends[1].request("PATCH", f"{path}/s", json.dumps({"spec": spec}).encode(), headers)[0]

    ports = [{"name": name, "port": at} for at, name in enumerate("abc", 1)]
    same(patch({"type": "NodePort"}), 200)
    same(namespace.used(), {"services": "1", "services.nodeports": "1"})
    same(patch({"ports": ports}), 403)
    same(patch({"ports": ports[:2]}), 200)
    same(patch({"sessionAffinity": "ClientIP"}), 200)
    same(namespace.used(), {"services": "1", "services.nodeports": "2"})
    return "ok"


def a_killed_server_exceeds_nothing(tiers, namespace):
    """What it had charged for writes that never came stays charged; nobody gets more than there is."""
    hard = 60
    namespace.limit(configmaps=hard)
    killed, gone = tiers.frontends[2], threading.Event()

    def kill():
        try:
            tiers.until("a third is used", lambda: int(namespace.used()["configmaps"]) >= hard // 3)
            killed.kill()
        finally:
            gone.set()

    try:
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            killer = pool.submit(kill)
            answers = creators(namespace, "configmaps", lambda number, at: {"metadata": {"name": f"map-{number}-{at}"}}, tiers.frontends, until=gone)
            killer.result()
    finally:
        killed.start()
    unanswered = sum(status == 0 for status, _ in answers)
    created, stored, used = sum(status == 201 for status, _ in answers), len(namespace.names("configmaps")), int(namespace.used()["configmaps"])
    if not unanswered:
        raise Failure("nobody noticed that a server was killed")
    if not created <= stored <= used <= hard:
        raise Failure(f"{created} acknowledged, {stored} stored, {used} used of {hard}")
    return f"{unanswered} unanswered, {created} acknowledged, {stored} stored, {used} used of {hard}"


if __name__ == "__main__":
    try:
        main()
    except Failure as failure:
        sys.exit(str(failure))
