"""A node without a kubelet: pods that the API server admitted, each as a process in a root folder and a network of its own, with its
command line as it stands there. What a container finds, it finds under the same paths: Secrets, ConfigMaps, tokens, names of Services.
"""
import base64, http.client, json, os, re, signal, subprocess, threading, time

from cluster import REPO, TOOLS, Failure, Process, binary, insecure, tail

# The user of the containers' files; the chart's pods say the same.
GROUP_DEFAULT = 65532
PATIENCE = 4  # A busy machine is given as many times what a probe may take.
ENTRYPOINT = json.loads(re.search(r"^ENTRYPOINT (\[.*\])$", (REPO / "deploy" / "Dockerfile").read_text(), re.MULTILINE)[1])


class Node:
    """Runs pods of one namespace of a cluster."""

    def __init__(self, cluster, net, folder, namespace):
        self.cluster, self.net, self.folder, self.namespace = cluster, net, folder, namespace
        self.pods, self.made = [], 0
        # Pods come and go in several threads; names and networks are made by one at a time.
        self.lock = threading.RLock()

    def get(self, path):
        status, _, body = self.cluster.request("GET", path)
        if status != 200:
            raise Failure(f"GET {path}: {status} {body[:300]!r}")
        return json.loads(body)

    def named(self, resource, name, group="api/v1"):
        return self.get(f"/{group}/namespaces/{self.namespace}/{resource}/{name}")

    def admit(self, template, name):
        """Makes a pod at the API server, with all that admission adds and refuses."""
        pod = {"metadata": {**template["metadata"], "name": name}, "spec": template["spec"]}
        status, _, body = self.cluster.request("POST", f"/api/v1/namespaces/{self.namespace}/pods", pod)
        if status != 201:
            raise Failure(f"pod {name}: {status} {body.decode()}")
        return json.loads(body)

    def start(self, template, name, on_host=False):
        with self.lock:
            self.made += 1
            name = f"{name}-{self.made}"
            pod = Pod(self, self.admit(template, name), None if on_host else self.made + 10)
            self.pods.append(pod)
            self.tell_names()
        pod.launch()
        return pod

    def ready(self, selector):
        wanted = selector.items()
        return [pod for pod in self.pods if pod.is_ready and wanted <= pod.labels.items()]

    def tell_names(self):
        """Names of Services, to every pod: those of pods that are ready, as a cluster's DNS has them."""
        lines = ["127.0.0.1 localhost"]
        for service in self.get(f"/api/v1/namespaces/{self.namespace}/services")["items"]:
            name, spec = service["metadata"]["name"], service["spec"]
            names = " ".join([name, f"{name}.{self.namespace}", f"{name}.{self.namespace}.svc"])
            lines += [f"{pod.address} {names}" for pod in self.ready(spec["selector"])]
        with self.lock:
            for pod in self.pods:
                pod.place("/etc/hosts", "\n".join(lines) + "\n", mode=0o644)

    def stop(self):
        for pod in self.pods:
            pod.kill()


