"""A Prometheus over running tiers, for as long as a test needs it."""
import http.client, json, pathlib, subprocess, tempfile, urllib.parse

from cluster import TOKEN, TOOLS, Failure, Process, free_port, wait_until

PROMTOOL = TOOLS / "bin" / "promtool"
# Jobs are named like the services of the chart.
METRICS_PATHS = {"apiserver": "/metrics", "watchcache": "/metrics", "router": "/router/metrics"}


class Prometheus(Process):
    """Scrapes each process of a system every second, and evaluates nothing by itself."""

    def __init__(self, folder, processes):
        self.folder, self.port = pathlib.Path(folder), free_port()
        self.log, configuration = self.folder / "prometheus.log", self.folder / "prometheus.yml"
        jobs = [
            {"job_name": f"shardplane-{tier}", "scheme": "https", "metrics_path": path, "authorization": {"credentials": TOKEN},
             "tls_config": {"insecure_skip_verify": True},
             "static_configs": [{"targets": [process.address for process in processes if process.tier == tier]}]}
            for tier, path in METRICS_PATHS.items()
        ]
        # JSON is YAML.
        configuration.write_text(json.dumps({"global": {"scrape_interval": "1s", "scrape_timeout": "1s"}, "scrape_configs": jobs}))
        self.command = [
            TOOLS / "bin" / "prometheus", f"--config.file={configuration}", f"--storage.tsdb.path={self.folder / 'tsdb'}",
            f"--web.listen-address=127.0.0.1:{self.port}", "--log.level=warn",
        ]
        self.launch()
        wait_until("Prometheus is ready", lambda: self.get("/-/ready")[0] == 200, self.process, self.log)

    def get(self, path):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def ask(self, expression):
        """The samples that an expression gives now."""
        status, body = self.get("/api/v1/query?" + urllib.parse.urlencode({"query": expression}))
        if status != 200:
            raise Failure(f"{expression}: {status} {body.decode()}")
        return json.loads(body)["data"]["result"]


def promtool(*arguments, cwd=None):
    done = subprocess.run([str(PROMTOOL), *map(str, arguments)], capture_output=True, text=True, cwd=cwd)
    if done.returncode != 0:
        raise Failure(f"promtool {' '.join(map(str, arguments))}:\n{done.stdout}{done.stderr}")
    return done.stdout
