"""The real warmpathctl against a real daemon."""

import json
import os
import re
import stat
import subprocess

from chat import Stream, body, unique
from ctl import DONE, NOT_IN_TIME, REFUSED, UNREACHABLE, USAGE, Ctl
from fleet import authority, pool
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
    equal(listed[third.key][3:5], ["50", "1"], "weight and priority of the new one")
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


def keys_of(value):
    """Every key of an answer, those of what it holds among them."""
    if isinstance(value, dict):
        return set(value).union(*map(keys_of, value.values()))
    return set().union(*map(keys_of, value)) if isinstance(value, list) else set()


@test
def test_ctl_json_has_the_keys_that_scripts_rely_on(case):
    daemon = case.configured(pool("a", case.replicas(1)))
    ctl = Ctl(daemon)
    name = ctl.json("replicas", "list")["replicas"][0]["name"]
    changed = pool("a", case.replicas(1))
    daemon.configure(changed)
    replica = {"name", "pool", "state", "health", "draining", "pickable", "weight", "priority", "addresses", "streams",
               "prefill_tokens", "changed"}
    change = {"file", "changes", "key", "old", "new", "restart"}
    relied_on = {
        ("status",): {"api", "version", "transport", "pid", "uptime_seconds", "draining", "snapshot", "connections",
                      "requests_in_flight", "resident_bytes", "open_files", "shards", "shard", "turns", "stalled",
                      "pools", "name", "strategy", "replicas", "replicas_in_use", "streams", "prefill_tokens", "total",
                      "pickable", "up", "starting", "down", "config", "file", "loaded_seconds_ago", "last_reload"},
        ("replicas", "list"): replica | {"strategy", "snapshot", "replicas", "removed", "dormant"},
        ("replicas", "weight", name, "9"): replica | {"warning"},
        ("ring", "lookup", "user-1"): {"pool", "strategy", "model", "by", "key", "replica", "decision", "walk",
                                       "weight", "within_bounds", "streams", "streams_bound", "prefill_tokens",
                                       "prefill_bound"},
        ("config", "diff"): change,
        ("config", "check", daemon.config_path): {"file", "good", "problems"},
        ("config", "reload"): change | {"result"},
        ("metrics", "warmpath_build_info"): {"name", "labels", "kind", "value"},
        ("version",): {"warmpathctl", "warmpathd"},
    }
    with open(os.path.join(os.path.dirname(__file__), "..", "..", "doc", "ADMIN.md"), encoding="utf-8") as file:
        documented = set(re.findall(r'[`"](\w+)[`"]', file.read()))
    for command, wanted in relied_on.items():
        found = keys_of(ctl.json(*command))
        check(wanted - {"warning", "model"} <= found, f"{command} lacks {wanted - found}")
        check(found <= documented, f"{command} has {found - documented}, which doc/ADMIN.md does not name")


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
    check("only the control socket" in ctl.fails(REFUSED, "config", "show"), "settings over the admin address")


@test
def test_ctl_finds_its_socket_in_the_environment(case):
    daemon, _ = case.pair(1)
    os.environ["WARMPATH_SOCKET"] = daemon.socket_path
    try:
        wait_until(lambda: Ctl(daemon, "status").run().returncode == DONE, 5, "an answer")
    finally:
        del os.environ["WARMPATH_SOCKET"]


