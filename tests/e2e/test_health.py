"""Active health checks: who gets requests while replicas load, hang, die and come back."""

import threading
import time

from chat import Stream, body, text_of, unique
from fleet import error_reason
from harness import SLOW, check, equal, test, ticks, wait_until
from http_client import Connection, message

# Seconds. What doc and code promise: a failure is found within 1.1 intervals and a timeout, then twice 1.1 eighths of
# an interval and a timeout.
INTERVAL, TIMEOUT = 0.4, 0.2
BOUND = 1.1 * INTERVAL + TIMEOUT + 2 * (1.1 * INTERVAL / 8 + TIMEOUT)
CHECKED = {"health_interval": "400ms", "health_timeout": f"{TIMEOUT * SLOW * 1000:.0f}ms"}
CHAT = "/v1/chat/completions"


def owners(daemon, sessions):
    """Which replica each session's request goes to; all must succeed."""
    result = {}
    with Connection(daemon.address) as connection:
        for session in sessions:
            connection.send(message("POST", CHAT, body("hello", 1), {"X-Session-ID": session}))
            reply = connection.read_reply()
            equal(reply.status, 200, f"the status of session {session} ({reply.body[:100]!r})")
            result[session] = reply.header("x-warmpath-replica")
    return result


class Load(threading.Thread):
    """Requests one after the other until it is stopped; whatever is not a 200 is kept."""

    def __init__(self, daemon):
        super().__init__()
        self.daemon_under_load = daemon
        self.stopping = threading.Event()
        self.served = 0
        self.failures = []

    def run(self):
        while not self.stopping.is_set() and len(self.failures) < 10:
            try:
                reply = self.daemon_under_load.post(body(unique(), 2))
                if reply.status == 200:
                    self.served += 1
                else:
                    self.failures.append(f"{reply.status} {reply.body[:100]!r}")
            except Exception as error:  # a thread's error is the test's, once it is joined
                self.failures.append(repr(error))

    def finish(self):
        self.stopping.set()
        self.join()
        equal(self.failures, [], "failed requests")


@test
def test_killed_replica_is_out_within_the_bound_and_back_with_its_sessions(case):
    replicas = [case.replicas(1, name_prefix=f"replica{number}")[0] for number in range(4)]
    daemon = case.warmpathd(replicas, **CHECKED)
    sessions = [f"session-{number}" for number in range(60)]
    before = owners(daemon, sessions)
    victim = replicas[1]
    check(victim.key in before.values(), "no session on the replica that is to die")
    killed = time.monotonic()
    victim.process.kill()
    daemon.wait_state(victim, "down")
    took = time.monotonic() - killed
    check(took <= BOUND * SLOW, f"the dead replica was found after {took:.2f} s; the bound is {BOUND:.2f} s")
    during = owners(daemon, sessions)
    check(victim.key not in during.values(), "a dead replica was asked")
    moved = [session for session in sessions if before[session] not in (victim.key, during[session])]
    equal(moved, [], "sessions that moved though their replica lives")
    refused = daemon.metrics().sum("warmpath_reasons_total", reason="connect_refused")
    owners(daemon, sessions)
    equal(daemon.metrics().sum("warmpath_reasons_total", reason="connect_refused"), refused,
          "connections refused once the replica is known to be down")
    case.replicas(1, port=victim.address[1], name_prefix="again")
    daemon.wait_state(victim, "up")
    equal(owners(daemon, sessions), before, "where the sessions go when the replica is back")


@test
def test_loading_replica_gets_nothing(case):
    ready, = case.replicas(1)
    loading, = case.replicas(1, name_prefix="loading", health="loading")
    daemon = case.warmpathd([ready, loading], strategy="round-robin", **CHECKED)
    equal(daemon.replica(loading)["state"], "starting", "the state of a replica that loads, before the first request")
    for _ in range(20):
        equal(daemon.post(body(unique(), 1)).header("x-warmpath-replica"), ready.key, "the replica that serves")
    later, = case.replicas(1, name_prefix="later", health="loading")
    daemon.add(later.url)
    for _ in range(20):
        equal(daemon.post(body(unique(), 1)).header("x-warmpath-replica"), ready.key, "the replica that serves")
    loading.set_health("ok")
    daemon.wait_state(loading, "up")
    served = {daemon.post(body(unique(), 1)).header("x-warmpath-replica") for _ in range(8)}
    equal(served, {ready.key, loading.key}, "the replicas that serve once one has loaded")
    equal(later.metrics().sum("replica_requests_total"), 0, "requests of the replica that still loads")


