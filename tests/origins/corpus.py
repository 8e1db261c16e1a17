"""The requests that origins are shown: whatever warmpathd forwards when it is sent the conformance suite's cases, every
byte value at every place of a head, and what the APIs' clients send. Each kind of bytes is kept once."""

import json

import cases
from verdict import judging
from views import View

AUTHORITY = b"replica.test:8000"  # for the port that the recording replica happened to have

# Where a byte may stand; %s is the byte.
PLACES = {
    "path": b"GET /a%sb HTTP/1.1\r\nHost: a\r\n\r\n",
    "query": b"GET /a?b=%sc HTTP/1.1\r\nHost: a\r\n\r\n",
    "name": b"GET /a HTTP/1.1\r\nHost: a\r\nX-A%sB: c\r\n\r\n",
    "value": b"GET /a HTTP/1.1\r\nHost: a\r\nX-A: b%sc\r\n\r\n",
    "value-start": b"GET /a HTTP/1.1\r\nHost: a\r\nX-A: %sb\r\nX-B: c\r\n\r\n",
    "value-end": b"GET /a HTTP/1.1\r\nHost: a\r\nX-A: b%s\r\nX-B: c\r\n\r\n",
    "body": b"POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nb%sc",
    "chunk": b"POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nb%sc\r\n0\r\n\r\n",
}

MESSAGES = [{"role": "user", "content": "h\u00e9llo \u2603 \n\r\n\r\nGET / HTTP/1.1"}]
APIS = {
    "/v1/chat/completions": {"model": "m", "stream": True, "messages": MESSAGES},
    "/v1/completions": {"model": "m", "prompt": "a" * 20000},
    "/v1/responses": {"model": "m", "input": "a"},
    "/v1/embeddings": {"model": "m", "input": ["a", "b"]},
    "/v1/messages": {"model": "m", "max_tokens": 5, "messages": MESSAGES},
}


class Sample:
    """A forwarded request and what warmpath means by it."""

    def __init__(self, name, raw, view):
        self.name = name
        self.raw = raw
        self.view = view

    @classmethod
    def of(cls, name, request):
        view = View(request.method.encode(), request.target.encode(), request.fields, request.body)
        return cls(name, request.raw, view)


def smuggled():
    """What it would look like had warmpathd taken a request for another one's body."""
    hidden = b"GET /hidden HTTP/1.1\r\nHost: a\r\n\r\n"
    raw = b"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n" + hidden
    view = View.of_http(raw)
    view.body = hidden
    return Sample("smuggled", raw, view)


def shared_cases():
    """None when the folder is not there."""
    found = cases.shared()
    return None if found is None else [(case.name, case.raw) for case in found]


def own_cases():
    return [(block.name, block.raw) for block in cases.own("request_*.cases")]


def every_byte():
    for place, pattern in PLACES.items():
        for value in range(256):
            yield f"{place}-{value:02x}", pattern.replace(b"%s", bytes([value]))


def api_calls():
    for path, body in APIS.items():
        text = json.dumps(body, ensure_ascii=False).encode()
        head = (b"POST %s HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer k\r\nContent-Type: application/json\r\n"
                % path.encode())
        yield path, head + b"Content-Length: %d\r\n\r\n" % len(text) + text
        yield path + " in chunks", head + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (len(text), text)


GROUPS = {"shared": shared_cases, "cases": own_cases, "bytes": every_byte, "apis": api_calls}


def collect():
    """{group: Samples, or None when its source is not there}."""
    groups, known = {}, set()
    with judging("origins") as judge:
        for group, source in GROUPS.items():
            sources = source()
            groups[group] = None if sources is None else list(samples(judge, sources, known))
    return groups


def samples(judge, sources, known):
    for name, raw in sources:
        for request in judge.ask(raw).forwarded:
            request.settle_on(AUTHORITY)
            if request.raw not in known:
                known.add(request.raw)
                yield Sample.of(name, request)
