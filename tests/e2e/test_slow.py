"""Slow clients: what they hold is bounded, they are let go first, and who is honest is served meanwhile."""

from chat import Stream, body, unique
from harness import SLOW, check, equal, test, wait_until

# Pools that a few hundred connections fill.
SMALL = {"shards": 1, "max_connections": 120, "max_heads": 48, "max_requests": 100}


def settled(daemon):
    wait_until(lambda: daemon.metrics().sum("warmpath_clients") <= 1, 40, "the slow connections being gone")
    wait_until(lambda: daemon.metrics().sum("warmpath_pool_used", pool="heads") == 0, 10, "every slot being free")


def attack(case, name, path, *arguments):
    """slowhttptest with 300 connections against a daemon that holds 120, and honest requests beside it."""
    daemon, _ = case.pair(1, daemon=SMALL)
    limit = daemon.process.resident_bytes() + daemon.metrics().sum("warmpath_pool_limit_bytes")
    command = ["slowhttptest", *arguments, "-c", "300", "-r", "150", "-l", "6", "-p", "5", "-u", daemon.url + path]
    process = case.start(name, command)
    wait_until(lambda: daemon.metrics().sum("warmpath_clients_accepted_total") >= 150, 20, "the attack")
    sizes = []
    for number in range(20):
        reply = daemon.post(body(unique(), 4), seconds=10)
        equal(reply.status, 200, f"the status of honest request {number}")
        sizes.append(daemon.process.resident_bytes())
    with Stream(daemon.address, body(unique(), 1000), seconds=30) as stream:
        stream.read_all()
    process.wait(30)
    metrics = daemon.metrics()
    check(max(sizes) <= limit * SLOW, f"{max(sizes)} bytes in memory where the pools allow {limit:.0f}")
    settled(daemon)
    return metrics


def shed(metrics):
    return {reason: count for reason, count in metrics.by("warmpath_reasons_total", "reason").items()
            if reason.startswith("shed_") and count > 0}


@test
def test_slow_heads(case):
    metrics = attack(case, "slow-heads", "/v1/models", "-H", "-i", "1")
    check(shed(metrics).get("shed_head", 0) > 0, f"half heads made no room: {shed(metrics)}")


@test
def test_slow_bodies(case):
    metrics = attack(case, "slow-bodies", "/v1/chat/completions", "-B", "-i", "1", "-s", "4000")
    check(sum(shed(metrics).values()) > 0, f"nobody made room: {shed(metrics)}")
    equal(metrics.sum("warmpath_reasons_total", reason="no_connection_slot"), 0, "connections refused")


@test
def test_slow_readers(case):
    metrics = attack(case, "slow-readers", "/v1/models", "-X", "-w", "8", "-y", "16", "-n", "1", "-z", "4", "-k", "3")
    check(sum(shed(metrics).values()) > 0, f"nobody made room: {shed(metrics)}")