@test
def test_ctl_changes_survive_a_restart(case):
    first, second, third = case.replicas(3)
    state = os.path.join(case.directory, "state.json")
    daemon = case.warmpathd([first, second], state=state)
    ctl = Ctl(daemon)
    ctl.ok("replicas", "weight", first.key, "7")
    ctl.ok("replicas", "drain", first.key)
    ctl.ok("replicas", "remove", second.key)
    ctl.ok("replicas", "add", third.url, "--weight", "9")
    equal(daemon.process.terminate(), DONE, "the daemon's exit status")
    daemon = case.warmpathd([first, second], state=state)
    ctl = Ctl(daemon)
    listed = ctl.json("replicas", "list")
    equal([(r["name"], r["weight"], r["draining"], r["changed"]) for r in listed["replicas"]],
          [(first.key, 7, True, ["drained", "weight"]), (third.key, 9, False, ["added"])], "the replicas kept")
    equal(listed["removed"], [second.key], "those removed")
    text = ctl.ok("replicas", "list")
    check("drained, weight" in text and f"removed: {second.key}" in text, f"the list says: {text}")
    equal(daemon.post(body(unique(), 1)).header("x-warmpath-replica"), third.key, "the one that is left")
    equal(ctl.ok("replicas", "reset", second.key), f"{second.key} is as it is configured\n", "what a reset says")
    ctl.ok("replicas", "reset", "--all")
    equal(sorted((r["name"], r["weight"], r["state"], r["changed"]) for r in ctl.json("replicas", "list")["replicas"]),
          sorted((replica.key, 100, "up", []) for replica in (first, second)), "the configuration again")
    equal(ctl.run("replicas", "reset").returncode, USAGE, "a reset of nothing")


@test
def test_ctl_changes_survive_reloads_and_restarts_with_a_file(case):
    first, second, third, added = case.replicas(4)
    state = f'state = "{case.directory}/state.json"\n'  # of [admin], with which every file of a test begins
    text = state + pool("a", [first, second, third])
    daemon = case.configured(text)
    ctl = Ctl(daemon)
    ctl.ok("replicas", "weight", first.key, "7")
    ctl.ok("replicas", "drain", second.key)
    ctl.ok("replicas", "remove", third.key)
    ctl.ok("replicas", "add", added.url, "--pool", "a")
    kept = [(first.key, 7, ["weight"]), (second.key, 100, ["drained"]), (added.key, 100, ["added"])]

    def listed(ctl):
        return [(r["name"], r["weight"], r["changed"]) for r in ctl.json("replicas", "list")["replicas"]]

    equal(listed(ctl), kept, "what was changed")
    daemon.configure(text + '[timeouts]\nhead = "3s"\n')
    ctl.ok("config", "reload")
    equal(listed(ctl), kept, "behind a reload")
    equal(daemon.process.terminate(), DONE, "the daemon's exit status")
    again = case.configured(text)
    equal(listed(Ctl(again)), kept, "behind a restart")
    again.configure(state + pool("a", [first, second, added]))
    Ctl(again).ok("config", "reload")
    equal(listed(Ctl(again)), [(first.key, 7, ["weight"]), (second.key, 100, ["drained"]), (added.key, 100, [])],
          "behind a reload to a file that has the one that was added, and not the one that was removed")
    equal(Ctl(again).json("replicas", "list")["dormant"], [third.key], "what waits for its replica")
    Ctl(again).ok("replicas", "reset", "--all")
    equal(listed(Ctl(again)), [(r.key, 100, []) for r in (first, second, added)], "the file again")


@test
def test_ctl_a_broken_state_is_set_aside(case):
    replica = case.replicas(1)[0]
    state = os.path.join(case.directory, "state.json")
    with open(state, "w", encoding="ascii") as file:
        file.write('{"format": "warmpath-state", "version": 1, "repl')
    daemon = case.warmpathd([replica], state=state)
    check(f"it is kept as {state}.broken-1" in daemon.process.out() + daemon.process.err(), "the log names the file")
    check(os.path.exists(state + ".broken-1") and not os.path.exists(state), "the file is set aside")
    equal(daemon.post(body(unique(), 1)).status, 200, "serving all the same")


@test
def test_ctl_over_tcp_with_a_token(case):
    token = os.path.join(case.directory, "token")
    with open(token, "w", encoding="ascii") as file:
        file.write("0123456789abcdef-0123456789\n")
    os.chmod(token, 0o600)
    daemon = case.warmpathd(case.replicas(1), control_listen="127.0.0.1:0", control_token_file=token)
    at = re.search(r"control on http://(\S+)", daemon.process.out() + daemon.process.err()).group(1)
    ctl = Ctl(daemon, "--address", at, "--token-file", token)
    name = ctl.json("replicas", "list")["replicas"][0]["name"]
    equal(ctl.ok("replicas", "drain", name), f"{name} is drained\n", "a change over TCP")
    check("with --token-file" in Ctl(daemon, "--address", at).fails(REFUSED, "status"), "no token")
    wrong = token + "-wrong"
    with open(wrong, "w", encoding="ascii") as file:
        file.write("0123456789abcdef-012345678x\n")
    check("token" in Ctl(daemon, "--address", at, "--token-file", wrong).fails(REFUSED, "status"), "a wrong token")
    check("cannot read" in Ctl(daemon, "--address", at, "--token-file", wrong + "?").fails(USAGE, "status"), "no file")


