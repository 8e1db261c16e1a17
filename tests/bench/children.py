"""Programs under measurement: each on cores of its own choice, ended with the bench, however that ends."""

import os
import re
import select
import signal
import socket
import subprocess
import time

START_SECONDS = 10


class BenchError(Exception):
    """Why there is no result, in one sentence."""


def version(arguments):
    """The first line that a program says, whereto ever."""
    done = subprocess.run(arguments, capture_output=True, text=True, check=False)
    return (done.stdout + done.stderr).strip().splitlines()[0]


def free_ports(count):
    """Ports of the loopback that nobody has now."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]
    finally:
        for one in sockets:
            one.close()


def pass_time(seconds):
    """Where time itself is wanted and nothing is waited for."""
    select.select([], [], [], seconds)


def wait_for(condition, limit_s, what_is_wrong, interval_s=0.1):
    """Until it is true; BenchError with what_is_wrong() when that takes too long."""
    deadline = time.monotonic() + limit_s
    while not condition():
        if time.monotonic() > deadline:
            raise BenchError(what_is_wrong())
        pass_time(interval_s)


class Child:
    def __init__(self, name, arguments, directory, core):
        self.name = name
        self.error_path = os.path.join(directory, f"{name}.err")
        with open(self.error_path, "wb") as errors:
            self.process = subprocess.Popen(
                ["taskset", "-c", str(core), *arguments], stdin=subprocess.DEVNULL, stdout=errors, stderr=errors,
                start_new_session=True)

    @property
    def pid(self):
        return self.process.pid

    def wait_for_port(self, port):
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                return
            except OSError:
                pass
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise BenchError(f"{self.name} does not listen: {self.last_words()}")
            pass_time(0.02)

    def wait_for_words(self, pattern, count):
        """What the pattern's group found in its output, as integers, once there are so many."""
        def found():
            with open(self.error_path, encoding="utf-8", errors="replace") as file:
                return re.findall(pattern, file.read(), re.MULTILINE)

        wait_for(lambda: len(found()) == count or self.process.poll() is not None, START_SECONDS,
                 lambda: f"{self.name} is not ready: {self.last_words()}")
        if self.process.poll() is not None:
            raise BenchError(f"{self.name} has ended: {self.last_words()}")
        return [int(number) for number in found()]

    def last_words(self):
        with open(self.error_path, encoding="utf-8", errors="replace") as file:
            return " | ".join(file.read().strip().splitlines()[-5:]) or "it said nothing"

    def end(self):
        if self.process.poll() is not None:
            return
        os.killpg(self.process.pid, signal.SIGTERM)
        try:
            self.process.wait(3)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
