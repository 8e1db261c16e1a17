"""The exposition as Prometheus' own tool judges it."""

import subprocess

from chat import Stream, body, unique
from harness import SLOW, check, equal, test
from http_client import Connection, request


def promtool(text):
    return subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, timeout=30 * SLOW,
                          check=False)


@test
def test_promtool_finds_nothing_to_say(case):
    daemon, replicas = case.pair(3, daemon={"access_log": "/dev/null"})
    for number in range(5):
        equal(daemon.post(body(unique(), 2), headers={"X-Session-ID": str(number)}).status, 200, "the status")
    with Stream(daemon.address, body(unique(), 10)) as stream:
        stream.read_all()
    request(daemon.address, "GET", "/nowhere")
    with Connection(daemon.address) as bad:
        bad.send(b"GET / HTTP/1.1\r\nHost : a\r\n\r\n")
        bad.read_reply()
    first = daemon.admin_get("/metrics").body
    for number in range(30):
        added = f"http://127.0.0.1:{20_000 + number}"
        daemon.add(added)
        with daemon.control() as control:
            control.call("DELETE", f"/replicas/127.0.0.1:{20_000 + number}")
    last = daemon.admin_get("/metrics").body
    for text in (first, last):
        judged = promtool(text)
        equal((judged.returncode, judged.stdout + judged.stderr), (0, b""), "promtool check metrics")
    check(abs(last.count(b"\n") - first.count(b"\n")) < 20, "replicas that have left still have series: "
          f"{first.count(chr(10).encode())} lines before, {last.count(chr(10).encode())} after")
    metrics = daemon.metrics()
    check(metrics.sum("warmpath_own_time_seconds_count") >= 8, "own times")
    check(metrics.sum("warmpath_own_time_seconds_sum") > 0, "their sum")
    check(metrics.matching("warmpath_own_time_seconds_bucket", le="1e-06"), "a bucket of one microsecond")
    check(metrics.sum("warmpath_stream_gap_seconds_count") > 0, "gaps between pieces of the stream")
    equal(metrics.sum("warmpath_time_to_first_byte_seconds_count", decision="session"), 5, "first bytes by decision")
    check(metrics.sum("warmpath_prompt_tokens_total", decision="session") > 0, "prompt tokens by decision")
    check(metrics.sum("warmpath_turn_seconds_count") >= 8, "turns that moved a request")
    equal(metrics.sum("warmpath_room_wait_seconds_count"), 0, "waits for room in a shard with plenty of it")
    equal(len(replicas), 3, "replicas")
