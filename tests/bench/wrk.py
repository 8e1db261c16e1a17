"""wrk, which sends one body from a core of its own: for a time in one piece, or only while it has its turn."""

import json
import os
import signal
import subprocess

from chat_body import conversation
from children import BenchError, pass_time, wait_for

HERE = os.path.dirname(os.path.abspath(__file__))
CONNECTIONS = 32
SESSIONS = 1000
REQUEST_BYTES = 16 << 20  # that wrk holds at most, made before it begins: long bodies have fewer sessions
FEWEST_SESSIONS = 40
LONGEST_SECONDS = 600
END_SECONDS = 30


def start(core, connections, seconds, port, script_arguments, before=()):
    """A wrk that has begun; `before` is what it is started by."""
    command = [*before, "taskset", "-c", str(core), "wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "-s",
               os.path.join(HERE, "chat_requests.lua"), f"http://127.0.0.1:{port}", "--", *script_arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


class Load:
    def __init__(self, directory, core, size, churn):
        self.core = core
        self.more = [str(max(FEWEST_SESSIONS, min(SESSIONS, REQUEST_BYTES // size))), *(["close"] if churn else [])]
        self.body = os.path.join(directory, f"body-{size}.json")
        with open(self.body, "wb") as file:
            file.write(conversation(size))

    def start(self, port, seconds):
        return start(self.core, CONNECTIONS, seconds, port, [self.body, *self.more])

    def run(self, name, port, seconds):
        """What wrk counted in so many seconds, in one piece."""
        return result_of(self.start(port, seconds), name, seconds + END_SECONDS)

    def in_turns(self, name, port):
        return Turns(name, self.start(port, LONGEST_SECONDS))


class Turns:
    """A wrk that has begun, keeps its connections, and is held still but for its turns."""

    def __init__(self, name, process):
        self.name = name
        self.process = process

    def turn(self, seconds):
        self.process.send_signal(signal.SIGCONT)
        pass_time(seconds)
        self.process.send_signal(signal.SIGSTOP)

    def end(self):
        """What it counted in all of its turns; what was on its way when it was held still last is neither lost nor
        counted.
        """
        self.process.send_signal(signal.SIGCONT)
        wait_for(self.has_ended, END_SECONDS, lambda: f"wrk against {self.name} does not end", interval_s=0.01)
        return result_of(self.process, self.name, END_SECONDS)

    def has_ended(self):
        """Told to end until it does: only its first thread waits for that, and a signal goes to whichever is awake."""
        self.process.send_signal(signal.SIGINT)
        return self.process.poll() is not None

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.communicate()


def result_of(process, name, limit_s):
    try:
        out, errors = process.communicate(timeout=limit_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        raise BenchError(f"wrk against {name} did not end") from None
    lines = [line for line in out.splitlines() if line.startswith("RESULT ")]
    if process.returncode != 0 or not lines:
        raise BenchError(f"wrk against {name}: {(out + errors).strip()[-300:]}")
    result = json.loads(lines[0].removeprefix("RESULT "))
    if result["not_2xx"] or result["socket_errors"] or not result["requests"]:
        raise BenchError(f"{name} failed requests: {result}")
    return result
