"""warmpath-load against a real daemon and simulated replicas: what it counts is what happened."""

import json
import subprocess

from fleet import MODEL, Settings, authority, flags
from harness import SLOW, check, equal, test
from http_client import request


def load(address, status=0, **options):
    """What warmpath-load reports of a run."""
    program = Settings.program("tools/load/warmpath-load")
    settings = {"json": True, "model": MODEL, "grace_seconds": 20, **options}
    ran = subprocess.run([program, authority(address), *flags(settings)], stdin=subprocess.DEVNULL, capture_output=True,
                         text=True, timeout=60 * SLOW, check=False)
    equal((ran.returncode, ran.stderr), (status, ""), f"status and stderr of warmpath-load ({ran.stdout[:2000]})")
    return json.loads(ran.stdout)


@test
def test_load_of_sessions_through_warmpath(case):
    daemon, replicas = case.pair(4)
    report = load(daemon.address, connections=8, requests=200, workload="sessions", reply_tokens=20)
    equal((report["sent"], report["ok"], report["failed"]), (200, 200, 0), "sent, complete and failed requests")
    equal(report["tokens"], 200 * 20, "tokens")
    equal(daemon.metrics().sum("warmpath_requests_total", outcome="completed"), 200, "what the daemon completed")
    told = sum(replica.metrics().sum("replica_cached_tokens_total") for replica in replicas)
    equal(report["cached_tokens"], told, "cached tokens, as the replicas count them")
    equal(report["times"]["gap"]["count"], 200 * 19, "gaps between tokens")


@test
def test_load_in_an_open_loop(case):
    daemon, _ = case.pair(2)
    report = load(daemon.address, rate=100, seconds=2, connections=100, workload="unique", system_tokens=50,
                  reply_tokens=4, whole=True, seed=3)
    equal(report["failed"], 0, f"failed requests ({report['first_flaw']})")
    check(140 <= report["sent"] <= 260, f"{report['sent']} Poisson arrivals in 2 s at 100 a second")


@test
def test_load_sees_a_dead_replica(case):
    daemon, replicas = case.pair(1, daemon={"no_health_checks": True})
    replicas[0].process.kill()
    report = load(daemon.address, status=3, requests=5, connections=1, seconds=30)
    equal((report["ok"], report["statuses"]), (0, {"502": 5}), "what came of five requests")


@test
def test_load_counts_what_replicas_break(case):
    """Every reply that a replica breaks off is one that the client sees cut, and no other is."""
    daemon, replicas = case.pair(2, fault="die=3,share=0.3", seed=5)
    report = load(daemon.address, status=3, connections=4, requests=100, workload="unique", system_tokens=20,
                  reply_tokens=10, check="shape")
    broken = sum(request(replica.address, "GET", "/debug/faults").json()["befallen"] for replica in replicas)
    check(10 < broken < 50, f"{broken} of 100 replies broken")
    equal((report["ok"], report["failures"]["cut"]), (100 - broken, broken), "complete and cut replies")


@test
def test_load_replays_a_trace(case):
    daemon, _ = case.pair(2)
    lines = [{"timestamp_us": 100_000 * number, "session": f"s{number % 3}", "input": f"{number % 3} talks " * 20,
              "output_tokens": 4} for number in range(30)]
    path = case.write("trace.jsonl", "".join(json.dumps(line) + "\n" for line in lines))
    report = load(daemon.address, trace=path, speed_up=5, connections=30)
    equal((report["sent"], report["ok"], report["tokens"]), (30, 30, 120), f"({report['first_flaw']})")
    check(report["timed_seconds"] >= 0.58, f"2.9 s of trace took {report['timed_seconds']} s at five times the speed")
