"""Replicas come and go while requests run."""

import time

from chat import Stream, body, text_of, unique
from harness import SLOW, check, equal, test, wait_until


@test
def test_stream_outlives_1000_changes_and_its_replica(case):
    """The stream is so long that it must wait for its reader: however slow the changes are, it is still running."""
    tokens = 120_000
    daemon, replicas = case.pair(4, decode_rate=1_000_000, kv_tokens=1_000_000, daemon={"ring_slots": 1024})
    extra = case.replicas(1)[0]
    prompt = unique()
    with Stream(daemon.address, body(prompt, tokens), receive_buffer=4096, seconds=60) as stream:
        stream.take(3)
        own = next(replica for replica in replicas if replica.name == stream.reply.header("x-replica-name"))
        with daemon.control() as control:
            for number in range(334):
                control.call("POST", "/replicas", {"url": extra.url})
                control.call("POST", f"/replicas/{own.key}/weight", {"weight": 100 + number % 7})
                control.call("DELETE", f"/replicas/{extra.key}")
                if number % 50 == 0:
                    stream.take(1)
            control.call("DELETE", f"/replicas/{own.key}")
        metrics = daemon.metrics()
        published = metrics.sum("warmpath_snapshots_published_total")
        check(published > 1000, f"only {published:g} snapshots were published for 1,003 changes")
        equal(metrics.sum("warmpath_requests_in_flight"), 1, "requests in flight behind the changes")
        other = daemon.post(body(unique(), 1)).header("x-replica-name")
        check(other != own.name, "the removed replica was picked")
        text = stream.read_all()
    equal(len(stream.pieces), tokens, "the tokens of the stream")
    check(text == text_of(own.ask(body(prompt, tokens))), "the stream differs from what the replica says directly")


@test
def test_stream_of_a_removed_replica_ends_whole(case):
    daemon, replicas = case.pair(2, decode_rate=100)
    prompt = unique()
    with Stream(daemon.address, body(prompt, 100)) as stream:
        stream.take(3)
        own = next(replica for replica in replicas if replica.name == stream.reply.header("x-replica-name"))
        daemon.remove(own)
        text = stream.read_all()
    equal(len(stream.pieces), 100, "the tokens of the stream")
    equal(text, text_of(own.ask(body(prompt, 100))), "the text of a stream whose replica was removed")


@test
def test_idle_daemon_frees_old_snapshots(case):
    """Both shards sleep: neither may hold a grace period back."""
    daemon, _ = case.pair(2)
    spare = case.replicas(1)[0]
    for change in (lambda: daemon.add(spare.url), lambda: daemon.remove(spare)) * 3:
        before = daemon.metrics().sum("warmpath_snapshots_published_total")
        change()
        changed = time.monotonic()

        def freed(before=before):
            metrics = daemon.metrics()
            published = metrics.sum("warmpath_snapshots_published_total")
            return published > before and metrics.sum("warmpath_snapshots_held") == 0

        wait_until(freed, 2, "the old snapshot being freed")
        took = time.monotonic() - changed
        check(took < 0.1 * SLOW, f"an old snapshot was held for {took * 1000:.0f} ms")


@test
def test_added_replica_serves(case):
    daemon, _ = case.pair(1, daemon={"strategy": "round-robin"})
    second = case.replicas(1, name_prefix="second")[0]
    daemon.add(second.url)
    served = {daemon.post(body("hello", 1)).header("x-warmpath-replica") for _ in range(8)}
    check(second.key in served, f"the added replica served nothing: {served}")


@test
def test_weight_shifts_the_share(case):
    # The ring's share is the weight's; whoever is idle and nine times as strong is also cheaper at times, so that with
    # costs it is more.
    for strategy, most in (("session", 0.98), ("warm", 1)):
        light, heavy = case.replicas(2)
        daemon = case.warmpathd([f"{light.url},weight=10", f"{heavy.url},weight=90"], strategy=strategy)
        served = [daemon.post(body(unique(), 1), headers={"X-Session-ID": unique()}).header("x-warmpath-replica")
                  for _ in range(200)]
        share = served.count(heavy.key) / len(served)
        check(0.78 < share < most, f"{strategy}: a replica with 90 % of the weight served {share:.0%}")


@test
def test_lower_priority_waits(case):
    first, second = case.replicas(2)
    daemon = case.warmpathd([first, f"{second.url},priority=1"])
    for _ in range(10):
        equal(daemon.post(body(unique(), 1)).header("x-warmpath-replica"), first.key, "the replica of priority 0")
    daemon.remove(first)
    equal(daemon.post(body(unique(), 1)).header("x-warmpath-replica"), second.key, "the replica of priority 1")


@test
def test_drained_replica_gets_nothing_new(case):
    daemon, replicas = case.pair(2, decode_rate=100)
    with Stream(daemon.address, body(unique(), 60)) as stream:
        stream.take(2)
        own = next(replica for replica in replicas if replica.name == stream.reply.header("x-replica-name"))
        with daemon.control() as control:
            control.call("POST", f"/replicas/{own.key}/drain")
            for _ in range(10):
                name = daemon.post(body(unique(), 1)).header("x-replica-name")
                check(name != own.name, "a draining replica was picked")
            control.call("POST", f"/replicas/{own.key}/undrain")
        stream.read_all()
    equal(len(stream.pieces), 60, "the tokens of a stream whose replica was drained")


@test
def test_starts_without_replicas(case):
    daemon = case.warmpathd([])
    reply = daemon.post(body("hello", 1))
    equal((reply.status, reply.error_code()), (503, "no_replica"), "the reply without a replica")
    replica = case.replicas(1)[0]
    daemon.add(replica.url)
    equal(daemon.post(body("hello", 1)).status, 200, "the status once there is a replica")
