"""What other programs check: clang-format, clang-tidy over the compile database, shellcheck."""
import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import shlex
import subprocess
import tempfile

import local_names
from tree import Finding, Tree

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
    """clang-tidy. Its checks walk all of a file's headers, which costs more than its own lines do: the files of one
    library are read as one. The build folder remembers what was clean by the hash of all that was read."""

    ALONE_MAX = 1   # so many files of a library are read each for itself
    # Options of gcc in the build folder, and what the library's own stable_sort calls.
    QUIET = [f"--extra-arg=-Wno-{name}" for name in ("unknown-warning-option", "deprecated-declarations")]

    def __init__(self, tree, build, jobs):
        self.tree, self.build, self.jobs = tree, (pathlib.Path(tree.root) / build).resolve(), jobs
        self.memory, self.merged = self.build / "tidy-clean", self.build / "tidy-merged"

    def files(self):
        """(source, its compiler's arguments) of production files."""
        database = json.loads((self.build / "compile_commands.json").read_text())
        for entry in database:
            path = os.path.relpath(os.path.join(entry["directory"], entry["file"]), self.tree.root.resolve())
            if path in self.tree.by_path and path.startswith(("dataplane/", "controlplane/", "tools/")):
                yield self.tree.by_path[path], tuple(arguments(entry["command"]))

    def key(self, source, flags):
        """The hash of a source, its flags, and every header of this tree that it can reach."""
        reach, todo = {}, [source.path]
        while todo:
            path = todo.pop()
            if path in reach or path not in self.tree.by_path:
                continue
            reach[path] = self.tree.by_path[path].text
            todo += re.findall(r'^\s*#\s*include\s*"([^"]+)"', reach[path], re.M)
        rules = self.tree.by_path.get(".clang-tidy")
        parts = [*flags, rules.text if rules else ""]
        for path in sorted(reach):
            parts += [path, reach[path]]
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()

    def groups(self):
        """(flags, sources) of what is not known to be clean: what is read together, the longest first."""
        rows = {}
        for source, flags in self.files():
            if not (self.memory / self.key(source, flags)).exists():
                apart = source.path if local_names.library(source.path) in (None, *local_names.APART) else ""
                rows.setdefault((flags, apart), []).append(source)
        for (flags, _), sources in sorted(rows.items(), key=lambda row: -len(row[1])):
            if len(sources) > self.ALONE_MAX:
                yield flags, sources
            else:
                yield from ((flags, [source]) for source in sources)

    def one(self, flags, sources):
        """What is found in the files of one group."""
        paths, rules = [str(source.file.resolve()) for source in sources], []
        if len(sources) > 1:
            name = hashlib.sha256("\0".join(paths).encode()).hexdigest()[:16]
            whole = self.merged / f"{name}.cc"
            whole.write_text("".join(f'#include "{path}"\n' for path in paths))
            paths, rules = [str(whole)], ["--checks=-bugprone-suspicious-include"]   # "sources" finds what this does
        config = f"--config-file={self.tree.root.resolve() / '.clang-tidy'}"
        result = run([TIDY, "--quiet", config, *rules, *self.QUIET, *paths, "--", *flags], self.build)
        found = list(complaints(self.tree, TIDY, result))
        if not found and result.returncode == 0:
            for source in sources:
                (self.memory / self.key(source, flags)).touch()
        return found

    def make_folders(self):
        self.memory.mkdir(exist_ok=True)
        self.merged.mkdir(exist_ok=True)

    def check(self):
        self.make_folders()
        with concurrent.futures.ThreadPoolExecutor(self.jobs) as pool:
            rows = pool.map(lambda row: self.one(*row), list(self.groups()))
            seen = set()
            for finding in (finding for row in rows for finding in row):
                if finding not in seen:  # a header's complaint comes once for each of its includers
                    seen.add(finding)
                    yield finding


def self_test(tree):
    """A violation planted in the second of two files that are read as one is found where it stands; then nothing is."""
    rules = tree.by_path[".clang-tidy"].text
    for line, wanted in (("int* f() { return 0; }", 1), ("int* f() { return nullptr; }", 0)):
        with tempfile.TemporaryDirectory() as folder:
            files = {".clang-tidy": rules, "dataplane/base/a.cc": "int* f();\n",
                     "dataplane/base/b.cc": f"\n{line}\n"}
            for path, text in files.items():
                file = pathlib.Path(folder) / path
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(text)
            analysis = Analysis(Tree(folder), ".", 1)
            analysis.make_folders()
            found = analysis.one(("-std=c++23",), [s for s in analysis.tree.sources if s.suffix == ".cc"])
            if [(each.path, each.line) for each in found] != [("dataplane/base/b.cc", 2)] * wanted:
                yield f"clang-tidy of '{line}': {found or 'nothing'}"


def arguments(command):
    """A compile command's arguments, without the compiler, the file and what it is written to."""
    words = shlex.split(command)
    start = next(i for i, word in enumerate(words) if word.startswith("-"))
    rest = iter(words[start:])
    for word in rest:
        if word in ("-o", "-c", "-MQ", "-MF"):
            next(rest)
        elif word != "-MD":
            yield word
