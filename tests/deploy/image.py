"""The image's Dockerfile: that a linter finds nothing in it, and that what it copies is all that a build needs."""
import json, os, pathlib, re, shutil, subprocess, tempfile

from cluster import REPO, TOOLS, Failure, binary
from commands import expect, same

DOCKERFILE = REPO / "deploy" / "Dockerfile"
LABELS = ["title", "description", "licenses", "version", "revision"]


def a_linter_finds_nothing():
    done = subprocess.run([TOOLS / "bin" / "hadolint", DOCKERFILE], capture_output=True, text=True)
    same((done.returncode, done.stdout + done.stderr), (0, ""))


def it_runs_as_nobody_and_asks_itself():
    stages = re.split(r"^FROM ", DOCKERFILE.read_text(), flags=re.MULTILINE)
    final = stages[-1]
    expect(final, r"^gcr\.io/distroless/", r"^USER 65532:65532$", r'^ENTRYPOINT \["/shardplane"\]$', r'^HEALTHCHECK .*CMD \["/shardplane", "probe"\]$')
    for label in LABELS:
        expect(final, rf'org\.opencontainers\.image\.{label}="')
    if re.search(r"^RUN", final, re.MULTILINE):
        raise Failure("the last stage has no shell to run anything")
    said = subprocess.run([binary(), "probe", "--help"], capture_output=True, text=True)
    same(said.returncode, 0)


def what_it_copies_is_enough():
    """Copied as the COPY lines say, the workspace is whole, and every file that code takes in is there. All of it is built with
    SHARDPLANE_FULL=1: by the very commands, but for the profile."""
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        build = re.split(r"^FROM ", DOCKERFILE.read_text(), flags=re.MULTILINE)[1]
        for line in re.findall(r"^COPY (.*)$", build, re.MULTILINE):
            *sources, sink = line.split()
            for source in sources:
                copy(source, folder / sink)
        done = subprocess.run(["cargo", "metadata", "--locked", "--offline", "--format-version=1", "--filter-platform", platform()], cwd=folder, capture_output=True, text=True)
        if done.returncode != 0:
            raise Failure(f"the workspace is not whole: {done.stderr}")
        metadata = json.loads(done.stdout)
        crates = needed(metadata)
        for crate in crates:
            for path in pathlib.Path(crate["manifest_path"]).parent.joinpath("src").rglob("*.rs"):
                taken_in(path)
        if os.environ.get("SHARDPLANE_FULL"):
            command, = re.findall(r"cargo build .*? --bin shardplane", build)
            target = REPO / "target" / "image"
            subprocess.run(command.replace(" --release", "").split(), cwd=folder, check=True, env={**os.environ, "CARGO_TARGET_DIR": str(target)})
        return f"{len(crates)} crates of ours"


def platform():
    said = subprocess.run(["rustc", "-vV"], capture_output=True, text=True, check=True).stdout
    return re.search(r"^host: (.*)$", said, re.MULTILINE)[1]


def copy(source, sink):
    """What is tracked below a path; .dockerignore keeps nothing of it away."""
    listed = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", source], cwd=REPO, capture_output=True, text=True, check=True)
    files = [name for name in listed.stdout.split("\0") if name and (REPO / name).is_file()]
    if not files:
        raise Failure(f"COPY {source}: nothing is there")
    ignored = (REPO / ".dockerignore").read_text().split()
    for name in files:
        if name.split("/")[0] in ignored:
            raise Failure(f".dockerignore keeps {name} away")
        to = sink / name if (REPO / source).is_file() else sink / pathlib.Path(name).relative_to(source)
        to.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(REPO / name, to)


def needed(metadata):
    """The crates of the workspace that the binary is made of."""
    by_id = {one["id"]: one for one in metadata["packages"]}
    nodes = {node["id"]: node for node in metadata["resolve"]["nodes"]}
    members, seen = set(metadata["workspace_members"]), set()
    open_ = [metadata["resolve"]["root"]]
    while open_:
        one = open_.pop()
        if one in seen or one not in members:
            continue
        seen.add(one)
        for dependency in nodes[one]["deps"]:
            if any(kind["kind"] != "dev" for kind in dependency["dep_kinds"]):
                open_.append(dependency["pkg"])
    return [by_id[one] for one in seen]


def taken_in(path):
    """Files that a source takes in are there, but those of its tests."""
    text = path.read_text()
    for found in re.finditer(r'include_(?:str|bytes)!\("([^"]+)"\)', text):
        target = (path.parent / found[1]).resolve()
        is_test = "#[cfg(test)]" in text[:found.start()] or "tests" in path.parts or "tests.rs" == path.name
        if not target.exists() and not is_test:
            raise Failure(f"{path.name} takes in {found[1]}, which is not copied")


STEPS = [a_linter_finds_nothing, it_runs_as_nobody_and_asks_itself, what_it_copies_is_enough]