@test
def test_ctl_socket_is_not_everybodys(case):
    daemon, _ = case.pair(1)
    mode = stat.S_IMODE(os.stat(daemon.socket_path).st_mode)
    equal(oct(mode), "0o660", "the control socket's mode")
    second = [case.program(), "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--state", "none",
              "--control-socket", daemon.socket_path]
    ran = subprocess.run(second, capture_output=True, text=True, timeout=60, check=False)
    equal(ran.returncode, 1, "the exit status of a second daemon on the same socket")
    check("another process answers on" in ran.stderr, f"it says: {ran.stderr}")
    equal(Ctl(daemon).json("status")["pid"], daemon.process.pid, "the first one still answers")


@test
def test_ctl_ring_tells_where_requests_go(case):
    # `warm` may take the least loaded of equals in its turn: what a body gets is an example there.
    daemon, _ = case.pair(3, daemon={"strategy": "prefix"})
    ctl = Ctl(daemon)
    for key in ("user-1", "user-2", "user-3"):
        found, = ctl.json("ring", "lookup", key)
        served = daemon.post(body(unique(), 1), headers={"X-Session-ID": key}).header("x-warmpath-replica")
        equal(found["replica"], served, f"the replica of {key}")
        equal([found["decision"], len(found["walk"])], ["session", 3], "decision and walk")
    asked = os.path.join(case.directory, "body.json")
    request = body(unique(), 1)
    with open(asked, "wb") as file:
        file.write(json.dumps(request).encode() if isinstance(request, dict) else request)
    found, = ctl.json("ring", "lookup", "--request", asked)
    equal(found["replica"], daemon.post(request).header("x-warmpath-replica"), "the replica of a body")
    text = ctl.ok("ring", "lookup", "user-1")
    check("home" in text and "overflow 2" in text and "within" in text, f"the table says: {text}")
    equal(ctl.run("ring", "lookup").returncode, USAGE, "nothing to look up")


@test
def test_ctl_route_explain_tells_what_a_request_gets(case):
    daemon, _ = case.pair(3, daemon={"strategy": "prefix"})
    ctl = Ctl(daemon)

    def asked(request, *more):
        file = case.write("explained.json", json.dumps(request))
        return ctl.json("route", "explain", file, *more)

    sessions = ([], ["X-Session-ID: one"], ["session-id: one"], ["X-Session-ID: one", "Authorization: Bearer k"],
                ["x-session-id: one", "x-api-key: k"])
    for headers in sessions:
        for request in (body(unique(), 1), body(unique(), 1) | {"user": unique()}):
            told = asked(request, *(word for line in headers for word in ("--header", line)))
            reply = daemon.post(request, headers=dict(line.split(": ") for line in headers))
            equal([told["pool"], told["replica"], told["decision"]],
                  [reply.header(f"x-warmpath-{name}") for name in ("pool", "replica", "decision")],
                  f"what a request with {headers} gets")
            equal({each["streams"] for each in told["candidates"]}, {0}, "nothing was charged")
    told = asked(body(unique(), 1))
    equal(told["ring"]["order"], [each["replica"] for each in told["candidates"]], "the candidates of three replicas")
    check(told["ends"] and told["canonical_bytes"] == told["ends"][-1]["end"], f"the ends are {told['ends']}")
    text = ctl.ok("route", "explain", "--header", "X-Session-ID: one", os.path.join(case.directory, "explained.json"))
    check("<- session" in text and "home" in text and "from the header" in text, f"the table says: {text}")
    check("one" not in ctl.ok("--json", "route", "explain", os.path.join(case.directory, "explained.json")).split(),
          "no key is shown")
    equal(ctl.run("route", "explain", case.write("bad.json", "{")).returncode, REFUSED, "a body that is refused")


