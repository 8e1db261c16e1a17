"""What a test starts: replicas and a warmpathd, and what must be true of both when the test ends."""

import os
import re
import shutil
import socket
import tempfile

from harness import Failure, Process, check, equal, report_in, ticks, wait_until
from http_client import Connection, message, request
from metrics import Metrics

MODEL = "test-model"


class Settings:
    """Set once by tests/e2e/run."""

    build = "build"
    transport = "auto"
    sanitizer = None  # that the build has, or None

    @classmethod
    def program(cls, path):
        full = os.path.join(cls.build, path)
        if not os.access(full, os.X_OK):
            raise Failure(f"no {full}: build it first")
        return full


def parse_address(text):
    host, _, port = text.rpartition(":")
    return host.strip("[]"), int(port)


def authority(address):
    host, port = address
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def flags(options):
    """{'decode_rate': 5} -> ['--decode-rate', '5']; True stands alone; a list repeats the flag."""
    result = []
    for name, value in options.items():
        flag = "--" + name.replace("_", "-")
        for one in value if isinstance(value, list) else [value]:
            if one is True:
                result.append(flag)
            elif one is not None and one is not False:
                result += [flag, str(one)]
    return result


def pool(name, replicas, more=""):
    """A pool of a configuration file."""
    rows = ", ".join(f'{{url = "{replica.url}"}}' for replica in replicas)
    return f'[[pool]]\nname = "{name}"\n{more}\nreplica = [{rows}]\n'


class Replica:
    """One simulated replica of a process that may play several."""

    def __init__(self, name, address, process):
        self.name = name
        self.address = address
        self.process = process

    @property
    def url(self):
        return f"http://{authority(self.address)}"

    @property
    def key(self):
        """Its name in warmpathd."""
        return authority(self.address)

    def events(self, request_id=None):
        """What happened there, oldest first: dicts with `event`, `at_ms`, `request`, `x_request_id`, `api`."""
        listed = request(self.address, "GET", "/debug/events").json()["events"]
        return [event for event in listed if request_id is None or event["x_request_id"] == request_id]

    def metrics(self):
        return Metrics(request(self.address, "GET", "/metrics").body.decode())

    def set_health(self, word):
        """What its /health answers from now on: ok, loading, fail, hang or absent."""
        equal(request(self.address, "POST", "/debug/health", word.encode()).status, 200, "the status of /debug/health")

    def ask(self, body, path="/v1/chat/completions"):
        """The reply that the replica gives when it is asked directly."""
        reply = request(self.address, "POST", path, body, seconds=60)
        equal(reply.status, 200, f"the status of {self.name} asked directly")
        return reply


