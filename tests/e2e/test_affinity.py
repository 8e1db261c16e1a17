"""Requests go where their prefix is cached, and sessions stay where they are."""

from chat import Stream, body, long_text, text_of, unique
from fleet import MODEL
from harness import check, equal, test
from http_client import Connection, message

SYSTEM = long_text(1200, "You keep the log of a lighthouse. ")


def cached_share(reply):
    return int(reply.header("x-replica-cached-tokens")) / int(reply.header("x-replica-prompt-tokens"))


def two_turns(daemon, system, headers):
    """(first reply, second reply) of one conversation."""
    history = [{"role": "system", "content": system}, {"role": "user", "content": unique()}]
    first = daemon.post(body(history, 24), headers=headers)
    history += [{"role": "assistant", "content": text_of(first)}, {"role": "user", "content": "And then?"}]
    second = daemon.post(body(history, 24), headers=headers)
    equal(second.status, 200, "the second turn's status")
    return first, second


def check_conversations(case, headers_of, word, strategy="warm"):
    daemon, _ = case.pair(8, daemon={"strategy": strategy})
    served = set()
    at_home = 0
    for number in range(12):
        first, second = two_turns(daemon, f"{number}. {SYSTEM}", headers_of(number))
        equal(second.header("x-replica-name"), first.header("x-replica-name"), "the replica of the second turn")
        # Where chance gives a replica far more conversations than others, the next begins elsewhere, and stays there.
        away = word == "session" and first.header("x-warmpath-decision") == "cold"
        at_home += not away
        equal(second.header("x-warmpath-decision"), "resident" if away else word, "the decision")
        check(cached_share(second) > 0.8, f"only {cached_share(second):.0%} of the second prompt was cached")
        served.add(second.header("x-replica-name"))
    check(len(served) >= 3, f"12 conversations went to {sorted(served)} only")
    check(at_home >= 8, f"only {at_home} of 12 conversations began at their home")


@test
def test_two_turns_meet_where_the_first_went(case):
    check_conversations(case, lambda number: None, "resident")


@test
def test_two_turns_meet_by_prefix(case):
    check_conversations(case, lambda number: None, "prefix", strategy="prefix")


@test
def test_two_turns_meet_by_session_header(case):
    check_conversations(case, lambda number: {"X-Session-ID": f"conversation-{number}"}, "session")


@test
def test_two_turns_meet_when_streamed(case):
    daemon, _ = case.pair(8)
    history = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": unique()}]
    with Stream(daemon.address, body(history, 24)) as first:
        text = first.read_all()
        replica = first.reply.header("x-replica-name")
    history += [{"role": "assistant", "content": text}, {"role": "user", "content": "And then?"}]
    with Stream(daemon.address, body(history, 24)) as second:
        second.read_all()
        equal(second.reply.header("x-replica-name"), replica, "the replica of the second turn")
        check(cached_share(second.reply) > 0.8, f"only {cached_share(second.reply):.0%} was cached")


@test
def test_identical_requests_meet(case):
    daemon, _ = case.pair(8)
    asked = body(long_text(400, unique()))
    first, second = daemon.post(asked), daemon.post(asked)
    equal(second.header("x-replica-name"), first.header("x-replica-name"), "the replica of the second of a pair")
    equal(text_of(second), text_of(first), "the text of the second of a pair")
    check(cached_share(second) > 0.9, f"only {cached_share(second):.0%} of the repeated prompt was cached")


@test
def test_key_order_does_not_matter(case):
    daemon, _ = case.pair(8)
    for _ in range(6):
        asked = body(long_text(400, unique()))
        turned = dict(reversed(list(asked.items())))
        turned["messages"] = [dict(reversed(list(entry.items()))) for entry in asked["messages"]]
        replicas = {daemon.post(version).header("x-replica-name") for version in (asked, turned)}
        equal(len(replicas), 1, "the number of replicas that served one prompt in two spellings")


def where_sessions_go(daemon, count):
    """{session: replica}, asked over one connection."""
    result = {}
    with Connection(daemon.address, 30) as connection:
        for number in range(count):
            headers = {"X-Session-ID": f"session-{number}"}
            connection.send(message("POST", "/v1/chat/completions", body("hello", 1), headers))
            reply = connection.read_reply()
            equal((reply.status, reply.header("x-warmpath-decision")), (200, "session"), "status and decision")
            result[number] = reply.header("x-warmpath-replica")
    return result


