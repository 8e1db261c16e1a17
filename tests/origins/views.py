"""What a reader makes of a request's bytes: a View. Two readers agree when their views are the same.

Some origins show a request as CGI does (RFC 3875, section 4.1.18): names folded, fields of one name joined, and of the
length only what the body has. For them the expected view is folded in the same way, which loses no other value.
"""

import base64
import json
import re

from harness import check

# What an intermediary may add or take away for its own hop (RFC 9110, sections 7.6.1 and 7.6.3).
OWN_HOP = {b"connection", b"via", b"x-varnish"}


def field_name(field):
    return field[0]


def fold(name):
    return re.sub(rb"[^a-z0-9]", b"_", name.lower())


class View:
    """Method, target, fields with names in lower case, and the body: all bytes."""

    def __init__(self, method, target, fields, body):
        self.method = method
        self.target = target
        self.fields = fields
        self.body = body

    @classmethod
    def of_json(cls, line):
        """As node_origin.js and gunicorn_app.py write it: text holds one byte in each character."""
        row = json.loads(line)
        fields = [(name.encode("latin-1").lower(), value.encode("latin-1")) for name, value in row["fields"]]
        body = base64.b64decode(row["body"])
        return cls(row["method"].encode("latin-1"), row["target"].encode("latin-1"), fields, body)

    @classmethod
    def of_http(cls, raw):
        """A request as an intermediary forwards it, with a length."""
        head, _, body = raw.partition(b"\r\n\r\n")
        lines = head.split(b"\r\n")
        words = lines[0].split(b" ")
        check(len(words) == 3, f"an intermediary forwards the request line {lines[0]!r}")
        fields = []
        for line in lines[1:]:
            name, colon, value = line.partition(b":")
            check(colon and not re.search(rb"[\r\n\0]", line), f"an intermediary forwards the field line {line!r}")
            fields.append((name.lower(), value.strip(b" \t")))
        return cls(words[0], words[1], fields, body)

    @classmethod
    def of_cgi(cls, variables, body):
        """From the meta-variables of a CGI, a list of pairs; what of their names is lost stays folded."""
        fields = []
        for name, value in variables:
            known = name.removeprefix(b"HTTP_")
            of_header = known != name and known not in (b"CONTENT_LENGTH", b"CONTENT_TYPE")
            if of_header or (name == b"CONTENT_TYPE" and value):
                fields.append((fold(known), value))
        named = dict(variables)
        return cls(named[b"REQUEST_METHOD"], named[b"REQUEST_URI"], fields, body)

    def folded(self, joint):
        """The same as CGI shows it; `joint` stands between the values of one name."""
        joined = {}
        for name, value in self.fields:
            if name != b"content-length":
                joined.setdefault(fold(name), []).append(value)
        fields = [(name, joint.join(values)) for name, values in joined.items()]
        return View(self.method, self.target, fields, self.body)

    def without(self, unseen):
        return View(self.method, self.target, [field for field in self.fields if not unseen(field)], self.body)

    def without_hop(self):
        return self.without(lambda field: field[0] in OWN_HOP)

    def difference(self, seen):
        """What `seen` says otherwise, in words; '' when it says the same."""
        for part in ("method", "target", "body"):
            if getattr(self, part) != getattr(seen, part):
                return f"{part} {getattr(seen, part)[:80]!r} for {getattr(self, part)[:80]!r}"
        # Between fields of different names the order has no meaning (RFC 9110, section 5.3).
        if sorted(self.fields, key=field_name) != sorted(seen.fields, key=field_name):
            missing = [field for field in self.fields if field not in seen.fields]
            more = [field for field in seen.fields if field not in self.fields]
            return f"fields: {missing[:3]} are missing, {more[:3]} are more"
        return ""
