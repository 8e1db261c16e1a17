"""What warmpathd says about itself."""

from chat import Stream, body, unique
from harness import check, equal, test, wait_until
from http_client import Connection, message, request
from sdk import MODEL


@test
def test_metrics_are_well_formed(case):
    daemon, _ = case.pair(2)
    equal(daemon.post(body("hello", 3)).status, 200, "the status")
    reply = daemon.admin_get("/metrics")
    check(reply.header("content-type").startswith("text/plain; version=0.0.4"), "the content type")
    metrics = daemon.metrics()
    for name, _ in metrics.samples:
        family = metrics.family(name)
        check(family in metrics.kinds and family in metrics.helps, f"{name} has no TYPE or no HELP")
        check(family.startswith(("warmpath_", "process_")), f"{name} has a foreign name")
        if metrics.kinds[family] == "counter":
            check(family.endswith("_total"), f"the counter {family} does not end in _total")
    for name, kind in metrics.kinds.items():
        if kind == "histogram":
            check_histogram(metrics, name)


def check_histogram(metrics, name):
    series = {}
    for (_, pairs), value in metrics.matching(f"{name}_bucket").items():
        labels = dict(pairs)
        bound = float(labels.pop("le").replace("+Inf", "inf"))
        series.setdefault(frozenset(labels.items()), []).append((bound, value))
    check(series, f"{name} has no buckets")
    for labels, buckets in series.items():
        buckets.sort()
        values = [value for _, value in buckets]
        equal(values, sorted(values), f"the buckets of {name}{dict(labels)} in order")
        equal(buckets[-1][0], float("inf"), f"the last bound of {name}")
        equal(metrics.sum(f"{name}_count", **dict(labels)), values[-1], f"count and last bucket of {name}")


@test
def test_counters_move(case):
    daemon, _ = case.pair(2)
    before = daemon.metrics()
    for number in range(5):
        equal(daemon.post(body("hello", 2), headers={"X-Session-ID": str(number)}).status, 200, "the status")
    with Stream(daemon.address, body(unique(), 10)) as stream:
        stream.read_all()
    equal(request(daemon.address, "GET", "/nowhere").status, 404, "an unknown path")
    after = daemon.metrics()

    def grew(name, **labels):
        return after.sum(name, **labels) - before.sum(name, **labels)

    equal(grew("warmpath_requests_total", outcome="completed"), 6, "completed requests")
    equal(grew("warmpath_requests_total", outcome="refused"), 1, "refused requests")
    equal(grew("warmpath_reasons_total", reason="unknown_path"), 1, "the reason of the refusal")
    equal(grew("warmpath_decisions_total", decision="session"), 5, "decisions by session")
    equal(grew("warmpath_decisions_total"), 6, "decisions")
    equal(grew("warmpath_time_to_first_byte_seconds_count", stream="true"), 1, "times to first byte of streams")
    equal(grew("warmpath_time_to_first_byte_seconds_count", stream="false"), 5, "times to first byte of others")
    equal(grew("warmpath_request_duration_seconds_count"), 6, "durations")
    check(grew("warmpath_stream_events_total") >= 11, "events relayed")
    check(grew("warmpath_relayed_bytes_total") > 0, "bytes relayed")
    equal(grew("warmpath_replica_charges_total"), 6, "charges")


@test
def test_load_shows_while_it_runs(case):
    daemon, _ = case.pair(2, decode_rate=100)
    with Stream(daemon.address, body(unique(), 2000)) as stream:
        stream.take(2)
        name = stream.reply.header("x-warmpath-replica")
        metrics = daemon.metrics()
        equal(metrics.sum("warmpath_requests_in_flight"), 1, "requests in flight")
        equal(metrics.sum("warmpath_replica_streams", replica=name), 1, "streams of the replica that serves")
        equal(metrics.sum("warmpath_replica_streams"), 1, "streams of all")
        equal(metrics.sum("warmpath_replica_prefill_tokens"), 0, "prefill tokens once the first byte came")


@test
def test_prefill_is_charged_until_the_first_byte(case):
    daemon, (replica,) = case.pair(1, prefill_rate=100)
    with Connection(daemon.address) as connection:
        connection.send(message("POST", "/v1/chat/completions", body("x" * 40_000, 1)))
        wait_until(replica.events, 5, "the request reaching the replica")
        charged = daemon.metrics().sum("warmpath_replica_prefill_tokens")
        check(8_000 <= charged <= 12_000, f"{charged:g} tokens are charged for a prompt of 10,000")


@test
def test_health(case):
    daemon, (replica,) = case.pair(1)
    equal(daemon.admin_get("/health").status, 200, "health with a replica")
    daemon.remove(replica)
    wait_until(lambda: daemon.admin_get("/health").status == 503, 2, "health being 503 without a replica")
    daemon.add(replica.url)
    wait_until(lambda: daemon.admin_get("/health").status == 200, 2, "health being 200 again")


@test
def test_admin_lists_replicas(case):
    daemon, replicas = case.pair(3)
    listed = daemon.admin_get("/replicas").json()
    listed = listed["replicas"] if isinstance(listed, dict) else listed
    equal(sorted(entry["name"] for entry in listed), sorted(replica.key for replica in replicas), "the replicas listed")


@test
def test_admin_changes_nothing(case):
    daemon, (replica,) = case.pair(1)
    for method, path in (("DELETE", f"/replicas/{replica.key}"), ("POST", "/replicas"), ("GET", "/nowhere")):
        reply = request(daemon.admin, method, path, {"url": "http://127.0.0.1:1"} if method == "POST" else None)
        check(reply.status in (403, 404, 405), f"{method} {path} on the read-only listener: {reply.status}")
    equal(daemon.post(body("hello", 1)).status, 200, "the status afterwards")


@test
def test_control_socket_refuses_nonsense(case):
    daemon, (replica,) = case.pair(1)
    bad = [("POST", "/replicas", b"{"), ("POST", "/replicas", b'{"url": 7}'),
           ("POST", "/replicas", {"url": "ftp://a:1"}), ("POST", "/replicas", {"url": "https://a:1"}),
           ("POST", "/replicas", {"url": replica.url}), ("DELETE", "/replicas/127.0.0.1:9", None),
           ("GET", "/nowhere", None), ("POST", f"/replicas/{replica.key}/weight", {"weight": 0}),
           ("POST", "/replicas", {"uri": replica.url})]
    for method, path, sent in bad:
        with daemon.control() as control:
            control.send(message(method, path, sent))
            reply = control.read_reply()
            check(400 <= reply.status < 500, f"{method} {path} {sent}: {reply.status}")
            check(reply.json().get("error"), f"{method} {path} {sent}: no error in {reply.body!r}")
    equal(daemon.post({"model": MODEL, "messages": [], "max_tokens": 1}).status < 500, True, "serving afterwards")
    equal(daemon.metrics().sum("warmpath_replicas"), 1, "the number of replicas")
