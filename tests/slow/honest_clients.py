#!/usr/bin/env python3
"""Clients that stream and read at once, one stream after the other on a kept connection each. A process of its own,
started by tests/slow/run. Reads lines: "begin" forgets what was measured, "end" prints one line of JSON: gaps between
two tokens of a stream in milliseconds, and what went wrong. Ends when its standard input does or after --seconds."""

import argparse
import json
import select
import socket
import sys
import time


class Stream:
    def __init__(self, address, number, tokens):
        self.number, self.tokens, self.asked = number, tokens, 0
        self.socket = socket.create_connection(address, timeout=10)
        self.ask()

    def ask(self):
        self.asked += 1
        body = json.dumps({"model": "test-model", "stream": True, "max_tokens": self.tokens, "messages": [
            {"role": "user", "content": f"honest {self.number} {self.asked}"}]}).encode()
        self.socket.sendall(b"POST /v1/chat/completions HTTP/1.1\r\nHost: honest\r\nContent-Length: "
                            b"%d\r\n\r\n" % len(body) + body)
        self.head = True
        self.last = None
        self.tail = b""


class Honest:
    def __init__(self, address, streams, tokens):
        self.poll = select.epoll()
        self.streams = {}
        for number in range(streams):
            stream = Stream(address, number, tokens)
            stream.socket.setblocking(False)
            self.streams[stream.socket.fileno()] = stream
            self.poll.register(stream.socket.fileno(), select.EPOLLIN)
        self.begin()

    def begin(self):
        self.gaps, self.problems, self.finished = [], [], 0

    def turn(self):
        ready = self.poll.poll(0.05, 256)
        now = time.monotonic()
        for descriptor, _ in ready:
            stream = self.streams[descriptor]
            try:
                data = stream.socket.recv(65536)
            except OSError as error:
                data = b""
                self.problems.append(str(error))
            if not data:
                self.problems.append(f"stream {stream.number} was cut")
                self.poll.unregister(descriptor)
                continue  # a stream that goes wrong is not tried again: it is a failure already
            self.read(stream, data, now)

    def read(self, stream, data, now):
        if stream.head:
            stream.head = False
            if not data.startswith(b"HTTP/1.1 200 "):
                self.problems.append(data[:80].decode(errors="replace"))
                self.poll.unregister(stream.socket.fileno())
                return
        if b"data: {" in data:
            if stream.last is not None:
                self.gaps.append(now - stream.last)
            stream.last = now
        stream.tail = (stream.tail + data)[-16:]
        if stream.tail.endswith(b"\r\n0\r\n\r\n"):
            self.finished += 1
            stream.ask()

    def report(self):
        gaps = sorted(self.gaps)
        if not gaps:
            gaps, self.problems = [float("inf")], [*self.problems, "no token"]
        at = lambda share: round(gaps[min(len(gaps) - 1, int(len(gaps) * share))] * 1000, 2)
        print(json.dumps({"gaps": len(gaps), "p50": at(0.5), "p99": at(0.99), "most": at(1), "finished": self.finished,
                          "problems": self.problems[:5], "problem_count": len(self.problems)}), flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--host", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--streams", type=int, default=200)
    parser.add_argument("--tokens", type=int, default=400)
    parser.add_argument("--seconds", type=float, default=900)
    options = parser.parse_args()
    honest = Honest((options.host, options.port), options.streams, options.tokens)
    end = time.monotonic() + options.seconds
    while time.monotonic() < end:
        honest.turn()
        if select.select([sys.stdin], [], [], 0)[0]:
            line = sys.stdin.readline().strip()
            if not line:
                return
            honest.begin() if line == "begin" else honest.report()


if __name__ == "__main__":
    main()