class Daemon:
    config_path = None  # of one that was started with a file

    def __init__(self, process, addresses, admin, socket_path):
        self.process = process
        self.addresses = addresses
        self.address = addresses[0]
        self.admin = admin
        self.socket_path = socket_path

    @property
    def url(self):
        return f"http://{authority(self.address)}"

    def metrics(self):
        reply = request(self.admin, "GET", "/metrics")
        equal(reply.status, 200, "the status of /metrics")
        return Metrics(reply.body.decode())

    def admin_get(self, path):
        return request(self.admin, "GET", path)

    def post(self, body, path="/v1/chat/completions", headers=None, seconds=20.0):
        return request(self.address, "POST", path, body, headers, seconds)

    def control(self):
        return Control(self.socket_path)

    def configure(self, text):
        """Replaces its file in one step; what every file begins with is put before the text."""
        with open(self.config_path + ".new", "w", encoding="utf-8") as file:
            file.write(self.config_head + text)
        os.rename(self.config_path + ".new", self.config_path)

    def add(self, url):
        """Adds the replica and waits until it has been checked."""
        with self.control() as control:
            name = control.call("POST", "/replicas", {"url": url}).json()["name"]
        wait_until(lambda: self.replica(name)["health"] != "untried", 5, f"the first check of {name}")

    def replica(self, replica):
        """What the admin address shows of a replica (a Replica object or a name)."""
        name = replica.key if isinstance(replica, Replica) else replica
        return next(shown for shown in self.admin_get("/replicas").json()["replicas"] if shown["name"] == name)

    def wait_state(self, replica, state, seconds=10):
        """Waits until the replica is in the state."""
        wait_until(lambda: self.replica(replica)["state"] == state, seconds, f"{replica.name} being {state}",
                   lambda: str(self.replica(replica)))

    def remove(self, replica):
        with self.control() as control:
            return control.call("DELETE", f"/replicas/{replica.key}")

    def balanced(self):
        """'' when every account is at zero and nothing is in flight, else what is not."""
        metrics = self.metrics()
        in_flight = metrics.sum("warmpath_requests_in_flight")
        if in_flight != 0:
            return f"{in_flight:g} requests in flight"
        charged = metrics.by("warmpath_replica_charges_total", "replica")
        released = metrics.by("warmpath_replica_releases_total", "replica")
        equal(sorted(charged), sorted(released), "replicas with charges and with releases")
        for name, count in charged.items():
            if count != released[name]:
                return f"{name} was charged {count:g} times and released {released[name]:g} times"
        left = metrics.sum("warmpath_charges_total") - metrics.sum("warmpath_releases_total")
        return f"{left:g} charges of replicas that have left" if left else ""

    def wait_balanced(self):
        last = [""]

        def zero():
            last[0] = self.balanced()
            return not last[0]

        wait_until(zero, 5, "charges minus releases being zero", lambda: last[0])

    def still(self):
        """Whether no byte of a reply was relayed between two looks."""
        looks = [self.metrics().sum("warmpath_relayed_bytes_total") for _ in ticks(0.2, 2)]
        return looks[0] == looks[1]