@test
def test_ctl_config(case):
    replicas = case.replicas(2)
    first, more = pool("a", replicas[:1]), '[timeouts]\nhead = "3s"\n'
    daemon = case.configured(first)
    ctl = Ctl(daemon)
    equal(ctl.ok("config", "diff"), "no differences\n", "the file that was loaded")
    equal(ctl.ok("config", "reload"), f"{daemon.config_path} has not changed\n", "a reload of the same")
    shown = case.write("shown.toml", ctl.ok("config", "show"))
    equal(ctl.ok("config", "check", shown), f"{shown} is good: 1 pool, 1 replica, 1 route\n", "what show writes")
    equal(ctl.json("config", "diff", shown), {"changes": []}, "what show writes against what runs")
    equal(ctl.json("config", "show")["pool"][0]["replica"][0]["url"], replicas[0].url, "the settings in JSON")
    daemon.configure(pool("a", replicas) + more)
    equal([row[0] for row in rows(ctl.ok("config", "diff"))[:-1]],  # behind it stands how to apply it
          ["timeouts.head", f"pool.a.replica.{replicas[1].key}.url"],
          "the differences: of one value, and of a replica what is not as by default")
    equal(len(ctl.json("config", "diff")["changes"]), 2, "the same in JSON")
    told = ctl.ok("config", "reload").partition("\n")[0]
    equal(told, f"{daemon.config_path} is applied: 2 changes", "the reload")
    equal(sorted(r["name"] for r in ctl.json("replicas", "list")["replicas"]), sorted(r.key for r in replicas),
          "the replicas behind it")
    daemon.configure(first + "[limits]\nheads = 9\n")
    check("restart" in ctl.ok("config", "diff"), "a key that needs a restart")
    equal(ctl.fails(REFUSED, "config", "reload"), f"{daemon.config_path}: a restart is needed to change limits.heads",
          "the refusal")
    check("last reload" in ctl.ok("status") and "limits.heads" in ctl.ok("status"), "the status tells of it")


@test
def test_ctl_config_errors(case):
    daemon = case.configured(pool("a", case.replicas(1)))
    ctl = Ctl(daemon)
    bad = case.write("bad.toml", "[server]\nshard = 2\n[[pool]]\nname = 'a'\n")
    lines = [f"warmpathctl: {bad}:2: unknown key 'server.shard'; did you mean 'server.shards'?",
             f"warmpathctl: {bad}:3: the pool 'a' has no replica: add a [[pool.replica]]"]
    ran = Ctl(daemon, "--socket", "/nowhere").run("config", "check", bad)
    equal((ran.returncode, ran.stdout, ran.stderr.splitlines()), (REFUSED, "", lines), "a check without a daemon")
    started = subprocess.run([case.program(), "--config", bad], capture_output=True, text=True, timeout=60, check=False)
    equal(started.stderr.replace("warmpathd: ", "warmpathctl: "), ran.stderr, "the daemon's own words")
    problems = json.loads(ctl.run("config", "check", bad, "--json").stdout)["problems"]
    equal([problem["line"] for problem in problems], [2, 3], "the lines in JSON")
    daemon.configure("[[pool]]\nnmae = 'a'\n")
    ran = ctl.run("config", "reload")
    equal((ran.returncode, ran.stdout, ran.stderr.count(f"warmpathctl: {daemon.config_path}:")), (REFUSED, "", 2),
          "a reload of a bad file")
    ran = ctl.run("config", "diff", bad)
    equal((ran.returncode, ran.stderr.count(f"warmpathctl: {bad}: line ")), (REFUSED, 2), "a difference to a bad file")
    flags = Ctl(case.warmpathd(case.replicas(1)))
    check("without a file" in flags.fails(REFUSED, "config", "reload"), "a daemon that was started with flags")
    check("[[pool]]" in flags.ok("config", "show"), "its settings")
    equal(flags.json("status")["config"]["file"], None, "the file of a daemon that was started with flags")
    check("Is a directory" in ctl.fails(USAGE, "ring", "lookup", "--request", case.directory), "a directory")