class Pod(Process):
    """One pod with one container."""

    def __init__(self, node, admitted, number):
        self.node, self.name, self.labels = node, admitted["metadata"]["name"], admitted["metadata"]["labels"]
        self.spec, self.container = admitted["spec"], admitted["spec"]["containers"][0]
        self.root, self.log = node.folder / self.name / "root", node.folder / self.name / "log"
        self.is_ready, self.host = False, None
        self.address = "127.0.0.1"
        if number is not None:
            self.host = f"p{number}"
            node.net.join(number, self.host)
            self.address = node.net.addresses[self.host]
        self.user = self.spec["securityContext"]["runAsUser"]
        self.group = self.spec["securityContext"].get("fsGroup", GROUP_DEFAULT)
        self.build()
        self.command = self.launcher()

    # What it finds.

    def build(self):
        for folder in ["usr", "proc", "dev", "etc", "tmp"]:
            (self.root / folder).mkdir(parents=True)
        for link in ["lib", "lib64"]:
            (self.root / link).symlink_to(f"usr/{link}")
        for program in ["shardplane", "etcd"]:
            (self.root / program).touch()
        self.place("/etc/nsswitch.conf", "hosts: files\n", mode=0o644)
        volumes = {volume["name"]: volume for volume in self.spec.get("volumes", [])}
        for mount in self.container.get("volumeMounts", []):
            self.mount(mount, volumes.get(mount["name"], {"emptyDir": {}}))

    def mount(self, mount, volume):
        at = mount["mountPath"]
        folder = self.root / at.lstrip("/")
        folder.mkdir(parents=True)
        if not mount.get("readOnly"):
            if "emptyDir" not in volume:
                raise Failure(f"{self.name}: {mount} may be written to")
            os.chown(folder, self.user, self.group)
            return
        for source in volume["projected"]["sources"] if "projected" in volume else [volume]:
            for path, content in self.content(source).items():
                self.place(f"{at}/{path}", content)

    def content(self, source):
        """Path and content of a volume's files; only those that it names, if it names any."""
        node = self.node
        if token := source.get("serviceAccountToken"):
            path = f"/api/v1/namespaces/{node.namespace}/serviceaccounts/{self.spec['serviceAccountName']}/token"
            status, _, body = node.cluster.request("POST", path, {"spec": {"expirationSeconds": token["expirationSeconds"]}})
            if status != 201:
                raise Failure(f"POST {path}: {status} {body}")
            return {token["path"]: json.loads(body)["status"]["token"]}
        if source.get("downwardAPI"):
            return {item["path"]: node.namespace for item in source["downwardAPI"]["items"]}
        if secret := source.get("secret"):
            kept = node.named("secrets", secret.get("secretName") or secret["name"])["data"]
            kept, items = {key: base64.b64decode(value) for key, value in kept.items()}, secret.get("items")
        else:
            kept, items = node.named("configmaps", source["configMap"]["name"]).get("data", {}), source["configMap"].get("items")
        return {item["path"]: kept[item["key"]] for item in items} if items else kept

    def place(self, path, content, mode=0o440):
        at = self.root / path.lstrip("/")
        at.parent.mkdir(parents=True, exist_ok=True)
        # In place: a pod that reads it by its path sees it whole or before.
        draft = at.with_name(f".{at.name}.draft")
        draft.write_bytes(content if isinstance(content, bytes) else content.encode())
        os.chown(draft, 0, self.group)
        draft.chmod(mode)
        draft.rename(at)

    # How it runs.

    def environment(self):
        variables = {"PATH": "/", "KUBERNETES_SERVICE_HOST": "127.0.0.1", "KUBERNETES_SERVICE_PORT": str(self.node.cluster.port)}
        for variable in self.container.get("env", []):
            if "value" in variable:
                variables[variable["name"]] = variable["value"]
            elif variable["valueFrom"] == {"fieldRef": {"apiVersion": "v1", "fieldPath": "status.podIP"}}:
                variables[variable["name"]] = self.address
            else:
                raise Failure(f"{self.name}: {variable}")
        return variables

    def launcher(self):
        security = self.container["securityContext"]
        if not (security["readOnlyRootFilesystem"] and self.spec["securityContext"]["runAsNonRoot"]):
            raise Failure(f"{self.name} may do more than it needs")
        variables = self.environment()
        expand = lambda text: re.sub(r"\$\((\w+)\)", lambda found: variables[found[1]], text)
        command = [*(self.container.get("command") or ENTRYPOINT), *map(expand, self.container.get("args", []))]
        mounts = [("--rbind", path, path) for path in ["/usr", "/proc", "/dev"]]
        mounts += [("--bind", binary(), "/shardplane"), ("--bind", TOOLS / "bin" / "etcd", "/etcd")]
        script = " && ".join(f"mount {how} '{source}' '{self.root}{sink}'" for how, source, sink in mounts)
        user = ["setpriv", f"--reuid={self.user}", f"--regid={self.group}", "--clear-groups", "--no-new-privs", "--bounding-set=-all", "--inh-caps=-all"]
        inner = ["env", "-i", *(f"{name}={value}" for name, value in variables.items()), *command]
        on = self.node.net.on(self.host) if self.host else []
        return [*on, "unshare", "-m", "sh", "-ec", f'{script} && exec chroot \'{self.root}\' "$@"', "sh", *user, *inner]

    def wait(self):
        """Until the probes pass that stand in it: the one of the start, then the one that makes it ready."""
        for kind in ["startupProbe", "readinessProbe", "livenessProbe"]:
            self.until(kind, self.container[kind])
        self.is_ready = True
        self.node.tell_names()

    def until(self, kind, probe):
        end = time.monotonic() + PATIENCE * max(10, probe["periodSeconds"] * probe["failureThreshold"])
        said = None
        while time.monotonic() < end:
            if not self.alive():
                raise Failure(f"{self.name} ended with {self.process.returncode}\n{tail(self.log)}")
            said = self.probe(probe)
            if said == 200:
                return
            time.sleep(0.1)
        raise Failure(f"{self.name}: {kind} {probe['httpGet']} fails: {said}\n{tail(self.log)}")

    def probe(self, probe):
        get = probe["httpGet"]
        port = get["port"]
        if isinstance(port, str):
            port = next(one["containerPort"] for one in self.container["ports"] if one["name"] == port)
        kind, more = (http.client.HTTPSConnection, {"context": insecure()}) if get["scheme"] == "HTTPS" else (http.client.HTTPConnection, {})
        connection = kind(self.address, port, timeout=probe["timeoutSeconds"], **more)
        try:
            connection.request("GET", get["path"])
            return connection.getresponse().status
        except OSError as error:
            return repr(error)
        finally:
            connection.close()

    def end(self):
        """As a kubelet ends it: no longer among those that are ready, then SIGTERM, then the time that it is given."""
        self.is_ready = False
        self.node.tell_names()
        self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(self.spec["terminationGracePeriodSeconds"])
        except subprocess.TimeoutExpired:
            raise Failure(f"{self.name} did not stop within its grace period\n{tail(self.log)}") from None
        if code != 0:
            raise Failure(f"{self.name} ended with {code}\n{tail(self.log)}")
        self.node.pods.remove(self)
        path = f"/api/v1/namespaces/{self.node.namespace}/pods/{self.name}"
        self.node.cluster.request("DELETE", path, {"gracePeriodSeconds": 0})
