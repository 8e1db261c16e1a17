"""Replicas that close, die, refuse or are not there at all."""

import concurrent.futures
import signal
import socket

from chat import Stream, body, text_of, unique
from fleet import error_reason
from harness import check, equal, test, ticks, wait_until
from http_client import Connection, Cut, message

CHAT = "/v1/chat/completions"


def closed_port():
    """A port of loopback on which nothing listens: it was just free."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@test
def test_replica_closing_idle_connections(case):
    """Requests are spaced so that they meet the moment at which the replica closes: none may see it."""
    daemon, _ = case.pair(1, idle_close_seconds=1)

    def run_client(number):
        statuses = []
        with Connection(daemon.address) as connection:
            for _ in ticks(0.96 + number * 0.005, 4):
                connection.send(message("POST", CHAT, body(unique(), 1)))
                statuses.append(connection.read_reply().status)
        return statuses

    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        for statuses in pool.map(run_client, range(16)):
            equal(statuses, [200] * 4, "the statuses of requests with gaps")


@test
def test_replica_closing_after_n_requests(case):
    daemon, _ = case.pair(1, max_requests_per_connection=5)
    with Connection(daemon.address) as connection:
        for _ in range(60):
            connection.send(message("POST", CHAT, body(unique(), 1)))
            equal(connection.read_reply().status, 200, "the status")
    check(daemon.metrics().sum("warmpath_upstream_requests_total", connection="opened") >= 12, "too few connections")


@test
def test_replica_killed_in_mid_stream(case):
    first, second = case.replicas(1, decode_rate=100)[0], case.replicas(1, decode_rate=100)[0]
    daemon = case.warmpathd([first, second])
    with Stream(daemon.address, body(unique(), 5000)) as stream:
        stream.take(5)
        own = next(replica for replica in (first, second) if replica.key == stream.reply.header("x-warmpath-replica"))
        own.process.kill()
        try:
            for _ in stream.tokens():
                pass
            check(False, "the stream of a killed replica ended as if it were whole")
        except Cut:
            pass
        check(not stream.done, "the stream of a killed replica got its [DONE]")
    for _ in range(10):
        equal(daemon.post(body(unique(), 1)).status, 200, "the status while one of two replicas is dead")


@test
def test_replica_killed_before_it_answers(case):
    """A request that may have been worked on is not sent twice: the client gets the typed error."""
    daemon, (replica,) = case.pair(1, prefill_rate=10)
    with Connection(daemon.address) as connection:
        connection.send(message("POST", CHAT, body("x" * 4000, 1)))
        wait_until(replica.events, 5, "the request reaching the replica")
        replica.process.kill()
        reply = connection.read_reply()
        equal(reply.status, 502, "the status")
        check(reply.error_code() in ("replica_closed", "replica_reset"), f"the code is {reply.error_code()}")


@test
def test_refused_connection_goes_to_another(case):
    replica = case.replicas(1)[0]
    daemon = case.warmpathd([replica, f"http://127.0.0.1:{closed_port()}"])
    for _ in range(20):
        equal(daemon.post(body(unique(), 1), headers={"X-Session-ID": unique()}).status, 200, "the status")
    check(daemon.metrics().sum("warmpath_reasons_total", reason="connect_refused") > 0, "the dead one was never tried")


@test
def test_all_replicas_down(case):
    daemon = case.warmpathd([f"http://127.0.0.1:{closed_port()}", f"http://127.0.0.1:{closed_port()}"])
    for _ in range(3):
        reply = daemon.post(body("hello", 1))
        check((reply.status, reply.error_code()) in ((502, "connect_refused"), (503, "no_replica")),
              f"{reply.status} {reply.body!r}")
        equal(reply.json()["error"]["type"], "server_error", "the type")
    reply = daemon.post({"model": "m", "messages": [], "max_tokens": 1}, "/v1/messages")
    check(reply.status in (502, 503), f"the status is {reply.status}")
    equal(reply.json()["type"], "error", "the shape of Anthropic's error")


@test
def test_replica_comes_back(case):
    port = closed_port()
    daemon = case.warmpathd([f"http://127.0.0.1:{port}"])
    check(daemon.post(body("hello", 1)).status in (502, 503), "a status though nothing listens")
    case.replicas(1, port=port)
    wait_until(lambda: daemon.post(body("hello", 1)).status == 200, 5, "the replica being used once it is up")


@test
def test_unresponsive_replica_times_out(case):
    """A listener that takes connections and says nothing."""
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(8)
        daemon = case.warmpathd([f"http://127.0.0.1:{silent.getsockname()[1]}"], first_byte_timeout="300ms")
        error_reason(daemon.post(body("hello", 1)), 504, "first_token_timeout")


def answering(case, reply, **options):
    """(daemon, end): its only replica answers each connection's first request with `reply` and closes."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(16)
    daemon = case.warmpathd([f"http://127.0.0.1:{listener.getsockname()[1]}"], **options)

    def serve():
        while True:
            try:
                peer, _ = listener.accept()
            except OSError:
                return
            with peer:
                peer.settimeout(30)
                head = b""
                while b"\r\n\r\n" not in head:
                    head += peer.recv(65536)
                peer.sendall(reply)

    pool = concurrent.futures.ThreadPoolExecutor(1)
    pool.submit(serve)

    def end():
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        pool.shutdown()

    return daemon, end


