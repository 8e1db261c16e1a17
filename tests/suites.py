#!/usr/bin/env python3
"""Builds and runs test suites; started by tests/run, which first installs what this needs.

Every suite is a command that prints one line a test: "ok NAME [seconds]", "FAIL NAME [why]" or "skip NAME why"; what
else it prints is shown as it is. Here they are counted and timed, and skips are held against tests/expected-skips.
To add a suite, add a line to SUITES.
"""
import argparse
import dataclasses
import fnmatch
import os
import pathlib
import re
import signal
import subprocess
import sys
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
JOBS = os.environ.get("WARMPATH_JOBS") or str(os.cpu_count() or 1)

# Line tables are all that a sanitizer's report needs; full debug information doubles the time to compile.
CHECKED = ["-Doptimization=1", "-Ddebug=false", "-Dcpp_args=-g1", "-Db_lundef=false"]

# Meson options of each build folder.
BUILDS = {
    "build": ["--buildtype=release"],
    "build-asan": [*CHECKED, "-Db_sanitize=address,undefined"],
    "build-tsan": [*CHECKED, "-Db_sanitize=thread"],
    "build-fuzz": [*CHECKED, "-Db_sanitize=address,undefined", "-Dfuzzers=true"],
    "build-coverage": ["-Doptimization=1", "-Ddebug=false", "-Dwerror=false",
                       "-Dcpp_args=-fprofile-instr-generate -fcoverage-mapping",
                       "-Dcpp_link_args=-fprofile-instr-generate"],
}
# Clang instruments a third faster than g++ 12 does; the release build is the compiler of the distribution.
BUILD_ENVIRONMENT = {name: {"CXX": "clang++-19"} for name in BUILDS if name != "build"}

# Names that stand for several suites.
GROUPS = {"sim": ("shard-sim", "packet-sim")}

# Any finding ends the process with an error. No suppressions: none is needed.
SANITIZERS = {
    "ASAN_OPTIONS": "detect_stack_use_after_return=1:check_initialization_order=1",
    "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1",
    "TSAN_OPTIONS": "halt_on_error=1:second_deadlock_stack=1",
}


@dataclasses.dataclass
class Suite:
    name: str
    about: str
    command: list[str]     # run from the repository's root
    build: str = ""        # the folder of BUILDS that is brought up to date first
    targets: tuple = ()    # what is built there; all by default
    by_default: bool = True
    limit_s: int = 600     # a suite that runs longer has failed
    shows_all: bool = False   # each test's line says more than that it passed; shown where the suite was asked for


SUITES = [
    Suite("build", "the release build", [], "build", limit_s=1500),
    Suite("headers", "every header compiles alone", ["tests/headers/run", "build", JOBS], "build"),
    Suite("unit", "unit tests", ["tests/unit/run", "build"], "build"),
    Suite("keys", "the published keys, computed by a program that knows only their page", ["tests/keys/run"]),
    Suite("tidy", "style, format, clang-tidy", ["tests/tidy/run", "--build", "build", "--jobs", JOBS], "build",
          limit_s=1200),
    Suite("e2e", "real clients, daemon and replicas on loopback", ["tests/e2e/run", "--build", "build"], "build"),
    Suite("reload", "good and bad configuration files in turn under load, every 200 ms for 60 s",
          ["tests/e2e/reload", "--build", "build"], "build", by_default=False),
    Suite("e2e-epoll", "the same without io_uring", ["tests/e2e/run", "--build", "build", "--transport", "epoll"],
          "build"),
    Suite("conformance", "raw bytes against the daemon: every case with its verdict",
          ["tests/conformance/run", "--build", "build"], "build", shows_all=True),
    Suite("origins", "what is forwarded, as eight other servers understand it",
          ["tests/origins/run", "--build", "build"], "build", shows_all=True),
    Suite("varnishtest", "scripted clients and replicas", ["tests/varnishtest/run", "--build", "build"], "build"),
    Suite("shard-sim", "a whole shard under seeded faults",
          ["build/tests/sim/warmpath-sim", "--seeds", "300", "--jobs", JOBS], "build", limit_s=900),
    Suite("packet-sim", "two TCP stacks over a path with seeded faults",
          ["build/tests/sim/packet/warmpath-packet-sim", "--seeds", "300", "--jobs", JOBS], "build", limit_s=900),
    Suite("lab", "warmpath-lab on small traces, and on the published ones where they are",
          ["tests/lab/run", "--build", "build"], "build"),
    Suite("families", "warm beside every other strategy on workloads nobody tuned it for: tables",
          ["tests/lab/families", "--build", "build"], "build", ("tools/lab/warmpath-lab",), by_default=False,
          limit_s=1200, shows_all=True),
    Suite("script", "packet scripts, each on our TCP and on the kernel's",
          ["build/tests/script/warmpath-script", "--page", "tests/script/differences.md", "tests/script/tcp"], "build"),
    Suite("asan", "unit tests, address and undefined sanitizers", ["tests/unit/run", "build-asan"], "build-asan",
          ("tests-unit",)),
    Suite("tsan", "unit tests of what starts threads, thread sanitizer", ["tests/unit/run", "build-tsan"], "build-tsan",
          ("tests-threads",)),
    Suite("tsan-all", "all unit tests, thread sanitizer", ["tests/unit/run", "build-tsan"], "build-tsan",
          ("tests-unit",), by_default=False),
    Suite("asan-e2e", "e2e, address and undefined sanitizers", ["tests/e2e/run", "--build", "build-asan"], "build-asan",
          by_default=False, limit_s=1200),
    Suite("tsan-e2e", "e2e, thread sanitizer", ["tests/e2e/run", "--build", "build-tsan"], "build-tsan",
          by_default=False, limit_s=1200),
    Suite("engine", "real llama.cpp replicas, and how much of what they may find cached they find",
          ["tests/engine/run"], "build", by_default=False),
    Suite("slow", "5,000 slow clients beside 200 streams", ["tests/slow/run"], "build", by_default=False,
          limit_s=900),
    Suite("mutants", "TCP with a bug or without a feature, which scripts or worlds must notice",
          ["tests/mutants/run", "--folder", "build/mutants", "--jobs", JOBS], by_default=False, limit_s=1800,
          shows_all=True),
    Suite("coverage", "branches of TCP that tests, scripts and worlds reach", ["tests/coverage/run", "build-coverage"],
          "build-coverage", ("tests/unit/test-tcp", "tests/script/warmpath-script",
                             "tests/sim/packet/warmpath-packet-sim"),
          by_default=False, limit_s=900, shows_all=True),
    Suite("ring", "what our TCP costs by itself: cycles, allocations",
          ["build/tests/sim/packet/warmpath-tcp-ring", "--at-most", "1500"], "build",
          ("tests/sim/packet/warmpath-tcp-ring",), by_default=False, shows_all=True),
    Suite("fuzz", "each fuzzer for a short while", ["tests/fuzz/run", "build-fuzz", "--seconds", "15"], "build-fuzz",
          ("fuzzers",), by_default=False),
]


