"""Reloads in quick succession, good and bad files in turn, while requests and streams run."""

import itertools
import threading
import time

from chat import Stream, body, unique
from fleet import MODEL
from harness import Failure, check, ticks
from http_client import Connection, message

INTERVAL = 0.2


def replica_rows(replicas, weights):
    return ", ".join(f'{{url = "{replica.url}", weight = {weight}}}' for replica, weight in zip(replicas, weights))


def good_files(replicas):
    """Files that differ in all that a reload may change; each serves the model. Without their first part."""
    first, second = replicas[: len(replicas) // 2 + 1], replicas[len(replicas) // 2 - 1:]
    return itertools.cycle([
        f'[[pool]]\nname = "a"\nreplica = [{replica_rows(first, itertools.repeat(100))}]\n',
        f'[timeouts]\nkeep_alive = "60s"\n[[pool]]\nname = "a"\nstrategy = "least-loaded"\n'
        f'replica = [{replica_rows(second, itertools.count(50, 25))}]\n',
        f'[[pool]]\nname = "a"\nload_factor = 2\nring_slots = 1024\ntimeouts = {{first_byte = "90s"}}\n'
        f'replica = [{replica_rows(first, itertools.repeat(100))}]\n'
        f'[[pool]]\nname = "b"\nhealth = {{enabled = false}}\nreplica = [{replica_rows(replicas[-1:], [100])}]\n'
        f'[[route]]\nmodel = "*"\npool = "a"\n[[route]]\nmodel = "{MODEL}*"\npool = "b"\n',
        f'[[pool]]\nname = "b"\nmodels = ["{MODEL}"]\nreplica = [{replica_rows(replicas, itertools.repeat(100))}]\n',
    ])


# What each adds to a good file, and the key that must be named.
BAD_PARTS = [
    ("[limits]\nbodie = 1\n", "limits.bodie"),
    ('[timeouts]\nhead = "soon"\n', "timeouts.head"),
    ('[limits]\nheaders = "many"\n', "limits.headers"),
    ("[limits]\nbody = 5000\nbody = 5000\n", "body"),
    ('[[route]]\nmodel = "m"\npool = "nowhere"\n', "nowhere"),
    ('[[pool]]\nname = "empty"\nmodels = ["m"]\n', "empty"),
    ("[limits]\nconnections = 77\n", "limits.connections"),
]


class Load:
    """Clients on threads of their own, until stop(). Every failure is kept."""

    def __init__(self, address, plain, streams):
        self.address = address
        self.requests = self.tokens = 0
        self.failures = []
        self.lock = threading.Lock()
        self.stopping = threading.Event()
        self.threads = [threading.Thread(target=self.run, args=(self.plain,)) for _ in range(plain)]
        self.threads += [threading.Thread(target=self.run, args=(self.stream,)) for _ in range(streams)]
        for thread in self.threads:
            thread.start()

    def run(self, client):
        try:
            client()
        except (Failure, OSError) as error:
            with self.lock:
                self.failures.append(f"{client.__name__}: {error}")

    def plain(self):
        """Keep-alive, one request after the other."""
        with Connection(self.address, 20) as connection:
            while not self.stopping.is_set():
                connection.send(message("POST", "/v1/chat/completions", body(unique(), 4)))
                reply = connection.read_reply("POST")
                check(reply.status == 200, f"status {reply.status}: {reply.body[:200]!r}")
                with self.lock:
                    self.requests += 1

    def stream(self):
        """Streams that outlive several reloads each."""
        while not self.stopping.is_set():
            with Stream(self.address, body(unique(), 100), seconds=20) as stream:
                stream.read_all()
                check(len(stream.pieces) == 100, f"a stream of {len(stream.pieces)} tokens")
            with self.lock:
                self.requests += 1
                self.tokens += 100

    def stop(self):
        self.stopping.set()
        for thread in self.threads:
            thread.join()


def storm(case, seconds, plain=6, streams=8):
    """Runs it and checks that nothing was hurt. Returns one line of figures."""
    replicas = case.replicas(5, decode_rate=200)
    goods, bads = good_files(replicas), itertools.cycle(BAD_PARTS)
    base = next(goods)
    daemon = case.configured(base)
    load = Load(daemon.address, plain, streams)
    accepted = refused = 0
    slowest = 0.0
    try:
        with daemon.control() as control:
            for number in ticks(INTERVAL, int(seconds / INTERVAL)):
                part, key = next(bads) if number % 2 else ("", None)
                daemon.configure(base + part if key else next(goods))
                began = time.monotonic()
                control.send(message("POST", "/config/reload", {}))
                reply = control.read_reply("POST")
                slowest = max(slowest, time.monotonic() - began)
                if key is None:
                    check(reply.status == 200, f"a good file was refused: {reply.body!r}")
                    accepted += 1
                else:
                    problems = reply.json().get("problems", [])
                    named = [line for line in problems if key in line and line.startswith(daemon.config_path)]
                    check(reply.status in (400, 409) and named, f"{key}: {reply.status} {reply.body!r}")
                    refused += 1
    finally:
        load.stop()
    check(not load.failures, f"{len(load.failures)} of {load.requests} requests failed, first: {load.failures[:3]}")
    metrics = daemon.metrics()
    counted = metrics.by("warmpath_config_reloads_total", "result")
    check(counted["applied"] == accepted, f"{counted} for {accepted} good files")
    check(counted["invalid"] + counted["needs_restart"] == refused, f"{counted} for {refused} bad files")
    check(load.requests > 0 and load.tokens > 0, "nothing was served")
    return (f"{accepted} good and {refused} bad files in {seconds:g} s, {load.requests} requests and "
            f"{load.tokens} streamed tokens, 0 failed, slowest reload {slowest * 1000:.1f} ms")
