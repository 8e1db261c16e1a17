"""No shard allocates in steady state: a library that is preloaded into warmpathd ends it when one does (tests/trap)."""

import os
import signal
import subprocess
import sys

from chat import Stream, body, long_text, text_of, unique
from fleet import MODEL, Settings, authority, flags
from harness import SLOW, Failure, Skip, check, equal, test, wait_until
from http_client import Connection, Cut, message

ARM, DISARM = signal.SIGRTMIN, signal.SIGRTMIN + 1
CHAT = "/v1/chat/completions"
# What the name of a shard's thread looks like, to this process's own children.
RENAMED = """\
import os, signal
with open("/proc/self/comm", "w") as file:
    file.write("wp-shard-0")
os.kill(os.getpid(), signal.SIGRTMIN)
kept = bytearray(1 << 20)
"""


def trap():
    if Settings.sanitizer:
        raise Skip("a sanitizer's allocator cannot be replaced")
    return Settings.program("tests/trap/liballocation-trap.so")


def exchange(connection, path, content, method="POST", headers=None):
    connection.send(message(method, path, content, headers))
    return connection.read_reply(method)


def whole(address):
    """Requests and replies in one piece: small, large, in chunks, pipelined, and what comes behind a FIN."""
    with Connection(address) as kept:
        for tokens in (4, 100, 1000, 16_000, 100_000):
            text_of(exchange(kept, CHAT, body(unique(long_text(tokens)))))
        content = message("POST", CHAT, body(unique())).partition(b"\r\n\r\n")[2]
        kept.send(message("POST", CHAT, None, {"Transfer-Encoding": "chunked"}))
        for piece in (content[:20], content[20:]):
            kept.send(b"%x\r\n%s\r\n" % (len(piece), piece))
        kept.send(b"0\r\n\r\n")
        text_of(kept.read_reply("POST"))
        kept.send(message("POST", CHAT, body(unique())) * 3)
        for _ in range(3):
            text_of(kept.read_reply("POST"))
        kept.send(message("POST", CHAT, None, {"Content-Length": str(len(content)), "Expect": "100-continue"}))
        equal(kept.read_head().status, 100, "the interim status")
        kept.send(content)
        text_of(kept.read_reply("POST"))
        kept.finish()
        check(kept.closed_by_peer(), "bytes behind the last reply")
    for path, key in (("/v1/completions", "prompt"), ("/v1/responses", "input"), ("/v1/embeddings", "input")):
        with Connection(address) as fresh:
            asked = {"model": MODEL, key: unique(), "max_tokens": 4}
            check(exchange(fresh, path, asked, headers={"X-Session-ID": "a"}).status in (200, 404), path)


def streams(address):
    """Several at a time, some of them left in the middle, one of them read slowly."""
    opened = [Stream(address, body(unique(), 300)) for _ in range(8)]
    for stream in opened:
        stream.take(2)
    opened[0].close()
    opened[1].connection.reset()
    opened[2].connection.finish()
    for stream in opened[3:]:
        stream.read_all()
        stream.close()
    with Stream(address, body(unique(), 30_000), receive_buffer=4096) as slow:
        slow.take(1)


def errors(address):
    with Connection(address) as kept:
        for method, path, content, status in (("POST", CHAT, b"{", 400), ("POST", CHAT, {"model": MODEL}, 400),
                                              ("GET", CHAT, None, 405), ("GET", "/nothing", None, 404),
                                              ("HEAD", "/nothing", None, 404), ("GET", "/probe/ready", None, 200)):
            equal(exchange(kept, path, content, method).status, status, f"{method} {path}")
    for junk in (b"junk\r\n\r\n", b"POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nContent-Length: 1x\r\n\r\n",
                 b"GET /v1/models HTTP/1.1\r\nHost: a\r\nX-A: " + b"a" * 20_000 + b"\r\n\r\n",
                 message("POST", CHAT, None, {"Content-Length": "99999999"})):
        with Connection(address) as fresh:
            fresh.send(junk)
            check(fresh.read_reply("POST").status >= 400, "a flawed request was served")


