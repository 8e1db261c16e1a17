"""What every test uses: the list of tests, conditions with a deadline, and child processes that are always ended.

Nothing sleeps to let something happen: a test waits for a condition. `wait_until` holds the only pause of the suite.
"""

import fnmatch
import os
import select
import signal
import subprocess
import time

# How many times slower the build under test may be than a release build: limits in time are multiplied by it.
SLOW = float(os.environ.get("WARMPATH_SLOW", "1"))

TESTS = []


class Failure(AssertionError):
    """What the product did wrong, in one sentence."""


class Skip(Exception):
    """Why this machine cannot run the test."""


def test(function):
    """Registers a test under the function's name without its `test_`."""
    TESTS.append((function.__name__.removeprefix("test_"), function))
    return function


def selected(pattern):
    return [(name, function) for name, function in TESTS if pattern is None or fnmatch.fnmatch(name, pattern)]


def check(condition, message):
    if not condition:
        raise Failure(message)


def equal(actual, expected, what):
    check(actual == expected, f"{what}: {actual!r} where {expected!r} was expected")


def wait_until(condition, seconds=5.0, what="the condition", detail=None):
    """Asks until `condition()` is true and returns what it gave; fails after `seconds` (times SLOW)."""
    deadline = time.monotonic() + seconds * SLOW
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            more = f" ({detail()})" if detail else ""
            raise Failure(f"{what} did not come true within {seconds * SLOW:g} s{more}")
        select.select([], [], [], 0.002)


def ticks(interval, count):
    """Yields `count` times, `interval` seconds apart: a pace is what is tested here, not a wait for something."""
    begin = time.monotonic()
    for number in range(count):
        due = begin + number * interval
        while (left := due - time.monotonic()) > 0:
            select.select([], [], [], left)
        yield number


class Process:
    """A child of the suite. Its output goes to files, so that it can never block on a pipe that nobody reads."""

    def __init__(self, name, arguments, directory):
        self.name = name
        self.arguments = arguments
        self.out_path = os.path.join(directory, f"{name}.out")
        self.err_path = os.path.join(directory, f"{name}.err")
        with open(self.out_path, "wb") as out, open(self.err_path, "wb") as err:
            self.child = subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=out, stderr=err)
        self.ended_by_test = False  # else it must live until the test is over

    @property
    def pid(self):
        return self.child.pid

    def out(self):
        with open(self.out_path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def err(self):
        with open(self.err_path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def running(self):
        return self.child.poll() is None

    def wait_for_output(self, ready, seconds=10.0):
        """Waits until `ready(output)` gives something true, failing at once when the process has ended."""

        def look():
            value = ready(self.out())
            if not value and not self.running():
                status = self.child.returncode
                raise Failure(f"{self.name} ended with {status} before it was ready: {self.last_words()}")
            return value

        return wait_until(look, seconds, f"{self.name} being ready", self.last_words)

    def send(self, signum):
        self.child.send_signal(signum)

    def wait(self, seconds=10.0):
        """The exit status; a process that does not end is killed and the test fails."""
        self.ended_by_test = True
        try:
            return self.child.wait(seconds * SLOW)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()
            raise Failure(f"{self.name} did not end within {seconds * SLOW:g} s") from None

    def terminate(self, seconds=10.0):
        if self.running():
            self.send(signal.SIGTERM)
        return self.wait(seconds)

    def kill(self):
        self.ended_by_test = True
        if self.running():
            self.child.kill()
        self.child.wait()

    def last_words(self, lines=15):
        tail = self.err().strip().splitlines()[-lines:]
        return " | ".join(tail) or "nothing on its stderr"

    def resident_bytes(self):
        with open(f"/proc/{self.pid}/status", encoding="ascii") as file:
            for line in file:
                if line.startswith("VmRSS:"):
                    return int(line.split()[1]) * 1024
        raise Failure(f"{self.name} has no VmRSS")


SANITIZER_MARKS = ("Sanitizer", "runtime error:", "assertion failed")


def report_in(text):
    """The first lines of a sanitizer's or an assertion's report in `text`, or None."""
    lines = text.splitlines()
    for number, line in enumerate(lines):
        if any(mark in line for mark in SANITIZER_MARKS):
            return "\n".join(lines[number : number + 30])
    return None