@dataclasses.dataclass
class Tally:
    """What one suite did."""
    suite: str
    passed: int = 0
    skipped: int = 0   # expected ones; an unexpected skip is a failure
    failures: list[str] = dataclasses.field(default_factory=list)   # their lines
    seconds: float = 0
    building: float = 0   # of the seconds

    def fail(self, line):
        print(line, flush=True)
        self.failures.append(line)

    @property
    def failed(self):
        return len(self.failures)


def expected_skips():
    """Rows (suite pattern, test pattern) of tests/expected-skips; each row there ends in the reason."""
    rows = []
    for line in (ROOT / "tests/expected-skips").read_text().splitlines():
        fields = line.split(None, 2)
        if fields and not fields[0].startswith("#"):
            if len(fields) < 3:
                raise SystemExit(f"tests/expected-skips: '{line}' is not SUITE TEST REASON")
            rows.append((fields[0], fields[1]))
    return rows


def count(line, tally, skips, every):
    """Counts one line of a suite's output, and shows it unless it is a test that passed and not every one is shown."""
    word, _, rest = line.partition(" ")
    name = rest.split(None, 1)[0].rstrip(":") if rest.strip() else "?"
    if re.fullmatch(r"\d+ passed, \d+ failed", line):
        return  # the suite's own sum: only the last line of all may look like that
    if word == "FAIL":
        tally.fail(line)
        return
    if word == "ok":
        tally.passed += 1
    elif word == "skip" and any(fnmatch.fnmatch(tally.suite, s) and fnmatch.fnmatch(name, t) for s, t in skips):
        tally.skipped += 1
    elif word == "skip":
        tally.fail(f"FAIL {tally.suite}.{name}: tests/expected-skips does not name this skip")
    if word != "ok" or every:
        print(line, flush=True)


def end_group(process):
    """Ends a process and all that it started."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def run_command(suite, tally, skips, every):
    """Runs a suite's command; one failure more when it dies, hangs, or runs no test at all."""
    if not os.access(ROOT / suite.command[0], os.X_OK):
        tally.fail(f"FAIL {suite.name}: no program {suite.command[0]}")
        return
    process = subprocess.Popen(suite.command, cwd=ROOT, env={**os.environ, **SANITIZERS}, stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
                               start_new_session=True)
    late = threading.Event()
    timer = threading.Timer(suite.limit_s, lambda: (late.set(), end_group(process)))
    timer.start()
    try:
        for line in process.stdout:
            count(line.rstrip("\n"), tally, skips, every)
        status = process.wait()
    finally:
        timer.cancel()
        end_group(process)
    trouble = None
    if late.is_set():
        trouble = f"ran longer than {suite.limit_s} s"
    elif status != 0 and tally.failed == 0:
        trouble = f"exit status {status} though no test failed"
    elif tally.passed + tally.failed + tally.skipped == 0:
        trouble = "ran no test"
    if trouble:
        tally.fail(f"FAIL {suite.name}: {trouble}")


