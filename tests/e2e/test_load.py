"""warmpath-load against a real daemon and simulated replicas: what it counts is what happened."""

import json
import subprocess

from fleet import MODEL, Settings, authority, flags
from harness import SLOW, check, equal, test


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
