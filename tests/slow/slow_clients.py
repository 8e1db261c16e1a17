#!/usr/bin/env python3
"""Clients that hold what they can and do as little as they may: half heads, bodies of a byte now and then, replies that
are hardly read. A process of its own, started by tests/slow/run; those that are closed come back. Prints one line of
JSON a second, and ends when its standard input does or after --seconds."""

import argparse
import json
import select
import socket
import sys
import time

PERIOD = 5.0  # seconds between two signs of life of one client
CHAT = b"POST /v1/chat/completions HTTP/1.1\r\nHost: slow\r\nContent-Type: application/json\r\n"
# A reply of about 130 KB, which costs the replica no decoding.
ASK = json.dumps({"model": "test-model", "input": ["slow"] * 6, "dimensions": 4096,
                  "encoding_format": "base64"}).encode()
FIRST = {
    "head": CHAT,
    "body": CHAT + b"Content-Length: 4000\r\n\r\n{",
    "read": b"POST /v1/embeddings HTTP/1.1\r\nHost: slow\r\nContent-Length: %d\r\n\r\n" % len(ASK) + ASK,
}
CLOSED = select.EPOLLRDHUP | select.EPOLLHUP | select.EPOLLERR


class Slow:
    """All of them, in one loop."""

    def __init__(self, address, modes, count, rate):
        self.address, self.modes, self.count, self.rate = address, modes, count, rate
        self.poll = select.epoll()
        self.clients = {}  # descriptor -> [socket, mode, when to act, first bytes sent]
        self.live = dict.fromkeys(modes, 0)
        self.opened = self.closed = self.failed = 0
        self.due = 0.0

    def open(self, now):
        mode = min(self.modes, key=self.live.get)  # an equal share of each, whoever is closed most
        sock = socket.socket()
        sock.setblocking(False)
        if mode == "read":
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        try:
            sock.connect(self.address)
        except BlockingIOError:
            pass
        except OSError:
            self.failed += 1
            sock.close()
            return
        self.opened += 1
        self.live[mode] += 1
        self.clients[sock.fileno()] = [sock, mode, now, False]
        self.poll.register(sock.fileno(), select.EPOLLOUT | CLOSED)

    def drop(self, descriptor):
        sock, mode, _, _ = self.clients.pop(descriptor)
        self.poll.unregister(descriptor)
        sock.close()
        self.live[mode] -= 1
        self.closed += 1

    def begin(self, client, now):
        sock, mode, _, _ = client
        sock.send(FIRST[mode])
        self.poll.modify(sock.fileno(), CLOSED)
        client[2:] = [now + PERIOD * (sock.fileno() % 97) / 97, True]

    @staticmethod
    def act(client, now):
        sock, mode, _, _ = client
        if mode == "head":
            sock.send(b"X-Slow: a\r\n")
        elif mode == "body":
            sock.send(b" ")
        else:
            try:
                sock.recv(64)
            except BlockingIOError:
                pass
        client[2] = now + PERIOD

    def turn(self, now):
        for descriptor, events in self.poll.poll(0.1, 1024):
            try:
                if events & CLOSED:
                    self.drop(descriptor)
                else:
                    self.begin(self.clients[descriptor], now)
            except OSError:
                self.drop(descriptor)
        if now < self.due:
            return
        self.due = now + 0.1
        for _ in range(min(int(self.rate / 10), self.count - len(self.clients))):
            self.open(now)
        for descriptor, client in list(self.clients.items()):
            if client[3] and client[2] <= now:
                try:
                    self.act(client, now)
                except OSError:
                    self.drop(descriptor)

    def report(self):
        print(json.dumps({"opened": self.opened, "closed": self.closed, "failed": self.failed, "live": self.live}),
              flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--host", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--modes", default="head,body,read")
    parser.add_argument("--count", type=int, required=True)
    parser.add_argument("--rate", type=float, default=500, help="connections opened a second, at most")
    parser.add_argument("--seconds", type=float, default=120)
    options = parser.parse_args()
    slow = Slow((options.host, options.port), options.modes.split(","), options.count, options.rate)
    end = time.monotonic() + options.seconds
    tell = 0.0
    while (now := time.monotonic()) < end:
        if select.select([sys.stdin], [], [], 0)[0]:
            break
        slow.turn(now)
        if now >= tell:
            slow.report()
            tell = now + 1
    slow.report()


if __name__ == "__main__":
    main()
