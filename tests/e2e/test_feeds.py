"""What engines show of themselves: read by warmpath-feeds, and what a pick knows by it."""

import json
import os
import re
import signal

from chat import body, long_text, unique
from ctl import Ctl
from fleet import pool
from harness import check, equal, test, wait_until
from http_client import request

UNCHECKED = "health = {enabled = false}"


def feeds(fresh="6s"):
    return f'[feeds]\nrun = true\ninterval = "100ms"\nfresh = "{fresh}"\n'


def explained(case, daemon, question, *arguments):
    """The candidates by their names, and what a person is shown."""
    path = case.write("question.json", question)
    ctl = Ctl(daemon)
    found = ctl.json("route", "explain", path, *arguments)
    return {candidate["replica"]: candidate for candidate in found["candidates"]}, ctl.ok(
        "route", "explain", path, *arguments)


def processes_of_feeds(daemon):
    return [int(pid) for pid in re.findall(r"warmpath-feeds is process (\d+)", daemon.process.err())]


def knowledge(daemon, replica):
    return daemon.replica(replica)["knowledge"]


@test
def test_feeds_show_each_replica_as_it_is_known(case):
    plain, = case.replicas(1, model="blind", name_prefix="plain")
    counting, = case.replicas(1, model="counters", name_prefix="counting", engine="vllm", kv_tokens=64_000)
    telling, = case.replicas(1, model="receipts", name_prefix="telling", engine="sglang", engine_metrics=True,
                             cache_report=True)
    pools = {"blind": plain, "counters": counting, "receipts": telling}
    daemon = case.configured(feeds() + "".join(
        pool(name, [replica], f'models = ["{name}"]\n{UNCHECKED}') for name, replica in pools.items()))
    prompt = long_text(600, unique())
    for name in pools:
        for _ in range(2):
            equal(daemon.post(body(prompt, 2, model=name)).status, 200, f"the status of {name}")
    for name, replica in pools.items():
        wait_until(lambda: knowledge(daemon, replica) == name, 10, f"{replica.name} being known by {name}",
                   lambda: str(daemon.replica(replica)))
        question = '{"model": "%s", "messages": [{"role": "user", "content": "hello"}]}' % name
        candidates, text = explained(case, daemon, question)
        equal(candidates[replica.key]["knowledge"], name, "the mode in the explanation")
        check(name in text.splitlines()[-1], f"no word of {name} in {text.splitlines()[-1]!r}")
        equal(candidates[replica.key]["report"] is None, name == "blind", "whether there is no report")
    equal(candidates[telling.key]["report"]["fresh"], True, "whether the report is fresh")
    equal(daemon.replica(counting)["report"]["kv_tokens"], 64_000, "the size of the cache as it was reported")
    wait_until(lambda: daemon.metrics().sum("warmpath_replica_cache_tokens", replica=counting.key) == 64_000, 5,
               "the size of the cache being used")
    metrics = daemon.metrics()
    equal(metrics.by("warmpath_replica_knowledge", "by", replica=counting.key),
          {"blind": 0, "counters": 1, "receipts": 0, "untold": 0, "precise": 0}, "the modes in the metrics")
    check(metrics.sum("warmpath_replica_report_age_seconds", replica=counting.key) < 60, "an age of minutes")
    equal(metrics.sum("warmpath_reports_total", result="refused"), 0, "refused reports")
    status = Ctl(daemon).json("status")["knowledge"]
    equal((status["blind"], status["counters"], status["receipts"]), (1, 1, 1), "replicas by how they are known")
    check("no engine's metrics are on the page" in daemon.process.err(), "a page without metrics is not told of")


