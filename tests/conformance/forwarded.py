"""What a forwarded request must look like: written anew, in one shape that no reader takes in two ways."""

import re

from harness import check, equal

REQUEST_LINE = re.compile(rb"(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS) (/[!-~]*|\*) HTTP/1\.1")
FIELD = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+): ((?:[!-~\x80-\xff](?:[\t -~\x80-\xff]*[!-~\x80-\xff])?)?)")
# Fields of one connection, and framing that a buffered body never needs.
NEVER = {b"transfer-encoding", b"connection", b"keep-alive", b"proxy-connection", b"te", b"trailer", b"upgrade",
         b"expect", b"proxy-authorization", b"proxy-authenticate", b"http2-settings"}
ONCE = (b"host", b"x-forwarded-for")


class Request:
    """A forwarded request, taken apart by a reader that shares no code with warmpath's."""

    def __init__(self, raw, authority):
        self.raw = raw
        head, _, self.body = raw.partition(b"\r\n\r\n")
        lines = head.split(b"\r\n")
        line = REQUEST_LINE.fullmatch(lines[0])
        check(line, f"forwarded a request line out of shape: {lines[0]!r}")
        self.method, self.target = line.group(1).decode(), line.group(2).decode()
        check(b"#" not in line.group(2), f"forwarded a fragment: {lines[0]!r}")
        self.fields = []
        for text in lines[1:]:
            field = FIELD.fullmatch(text)
            check(field, f"forwarded a field line out of shape: {text!r}")
            self.fields.append((field.group(1).lower(), field.group(2)))
        names = [name for name, _ in self.fields]
        for name in names:
            check(name not in NEVER, f"forwarded {name!r}, which ends at a proxy or frames anew")
        for name in ONCE:
            equal(names.count(name), 1, f"the number of forwarded {name!r} fields")
        equal(self.value(b"host"), authority.encode(), "the forwarded Host")
        check(names.count(b"content-length") <= 1, "forwarded two Content-Length fields")
        length = self.value(b"content-length")
        equal(len(self.body), int(length) if length is not None else 0, "bytes of the forwarded body")
        check(length is None or re.fullmatch(rb"0|[1-9]\d*", length), f"forwarded Content-Length {length!r}")

    def settle_on(self, authority):
        """Puts another authority in the place of the replica's, whose port is another one each time."""
        was = self.value(b"host")
        self.raw = self.raw.replace(b"\r\nHost: " + was + b"\r\n", b"\r\nHost: " + authority + b"\r\n", 1)
        self.fields = [(name, authority if name == b"host" else value) for name, value in self.fields]

    def value(self, name):
        values = [value for key, value in self.fields if key == name]
        return values[0] if values else None

    def __str__(self):
        return f"{self.method} {self.target}" + (f" {self.body!r}"[:60] if self.body else "")
