"""The real warmpathctl against a real daemon."""

import os
import re

from chat import Stream, body, unique
from ctl import DONE, NOT_IN_TIME, REFUSED, UNREACHABLE, USAGE, Ctl
from fleet import authority
from harness import check, equal, test, wait_until


def rows(text):
    """A table's lines as lists of words, without its head."""
    return [re.split(r"\s{2,}", line.strip()) for line in text.splitlines()[1:]]


@test
def test_ctl_status(case):
    daemon, _ = case.pair(2)
    ctl = Ctl(daemon)
    equal(daemon.post(body("hello", 1)).status, 200, "the status of a request")
    status = ctl.json("status")
    equal(status["pid"], daemon.process.pid, "the daemon's process")
    equal((status["replicas"]["total"], status["replicas"]["up"], status["draining"]), (2, 2, False), "the replicas")
    equal(len(status["shards"]), 2, "the shards")
    check(0 <= status["uptime_seconds"] < 600, f"an uptime of {status['uptime_seconds']} s")
    check(status["resident_bytes"] > 1 << 20, f"{status['resident_bytes']} bytes of memory")
    equal(status["pools"][0]["name"], "default", "the pool")
    text = ctl.ok("status")
    check("serving" in text and "2: 2 up" in text and "all turn" in text, f"the status says: {text}")
    check("\x1b" not in text, "colour where no terminal is")


@test
def test_ctl_changes_replicas(case):
    daemon, (first, second) = case.pair(2)
    third = case.replicas(1)[0]
    ctl = Ctl(daemon)
    equal(ctl.ok("replicas", "add", third.url, "--weight", "50", "--priority", "1"),
          f"{third.key} is added, weight 50\n", "what an addition says")
    listed = {row[0]: row[1:] for row in rows(ctl.ok("replicas", "list"))}
    equal(sorted(listed), sorted(r.key for r in (first, second, third)), "the replicas listed")
    equal(listed[third.key][2:4], ["50", "1"], "weight and priority of the new one")
    equal(ctl.ok("replicas", "weight", first.key, "7"), f"{first.key} has weight 7\n", "what a weight says")
    equal(ctl.ok("replicas", "drain", first.url, second.key), f"{first.key} is drained\n{second.key} is drained\n",
          "what a drain says")
    equal(daemon.post(body(unique(), 1)).header("x-warmpath-replica"), third.key, "the only one left")
    equal(ctl.ok("replicas", "undrain", first.key), f"{first.key} is up\n", "what its end says")
    equal(ctl.ok("replicas", "remove", second.key, third.key), f"{second.key} is removed\n{third.key} is removed\n",
          "what a removal says")
    equal([(r["name"], r["weight"], r["state"]) for r in ctl.json("replicas", "list")["replicas"]],
          [(first.key, 7, "up")], "what is left")
    ctl.ok("replicas", "remove", first.key)
    check("no replicas; add one" in ctl.ok("replicas", "list"), "an empty list says how to fill it")


@test
def test_ctl_drain_waits(case):
    daemon, replicas = case.pair(2, decode_rate=100)
    ctl = Ctl(daemon)
    with Stream(daemon.address, body(unique(), 100)) as stream:
        stream.take(2)
        own = next(replica for replica in replicas if replica.name == stream.reply.header("x-replica-name"))
        ran = ctl.run("replicas", "drain", own.key, "--wait", "1ms")
        equal(ran.returncode, NOT_IN_TIME, "the exit status when the time is over")
        check("still has 1 stream after 1ms" in ran.stderr, f"it complains: {ran.stderr}")
        equal(ctl.ok("replicas", "drain", own.key, "--wait", "30s"),
              f"{own.key} drains, with 1 stream to finish\n{own.key} is drained\n", "what the wait says")
        equal(ctl.json("replicas", "list")["replicas"][replicas.index(own)]["streams"], 0, "streams when it is over")
        stream.read_all()


@test
def test_ctl_metrics(case):
    daemon, _ = case.pair(1)
    ctl = Ctl(daemon)
    equal(daemon.post(body("hello", 1)).status, 200, "the status of a request")
    equal(rows(ctl.ok("metrics", "warmpath_requests_total", "--nonzero")),
          [['warmpath_requests_total{outcome="completed"}', "1"]], "one series")
    check(not any("_bucket" in line for line in ctl.ok("metrics").splitlines()), "buckets, though not asked for")
    check("# TYPE warmpath_requests_total counter" in ctl.ok("metrics", "--raw"), "the text as it is")


@test
def test_ctl_exit_statuses(case):
    daemon, (replica,) = case.pair(1)
    ctl = Ctl(daemon)
    check("there is no replica 10.9.9.9:1" in ctl.fails(REFUSED, "replicas", "drain", "10.9.9.9:1"), "an unknown one")
    check("already" in ctl.fails(REFUSED, "replicas", "add", replica.url), "one that is there")
    check("1 to 1000" in ctl.fails(REFUSED, "replicas", "weight", replica.key, "1001"), "a weight out of range")
    check("did you mean status" in ctl.fails(USAGE, "stauts"), "a mistyped command")
    equal(ctl.run().returncode, USAGE, "no command")
    equal(ctl.run("--help").returncode, DONE, "help")
    missing = os.path.join(case.directory, "nothing")
    check("start it with --control-socket" in Ctl(daemon, "--socket", missing).fails(UNREACHABLE, "status"),
          "nobody there")
    daemon.process.terminate()
    ctl.fails(UNREACHABLE, "status")


@test
def test_ctl_reads_over_the_admin_address(case):
    daemon, (replica,) = case.pair(1)
    ctl = Ctl(daemon, "--address", authority(daemon.admin))
    equal(ctl.json("status")["replicas"]["up"], 1, "the status over TCP")
    equal(rows(ctl.ok("replicas", "list"))[0][0], replica.key, "the list over TCP")
    check("control socket" in ctl.fails(REFUSED, "replicas", "drain", replica.key), "a change over the admin address")


@test
def test_ctl_finds_its_socket_in_the_environment(case):
    daemon, _ = case.pair(1)
    os.environ["WARMPATH_SOCKET"] = daemon.socket_path
    try:
        wait_until(lambda: Ctl(daemon, "status").run().returncode == DONE, 5, "an answer")
    finally:
        del os.environ["WARMPATH_SOCKET"]
