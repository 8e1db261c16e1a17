"""IPv6, names, several listeners."""

import socket

from chat import Stream, body, text_of, unique
from fleet import authority
from harness import Skip, check, equal, test, wait_until
from http_client import request

CHAT = "/v1/chat/completions"


def need_ipv6():
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError as error:
        raise Skip(f"no IPv6 loopback here: {error}") from None


@test
def test_ipv6_both_ways(case):
    need_ipv6()
    replica = case.replicas(1, listen_host="::1")[0]
    check(replica.address[0] == "::1", f"the replica listens on {replica.address}")
    daemon = case.warmpathd([replica], listen="[::1]:0", admin="[::1]:0")
    equal(daemon.address[0], "::1", "where warmpathd listens")
    prompt = unique()
    with Stream(daemon.address, body(prompt, 20)) as stream:
        equal(stream.read_all(), text_of(replica.ask(body(prompt, 20))), "the stream over IPv6")
        equal(stream.reply.header("x-warmpath-replica"), replica.key, "the replica's name")


@test
def test_ipv4_client_to_ipv6_replica(case):
    need_ipv6()
    replica = case.replicas(1, listen_host="::1")[0]
    daemon = case.warmpathd([replica])
    equal(daemon.post(body("hello", 1)).status, 200, "the status")


@test
def test_replica_by_name(case):
    replica = case.replicas(1)[0]
    daemon = case.warmpathd([f"http://localhost:{replica.address[1]}"])
    wait_until(lambda: daemon.metrics().sum("warmpath_replicas_pickable") == 1, 5, "the name being looked up")
    reply = daemon.post(body("hello", 1))
    equal((reply.status, reply.header("x-warmpath-replica")), (200, f"localhost:{replica.address[1]}"), "the reply")


@test
def test_name_that_nobody_knows(case):
    replica = case.replicas(1)[0]
    daemon = case.warmpathd([replica, "http://nowhere.invalid:8000"])
    for _ in range(8):
        served = daemon.post(body(unique(), 1)).header("x-warmpath-replica")
        equal(served, replica.key, "the replica that can be reached")
    wait_until(lambda: daemon.metrics().sum("warmpath_lookup_failures_total") > 0, 20, "the lookup having failed")


@test
def test_two_listeners(case):
    need_ipv6()
    replica = case.replicas(1)[0]
    daemon = case.warmpathd([replica], listen=["127.0.0.1:0", "[::1]:0"])
    for host in ("127.0.0.1", "::1"):
        address = next(address for address in daemon.addresses if address[0] == host)
        reply = request(address, "POST", CHAT, body("hello", 1))
        equal(reply.status, 200, f"the status at {authority(address)}")
