"""HTTP/1.1 as clients speak it, by raw sockets: what must work."""

import json

from chat import Stream, body, long_text, text_of, unique
from harness import check, equal, test
from http_client import Connection, message, request

CHAT = "/v1/chat/completions"


@test
def test_keep_alive(case):
    daemon, _ = case.pair(2)
    with Connection(daemon.address) as connection:
        for _ in range(20):
            connection.send(message("POST", CHAT, body(unique(), 2)))
            equal(connection.read_reply().status, 200, "the status on a kept connection")
    metrics = daemon.metrics()
    equal(metrics.sum("warmpath_clients_accepted_total"), 1, "the client connections that were accepted")
    reused = metrics.sum("warmpath_upstream_requests_total", connection="reused")
    check(reused >= 17, f"only {reused:g} of 20 requests took a pooled connection")


@test
def test_connection_close_is_obeyed(case):
    daemon, _ = case.pair(1)
    with Connection(daemon.address) as connection:
        connection.send(message("POST", CHAT, body("hello", 2), {"Connection": "close"}))
        reply = connection.read_reply()
        equal((reply.status, reply.header("connection")), (200, "close"), "status and Connection")
        check(connection.closed_by_peer(), "something came after the last reply")


@test
def test_pipelined_requests_are_answered_in_order(case):
    daemon, (replica, _) = case.pair(2, decode_rate=200)
    # The first takes longest: an answer out of turn would overtake it.
    asked = [body(unique(), tokens) for tokens in (60, 1, 20, 2, 5, 1, 1, 1)]
    with Connection(daemon.address) as connection:
        connection.send(b"".join(message("POST", CHAT, one) for one in asked))
        answers = [text_of(connection.read_reply()) for _ in asked]
    equal(answers, [text_of(replica.ask(one)) for one in asked], "the answers in order")


@test
def test_pipelined_streams_and_errors_in_order(case):
    daemon, _ = case.pair(1)
    with Connection(daemon.address) as connection:
        connection.send(message("POST", CHAT, body(unique(), 20, stream=True)) + message("GET", "/nowhere")
                        + message("POST", CHAT, body(unique(), 3)))
        reply = connection.read_head()
        events = [data for _, data in connection.events(reply)]
        equal(events[-1], "[DONE]", "the last event of the first reply")
        equal(connection.read_reply().error_code(), "unknown_path", "the second reply")
        equal(connection.read_reply().status, 200, "the third reply")


@test
def test_expect_100_continue(case):
    daemon, _ = case.pair(1)
    request_bytes = message("POST", CHAT, body(unique(), 2), {"Expect": "100-continue"})
    head, _, payload = request_bytes.partition(b"\r\n\r\n")
    with Connection(daemon.address) as connection:
        connection.send(head + b"\r\n\r\n")
        equal(connection.read_head().status, 100, "the interim reply")
        connection.send(payload)
        equal(connection.read_reply().status, 200, "the final reply")


@test
def test_expect_is_refused_before_the_body(case):
    daemon, _ = case.pair(1, daemon={"max_body": "4096"})
    with Connection(daemon.address) as connection:
        expecting = "Host: a\r\nExpect: 100-continue\r\nContent-Length: 9999\r\n\r\n"
        connection.send(f"POST {CHAT} HTTP/1.1\r\n{expecting}".encode())
        reply = connection.read_head()
        equal(reply.status, 413, "the reply to a body that would be too large")


@test
def test_chunked_request_body(case):
    daemon, (replica,) = case.pair(1)
    asked = body(long_text(4000, unique()), 4)
    payload = json.dumps(asked).encode()
    head = f"POST {CHAT} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n".encode()
    sizes = [1, 2, 15, 16, 17, 255, 256, 4096]
    chunks, at = [], 0
    while at < len(payload):
        piece = payload[at : at + sizes[len(chunks) % len(sizes)]]
        at += len(piece)
        chunks.append(f"{len(piece):X};note=\"a b\"\r\n".encode() + piece + b"\r\n")
    with Connection(daemon.address) as connection:
        connection.send(head + b"".join(chunks) + b"0\r\nX-Sum: 1\r\n\r\n")
        equal(text_of(connection.read_reply()), text_of(replica.ask(asked)), "the answer to a chunked request")
        connection.send(message("POST", CHAT, body("hello", 1)))
        equal(connection.read_reply().status, 200, "the next request's status")


@test
def test_request_byte_by_byte(case):
    daemon, _ = case.pair(1)
    with Connection(daemon.address) as connection:
        for byte in message("POST", CHAT, body("hi", 1)):
            connection.send(bytes([byte]))
        equal(connection.read_reply().status, 200, "the status")


