"""Bad input, by raw sockets: the right error in the shape of the API, and nothing reaches a replica or harms others."""

import json
import select

from chat import body, unique
from fleet import error_reason
from harness import check, equal, test
from http_client import Connection, Cut, message

CHAT = "/v1/chat/completions"
PAYLOAD = json.dumps(body("hello", 1)).encode()
LENGTH = f"Content-Length: {len(PAYLOAD)}\r\n".encode()


def post(headers, payload=PAYLOAD, line=f"POST {CHAT} HTTP/1.1"):
    return line.encode() + b"\r\n" + headers + b"\r\n" + payload


def chunked(payload):
    return post(b"Host: a\r\nTransfer-Encoding: chunked\r\n", payload)


# name: (status, reason, bytes). Each closes the connection, for where the next request would begin is unsure.
MALFORMED = {
    "bare LF in the head": (400, "bad_line_end", post(b"Host: a\n" + LENGTH)),
    "bare CR in a value": (400, "bad_line_end", post(b"Host: a\r\nX-A: b\rc\r\n" + LENGTH)),
    "LF ends the request line": (400, None, b"GET /v1/models HTTP/1.1\nHost: a\n\n"),
    "NUL in a value": (400, "bad_header", post(b"Host: a\r\nX-A: b\0c\r\n" + LENGTH)),
    "folded line": (400, "bad_header", post(b"Host: a\r\nX-A: b\r\n c\r\n" + LENGTH)),
    "space before the colon": (400, "bad_header", post(b"Host: a\r\nX-A : b\r\n" + LENGTH)),
    "empty name": (400, "bad_header", post(b"Host: a\r\n: b\r\n" + LENGTH)),
    "no colon": (400, "bad_header", post(b"Host: a\r\nnonsense\r\n" + LENGTH)),
    "no Host": (400, "missing_host", post(LENGTH)),
    "two Hosts": (400, "bad_host", post(b"Host: a\r\nHost: b\r\n" + LENGTH)),
    "Host against the target": (400, "bad_host", b"GET http://b/v1/models HTTP/1.1\r\nHost: a\r\n\r\n"),
    "CL and TE": (400, "ambiguous_framing", post(b"Host: a\r\nTransfer-Encoding: chunked\r\n" + LENGTH)),
    "unlike CLs": (400, "ambiguous_framing", post(b"Host: a\r\nContent-Length: 3\r\n" + LENGTH)),
    "empty CL": (400, "bad_content_length", post(b"Host: a\r\nContent-Length:\r\n")),
    "signed CL": (400, "bad_content_length", post(b"Host: a\r\nContent-Length: +5\r\n")),
    "hexadecimal CL": (400, "bad_content_length", post(b"Host: a\r\nContent-Length: 0x10\r\n")),
    "CL with _": (400, "bad_content_length", post(b"Host: a\r\nContent-Length: 1_0\r\n")),
    "CL over 64 bits": (400, "bad_content_length", post(b"Host: a\r\nContent-Length: 99999999999999999999999\r\n")),
    "TE gzip": (501, "bad_transfer_encoding", post(b"Host: a\r\nTransfer-Encoding: gzip, chunked\r\n")),
    "TE twice": (501, "bad_transfer_encoding", post(b"Host: a\r\n" + b"Transfer-Encoding: chunked\r\n" * 2)),
    "TE xchunked": (501, "bad_transfer_encoding", post(b"Host: a\r\nTransfer-Encoding: xchunked\r\n")),
    "TE in HTTP/1.0": (501, "bad_transfer_encoding",
                       post(b"Transfer-Encoding: chunked\r\n", line=f"POST {CHAT} HTTP/1.0")),
    "chunk size 0x5": (400, "bad_chunk", chunked(b"0x5\r\nhello\r\n0\r\n\r\n")),
    "chunk size with a sign": (400, "bad_chunk", chunked(b"+5\r\nhello\r\n0\r\n\r\n")),
    "chunk size over 64 bits": (400, "bad_chunk", chunked(b"fffffffffffffffff\r\nhello\r\n0\r\n\r\n")),
    "chunk line ends in LF": (400, "bad_chunk", chunked(b"5\nhello\r\n0\r\n\r\n")),
    "chunk data too long": (400, "bad_chunk", chunked(b"5\r\nhello!\r\n0\r\n\r\n")),
    "trailer with framing": (400, "bad_chunk", chunked(b"2\r\n{}\r\n0\r\nContent-Length: 5\r\n\r\n")),
    "two spaces": (400, "bad_request_line", b"GET  /v1/models HTTP/1.1\r\nHost: a\r\n\r\n"),
    "no version": (400, "bad_request_line", b"GET /v1/models\r\n\r\n"),
    "version 2.0": (505, "bad_version", b"GET /v1/models HTTP/2.0\r\nHost: a\r\n\r\n"),
    "HTTP/2 preface": (None, None, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    "TLS": (400, None, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 64 + b"\r\n\r\n"),
    "control byte in the target": (400, "bad_target", b"GET /v1/mod\x01els HTTP/1.1\r\nHost: a\r\n\r\n"),
    "authority with userinfo": (400, None, b"GET http://u@a/v1/models HTTP/1.1\r\nHost: a\r\n\r\n"),
    "long target": (414, "target_too_long", b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: a\r\n\r\n"),
    "large head": (431, "head_too_large", post(b"Host: a\r\nX-A: " + b"a" * 20_000 + b"\r\n")),
    "many headers": (431, "too_many_headers", post(b"Host: a\r\n" + b"X-A: b\r\n" * 200)),
    "odd Expect": (417, "bad_expectation", post(b"Host: a\r\nExpect: tea\r\n" + LENGTH)),
}


@test
def test_malformed_requests(case):
    daemon, (replica,) = case.pair(1)
    with Connection(daemon.address) as witness:
        for name, (status, code, sent) in MALFORMED.items():
            with Connection(daemon.address) as connection:
                connection.send(sent)
                reply = connection.read_reply()
                if status is not None:
                    equal(reply.status, status, f"{name}: the status ({reply.body[:200]!r})")
                if code is not None:
                    equal(reply.error_code(), code, f"{name}: the code")
                equal(reply.header("connection"), "close", f"{name}: Connection")
                check(connection.closed_by_peer(), f"{name}: a second reply: {connection.buffer[:100]!r}")
            witness.send(message("GET", "/v1/models"))
            equal(witness.read_reply().status, 200, f"another connection's status after {name}")
    equal(replica.events(), [], "requests that reached the replica")
    metrics = daemon.metrics()
    equal(metrics.sum("warmpath_requests_total", outcome="refused"), len(MALFORMED), "refused requests")


# name: (status, reason, request). The connection stays: the request was read to its end.
REFUSED = {
    "unknown path": (404, "unknown_path", message("GET", "/")),
    "path that an API only begins": (404, "unknown_path", message("GET", "/v2/chat/completions")),
    "wrong method": (405, "method_refused", message("GET", CHAT)),
    "no body": (400, "bad_json", message("POST", CHAT, b"")),
    "not JSON": (400, "bad_json", message("POST", CHAT, b"hello")),
    "half JSON": (400, "bad_json", message("POST", CHAT, PAYLOAD[:-1])),
    "two JSONs": (400, "bad_json", message("POST", CHAT, PAYLOAD + b"{}")),
    "an array": (400, "bad_json", message("POST", CHAT, b"[]")),
    "not UTF-8": (400, "bad_json", message("POST", CHAT, b'{"model":"m","messages":[],"user":"\xff"}')),
    "model twice": (400, "repeated_key", message("POST", CHAT, b'{"model":"a","model":"b","messages":[]}')),
    "messages twice": (400, "repeated_key", message("POST", CHAT, b'{"model":"a","messages":[],"messages":[]}')),
    "a number for a model": (400, "bad_field", message("POST", CHAT, b'{"model":7,"messages":[]}')),
    "a text for stream": (400, "bad_field", message("POST", CHAT, b'{"model":"a","messages":[],"stream":"yes"}')),
    "nested too deep": (400, "nested_too_deep",
                        message("POST", CHAT, b'{"model":"a","messages":[],"x":' + b"[" * 2000 + b"]" * 2000 + b"}")),
}


@test
def test_refused_requests_keep_the_connection(case):
    daemon, (replica,) = case.pair(1)
    with Connection(daemon.address) as connection:
        for name, (status, code, sent) in REFUSED.items():
            connection.send(sent)
            reply = connection.read_reply()
            check(reply.status == status and reply.error_code() == code,
                  f"{name}: {reply.status} {reply.body[:200]!r} where {status} {code} was expected")
            check(reply.header("connection") is None, f"{name}: the connection is to be closed")
        equal(replica.events(), [], "requests that reached the replica")
        connection.send(message("POST", CHAT, body("hello", 1)))
        equal(connection.read_reply().status, 200, "the status of a good request behind all these")


@test
def test_method_refusal_names_the_method(case):
    daemon, _ = case.pair(1)
    with Connection(daemon.address) as connection:
        connection.send(message("DELETE", CHAT))
        reply = connection.read_reply()
        error_reason(reply, 405, "method_refused")
        check("POST" in (reply.header("allow") or ""), f"Allow is {reply.header('allow')}")


@test
def test_unknown_methods_and_upgrades(case):
    daemon, _ = case.pair(1)
    websocket = {"Connection": "Upgrade", "Upgrade": "websocket"}
    for name, sent, code in (
        ("upgrade", message("GET", "/v1/models", None, websocket), "upgrade_refused"),
        ("CONNECT", b"CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n", "method_unknown"),
        ("TRACE", message("TRACE", "/v1/models"), "method_unknown"),
        ("BREW", message("BREW", "/v1/models"), "method_unknown"),
    ):
        with Connection(daemon.address) as connection:
            connection.send(sent)
            reply = connection.read_reply()
            equal((reply.status, reply.error_code()), (501, code), name)


@test
def test_anthropic_errors_have_their_shape(case):
    daemon, _ = case.pair(1)
    reply = daemon.post(b"{", "/v1/messages")
    equal(reply.status, 400, "the status")
    equal((reply.json()["type"], reply.json()["error"]["type"]), ("error", "invalid_request_error"), "the shape")
    check("bad_json" in reply.json()["error"]["message"], f"the reason is missing: {reply.body!r}")


def send_until_answered(connection, data, look=True):
    """Sends until the reply begins to come, as most clients do, or without looking, until nothing more can be sent."""
    view = memoryview(data)
    while view:
        readable, _, _ = select.select([connection.socket], [connection.socket], [], connection.seconds)
        if readable and look:
            return
        try:
            view = view[connection.socket.send(view[:65536]) :]
        except (BrokenPipeError, ConnectionResetError):
            return


@test
def test_oversized_body_is_answered_while_it_is_sent(case):
    daemon, (replica,) = case.pair(1, daemon={"max_body": "64k"})
    huge = b"a" * 8_000_000
    for name, sent in (
        ("length", f"POST {CHAT} HTTP/1.1\r\nHost: a\r\nContent-Length: {len(huge)}\r\n\r\n".encode() + huge),
        ("chunked", f"POST {CHAT} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n7a1200\r\n".encode() + huge),
    ):
        with Connection(daemon.address) as connection:
            send_until_answered(connection, sent)
            try:
                reply = connection.read_reply()
            except Cut as cut:
                check(False, f"{name}: the client that was still sending lost its reply: {cut}")
            error_reason(reply, 413, "body_too_large")
    equal(replica.events(), [], "requests that reached the replica")


@test
def test_oversized_head_is_answered_while_it_is_sent(case):
    daemon, _ = case.pair(1)
    with Connection(daemon.address) as connection:
        send_until_answered(connection, b"GET /v1/models HTTP/1.1\r\nHost: a\r\nX-A: " + b"a" * 4_000_000, look=False)
        try:
            error_reason(connection.read_reply(), 431, "head_too_large")
        except Cut as cut:
            check(False, f"the client that was still sending lost its reply: {cut}")


@test
def test_slow_heads_and_bodies_time_out(case):
    daemon, _ = case.pair(1, daemon={"head_timeout": "300ms", "body_timeout": "300ms", "keep_alive_timeout": "300ms"})
    with Connection(daemon.address) as head, Connection(daemon.address) as whole, Connection(daemon.address) as idle:
        head.send(b"POST /v1/chat/completions HT")
        whole.send(message("POST", CHAT, body(unique(), 1))[:-5])
        idle.send(message("GET", "/v1/models"))
        equal(idle.read_reply().status, 200, "the status before idling")
        error_reason(head.read_reply(), 408, "head_timeout")
        error_reason(whole.read_reply(), 408, "body_timeout")
        check(idle.closed_by_peer(), "an idle connection got something")