class Control(Connection):
    """The control socket: HTTP over a Unix socket."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.seconds = 10.0
        self.socket.settimeout(30)
        self.socket.connect(path)
        self.buffer = b""
        self.ended = False

    def post_text(self, path, text):
        """The reply to a body that is no JSON, whatever its status."""
        self.send(message("POST", path, text.encode()))
        return self.read_reply("POST")

    def call(self, method, path, body=None):
        self.send(message(method, path, body))
        reply = self.read_reply(method)
        check(reply.status < 300, f"{method} {path} on the control socket: {reply.status} {reply.body[:200]!r}")
        return reply


def sanitizer_option(name, option):
    """For env(1): what is set already, and `option` behind it."""
    return f"{name}={os.environ.get(name, '')}:{option}"


# The thread sanitizer does not see how the distribution's libzmq orders its own threads.
UNSEEN = "ignore_noninstrumented_modules=1"


class Case:
    """The processes of one test. On leaving, every account must be at zero and every process must end cleanly."""

    def __init__(self, name):
        self.name = name
        self.directory = tempfile.mkdtemp(prefix="warmpath-e2e-")
        self.processes = []
        self.daemons = []

    def __enter__(self):
        return self

    def __exit__(self, kind, _value, _trace):
        try:
            if kind is None:
                self.finish()
        finally:
            for process in self.processes:
                process.kill()

    def discard(self):
        shutil.rmtree(self.directory, ignore_errors=True)

    def start(self, name, arguments):
        process = Process(f"{name}-{len(self.processes)}", arguments, self.directory)
        self.processes.append(process)
        return process

    def replicas(self, count=1, **options):
        """Replicas that one process plays, on ports that the system chose."""
        program = Settings.program("tools/replica/warmpath-replica")
        settings = {"port": 0, "count": count, "name_prefix": "replica", "model": MODEL, "prefill_rate": 200_000,
                    "decode_rate": 1000, "ttft_overhead_ms": 1, **options}
        before = ["env", sanitizer_option("TSAN_OPTIONS", UNSEEN)]
        process = self.start("replica", [*(before if "kv_events_port" in options else []), program, *flags(settings)])

        def listening(output):
            found = re.findall(r"^listening (\S+) (\S+)$", output, re.MULTILINE)
            return found if len(found) == count else None

        found = process.wait_for_output(listening)
        return [Replica(name, parse_address(address), process) for name, address in found]

    def warmpathd(self, replicas, preload=None, **options):
        """A daemon in front of `replicas` (Replica objects or URLs); `preload` is a library."""
        socket_path = os.path.join(self.directory, f"control-{len(self.processes)}")
        urls = [replica.url if isinstance(replica, Replica) else replica for replica in replicas]
        # A scripted peer waits for the requests of its script, and a closed port is there to be tried.
        simulated = all(isinstance(replica, Replica) for replica in replicas)
        settings = {"listen": "127.0.0.1:0", "admin": "127.0.0.1:0", "control_socket": socket_path,
                    "no_health_checks": not simulated, "health_interval": "500ms", "replica": urls,
                    "shards": 2, "transport": Settings.transport, "decision_headers": True, "no_pin": True,
                    "state": "none", **options}
        wanted = len(settings["listen"]) if isinstance(settings["listen"], list) else 1
        return self.serve(flags(settings), wanted, socket_path, preload)

    def configured(self, text):
        """A daemon with a file; `text` is what stands in it behind the process's own settings."""
        socket_path = os.path.join(self.directory, f"control-{len(self.processes)}")
        head = ('[server]\nlisten = ["127.0.0.1:0"]\nshards = 2\npin = false\n'
                f'transport = "{Settings.transport}"\n[requests]\ndecision_headers = true\n'
                '[admin]\nlisten = "127.0.0.1:0"\n'
                f'control_socket = "{socket_path}"\n')
        path = self.write(f"warmpath-{len(self.processes)}.toml", head + text)
        daemon = self.serve(["--config", path], 1, socket_path, zeromq="kv_events" in text)
        daemon.config_path, daemon.config_head = path, head
        return daemon

    def write(self, name, text):
        path = os.path.join(self.directory, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def serve(self, arguments, wanted, socket_path, preload=None, zeromq=False):
        """A daemon that listens on `wanted` addresses; `zeromq`: its feeds use that."""
        before = [f"LD_PRELOAD={preload}"] if preload else []
        # A sanitizer would end the process its own way where a signal is to.
        sanitizer = [sanitizer_option("ASAN_OPTIONS", "handle_segv=0"),
                     sanitizer_option("TSAN_OPTIONS", "handle_segv=0" + (f":{UNSEEN}" if zeromq else ""))]
        process = self.start("warmpathd", ["env", *sanitizer, *before, self.program(), *arguments])

        def listening(_):
            text = process.out() + process.err()
            serving = re.findall(r"listening on http://(\S+:\d+)", text)
            admin = re.findall(r"admin on http://(\S+:\d+)", text)
            return (serving, admin[0]) if len(serving) == wanted and admin else None

        serving, admin = process.wait_for_output(listening)
        daemon = Daemon(process, [parse_address(text) for text in serving], parse_address(admin), socket_path)
        self.daemons.append(daemon)
        return daemon

    @staticmethod
    def program():
        return Settings.program("controlplane/warmpathd")

    def pair(self, count=1, daemon=None, **options):
        """(warmpathd, replicas), both as most tests want them."""
        replicas = self.replicas(count, **options)
        return self.warmpathd(replicas, **(daemon or {})), replicas

    def finish(self):
        for process in self.processes:
            check(process.ended_by_test or process.running(),
                  f"{process.name} ended by itself with status {process.child.returncode}")
        for daemon in self.daemons:
            if not daemon.process.ended_by_test:
                daemon.wait_balanced()
        for process in reversed(self.processes):
            if not process.ended_by_test:
                equal(process.terminate(), 0, f"the exit status of {process.name} after SIGTERM")
        for process in self.processes:
            report = report_in(process.err())
            check(report is None, f"{process.name} reported:\n{report}")

    def failure_details(self, lines=12):
        """The last words of every process, for the report of a failed test."""
        details = []
        for process in self.processes:
            report = report_in(process.err())
            text = report or "\n".join(process.err().strip().splitlines()[-lines:])
            if text:
                details.append(f"--- {process.name} (status {process.child.returncode}) ---\n{text}")
        return "\n".join(details)


def error_reason(reply, status, code):
    """Checks an error in OpenAI's shape."""
    equal((reply.status, reply.error_code()), (status, code), "status and code of the error")
    equal(reply.header("content-type"), "application/json", "the error's content type")