@test
def test_large_body(case):
    daemon, (replica,) = case.pair(1, kv_tokens=2_000_000, prefill_rate=100_000_000)
    asked = body(long_text(250_000, unique()), 3)
    equal(text_of(daemon.post(asked)), text_of(replica.ask(asked)), "the answer to a body of 1 MB")


@test
def test_head(case):
    daemon, _ = case.pair(1)
    with Connection(daemon.address) as connection:
        connection.send(message("HEAD", "/v1/models"))
        reply = connection.read_reply("HEAD")
        equal(reply.status, 200, "the status of HEAD")
        check(int(reply.header("content-length")) > 0, "HEAD does not say the length")
        connection.send(message("HEAD", "/nowhere"))
        equal(connection.read_reply("HEAD").status, 404, "the status of HEAD of nothing")
        connection.send(message("GET", "/v1/models"))
        reply = connection.read_reply()
        equal((reply.status, reply.json()["object"]), (200, "list"), "the next reply")


@test
def test_http_1_0(case):
    daemon, (replica,) = case.pair(1)
    asked = body(unique(), 12)
    payload = json.dumps(asked).encode()
    head = f"POST {CHAT} HTTP/1.0\r\nContent-Length: {len(payload)}\r\n"
    with Connection(daemon.address) as connection:
        connection.send(head.encode() + b"\r\n" + payload)
        reply = connection.read_reply()
        check(reply.header("transfer-encoding") is None, "a chunked reply to HTTP/1.0")
        equal(text_of(reply), text_of(replica.ask(asked)), "the answer")
        check(connection.closed_by_peer(), "the connection of HTTP/1.0 stays open")
    with Connection(daemon.address) as connection:
        for _ in range(3):
            connection.send(head.encode() + b"Connection: keep-alive\r\n\r\n" + payload)
            reply = connection.read_reply()
            equal((reply.status, reply.header("connection")), (200, "keep-alive"), "status and Connection")


@test
def test_stream_to_http_1_0_ends_with_the_connection(case):
    daemon, _ = case.pair(1)
    payload = json.dumps(body(unique(), 12, stream=True)).encode()
    with Connection(daemon.address) as connection:
        connection.send(f"POST {CHAT} HTTP/1.0\r\nContent-Length: {len(payload)}\r\n\r\n".encode() + payload)
        reply = connection.read_head()
        check(reply.header("transfer-encoding") is None, "a chunked stream to HTTP/1.0")
        equal([data for _, data in connection.events(reply)][-1], "[DONE]", "the last event")


@test
def test_absolute_form(case):
    daemon, _ = case.pair(1)
    with Connection(daemon.address) as connection:
        connection.send(b"GET http://any.test/v1/models HTTP/1.1\r\nHost: any.test\r\n\r\n")
        equal(connection.read_reply().status, 200, "the status of an absolute target")


@test
def test_hop_by_hop_headers_stay(case):
    daemon, _ = case.pair(1)
    with Connection(daemon.address) as connection:
        headers = {"Connection": "X-Drop, keep-alive", "X-Drop": "1", "Keep-Alive": "timeout=5", "TE": "trailers"}
        connection.send(message("POST", CHAT, body("hello", 1), headers))
        reply = connection.read_reply()
        equal(reply.status, 200, "the status")
        check(reply.header("keep-alive") is None, "a hop-by-hop header of the replica came through")


@test
def test_replica_errors_pass_through(case):
    daemon, _ = case.pair(1)
    reply = daemon.post({"model": "no-such-model", "messages": [{"role": "user", "content": "x"}]})
    equal((reply.status, reply.json()["error"]["param"]), (404, "model"), "the replica's own refusal")


@test
def test_a_full_replica_says_so(case):
    daemon, (replica,) = case.pair(1, max_running=1, max_waiting=0, decode_rate=50)
    with Stream(daemon.address, body(unique(), 2000)) as stream:
        stream.take(1)
        status = daemon.post(body(unique(), 1)).status
        direct = request(replica.address, "POST", CHAT, body(unique(), 1)).status
        check(direct >= 400, f"the replica is not full: {direct}")
        equal(status, direct, "the status of a replica that is full")


@test
def test_all_apis(case):
    daemon, _ = case.pair(2)
    requests = {
        CHAT: body("hello", 3),
        "/v1/completions": {"model": "test-model", "prompt": "hello", "max_tokens": 3},
        "/v1/responses": {"model": "test-model", "input": "hello", "max_output_tokens": 3},
        "/v1/embeddings": {"model": "test-model", "input": "hello"},
        "/v1/messages": {"model": "test-model", "messages": [{"role": "user", "content": "hi"}], "max_tokens": 3},
    }
    for path, asked in requests.items():
        reply = daemon.post(asked, path)
        equal(reply.status, 200, f"the status of {path} ({reply.body[:200]!r})")
        check(reply.json(), f"{path} gave nothing")