BROKEN_REPLIES = {
    "not HTTP": (b"hello\r\n\r\n", "replica_bad_head"),
    "bare LF": (b"HTTP/1.1 200 OK\nContent-Length: 0\n\n", "replica_bad_head"),
    "CL and TE": (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}",
                  "replica_bad_framing"),
    "two CLs": (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}", "replica_bad_framing"),
    "101 unasked": (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
                    "replica_upgrade"),
    "half a head": (b"HTTP/1.1 200 OK\r\nContent-Le", "replica_closed"),
}


@test
def test_broken_replies(case):
    for name, (sent, code) in BROKEN_REPLIES.items():
        daemon, end = answering(case, sent)
        try:
            reply = daemon.post(body("hello", 1))
            equal((reply.status, reply.error_code()), (502, code), f"{name}: status and code")
        finally:
            end()


@test
def test_reply_that_ends_too_early_is_cut(case):
    for name, sent in {
        "length": b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{}",
        "chunked": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n",
    }.items():
        daemon, end = answering(case, sent)
        try:
            with Connection(daemon.address) as connection:
                connection.send(message("POST", CHAT, body("hello", 1)))
                try:
                    connection.read_reply()
                    check(False, f"{name}: a reply that broke off came through as whole")
                except Cut:
                    pass
        finally:
            end()


@test
def test_reply_until_close_is_whole(case):
    """A reply framed by the end of the connection, as HTTP/1.0 servers send it."""
    daemon, end = answering(case, b'HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n{"old": true}')
    try:
        with Connection(daemon.address) as connection:
            for _ in range(3):
                connection.send(message("POST", CHAT, body("hello", 1)))
                equal(connection.read_reply().json(), {"old": True}, "the reply")
    finally:
        end()


@test
def test_stopped_replica_holds_only_its_own(case):
    """A replica that is frozen in mid-stream: its stream waits, the others go on, and it ends whole when it wakes."""
    frozen, other = case.replicas(1, decode_rate=200)[0], case.replicas(1, name_prefix="other")[0]
    daemon = case.warmpathd([frozen])
    prompt = unique()
    with Stream(daemon.address, body(prompt, 100)) as stream:
        stream.take(3)
        frozen.process.send(signal.SIGSTOP)
        try:
            daemon.add(other.url)
            daemon.remove(frozen)
            for _ in range(5):
                equal(daemon.post(body(unique(), 1)).header("x-replica-name"), other.name, "the replica")
        finally:
            frozen.process.send(signal.SIGCONT)
        equal(stream.read_all(), text_of(frozen.ask(body(prompt, 100))), "the text of the frozen stream")
