"""What a daemon leaves when it dies, and what warmpathctl makes of it."""

import glob
import json
import os
import signal
import threading

from chat import body
from ctl import Ctl
from harness import check, equal, test, wait_until
from http_client import Connection, Cut, message

CANARY = "canary-7d02b4aa"


def postmortems(case):
    return sorted(glob.glob(os.path.join(case.directory, "postmortem-*.wpf")))


def read(case, path, *arguments):
    ctl = Ctl(case.daemons[0])
    return json.loads(ctl.ok("postmortem", path, "--json", *arguments))


def load(daemon, stop):
    """Requests on one connection until `stop`, or until the daemon is gone."""
    try:
        while not stop.is_set():
            with Connection(daemon.address) as connection:
                for _ in range(20):
                    headers = {"X-Session-ID": CANARY, "Authorization": f"Bearer {CANARY}"}
                    connection.send(message("POST", "/v1/chat/completions", body(f"{CANARY} tell me", 2), headers))
                    connection.read_reply()
    except (OSError, Cut):
        pass


@test
def test_postmortem_of_a_daemon_killed_under_load(case):
    daemon, _ = case.pair(2, daemon={"postmortem_dir": case.directory})
    stop = threading.Event()
    clients = [threading.Thread(target=load, args=(daemon, stop)) for _ in range(8)]
    for client in clients:
        client.start()
    try:
        wait_until(lambda: daemon.metrics().sum("warmpath_requests_total", outcome="completed") > 300, 30, "some load")
        daemon.process.send(signal.SIGSEGV)
        status = daemon.process.wait()
    finally:
        stop.set()
        for client in clients:
            client.join()
    equal(status, -signal.SIGSEGV, "it died of the signal it got")
    found = postmortems(case)
    equal(len(found), 1, "postmortem files")
    report = read(case, found[0])
    equal((report["signal_name"], report["cut"], report["shards"]), ("SIGSEGV", False, 2), "what the file says")
    check(report["registers"] and report["frames"] and report["build_id"], "registers, frames and build")
    for shard in (0, 1):
        kinds = {event["kind"] for event in report["events"] if event["shard"] == shard}
        wanted = {"request", "picked", "replying", "completed"}
        check(wanted <= kinds, f"shard {shard} shows only {kinds}")
        newest = min(event["before_end_ns"] for event in report["events"] if event["shard"] == shard)
        check(newest < 2_000_000_000, f"the newest event of shard {shard} is {newest} ns old")
    story = next(event["exchange"] for event in reversed(report["events"]) if event["kind"] == "completed")
    one = read(case, found[0], "--exchange", story, "--last", "50")["events"]
    check({event["exchange"] for event in one} == {story} and one[-1]["time"] >= one[0]["time"], "one exchange's story")
    text = Ctl(daemon).ok("postmortem", found[0], "--last", "5")
    check("SIGSEGV" in text and text.count("  client ") == 5, f"the text: {text[-400:]}")
    with open(found[0], "rb") as file:
        check(CANARY.encode() not in file.read(), "a prompt, session or credential is in the file")


@test
def test_postmortem_on_request_goes_on_serving(case):
    daemon, _ = case.pair(1, daemon={"postmortem_dir": case.directory})
    equal(daemon.post(body("hello", 1)).status, 200, "the status before")
    for count in (1, 2):
        daemon.process.send(signal.SIGUSR2)
        wait_until(lambda: daemon.process.err().count("postmortem written") == count, 5, "the line about it")
    equal(len(postmortems(case)), 2, "files")
    report = read(case, postmortems(case)[0])
    equal(report["signal"], 0, "nobody died")
    check(any(event["kind"] == "completed" for event in report["events"]), "the request is in it")
    equal(daemon.post(body("hello", 1)).status, 200, "the status afterwards")


@test
def test_postmortem_refuses_other_files(case):
    daemon, _ = case.pair(1)
    path = os.path.join(case.directory, "other")
    with open(path, "wb") as file:
        file.write(b"nothing of the kind" * 200)
    check("no postmortem file" in Ctl(daemon).fails(5, "postmortem", path), "what it says of another file")
    check("cannot read" in Ctl(daemon).fails(2, "postmortem", path + "-gone"), "what it says of no file")
