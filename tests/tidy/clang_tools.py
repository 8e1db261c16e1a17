"""What other programs check: clang-format, clang-tidy over the compile database, shellcheck."""
import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import subprocess

from tree import Finding

FORMAT, TIDY = "clang-format-19", "clang-tidy-19"
COMPLAINT = re.compile(r"^(\S+?):(\d+):\d+: (?:error|warning): (.*)$")


def run(command, root):
    try:
        return subprocess.run(command, cwd=root, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, errors="replace")
    except FileNotFoundError:
        return subprocess.CompletedProcess(command, 127, f"{command[0]} is not installed: deploy/install-deps --tests")


def complaints(tree, tool, result):
    """A program's complaints as findings; its whole output where none can be read from it."""
    root, seen = str(tree.root.resolve()) + "/", False
    for line in result.stdout.splitlines():
        match = COMPLAINT.match(line)
        if match:
            seen = True
            path = re.sub(r"^(\.\./)+", "", match.group(1).removeprefix(root))
            yield Finding(path, int(match.group(2)), match.group(3))
    if result.returncode != 0 and not seen:
        yield Finding(tool, 0, result.stdout.strip()[-2000:] or f"exit status {result.returncode}")


def format_check(tree):
    paths = [source.path for source in tree.cpp]
    first = {}
    for finding in complaints(tree, FORMAT, run([FORMAT, "--dry-run", "-Werror", *paths], tree.root)) if paths else []:
        first.setdefault(finding.path, finding)
    for path, finding in first.items():
        yield Finding(path, finding.line, f"{FORMAT} -i {path}" if path in tree.by_path else finding.text)


def shellcheck(tree):
    paths = [source.path for source in tree.sources if source.is_script and source.is_bash]
    if paths:
        yield from complaints(tree, "shellcheck", run(["shellcheck", "--format=gcc", *paths], tree.root))


class Analysis:
    """clang-tidy, a file at a time. The build folder remembers what was clean by the hash of all that was read."""

    def __init__(self, tree, build, jobs):
        self.tree, self.build, self.jobs = tree, pathlib.Path(tree.root) / build, jobs
        self.memory = self.build / "tidy-clean"

    def files(self):
        """(source, compile command) of production files."""
        database = json.loads((self.build / "compile_commands.json").read_text())
        for entry in database:
            path = os.path.relpath(os.path.join(entry["directory"], entry["file"]), self.tree.root.resolve())
            if path in self.tree.by_path and path.startswith(("dataplane/", "controlplane/", "tools/")):
                yield self.tree.by_path[path], entry["command"]

    def key(self, source, command):
        """The hash of a source, its command, and every header of this tree that it can reach."""
        reach, todo = {}, [source.path]
        while todo:
            path = todo.pop()
            if path in reach or path not in self.tree.by_path:
                continue
            reach[path] = self.tree.by_path[path].text
            todo += re.findall(r'^\s*#\s*include\s*"([^"]+)"', reach[path], re.M)
        rules = self.tree.by_path.get(".clang-tidy")
        parts = [command, rules.text if rules else ""]
        for path in sorted(reach):
            parts += [path, reach[path]]
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()

    def one(self, source, command):
        mark = self.memory / self.key(source, command)
        if mark.exists():
            return []
        # Options of gcc in the build folder, and what the library's own stable_sort calls.
        quiet = [f"--extra-arg=-Wno-{name}" for name in ("unknown-warning-option", "deprecated-declarations")]
        result = run([TIDY, "--quiet", "-p", str(self.build), *quiet, source.path], self.tree.root)
        found = list(complaints(self.tree, TIDY, result))
        if not found and result.returncode == 0:
            mark.touch()
        return found

    def check(self):
        self.memory.mkdir(exist_ok=True)
        with concurrent.futures.ThreadPoolExecutor(self.jobs) as pool:
            rows = pool.map(lambda row: self.one(*row), list(self.files()))
            seen = set()
            for finding in (finding for row in rows for finding in row):
                if finding not in seen:  # a header's complaint comes once for each of its includers
                    seen.add(finding)
                    yield finding
