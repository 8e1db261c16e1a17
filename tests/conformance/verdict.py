"""What warmpath does with bytes: sends them to a daemon over TCP and says what the client and the replica saw."""

import contextlib
import json
import select

from fleet import Case
from forwarded import Request
from harness import Failure, check
from http_client import Connection, Cut, message
from origin import Origin

BARRIER = "/barrier"


class Verdict:
    def __init__(self, steps, forwarded, closed):
        self.steps = steps          # one text a reply: "accept GET /x" or "refuse 400 bad_header"; or "wait"
        self.forwarded = forwarded  # Requests, in the order in which the replica got them
        self.closed = closed

    def __str__(self):
        return ", ".join(self.steps) + (", close" if self.closed else "")


class Judge:
    """A daemon with one shard in front of one recording origin."""

    def __init__(self, daemon, origin):
        self.daemon = daemon
        self.origin = origin
        self.witness = Connection(daemon.address)

    def close(self):
        self.witness.close()

    def barrier(self):
        """A request there and back by another connection. What was sent before it has been read when it is over, and
        what that set off at the replica has been recorded."""
        self.witness.send(message("GET", BARRIER))
        reply = self.witness.read_reply()
        check(reply.status == 200, f"another connection was harmed: {reply.status} {reply.body[:100]!r}")

    def recorded(self):
        return [one for one in self.origin.take() if not one.raw.startswith(f"GET {BARRIER} ".encode())]

    def ask(self, raw):
        with Connection(self.daemon.address) as client:
            return self.ask_on(client, raw)

    def ask_on(self, client, raw):
        self.origin.take()
        self.barrier()
        try:
            client.send(raw)
        except (BrokenPipeError, ConnectionResetError):
            pass  # refused while it was being sent
        return self.watch(client, raw)

    def watch(self, client, raw):
        """Until two barriers in a row have changed nothing: then nothing is under way any more."""
        requests, quiet, before = [], 0, None
        while quiet < 2:
            self.barrier()
            requests += self.recorded()
            self.drain(client)
            now = (len(requests), len(client.buffer), client.ended)
            quiet = quiet + 1 if now == before else 0
            before = now
        check(not self.origin.stray(), f"the replica got bytes that are no request: {self.origin.stray()}")
        forwarded = [Request(one.raw, self.origin.authority) for one in requests]
        return Verdict(self.steps(client, list(forwarded), raw), forwarded, client.ended)

    @staticmethod
    def drain(client):
        try:
            while not client.ended and select.select([client.socket], [], [], 0)[0]:
                client.fill()
        except Cut:
            client.ended = True

    @staticmethod
    def steps(client, forwarded, raw):
        steps = []
        own = "HEAD" if raw.startswith(b"HEAD ") else "GET"
        while client.buffer:
            # A client knows what it asked: here the replica's record says it.
            method = forwarded[0].method if forwarded else own
            try:
                reply = client.read_head()
                if reply.status == 100:
                    continue
                reply.body = b"".join(client.pieces(reply, method))
            except Cut as cut:
                raise Failure(f"the client's reply breaks off: {cut}") from None
            if reply.header("x-origin"):
                check(forwarded, "a reply of the replica's to a request that it never got")
                steps.append(f"accept {forwarded.pop(0)}")
            else:
                code = json.loads(reply.body)["error"]["code"] if reply.body else "-"
                steps.append(f"refuse {reply.status} {code}")
        check(not forwarded, f"the replica got requests that were not answered: {[str(one) for one in forwarded]}")
        return steps or ["wait"]


@contextlib.contextmanager
def judging(name):
    """A Judge over a fresh daemon and origin. Leaving it fails when the daemon does not end cleanly."""
    with Case(name) as case, Origin() as origin:
        daemon = case.warmpathd([origin.url], shards=1, pass_path="/", decision_headers=False)
        judge = Judge(daemon, origin)
        yield judge
        judge.close()
    case.discard()
