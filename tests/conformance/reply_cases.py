"""Our own cases of replies, cases/reply_*.cases: the replica answers a good request with the case's bytes.

Expectations: "reply STATUS BODY" (as Python shows bytes), "refuse STATUS WORD", or "cut STATUS BODY": the client sees
its reply break off behind that much. Settings: "! close" and "! reset" end the replica's connection behind the bytes;
"! HEAD" asks with that method; "! fresh" and "! reused" say whether the next request may come on the same connection to
the replica. By default a reply that went well is followed by reuse and everything else is not. "! client closed" says
that the client's connection must end, too: so it is for everything that went wrong but a replica's early close.
"""

import json

from harness import check, equal
from http_client import Connection, Cut, message
from origin import Scripted


def receive(client, method):
    """What the client gets, in the words of an expectation."""
    reply = client.read_head()
    check(reply.status >= 200, f"an interim reply came through: {reply.status}")
    body, cut = b"", False
    try:
        for piece in client.pieces(reply, method):
            body += piece
    except Cut:
        cut = True
    for name in ("connection", "keep-alive", "transfer-encoding", "content-length"):
        reply.header(name)  # fails when it stands twice
    if reply.header("content-type") == "application/json" and not cut and reply.status >= 500:
        return f"refuse {reply.status} {json.loads(body)['error']['code']}"
    return f"{'cut' if cut else 'reply'} {reply.status} {body!r}"


def judge(judge_, block):
    origin, settings = judge_.origin, block.settings
    method = "HEAD" if "HEAD" in settings else "GET"
    ending = next((setting for setting in settings if setting in ("close", "reset")), "keep")
    origin.take()
    origin.answer_next(Scripted(block.raw, ending))
    with Connection(judge_.daemon.address) as client:
        client.send(message(method, "/case"))
        outcome = receive(client, method)
        equal([outcome], block.expected, "what the client got")
        asked = origin.take()
        equal(len(asked), 1, "requests at the replica")
        judge_.barrier()
        next_one = origin.take()[-1]
        good = outcome.startswith("reply")
        reused = next_one.connection == asked[0].connection
        wanted = "reused" in settings or (good and ending == "keep" and "fresh" not in settings)
        equal(reused, wanted, "whether the replica's connection was used again")
        judge_.drain(client)
        ambiguous = not good and "replica_closed" not in outcome  # a replica that is gone has said nothing twice
        if "client closed" in settings or ambiguous:
            check(client.closed_by_peer(), f"the client's connection got more than its reply: {client.buffer[:80]!r}")
        else:
            check(not client.ended, "the client's connection was closed")
            equal(client.buffer, b"", "bytes behind the client's reply")
    return outcome + (", reused" if reused else ", not reused")
