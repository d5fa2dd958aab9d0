"""The recorded behaviour of the reference, replayed against a server: how many steps of each group match."""
import json, pathlib, subprocess, sys, tempfile

from cluster import TOKEN

HERE = pathlib.Path(__file__).resolve().parent
# The least number of matched steps by group. A group that is not in it is not replayed.
LINE = HERE / "line.json"


def replay(server, line=None, token=TOKEN):
    """Matched steps and all steps by group, of the groups of a line."""
    groups = "|".join(line or json.loads(LINE.read_text()))
    with tempfile.TemporaryDirectory() as folder:
        report = pathlib.Path(folder) / "report.json"
        command = [sys.executable, HERE / "replay.py", "check", "--server", server.url, "--token", token, HERE,
                   "--group", f"^({groups})$", "--json", report, "--jobs", "4"]
        subprocess.run(list(map(str, command)), stdout=subprocess.DEVNULL)
        found = json.loads(report.read_text())["groups"]
    return {group: (of["matched"], of["total"]) for group, of in found.items()}
