"""The configuration file: what a daemon makes of it at the start and in a reload."""

import signal
import subprocess

from chat import Stream, body, unique
from fleet import MODEL, pool
from harness import check, equal, test, wait_until
from reload_storm import storm


def reloads(daemon, result):
    return daemon.metrics().by("warmpath_config_reloads_total", "result")[result]


@test
def test_a_bad_file_is_refused_with_all_its_lines(case):
    path = case.write("bad.toml", "[server]\nshard = 2\nshards = 'two'\n[[pool]]\nname = 'a'\n")
    result = subprocess.run([case.program(), "--config", path], capture_output=True, text=True, timeout=20, check=False)
    equal(result.returncode, 2, "the exit status")
    equal(result.stderr.splitlines(),
          [f"warmpathd: {path}:2: unknown key 'server.shard'; did you mean 'server.shards'?",
           f"warmpathd: {path}:3: 'server.shards': a whole number from 0 to 256 is wanted",
           f"warmpathd: {path}:4: the pool 'a' has no replica: add a [[pool.replica]]"], "standard error")


@test
def test_models_lead_to_their_pools(case):
    replicas = case.replicas(3)
    daemon = case.configured(pool("a", replicas[:1], f'models = ["{MODEL}"]') + pool("b", replicas[1:2]) +
                             pool("c", replicas[2:]) + '[[route]]\nmodel = "test-*"\npool = "b"\n'
                             '[[route]]\nmodel = "*"\npool = "c"\n')
    for model, index in ((MODEL, 0), ("test-other", 1), ("tes", 2)):
        equal(daemon.post({**body(unique(), 1), "model": model}).header("x-warmpath-replica"), replicas[index].key,
              f"the replica of {model}")
    without = daemon.post({key: value for key, value in body(unique(), 1).items() if key != "model"})
    equal(without.header("x-warmpath-replica"), replicas[2].key, "the replica of a request without a model")


@test
def test_a_model_without_a_route_is_refused(case):
    replicas = case.replicas(1)
    daemon = case.configured(pool("a", replicas, f'models = ["{MODEL}"]'))
    equal(daemon.post(body(unique(), 1)).status, 200, "the status of the listed model")
    reply = daemon.post({**body(unique(), 1), "model": "other"})
    equal((reply.status, reply.error_code()), (404, "unknown_model"), "the answer to another model")


@test
def test_hangup_reloads_and_a_stream_of_a_replica_that_left_ends_whole(case):
    replicas = case.replicas(2, decode_rate=100)
    daemon = case.configured(pool("a", replicas[:1]))
    with Stream(daemon.address, body(unique(), 100)) as stream:
        stream.take(3)
        daemon.configure(pool("a", replicas[1:]))
        daemon.process.send(signal.SIGHUP)
        wait_until(lambda: reloads(daemon, "applied") == 1, 5, "the reload")
        equal(daemon.post(body(unique(), 1)).header("x-warmpath-replica"), replicas[1].key, "the replica behind it")
        stream.read_all()
    equal(len(stream.pieces), 100, "the tokens of the stream")
    daemon.configure("[[pool]]\nnmae = 'a'\n")
    daemon.process.send(signal.SIGHUP)
    wait_until(lambda: reloads(daemon, "invalid") == 1, 5, "the refusal")
    check(f"{daemon.config_path}:" in daemon.process.err(), "the log does not say where the file is wrong")
    equal(daemon.post(body(unique(), 1)).status, 200, "the status behind a refused reload")


@test
def test_what_was_changed_at_run_time_survives_a_reload(case):
    replicas = case.replicas(4)
    daemon = case.configured(pool("a", replicas[:3]))
    with daemon.control() as control:
        control.call("POST", "/replicas", {"url": replicas[3].url})
        control.call("POST", f"/replicas/{replicas[0].key}/drain")
        control.call("DELETE", f"/replicas/{replicas[1].key}")
        control.call("POST", f"/replicas/{replicas[2].key}/weight", {"weight": 7})
        daemon.configure(pool("a", replicas[:3], 'strategy = "least-loaded"'))
        changes = control.call("POST", "/config/reload").json()["changes"]
        equal([change["key"] for change in changes], ["pool.a.strategy"], "the changes")
        shown = {one["name"]: one for one in control.call("GET", "/replicas").json()["replicas"]}
    equal(sorted(shown), sorted(r.key for r in (replicas[0], replicas[2], replicas[3])), "the replicas")
    equal(shown[replicas[0].key]["draining"], True, "the one that drains")
    equal(shown[replicas[2].key]["weight"], 7, "the weight")


@test
def test_restart_only_keys_and_diff(case):
    replicas = case.replicas(1)
    daemon = case.configured(pool("a", replicas))
    with daemon.control() as control:
        text = control.call("GET", "/config").body.decode()
        check('name = "a"' in text and "[limits]" in text, f"the settings: {text}")
        daemon.configure(pool("a", replicas) + "[limits]\nconnections = 9\n")
        with open(daemon.config_path, encoding="utf-8") as file:
            changes = control.post_text("/config/diff", file.read()).json()["changes"]
        equal(changes, [{"key": "limits.connections", "old": "8192", "new": "9", "restart": True}], "the differences")
        reply = control.post_text("/config/reload", "")
        equal(reply.status, 409, "the status of a reload that needs a restart")
        equal(reply.json()["error"], f"{daemon.config_path}: a restart is needed to change limits.connections",
              "the refusal")
        reply = control.post_text("/config/diff", "x = 1\n")
        equal((reply.status, reply.json()["problems"][-1]), (400, "line 1: unknown key 'x'"), "a text with an error")
    equal(daemon.admin_get("/config").status, 403, "the status on the read-only listener")


@test
def test_reloads_under_load_fail_no_request(case):
    storm(case, 5)
