"""Starting, refusing to start, and ending."""

import signal
import socket
import subprocess

from chat import Stream, body, text_of, unique
from fleet import authority
from harness import SLOW, check, equal, test, wait_until
from http_client import Connection, message

CHAT = "/v1/chat/completions"


def refuses_connections(address):
    try:
        socket.create_connection(address, 5).close()
    except ConnectionRefusedError:
        return True
    except ConnectionResetError:  # it was in the listener's queue when that closed
        return False
    return False


@test
def test_sigterm_lets_streams_end(case):
    daemon, (replica,) = case.pair(1, decode_rate=100)
    prompt = unique()
    with Stream(daemon.address, body(prompt, 100)) as stream, Connection(daemon.address) as idle:
        idle.send(message("GET", "/v1/models"))
        equal(idle.read_reply().status, 200, "the status before")
        stream.take(3)
        daemon.process.send(signal.SIGTERM)
        wait_until(lambda: refuses_connections(daemon.address), 5, "new connections being refused")
        check(idle.closed_by_peer(), "an idle connection got something while draining")
        text = stream.read_all()
    equal(daemon.process.wait(), 0, "the exit status")
    equal(text, text_of(replica.ask(body(prompt, 100))), "the text of the stream that was drained")


@test
def test_sigterm_gives_up_after_the_limit(case):
    daemon, (replica,) = case.pair(1, decode_rate=20, daemon={"drain_seconds": "300ms"})
    with Stream(daemon.address, body(unique(), 5000)) as stream:
        stream.take(1)
        daemon.process.send(signal.SIGTERM)
        daemon.process.wait(5)
    wait_until(lambda: replica.metrics().sum("replica_cancelled_total") == 1, 5, "the replica being told")


@test
def test_second_signal_ends_at_once(case):
    daemon, _ = case.pair(1, decode_rate=20)
    with Stream(daemon.address, body(unique(), 5000)) as stream:
        stream.take(1)
        daemon.process.send(signal.SIGTERM)
        wait_until(lambda: refuses_connections(daemon.address), 5, "new connections being refused")
        daemon.process.send(signal.SIGTERM)
        daemon.process.wait(5)


@test
def test_sigint_ends_an_idle_daemon(case):
    daemon, _ = case.pair(1)
    daemon.process.send(signal.SIGINT)
    equal(daemon.process.wait(5), 0, "the exit status")


def run_to_end(case, *arguments):
    """(exit status, standard output, standard error) of a warmpathd that is expected to end by itself."""
    done = subprocess.run([case.program(), *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=20 * SLOW, check=False)
    return done.returncode, done.stdout, done.stderr


def check_one_line(case, name, arguments, *words):
    status, out, err = run_to_end(case, *arguments)
    check(status != 0, f"{name}: the exit status is 0")
    check(status > 0, f"{name}: ended by signal {-status}: {err[-300:]}")
    equal(out, "", f"{name}: standard output")
    lines = err.strip().splitlines()
    check(len(lines) == 1, f"{name}: {len(lines)} lines on standard error: {err!r}")
    for word in words:
        check(word in lines[0], f"{name}: {word!r} is not in {lines[0]!r}")


@test
def test_wrong_command_lines_get_one_line(case):
    replica = ["--replica", "http://127.0.0.1:9"]
    local = ["--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"]
    check_one_line(case, "no replica", local, "--replica")
    check_one_line(case, "https", [*local, "--replica", "https://gpu-1:8000"], "https://gpu-1:8000", "TLS")
    check_one_line(case, "ftp", [*local, "--replica", "ftp://gpu-1:8000"], "ftp://gpu-1:8000")
    check_one_line(case, "a path", [*local, "--replica", "http://gpu-1:8000/v1"], "/v1")
    check_one_line(case, "a replica twice", [*local, *replica, *replica], "127.0.0.1:9")
    check_one_line(case, "a typing error", [*local, *replica, "--strateg", "prefix"], "--strategy")
    check_one_line(case, "an unknown strategy", [*local, *replica, "--strategy", "prefx"], "prefix")
    check_one_line(case, "a bad address", ["--listen", "nonsense", *replica], "nonsense")
    check_one_line(case, "a bad number", [*local, *replica, "--shards", "many"], "--shards")
    check_one_line(case, "a missing value", [*local, "--replica"], "--replica")


@test
def test_port_in_use_gets_one_line(case):
    replica = ["--replica", "http://127.0.0.1:9"]
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen(1)
        address = authority(taken.getsockname())
        check_one_line(case, "listen", ["--listen", address, "--admin", "127.0.0.1:0", *replica], address, "in use")
        check_one_line(case, "admin", ["--listen", "127.0.0.1:0", "--admin", address, *replica], address, "in use")


@test
def test_second_daemon_cannot_share_the_port(case):
    """SO_REUSEPORT lets shards share a port: it must not let two daemons do so by mistake."""
    daemon, _ = case.pair(1)
    address = authority(daemon.address)
    arguments = ["--listen", address, "--admin", "127.0.0.1:0", "--replica", "http://127.0.0.1:9"]
    check_one_line(case, "a second daemon", arguments, address)
    equal(daemon.post(body("hello", 1)).status, 200, "the first daemon's status")


@test
def test_help_and_version(case):
    status, out, err = run_to_end(case, "--help")
    equal((status, err), (0, ""), "status and stderr of --help")
    for flag in ("--listen", "--replica", "--strategy", "--shards", "--admin"):
        check(flag in out, f"--help does not name {flag}")
    status, out, _ = run_to_end(case, "--version")
    equal(status, 0, "the status of --version")
    check("0." in out, f"--version says {out!r}")
    for flag, word in (("--print-reasons", "no_replica"), ("--print-strictness", "length_and_coding"),
                        ("--print-metrics", "warmpath_requests_total")):
        status, out, _ = run_to_end(case, flag)
        check(status == 0 and word in out, f"{flag} does not print {word}")