class Builder:
    """Brings build folders up to date, one at a time, each target once a run."""

    def __init__(self):
        self.done = {}

    def __call__(self, folder, targets):
        key = (folder, targets)
        if key not in self.done:
            self.done[key] = self.configure(folder) and self.compile(folder, targets)
        return self.done[key]

    @staticmethod
    def step(command, folder):
        environment = {**os.environ, **BUILD_ENVIRONMENT.get(folder, {})}
        result = subprocess.run(command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, text=True, errors="replace")
        if result.returncode != 0:
            print(result.stdout[-12000:])
        return result.returncode == 0

    def configure(self, folder):
        if (ROOT / folder / "build.ninja").is_file():
            return True
        return self.step(["meson", "setup", folder, *BUILDS[folder]], folder)

    def compile(self, folder, targets):
        return self.step(["ninja", "-C", folder, "-j", JOBS, *targets], folder)


def run_suite(suite, build, skips, every):
    started = time.monotonic()
    tally = Tally(suite.name)
    if suite.build:
        if not build(suite.build, suite.targets):
            tally.fail(f"FAIL {suite.name}: {suite.build} does not build")
        elif not suite.command:
            tally.passed = 1
    tally.building = time.monotonic() - started
    if suite.command and tally.failed == 0:
        run_command(suite, tally, skips, every)
    tally.seconds = time.monotonic() - started
    print(f"== {suite.name}: {tally.passed} passed, {tally.failed} failed, {tally.skipped} skipped, "
          f"{tally.seconds:.1f} s (of which {tally.building:.1f} s to build)", flush=True)
    return tally


def summary(tallies):
    """All that matters once more, so that the end of a log says it: a table of the suites, and what failed."""
    wide = max(len(tally.suite) for tally in tallies)
    print(f"== {'suite':{wide}} {'passed':>7} {'failed':>7} {'skipped':>8} {'seconds':>8} {'to build':>9}")
    for tally in tallies:
        print(f"== {tally.suite:{wide}} {tally.passed:7} {tally.failed:7} {tally.skipped:8} {tally.seconds:8.1f} "
              f"{tally.building:9.1f}")
    for tally in tallies:
        for line in tally.failures:
            print(f"{tally.suite}: {line}")


def chosen(names):
    known = {suite.name: suite for suite in SUITES}
    if not names:
        return [suite for suite in SUITES if suite.by_default]
    if names == ["all"]:
        return SUITES
    names = [suite for name in names for suite in GROUPS.get(name, (name,))]
    unknown = [name for name in names if name not in known]
    if unknown:
        raise SystemExit(f"tests/run: no suite '{unknown[0]}'; there are: all {' '.join(known)}")
    return [known[name] for name in names]


def seeded(suite, seeds):
    """The suite with as many seeds as are asked for."""
    if seeds is None or "--seeds" not in suite.command:
        return suite
    at = suite.command.index("--seeds") + 1
    return dataclasses.replace(suite, command=[*suite.command[:at], str(seeds), *suite.command[at + 1:]])


def main():
    parser = argparse.ArgumentParser(prog="tests/run")
    parser.add_argument("suite", nargs="*", help="default: those that --list marks with *; all: every one")
    parser.add_argument("--list", action="store_true", help="names the suites and ends")
    parser.add_argument("--seeds", type=int, help="for suites that run worlds: how many of them")
    parser.add_argument("-v", "--verbose", action="store_true", help="shows tests that passed, too")
    options = parser.parse_args()
    if options.list:
        for suite in SUITES:
            print(f"{'*' if suite.by_default else ' '} {suite.name:10} {suite.about}")
        return 0
    suites = [seeded(suite, options.seeds) for suite in chosen(options.suite)]
    skips, build = expected_skips(), Builder()
    started = time.monotonic()
    tallies = [run_suite(suite, build, skips, options.verbose or (suite.shows_all and bool(options.suite)))
               for suite in suites]
    if len(tallies) > 1:
        summary(tallies)
    print(f"== {len(suites)} suites in {time.monotonic() - started:.1f} s, "
          f"{sum(tally.skipped for tally in tallies)} expected skips")
    passed, failed = sum(tally.passed for tally in tallies), sum(tally.failed for tally in tallies)
    print(f"{passed} passed, {failed} failed")
    return 0 if failed == 0 and passed > 0 else 1


if __name__ == "__main__":
    sys.exit(main())