@test
def test_feeds_notice_an_engine_that_was_restarted(case):
    """Without receipts and without health checks nothing but its counters tells that its cache is empty."""
    replicas = [case.replicas(1, name_prefix=f"replica{number}", engine="vllm")[0] for number in range(2)]
    daemon = case.configured(feeds() + pool("default", replicas, UNCHECKED))
    prompt = long_text(2000, unique())
    homes = {daemon.post(body(prompt, 2)).header("x-warmpath-replica") for _ in range(3)}
    equal(len(homes), 1, "replicas that one prompt went to")
    home = next(replica for replica in replicas if replica.key in homes)
    asked = home.metrics().sum("vllm:prefix_cache_queries_total")
    wait_until(lambda: ((daemon.replica(home)["report"] or {}).get("prefix_queries") or 0) >= asked, 10,
               "the requests being reported", lambda: str(daemon.replica(home)))
    question = json.dumps(body(prompt, 2))
    candidates, _ = explained(case, daemon, question)
    equal(candidates[home.key]["knowledge"], "counters", "how the replica is known")
    check(candidates[home.key]["cached_tokens"] > 1000, f"not believed to hold the prompt: {candidates[home.key]}")
    home.process.kill()
    case.replicas(1, name_prefix="again", port=home.address[1], engine="vllm")
    wait_until(lambda: daemon.metrics().sum("warmpath_engine_restarts_total") == 1, 20, "the restart being noticed",
               lambda: str(daemon.replica(home)))
    candidates, _ = explained(case, daemon, question)
    equal(candidates[home.key]["cached_tokens"], 0, "tokens that a fresh engine is believed to hold")
    equal(daemon.post(body(prompt, 2)).status, 200, "the status behind it")


@test
def test_feeds_that_hang_or_die_cost_freshness_and_nothing_else(case):
    replica, = case.replicas(1, engine="vllm")
    daemon = case.configured(feeds("1s") + pool("default", [replica], UNCHECKED))

    def serve():
        equal(daemon.post(body(unique(), 2)).status, 200, "the status of a request")

    wait_until(lambda: knowledge(daemon, replica) == "counters", 10, "the counters being reported")
    first, = processes_of_feeds(daemon)
    os.kill(first, signal.SIGSTOP)
    try:
        wait_until(lambda: knowledge(daemon, replica) == "blind", 10, "the last report being too old")
        serve()
        check(daemon.replica(replica)["report"]["age_seconds"] >= 1, "the age of what is not used any more")
        equal(daemon.replica(replica)["report"]["fresh"], False, "whether it is fresh")
        wait_until(lambda: daemon.metrics().sum("warmpath_reports_dry_total") == 1, 10, "that being counted")
    finally:
        os.kill(first, signal.SIGCONT)
    wait_until(lambda: knowledge(daemon, replica) == "counters", 10, "the counters being reported again")
    os.kill(first, signal.SIGKILL)
    serve()
    wait_until(lambda: len(processes_of_feeds(daemon)) == 2, 10, "another process being started")
    serve()
    wait_until(lambda: daemon.replica(replica)["report"]["sequence"] >= 1
               and knowledge(daemon, replica) == "counters", 10, "its reports being taken")
    metrics = daemon.metrics()
    equal(metrics.sum("warmpath_feeds_starts_total"), 2, "starts of warmpath-feeds")
    equal(metrics.sum("warmpath_feeds_running"), 1, "processes of it that run")
    equal(metrics.sum("warmpath_engine_restarts_total"), 0, "engines taken to have started anew")
    second = processes_of_feeds(daemon)[-1]
    equal(daemon.process.terminate(), 0, "the exit status")
    check(not os.path.exists(f"/proc/{second}"), "warmpath-feeds outlived its warmpathd")


@test
def test_feeds_of_anyone_are_taken_over_the_control_socket(case):
    replica, = case.replicas(1)
    daemon = case.configured(pool("default", [replica], UNCHECKED))
    report = {"replica": replica.key, "sequence": 1, "waiting": 3, "prefix_queries": 10, "prefix_hits": 5}
    envelope = {"version": 1, "reporter": "test", "reports": [report, {**report, "replica": "nobody:1"}]}
    with daemon.control() as control:
        reply = control.post_text("/v1/reports", json.dumps(envelope))
    equal((reply.status, reply.json()["taken"]), (422, 1), "status and reports taken")
    equal(reply.json()["refused"], [{"index": 1, "replica": "nobody:1", "error": "there is no replica nobody:1"}],
          "what is refused")
    equal(daemon.replica(replica)["report"]["waiting"], 3, "what was told")
    equal(request(daemon.admin, "POST", "/v1/reports", envelope).status, 403, "the status on the read-only listener")
