"""Clients that go away, and clients that do nothing."""

import statistics
import time

from chat import Stream, body, long_text, unique
from harness import SLOW, check, equal, test, wait_until
from http_client import Connection, message
from sdk import cancelled_after

CHAT = "/v1/chat/completions"


def gone_while_streaming(case, leave):
    daemon, (replica,) = case.pair(1, decode_rate=100)
    stream = Stream(daemon.address, body(unique(), 5000))
    stream.take(3)
    left = time.monotonic_ns()
    leave(stream.connection)
    cancelled_after(replica, left)
    stream.close()
    equal(daemon.post(body(unique(), 1)).status, 200, "the next client's status")


def gone_while_waiting(case, leave):
    daemon, (replica,) = case.pair(1, prefill_rate=100)
    connection = Connection(daemon.address)
    connection.send(message("POST", CHAT, body(long_text(5000), 1)))
    wait_until(replica.events, 5, "the request reaching the replica")
    left = time.monotonic_ns()
    leave(connection)
    cancelled_after(replica, left)
    connection.close()
    equal(daemon.metrics().sum("warmpath_requests_total", outcome="completed"), 0, "completed requests")


@test
def test_fin_in_mid_stream_cancels(case):
    gone_while_streaming(case, Connection.finish)


@test
def test_close_in_mid_stream_cancels(case):
    gone_while_streaming(case, Connection.close)


@test
def test_reset_in_mid_stream_cancels(case):
    gone_while_streaming(case, Connection.reset)


@test
def test_fin_while_pending_cancels(case):
    gone_while_waiting(case, Connection.finish)


@test
def test_reset_while_pending_cancels(case):
    gone_while_waiting(case, Connection.reset)


@test
def test_client_gone_in_mid_body(case):
    daemon, (replica,) = case.pair(1)
    connection = Connection(daemon.address)
    connection.send(message("POST", CHAT, body("hello", 1))[:-3])
    connection.close()
    equal(daemon.post(body("hello", 1)).status, 200, "the next client's status")
    equal(len([event for event in replica.events() if event["event"] == "arrive"]), 1, "requests at the replica")
    wait_until(lambda: daemon.metrics().sum("warmpath_clients") == 0, 5, "the half request's connection being gone")


@test
def test_pipelined_client_that_leaves(case):
    daemon, (replica,) = case.pair(1, decode_rate=100)
    with Connection(daemon.address) as connection:
        connection.send(message("POST", CHAT, body(unique(), 5000, stream=True)) * 4)
        wait_until(replica.events, 5, "the first request reaching the replica")
    wait_until(lambda: replica.metrics().sum("replica_cancelled_total") >= 1, 5, "the abort")
    wait_until(lambda: replica.metrics().sum("replica_requests_running") == 0, 5, "the replica being free")


def median_latency(daemon, count=150):
    times = []
    with Connection(daemon.address) as connection:
        for _ in range(count):
            began = time.monotonic()
            connection.send(message("POST", CHAT, body("hello", 1)))
            equal(connection.read_reply().status, 200, "the status of the unaffected client")
            times.append(time.monotonic() - began)
    return statistics.median(times)


@test
def test_1000_stalled_connections_slow_nobody(case):
    daemon, _ = case.pair(2, max_running=512, ttft_overhead_ms=0)
    before = median_latency(daemon)
    stalled = []
    try:
        for number in range(1000):
            connection = Connection(daemon.address, receive_buffer=4096)
            stalled.append(connection)
            if number % 2 == 0:
                connection.send(b"POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nX-Half: ")
            elif number % 10 == 1:  # a long stream that is asked for and never read
                connection.send(message("POST", CHAT, body(unique(), 2000, stream=True)))
            else:
                connection.send(message("POST", CHAT, body(unique(), 1))[:-2])
        wait_until(lambda: daemon.metrics().sum("warmpath_clients") >= 1000, 20, "a thousand connections being open")
        wait_until(daemon.still, 30, "the streams that nobody reads coming to a halt")
        after = median_latency(daemon)
    finally:
        for connection in stalled:
            connection.close()
    limit = max(3 * before, before + 0.002 * SLOW)
    check(after < limit, f"the median latency went from {before * 1000:.2f} to {after * 1000:.2f} ms")
