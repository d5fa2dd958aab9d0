"""What nodes may see, on frontends that hear of pods from the watch tier: whoever tells them of a pod, its node may read its secret."""
import re

from calls import call, hold, made, sign, wait_for

NODE = "n1"
PODS = "/api/v1/namespaces/default/pods"
SECRETS = "/api/v1/namespaces/default/secrets"
# What frontends do not keep, but decide with.
HEARD = ["pods", "persistentvolumes", "volumeattachments.storage.k8s.io", "resourceslices.resource.k8s.io"]


def run(tiers):
    first, *others = tiers.members
    kubelet = sign(tiers.folder / "pki", "ca", f"/O=system:nodes/CN=system:node:{NODE}", tiers.folder)
    made(tiers.frontends[0], "/api/v1/namespaces/default/serviceaccounts", {"metadata": {"name": "default"}})
    heard_from_members(tiers, tiers.members)
    follows_pods(tiers, kubelet, "by-members")
    first.process.kill()
    heard_from_members(tiers, others)
    follows_pods(tiers, kubelet, "by-those-left")
    for member in others:
        member.process.kill()
    follows_pods(tiers, kubelet, "by-the-store")
    first.start()
    heard_from_members(tiers, [first])
    follows_pods(tiers, kubelet, "by-a-member-again")


def heard_from_members(tiers, members):
    """Each frontend has a watch of each of these at one of the members."""
    for resource in HEARD:
        wait_for(f"frontends follow {resource} at members", lambda resource=resource: watches(members, resource) == len(tiers.frontends))


def watches(members, resource):
    count = re.compile(rf'^shardplane_watchcache_watchers{{[^}}]*resource="{re.escape(resource)}"[^}}]*}} (\d+)', re.M)
    told = [count.search(member.request("GET", "/metrics")[2].decode()) for member in members]
    return sum(int(one[1]) for one in told if one)


def follows_pods(tiers, kubelet, name):
    """On every frontend: while a pod of the node uses a secret, the node may read that secret."""
    made(tiers.frontends[0], SECRETS, {"metadata": {"name": name}})
    codes = lambda: {call(frontend, "GET", f"{SECRETS}/{name}", token=None, certificate=kubelet)[0] for frontend in tiers.frontends}
    hold(f"{name}: before there is a pod", codes(), {403})
    made(tiers.frontends[0], PODS, {"metadata": {"name": name}, "spec": {
        "nodeName": NODE, "containers": [{"name": "c", "image": "i"}], "volumes": [{"name": "v", "secret": {"secretName": name}}]}})
    wait_for(f"{name}: the node of a pod reads its secret", lambda: codes() == {200})
    hold(f"{name}: the pod goes", call(tiers.frontends[0], "DELETE", f"{PODS}/{name}?gracePeriodSeconds=0")[0], 200)
    wait_for(f"{name}: without the pod it does not", lambda: codes() == {403})
