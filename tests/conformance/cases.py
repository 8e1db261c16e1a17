"""Reads the cases: our own from cases/*.cases, and those of the shared folder beside the repository, when it is there.

A block of a .cases file is a name, expectations, settings, and bytes; a blank line ends it:

    == name-of-the-case
    ? refuse 400 bad_header              one line for each reply that the client gets, in order
    ! close                              settings; those of replies are told in replies.py
    POST /x HTTP/1.1\r\n                 the bytes: line ends of the file mean nothing, escapes do

Besides Python's escapes there are {a*9000}, a repetition, and the heads @get, @post and @chunked.
"""

import base64
import json
import os
import pathlib
import re

from harness import Failure

HERE = pathlib.Path(__file__).resolve().parent
SHARED = pathlib.Path(os.environ.get("WARMPATH_HTTP_CASES", HERE.parents[2] / "shared" / "http-cases")) / "cases.jsonl"

HEADS = {
    "@get": r"GET /x HTTP/1.1\r\nHost: a\r\n",
    "@post": r"POST /x HTTP/1.1\r\nHost: a\r\n",
    "@chunked": r"POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
}
REPEAT = re.compile(r"\{((?:[^{}\\]|\\.)+?)\*(\d+)\}")


class Block:
    def __init__(self, name, expected, settings, raw):
        self.name = name
        self.expected = expected  # the lines behind "? "
        self.settings = settings  # the lines behind "! "
        self.raw = raw


def unescape(text):
    text = REPEAT.sub(lambda match: match.group(1) * int(match.group(2)), text)
    return text.encode("latin-1").decode("unicode_escape").encode("latin-1")


def parse(lines, where):
    name, expected, settings, raw = None, [], [], b""
    for number, line in enumerate([*lines, ""], 1):
        if line.startswith("#"):
            continue
        if line.startswith("== "):
            name = line[3:]
        elif line.startswith("? "):
            expected.append(line[2:])
        elif line.startswith("! "):
            settings.append(line[2:])
        elif line:
            raw += unescape(HEADS.get(line, line))
        elif name is not None:
            if not expected:
                raise Failure(f"{where}:{number}: the case {name} expects nothing")
            yield Block(name, expected, settings, raw)
            name, expected, settings, raw = None, [], [], b""


def own(pattern):
    """The blocks of cases/PATTERN, in order; no name stands twice."""
    blocks = []
    for file in sorted((HERE / "cases").glob(pattern)):
        blocks += parse(file.read_text(encoding="latin-1").splitlines(), file.name)
    names = [block.name for block in blocks]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise Failure(f"cases that stand twice: {', '.join(sorted(twice))}")
    return blocks


class SharedCase:
    def __init__(self, suite, name, raw, expect):
        self.suite = suite
        self.name = name
        self.raw = raw
        self.expect = expect  # accept, reject, either or wait: of a parser on its own


def shared():
    """Every case of the shared folder; None when it is not there. Most have no Host and some a fragment in their
    target, which alone is reason to refuse them: they come a second time without these faults."""
    if not SHARED.is_file():
        return None
    found, seen = [], {}
    for line in SHARED.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        seen[row["name"]] = seen.get(row["name"], 0) + 1
        name = row["name"] + (f" #{seen[row['name']]}" if seen[row["name"]] > 1 else "")
        case = SharedCase(row["suite"], name, base64.b64decode(row["raw"]), row["expect"])
        found.append(case)
        mended = mend(case.raw)
        if mended != case.raw and case.expect != "wait" and "Missing Host" not in name:
            found.append(SharedCase(case.suite, name + " (mended)", mended, case.expect))
    return found


def mend(raw):
    """The same with a Host behind each request line of HTTP/1.1 when there is none, and without fragments."""
    has_host = b"host:" in raw.lower()

    def mended(match):
        method, target, rest = match.groups()
        target = target.split(b"#")[0]
        named = re.match(rb"http://(?:[^/?@]*@)?([^/?]+)", target)
        host = b"" if has_host else b"Host: " + (named.group(1) if named else b"a") + b"\r\n"
        return method + b" " + target + b" HTTP/1.1\r\n" + host + rest

    return re.sub(rb"(?m)^([A-Z-]+) ([^ \r\n]+) HTTP/1\.1\r\n()", mended, raw)