@test
def test_stream_outlives_the_verdict_on_its_replica(case):
    """Health never ends what runs: the checks hang, the stream does not."""
    daemon, replicas = case.pair(2, decode_rate=50, daemon=CHECKED)
    prompt = unique()
    with Stream(daemon.address, body(prompt, 150)) as stream:
        stream.take(2)
        own = next(replica for replica in replicas if replica.name == stream.reply.header("x-replica-name"))
        own.set_health("hang")
        daemon.wait_state(own, "down")
        equal(daemon.replica(own)["streams"], 1, "the account of a replica that is down and still streams")
        for _ in range(5):
            check(daemon.post(body(unique(), 1)).header("x-replica-name") != own.name, "a hanging replica was picked")
        text = stream.read_all()
    equal(text, text_of(own.ask(body(prompt, 150))), "the text of the stream")
    own.set_health("ok")
    daemon.wait_state(own, "up")


@test
def test_all_down_is_said_at_once_and_ends_by_itself(case):
    daemon, replicas = case.pair(2, daemon=CHECKED)
    equal(daemon.admin_get("/ready").status, 200, "readiness before")
    for replica in replicas:
        replica.set_health("fail")
    for replica in replicas:
        daemon.wait_state(replica, "down")
    equal(daemon.admin_get("/ready").status, 503, "readiness with every replica down")
    with Connection(daemon.address) as connection:
        for _ in range(3):
            asked = time.monotonic()
            connection.send(message("POST", CHAT, body(unique(), 1)))
            reply = connection.read_reply()
            error_reason(reply, 503, "no_replica")
            check(time.monotonic() - asked < 0.5 * SLOW, "the refusal took its time")
            check(int(reply.header("retry-after")) >= 1, "the refusal does not say when to come back")
        replicas[0].set_health("ok")
        daemon.wait_state(replicas[0], "up")
        connection.send(message("POST", CHAT, body(unique(), 1)))
        equal(connection.read_reply().status, 200, "the status on the same connection, once one is up")
    equal(daemon.admin_get("/ready").status, 200, "readiness once one is up")


@test
def test_server_without_the_page_is_up_and_is_told_of_once(case):
    replica, = case.replicas(1, health="absent")
    daemon = case.warmpathd([replica], health_interval="50ms")
    wait_until(lambda: daemon.metrics().sum("warmpath_health_checks_total", result="no_page") >= 5, 10, "five checks")
    equal(daemon.replica(replica)["health"], "up", "its health")
    equal(daemon.post(body(unique(), 1)).status, 200, "the status")
    equal(daemon.process.err().count("answers 404 at /health"), 1, "lines about the page that is not there")


@test
def test_flapping_replica_comes_back_later_each_time(case):
    daemon, replicas = case.pair(2, daemon={"health_interval": "80ms"})
    flapping = replicas[0]
    waits = []
    for _ in range(4):
        flapping.set_health("fail")
        daemon.wait_state(flapping, "down")
        began = time.monotonic()
        flapping.set_health("ok")
        daemon.wait_state(flapping, "up")
        waits.append(time.monotonic() - began)
    # It must pass 4, 8, 16 and 32 checks; the first of them may be close.
    for number, wait in enumerate(waits):
        least = (2 ** (number + 2) - 1) * 0.08 * 0.9 - 0.09
        check(wait >= least, f"after flap {number + 1} it was back in {wait:.2f} s, sooner than {least:.2f} s")


@test
def test_no_request_fails_while_replicas_are_drained_and_restarted(case):
    replicas = [case.replicas(1, name_prefix=f"replica{number}")[0] for number in range(3)]
    daemon = case.warmpathd(replicas, **CHECKED)
    load = [Load(daemon) for _ in range(4)]
    for thread in load:
        thread.start()
    try:
        for replica in replicas[:2]:
            with daemon.control() as control:
                control.call("POST", f"/replicas/{replica.key}/drain")
            wait_until(lambda replica=replica: daemon.replica(replica)["streams"] == 0, 10, "its streams ending")
            replica.process.terminate()
            daemon_sees = lambda health, replica=replica: daemon.replica(replica)["health"] == health
            wait_until(lambda: daemon_sees("down"), 10, "the checks finding it gone")
            equal(daemon.replica(replica)["state"], "draining", "the state of a drained replica that is gone")
            case.replicas(1, port=replica.address[1], name_prefix="again")
            wait_until(lambda: daemon_sees("up"), 10, "the checks finding it back")
            with daemon.control() as control:
                control.call("POST", f"/replicas/{replica.key}/undrain")
            for _ in ticks(0.1, 3):
                pass
    finally:
        for thread in load:
            thread.stopping.set()
    for thread in load:
        thread.finish()
    check(sum(thread.served for thread in load) > 50, "hardly any request was served")