@test
def test_removing_a_replica_moves_only_its_sessions(case):
    daemon, replicas = case.pair(8)
    before = where_sessions_go(daemon, 400)
    equal(where_sessions_go(daemon, 400), before, "where the sessions go the second time")
    check(set(before.values()) == {replica.key for replica in replicas}, "some replica has no session at all")
    gone = replicas[3]
    daemon.remove(gone)
    after = where_sessions_go(daemon, 400)
    check(gone.key not in after.values(), "a removed replica was asked")
    strays = [number for number in before if before[number] != gone.key and after[number] != before[number]]
    equal(strays, [], "sessions that moved though their replica stayed")
    heirs = {after[number] for number in before if before[number] == gone.key}
    check(len(heirs) >= 4, f"the sessions of the removed replica went to {sorted(heirs)} only")
    daemon.add(gone.url)
    equal(where_sessions_go(daemon, 400), before, "where the sessions go when the replica is back")


@test
def test_sessions_of_other_callers_do_not_meet(case):
    """The session key is hashed together with the credential: one caller cannot aim at another's replica."""
    daemon, _ = case.pair(8)
    replicas = set()
    for number in range(16):
        headers = {"X-Session-ID": "1", "Authorization": f"Bearer key-{number}"}
        replicas.add(daemon.post(body("hello", 1), headers=headers).header("x-warmpath-replica"))
    check(len(replicas) > 1, "sixteen callers with the same session id all went to one replica")


@test
def test_round_robin_takes_turns(case):
    daemon, _ = case.pair(4, daemon={"strategy": "round-robin", "shards": 1})
    taken = [daemon.post(body("hello", 1)).header("x-warmpath-replica") for _ in range(12)]
    equal(taken[:4], taken[4:8], "the second round")
    equal(sorted(taken.count(name) for name in set(taken)), [3, 3, 3, 3], "requests of each replica")


@test
def test_least_loaded_avoids_the_busy(case):
    daemon, _ = case.pair(2, daemon={"strategy": "least-loaded"}, decode_rate=100)
    with Stream(daemon.address, body(unique(), 2000)) as stream:
        stream.take(1)
        busy = stream.reply.header("x-warmpath-replica")
        for _ in range(10):
            reply = daemon.post(body(unique(), 1))
            check(reply.header("x-warmpath-replica") != busy, "the busy one of two replicas was picked")


@test
def test_only_one_says_so(case):
    daemon, _ = case.pair(1)
    equal(daemon.post(body("hello", 1)).header("x-warmpath-decision"), "only_one", "the decision")


@test
def test_decision_headers_are_off_by_default(case):
    daemon, _ = case.pair(2, daemon={"decision_headers": False})
    reply = daemon.post({"model": MODEL, "messages": [{"role": "user", "content": "hello"}]})
    equal(reply.status, 200, "the status")
    equal(reply.header("x-warmpath-decision"), None, "the decision header")
    equal(reply.header("x-warmpath-replica"), None, "the replica header")


@test
def test_sessions_kept_and_moved_are_counted(case):
    """A drain moves its own sessions and nobody else's, and the counters say so."""
    daemon, replicas = case.pair(3)
    sessions = [unique() for _ in range(9)]

    def ask_all():
        """The replica of each session."""
        replies = [daemon.post(body("hello", 1), headers={"X-Session-ID": session}) for session in sessions]
        return [reply.header("x-replica-name") for reply in replies]

    def picks():
        return daemon.metrics().by("warmpath_session_picks_total", "session", pool="default")

    homes = ask_all()
    equal(picks(), {"first": 9, "kept": 0, "moved": 0}, "picks behind the first requests")
    equal(ask_all(), homes, "the replicas of the second requests")
    equal(picks(), {"first": 9, "kept": 9, "moved": 0}, "picks behind the second requests")
    drained = next(replica for replica in replicas if replica.name == homes[0])
    own = homes.count(drained.name)
    with daemon.control() as control:
        control.call("POST", f"/replicas/{drained.key}/drain")
    after = ask_all()
    check(drained.name not in after, "the drained replica was picked")
    equal([now for now, home in zip(after, homes) if home != drained.name],
          [home for home in homes if home != drained.name], "the replicas of the other sessions")
    equal(picks(), {"first": 9, "kept": 18 - own, "moved": own}, "picks behind the drain")
    moves = daemon.metrics().by("warmpath_session_moves_total", "earlier", pool="default")
    equal({earlier: count for earlier, count in moves.items() if count}, {"unavailable": own}, "why they moved")