def leavers(address):
    """Clients that go before they have said all, or before the answer."""
    with Connection(address) as left:
        left.send(b"POST /v1/chat")
    with Connection(address) as left:
        left.send(message("POST", CHAT, None, {"Content-Length": "60000"}) + b"{" * 30_000)
    with Connection(address) as left:
        left.send(message("POST", CHAT, body(unique(), 1000)))
        left.finish()
        check(left.closed_by_peer(), "a reply to a client that had left")


def failures(address):
    """Replicas that refuse, fail, reset and end in the middle: some of these are retried, some cut."""
    for number in range(30):
        try:
            with Connection(address) as fresh:
                asked = {**body(unique(), 20), "stream": number % 2 == 0}
                exchange(fresh, CHAT, asked)
        except (Cut, Failure):
            continue


def load(address):
    program = Settings.program("tools/load/warmpath-load")
    for more in ({"whole": True}, {"fresh_connections": True}, {"system_tokens": 16_000}):
        settings = {"model": MODEL, "connections": 32, "requests": 150, "reply_tokens": 10, "quiet": True, **more}
        ran = subprocess.run([program, authority(address), *flags(settings)], stdin=subprocess.DEVNULL,
                             capture_output=True, text=True, timeout=30 * SLOW, check=False)
        equal(ran.returncode, 0, f"the status of warmpath-load: {ran.stdout}{ran.stderr}")


def where(daemon):
    """The trap's report with the names of functions, where binutils can tell them."""
    lines = daemon.process.err().partition("a shard allocates here:\n")[2].splitlines()
    named = []
    for line in lines:
        program, _, rest = line.partition("(+")
        if not rest:
            continue
        done = subprocess.run(["addr2line", "-C", "-f", "-p", "-e", program, rest.partition(")")[0]],
                              capture_output=True, text=True, check=False)
        named.append("  " + (done.stdout.strip().partition(" at ")[0] or line))
    return "\n".join(named or lines)


def tell(daemon, signum, word):
    daemon.process.send(signum)
    wait_until(lambda: f"allocation trap: {word}\n" in daemon.process.err(), 5, f"the trap being {word}")


@test
def test_allocation_trap_catches(_case):
    ended = subprocess.run([sys.executable, "-c", RENAMED], env={**os.environ, "LD_PRELOAD": trap()}, check=False,
                           capture_output=True, text=True)
    equal(ended.returncode, -signal.SIGABRT, f"the status of a shard that allocates ({ended.stderr})")
    check("a shard allocates here:" in ended.stderr, f"no report in {ended.stderr}")


@test
def test_no_allocation_in_steady_state(case):
    good = case.replicas(2, prefill_rate=100_000_000, decode_rate=5000)
    bad = case.replicas(1, decode_rate=5000, fault=["reset=3,share=0.3", "die=3,share=0.3", "status=503,share=0.3"])
    options = {"preload": trap(), "shards": 1, "postmortem_dir": "off"}
    sound = case.warmpathd(good, listen=["127.0.0.1:0", "[::1]:0"], probe_path="/probe", max_body=1 << 20,
                           access_log=os.path.join(case.directory, "access.log"), **options)
    broken = case.warmpathd([*bad, *good, "http://127.0.0.1:9"], health_interval="60s", **options)
    rows = [(sound, address, kind) for kind in (whole, streams, errors, leavers) for address in sound.addresses]
    rows += [(sound, sound.address, load), (broken, broken.address, failures)]
    for warm in (True, False):
        for daemon, address, kind in rows:
            try:
                kind(address)
            except (Failure, OSError):
                if daemon.process.running():
                    raise
            check(daemon.process.running(), f"a shard allocated while it served `{kind.__name__}`:\n{where(daemon)}")
        for daemon in (sound, broken):
            daemon.wait_balanced()
            tell(daemon, ARM if warm else DISARM, "armed" if warm else "disarmed")
