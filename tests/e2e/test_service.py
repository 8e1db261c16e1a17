"""What a service manager, a kubelet and a balancer in front see: notifications, probes, the end, and who runs."""

import contextlib
import os
import pwd
import re
import signal
import socket
import stat
import subprocess

from chat import Stream, body, text_of, unique
from fleet import Settings
from harness import SLOW, Skip, check, equal, test, wait_until
from http_client import Connection, message, request

CHAT = "/v1/chat/completions"
NOBODY = pwd.getpwnam("nobody")


class Manager:
    """The receiving end of sd_notify."""

    def __init__(self, address):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(address)
        self.socket.settimeout(10 * SLOW)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def next(self):
        """The next datagram's assignments."""
        text = self.socket.recv(4096).decode()
        check(text.endswith("\n"), f"a notification without a line end: {text!r}")
        return dict(line.split("=", 1) for line in text.splitlines())

    def until(self, name, limit=50):
        for _ in range(limit):
            told = self.next()
            if name in told:
                return told
        raise AssertionError(f"no {name} among {limit} notifications")


@contextlib.contextmanager
def environment(**variables):
    """For the processes that are started in it."""
    os.environ.update(variables)
    try:
        yield
    finally:
        for name in variables:
            del os.environ[name]


@test
def test_service_manager_is_told_of_the_whole_life(case):
    replica, = case.replicas(1, decode_rate=100)
    path = os.path.join(case.directory, "notify")
    with Manager(path) as manager:
        with environment(NOTIFY_SOCKET=path, WATCHDOG_USEC="900000"):
            daemon = case.warmpathd([replica])
        told = manager.until("READY")
        equal(told["READY"], "1", "READY")
        check("1 of 1 replicas can be picked" in told["STATUS"], f"the status is {told['STATUS']!r}")
        for _ in range(3):
            equal(manager.until("WATCHDOG"), {"WATCHDOG": "1"}, "a sign of life")
        with Stream(daemon.address, body(unique(), 100)) as stream:
            stream.take(2)
            daemon.process.send(signal.SIGTERM)
            check("SIGTERM" in manager.until("STOPPING")["STATUS"], "the status does not name the signal")
            manager.until("WATCHDOG")
            stream.read_all()
        equal(daemon.process.wait(), 0, "the exit status")


@test
def test_notify_socket_may_be_abstract(case):
    name = f"warmpath-test-{os.getpid()}"
    with Manager(f"\0{name}") as manager:
        with environment(NOTIFY_SOCKET=f"@{name}"):
            case.pair(1)
        equal(manager.until("READY")["READY"], "1", "READY")


@test
def test_stopped_control_loop_sends_no_sign_of_life(case):
    """The pings come from the loop itself: a process that does not run sends none."""
    replica, = case.replicas(1)
    path = os.path.join(case.directory, "notify")
    with Manager(path) as manager:
        with environment(NOTIFY_SOCKET=path, WATCHDOG_USEC="300000"):
            daemon = case.warmpathd([replica])
        manager.until("WATCHDOG")
        daemon.process.send(signal.SIGSTOP)
        manager.socket.settimeout(0.5)
        with contextlib.suppress(TimeoutError):
            for _ in range(20):  # what was on its way
                manager.next()
            check(False, "a stopped process notified for ever")
        daemon.process.send(signal.SIGCONT)
        manager.socket.settimeout(10 * SLOW)
        manager.until("WATCHDOG")


def probes(daemon, *paths):
    return [request(daemon.admin, "GET", path).status for path in paths]


@test
def test_live_health_and_ready_differ(case):
    daemon, (replica,) = case.pair(1, daemon={"health_interval": "50ms"})
    every = ("/live", "/health", "/ready")
    equal(probes(daemon, *every), [200, 200, 200], "probes of a daemon that serves")
    replica.set_health("fail")
    daemon.wait_state(replica, "down")
    equal(probes(daemon, *every), [200, 503, 503], "probes with no replica: a restart would not help")


@test
def test_readiness_goes_before_the_listener_does(case):
    """With --drain-delay the daemon says that it leaves, and serves on until balancers have seen it."""
    daemon, (replica,) = case.pair(1, decode_rate=100, daemon={"drain_delay": "1500ms", "probe_path": "/edge"})
    with Connection(daemon.address) as kept:
        for path in ("/edge/live", "/edge/ready"):
            kept.send(message("GET", path))
            equal(kept.read_reply().status, 200, f"{path} before")
        daemon.process.send(signal.SIGTERM)
        wait_until(lambda: probes(daemon, "/ready") == [503], 5, "the admin's readiness ending")
        equal(probes(daemon, "/live"), [200], "liveness while it leaves")
        kept.send(message("GET", "/edge/ready"))
        equal(kept.read_reply().status, 503, "readiness on the traffic port")
        equal(daemon.post(body(unique(), 2)).status, 200, "a request on a new connection, while it leaves")
        prompt = unique()
        with Stream(daemon.address, body(prompt, 300)) as stream:
            stream.take(2)

            def refused():
                try:
                    socket.create_connection(daemon.address, 5).close()
                except ConnectionError:
                    return True
                return False

            wait_until(refused, 10, "new connections being refused")
            text = stream.read_all()
        equal(daemon.process.wait(), 0, "the exit status")
        equal(text, text_of(replica.ask(body(prompt, 300))), "the text of the stream that was drained")


