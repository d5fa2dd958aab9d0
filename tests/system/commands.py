"""The command-line clients that people use, run against one server, and checks of what they print.

It runs commands and compares texts; what is typed is the suites' affair.
"""
import json, os, pathlib, re, subprocess

from cluster import TOOLS, Failure

# The editor of `kubectl edit`: changes one value.
EDITOR = pathlib.Path(__file__).resolve().parents[1] / "kubectl" / "edit.sh"
COMMAND_SECONDS_MAX = 120


class Command:
    """A program with one kubeconfig and a home of its own."""

    def __init__(self, program, server, folder):
        self.program = str(TOOLS / "bin" / program)
        self.environment = {**os.environ, "KUBECONFIG": str(server.kubeconfig), "HOME": str(folder), "EDITOR": str(EDITOR)}

    def __call__(self, *arguments, stdin=None, fails=False, code=None):
        """Runs a command and returns what it printed. `fails` expects a failure, `code` a certain exit code."""
        command = [self.program, *arguments]
        done = subprocess.run(
            command, input=stdin or "", capture_output=True, text=True, env=self.environment, timeout=COMMAND_SECONDS_MAX
        )
        wrong = done.returncode != code if code is not None else (done.returncode != 0) != fails
        if wrong:
            raise Failure(f"{' '.join(command)}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout + (done.stderr if fails else "")

    def json(self, *arguments):
        return json.loads(self(*arguments, "-o", "json"))

    def background(self, *arguments):
        return subprocess.Popen([self.program, *arguments], stdout=subprocess.PIPE, text=True, env=self.environment)


def expect(text, *patterns):
    """Each pattern is somewhere in the text."""
    for pattern in patterns:
        if not re.search(pattern, text, re.MULTILINE):
            raise Failure(f"expected {pattern!r} in:\n{text}")


def same(got, wanted):
    if got != wanted:
        raise Failure(f"expected {wanted!r}, got {got!r}")
