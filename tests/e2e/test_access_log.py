"""The access log of a daemon that serves: what its lines say, and what they never say."""

import json
import os
import re
import signal

from chat import Stream, body, unique
from harness import check, equal, test, wait_until
from http_client import Connection, message, request

CANARY = "canary-5f1c9f7e"


def logged(case, name="access.log"):
    path = os.path.join(case.directory, name)
    with open(path, encoding="ascii") as file:
        return [json.loads(line) for line in file]


def start(case, replicas=1, daemon=None, **options):
    log = os.path.join(case.directory, "access.log")
    return case.pair(replicas, daemon={"access_log": log, **(daemon or {})}, **options)


@test
def test_access_log_tells_each_request_once(case):
    daemon, (replica,) = start(case)
    equal(daemon.post(body(unique(), 3), headers={"X-Session-ID": "a"}).status, 200, "the status")
    with Stream(daemon.address, body(unique(), 10)) as stream:
        stream.read_all()
    equal(request(daemon.address, "GET", "/nowhere").status, 404, "an unknown path")
    with Connection(daemon.address) as bad:
        bad.send(b"GET / HTTP/1.1\r\nHost : a\r\n\r\n")
        equal(bad.read_reply().status, 400, "a bad header")
    equal(daemon.process.terminate(), 0, "the exit status")
    lines = sorted(logged(case), key=lambda line: line["time"])
    equal([line["status"] for line in lines], [200, 200, 404, 400], "the statuses")
    equal([line["termination"] for line in lines], ["--", "--", "PB", "PH"], "the terminations")
    whole, streamed, unknown, _ = lines
    equal((whole["path"], whole["model"], whole["replica"], whole["decision"], whole["attempts"]),
          ("chat_completions", "test-model", replica.key, "only_one", 1), "what a line says of its request")
    check(whole["session"] and not streamed["session"], "the session's hash")
    check(streamed["events"] >= 11 and streamed["reply_bytes"] > 0, "events and bytes of a stream")
    check(0 < streamed["first_byte_us"] <= streamed["total_us"], "the times of a stream")
    check(0 < streamed["own_us"] < streamed["total_us"], "the own time of a stream")
    equal(unknown["reason"], "unknown_path", "the reason of a refusal")


@test
def test_access_log_holds_no_secret(case):
    daemon, _ = start(case)
    headers = {"X-Session-ID": f"session-{CANARY}", "Authorization": f"Bearer {CANARY}", "X-Other": CANARY}
    equal(daemon.post(body(f"prompt {CANARY}", 2), headers=headers).status, 200, "the status")
    request(daemon.address, "GET", f"/nowhere?key={CANARY}", headers=headers)
    daemon.process.terminate()
    equal(len(logged(case)), 2, "lines")
    for name in os.listdir(case.directory):
        path = os.path.join(case.directory, name)
        if os.path.isfile(path):
            with open(path, "rb") as file:
                check(CANARY.encode() not in file.read() or name.startswith("replica"), f"a secret is in {name}")


@test
def test_access_log_is_rotated_under_load_without_a_loss(case):
    daemon, _ = start(case, 2)
    log = os.path.join(case.directory, "access.log")
    sent = 0
    with Connection(daemon.address) as connection:
        for turn in range(4):
            for _ in range(50):
                connection.send(message("GET", "/nowhere"))
                equal(connection.read_reply().status, 404, "the status")
                sent += 1
            if turn < 3:
                os.rename(log, f"{log}.{turn}")
                daemon.process.send(signal.SIGUSR1)
                wait_until(lambda: os.path.exists(log), 5, "the new file")
    daemon.process.terminate()
    found = sum(len(logged(case, name)) for name in ("access.log", *(f"access.log.{i}" for i in range(3))))
    equal(found, sent, "lines in all files")


@test
def test_access_log_names_who_ended_a_stream(case):
    daemon, (replica,) = start(case, decode_rate=50, daemon={"drain_seconds": "200ms"})
    with Stream(daemon.address, body(unique(), 2000)) as stream:
        stream.take(2)
        stream.connection.reset()
    wait_until(lambda: replica.metrics().sum("replica_cancelled_total") == 1, 5, "the replica being told")
    with Stream(daemon.address, body(unique(), 2000)) as stream:
        stream.take(2)
        daemon.process.terminate()
    equal([line["termination"] for line in logged(case)], ["CD", "KD"], "who ended the streams")


@test
def test_usr1_without_an_access_log_ends_nothing(case):
    daemon, _ = case.pair(1)
    daemon.process.send(signal.SIGUSR1)
    wait_until(lambda: "no access log" in daemon.process.err(), 5, "a line about it")
    equal(daemon.post(body("hello", 1)).status, 200, "the status afterwards")


@test
def test_access_log_on_standard_output_as_text(case):
    daemon, _ = case.pair(1, daemon={"access_log": "-", "access_log_format": "text"})
    equal(request(daemon.address, "GET", "/nowhere").status, 404, "the status")
    daemon.process.terminate()
    line = daemon.process.out().splitlines()[-1]
    check(re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+Z \d 127\.0\.0\.1:\d+ GET /nowhere 1\.1 404 PB unknown_path .*", line),
          f"not a line of the log: {line!r}")