@test
def test_reply_while_draining_says_that_the_connection_closes(case):
    daemon, _ = case.pair(1, decode_rate=20)
    with Connection(daemon.address) as client:
        client.send(message("POST", CHAT, body(unique(), 20)))
        wait_until(lambda: daemon.metrics().sum("warmpath_requests_in_flight") == 1, 5, "the request being under way")
        daemon.process.send(signal.SIGTERM)
        reply = client.read_reply()
        equal((reply.status, reply.header("connection")), (200, "close"), "status and Connection of the last reply")
        check(client.closed_by_peer(), "the connection stays open")
    equal(daemon.process.wait(), 0, "the exit status")


def statuses(pid):
    """/proc's status of every thread: a list of {name: value}."""
    result = []
    for thread in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{thread}/status", encoding="ascii") as file:
            result.append(dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line))
    return result


def need_root():
    if os.geteuid() != 0:
        raise Skip("only root can become another user")


@test
def test_root_becomes_another_user_and_drains_as_such(case):
    need_root()
    replica, = case.replicas(1, decode_rate=100)
    os.chmod(case.directory, 0o777)
    daemon = case.warmpathd([replica], user="nobody")
    threads = statuses(daemon.process.pid)
    check(len(threads) >= 3, f"only {len(threads)} threads")
    for thread in threads:
        equal(set(thread["Uid"].split()), {str(NOBODY.pw_uid)}, f"user ids of {thread['Name']}")
        equal(set(thread["Gid"].split()), {str(NOBODY.pw_gid)}, f"group ids of {thread['Name']}")
        check("0" not in thread["Groups"].split(), f"{thread['Name']} is in root's group")
        for kind in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
            equal(int(thread[kind], 16), 0, f"{kind} of {thread['Name']}")
        equal(thread["NoNewPrivs"], "1", f"NoNewPrivs of {thread['Name']}")
    equal(os.stat(daemon.socket_path).st_uid, NOBODY.pw_uid, "the owner of the control socket")
    equal(stat.S_IMODE(os.stat(daemon.socket_path).st_mode) & 0o007, 0, "what others may do with the control socket")
    spare, = case.replicas(1)
    daemon.add(spare.url)
    daemon.remove(spare)
    prompt = unique()
    with Stream(daemon.address, body(prompt, 60)) as stream:
        stream.take(2)
        daemon.process.send(signal.SIGTERM)
        text = stream.read_all()
    equal(daemon.process.wait(), 0, "the exit status")
    equal(text, text_of(replica.ask(body(prompt, 60))), "the text of the stream that was drained")
    check(not os.path.exists(daemon.socket_path), "the control socket was left behind")
    check("running as nobody" in daemon.process.err(), "the log does not say who runs")


@test
def test_files_stay_usable_for_whom_root_became(case):
    """The access log is opened anew and run-time changes are kept, by a process that is not root any more."""
    need_root()
    replica, = case.replicas(1)
    os.chmod(case.directory, 0o777)
    log, state = (os.path.join(case.directory, name) for name in ("access.log", "state.json"))
    daemon = case.warmpathd([replica], user="nobody", access_log=log, state=state)
    equal(daemon.post(body(unique(), 1)).status, 200, "the status before")
    wait_until(lambda: os.path.getsize(log) > 0, 5, "the request being logged")
    os.rename(log, log + ".1")
    daemon.process.send(signal.SIGUSR1)
    wait_until(lambda: os.path.exists(log), 5, "the access log being opened anew")
    equal(daemon.post(body(unique(), 1)).status, 200, "the status behind")
    wait_until(lambda: os.path.getsize(log) > 0, 5, "the request being logged in the new file")
    with daemon.control() as control:
        control.call("POST", f"/replicas/{replica.key}/drain")
        wait_until(lambda: os.path.exists(state), 5, "the change being kept")
        control.call("POST", f"/replicas/{replica.key}/undrain")
    for path in (log, state):
        equal(os.stat(path).st_uid, NOBODY.pw_uid, f"the owner of {os.path.basename(path)}")
    check("cannot write in the folder" not in daemon.process.err(), "the log warns of a folder that can be written to")


@test
def test_service_unit_is_valid(case):
    """Unknown keys, wrong values and a program that is not there: systemd names each on standard error."""
    with open(os.path.join(Settings.build, "deploy", "warmpathd.service"), encoding="ascii") as file:
        text = file.read()
    # The programs are not installed where the unit looks for them.
    for path, program in re.findall(r"=(\S+/(warmpathd|warmpathctl)) ", text):
        built = case.program() if program == "warmpathd" else Settings.program("tools/ctl/warmpathctl")
        text = text.replace(f"={path} ", f"={built} ")
    unit = os.path.join(case.directory, "warmpathd.service")
    with open(unit, "w", encoding="ascii") as file:
        file.write(text)
    done = subprocess.run(["systemd-analyze", "verify", unit], capture_output=True, text=True, timeout=60, check=False)
    equal((done.returncode, done.stderr.strip()), (0, ""), "what systemd says of the unit")
    check("\nType=notify" in text, "the unit does not wait for READY=1")


@test
def test_root_that_stays_root_is_told_so(case):
    need_root()
    daemon, _ = case.pair(1)
    equal(daemon.process.err().count("running as root"), 1, "lines about running as root")
