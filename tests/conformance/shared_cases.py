"""The cases of the shared folder: what parsers expect of themselves, and where an edge must be stricter.

A case that is expected to be refused must be refused, with nothing of it at the replica; one that is to wait must wait
and go on when the rest comes. One that a parser accepts may be refused for a reason in WHY: such differences stand in
differences.md, which is compared with what is seen here.
"""

import pathlib

import cases
from harness import check, equal
from http_client import Connection

PAGE = pathlib.Path(__file__).resolve().parent / "differences.md"

# Reason word: why an edge on the public Internet refuses what the parser takes.
WHY = {
    "missing_host": "RFC 9112, section 3.2: a server MUST answer 400 to a request of HTTP/1.1 without Host",
    "method_unknown": "RFC 9110, section 9.1: 501 to methods that no API of a replica has; CONNECT would be a tunnel",
    "bad_request_line": "RFC 9112, section 3: one line METHOD SP target SP HTTP/1.x; HTTP/0.9, RTSP and ICE are "
                        "other protocols",
    "bad_version": "RFC 9112, section 2.3: the version is HTTP/1.0 or HTTP/1.1",
    "bad_target": "RFC 9112, section 3.2: a target has no fragment, no userinfo (RFC 9110, section 4.2.4) and no byte "
                  "outside of visible ASCII",
    "bad_transfer_encoding": "RFC 9112, section 6.1: 501 to a coding that we do not decode; only chunked, once, and in "
                             "HTTP/1.1 only",
    "ambiguous_framing": "RFC 9112, section 6.3: two ways to frame one body is how requests are smuggled",
    "bad_header": "RFC 9112, section 5: a folded line, a control byte or a blank before the colon is read in two ways",
    "bad_line_end": "RFC 9112, section 2.2: a line ends in CRLF; a bare CR or LF is read in two ways",
    "bad_chunk": "RFC 9112, section 7.1: no blank around a chunk's size or extension, and every line ends in CRLF",
    "upgrade_refused": "RFC 9110, section 7.8: an upgrade may be declined; a tunnel would escape every check behind it",
    "bad_host": "RFC 9110, section 7.2 and RFC 9112, section 3.2: one Host, valid, and the same as the target's",
    "-": "the refusal of a HEAD has no body that could name its reason; the same GET is refused for its missing Host",
    "bytes_after_close": "RFC 9112, section 9.6: nothing may follow a request that asks for the connection's close",
}
HELLO = b"GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n"  # what every waiting case is the beginning of


def run(judge, case):
    """(verdict in words, row of the page or None)."""
    if case.expect == "wait":
        return wait(judge, case), None
    verdict = judge.ask(case.raw)
    refused = [step for step in verdict.steps if step.startswith("refuse")]
    if refused:
        check(verdict.closed or refused[0].endswith("upgrade_refused"), f"the connection stays open after {verdict}")
    if case.expect == "reject":
        check(refused, f"must be refused, but: {verdict}")
        equal(verdict.forwarded, [], f"requests at the replica of a case to be refused ({verdict})")
    if case.expect != "accept" or not refused:
        return str(verdict), None
    status, word = refused[0].split()[1:]
    check(word in WHY, f"refused with {word}, for which no reason to be stricter is written down")
    return str(verdict), (case.suite, case.name, case.expect, f"{status} `{word}`", WHY[word])


def wait(judge, case):
    check(HELLO.startswith(case.raw), "a waiting case that begins otherwise than the others")
    with Connection(judge.daemon.address) as client:
        begun = judge.ask_on(client, case.raw)
        equal((begun.steps, begun.closed), (["wait"], False), "the verdict on the beginning")
        ended = judge.ask_on(client, HELLO[len(case.raw):])
        equal(ended.steps, ["accept GET /hello"], "the verdict when the rest has come")
    return "wait, then accept"


def page(rows):
    lines = [
        "# Where warmpath is stricter", "",
        "The shared cases hold what a parser on its own expects: 166 cases come from llhttp, 33 from h1spec. These are",
        "all those that it accepts and warmpath refuses; the other way round there is none. Most have no Host, some",
        "a fragment in their target: a name that ends in \"(mended)\" is the same case without these faults.",
        "`tests/conformance/run --write-differences` makes this page, and the suite compares.", "",
        "| suite | case | expected | warmpath | why |", "|---|---|---|---|---|"]
    lines += ["| " + " | ".join(text.replace("|", "\\|") for text in row) + " |" for row in rows]
    return "\n".join(lines) + "\n"
