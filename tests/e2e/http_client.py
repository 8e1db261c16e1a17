"""HTTP/1.1 over a plain socket: sends exactly the bytes it is given and tells exactly what came back."""

import json
import select
import socket
import time

from harness import SLOW, Failure, check


class Cut(Failure):
    """The peer closed or reset before the message was complete."""


class Reply:
    def __init__(self, status, version, headers):
        self.status = status
        self.version = version
        self.headers = headers  # list of (name in lower case, value)
        self.body = b""

    def header(self, name):
        values = [value for key, value in self.headers if key == name.lower()]
        check(len(values) <= 1, f"header {name} stands {len(values)} times in the reply")
        return values[0] if values else None

    def json(self):
        try:
            return json.loads(self.body)
        except ValueError:
            raise Failure(f"the reply ({self.status}) is not JSON: {self.body[:200]!r}") from None

    def error_code(self):
        """The reason word of an error in OpenAI's shape."""
        error = self.json().get("error")
        check(isinstance(error, dict), f"no error object in {self.body[:200]!r}")
        for key in ("message", "type", "param", "code"):
            check(key in error, f"the error has no {key}: {error}")
        check(isinstance(error["message"], str) and error["message"], f"the error has no message: {error}")
        return error["code"]


class Connection:
    """One TCP connection. Reads block at most `seconds` (times SLOW)."""

    def __init__(self, address, seconds=10.0, receive_buffer=None):
        family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        self.socket = socket.socket(family, socket.SOCK_STREAM)
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.seconds = seconds
        self.socket.settimeout(seconds * SLOW)
        self.socket.connect(address)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""
        self.ended = False

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def reset(self):
        """Closes with RST instead of FIN."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.socket.close()

    def finish(self):
        """Half-closes: FIN, but reading goes on."""
        self.socket.shutdown(socket.SHUT_WR)

    def send(self, data):
        self.socket.sendall(data)

    def fill(self):
        """Reads more; False at the peer's end of stream."""
        if self.ended:
            return False
        try:
            data = self.socket.recv(65536)
        except TimeoutError:
            raise Failure(f"nothing came for {self.seconds * SLOW:g} s; so far {self.buffer[:200]!r}") from None
        except ConnectionResetError:
            raise Cut("the peer reset the connection") from None
        self.ended = not data
        self.buffer += data
        return bool(data)

    def until(self, mark):
        """The bytes up to and including `mark`."""
        while mark not in self.buffer:
            if not self.fill():
                raise Cut(f"the connection ended before {mark!r}; left {self.buffer[:200]!r}")
        end = self.buffer.index(mark) + len(mark)
        taken, self.buffer = self.buffer[:end], self.buffer[end:]
        return taken

    def exactly(self, count):
        while len(self.buffer) < count:
            if not self.fill():
                raise Cut(f"the connection ended {count - len(self.buffer)} bytes too early")
        taken, self.buffer = self.buffer[:count], self.buffer[count:]
        return taken

    def closed_by_peer(self):
        """Waits for the end of the stream; true when nothing else came before it."""
        try:
            while self.fill():
                pass
        except Cut:
            pass
        return self.buffer == b""

    def silent(self):
        """True when nothing is there to read now and the peer has not closed."""
        readable, _, _ = select.select([self.socket], [], [], 0)
        return not readable and not self.buffer

    def read_head(self):
        lines = self.until(b"\r\n\r\n")[:-4].split(b"\r\n")
        check(b"\n" not in b"".join(lines), f"a bare LF in the reply's head: {lines}")
        version, status, _ = (lines[0] + b" ").split(b" ", 2)
        check(version in (b"HTTP/1.1", b"HTTP/1.0") and len(status) == 3, f"bad status line {lines[0]!r}")
        headers = []
        for line in lines[1:]:
            name, colon, value = line.partition(b":")
            check(colon == b":" and name, f"bad header line {line!r}")
            headers.append((name.decode("latin-1").lower(), value.strip().decode("latin-1")))
        return Reply(int(status), version.decode(), headers)

    def pieces(self, reply, method="GET"):
        """The body as it arrives, decoded; raises Cut when it breaks off."""
        if method == "HEAD" or reply.status in (204, 304) or reply.status < 200:
            return
        coding, length = reply.header("transfer-encoding"), reply.header("content-length")
        check(not (coding and length), "the reply has both Transfer-Encoding and Content-Length")
        if coding:
            yield from self.chunks()
        elif length is not None:
            left = int(length)
            while left:
                if not self.buffer and not self.fill():
                    raise Cut(f"the reply ended {left} bytes too early")
                piece = self.exactly(min(left, len(self.buffer)))
                left -= len(piece)
                yield piece
        else:
            while self.buffer or self.fill():
                piece, self.buffer = self.buffer, b""
                yield piece

    def chunks(self):
        while True:
            size = int(self.until(b"\r\n").split(b";")[0], 16)
            if size == 0:
                while self.until(b"\r\n") != b"\r\n":
                    pass
                return
            yield self.exactly(size)
            check(self.exactly(2) == b"\r\n", "a chunk does not end in CRLF")

    def read_reply(self, method="GET"):
        """The next final reply, whole; 1xx replies are skipped."""
        reply = self.read_head()
        while 100 <= reply.status < 200:
            reply = self.read_head()
        reply.body = b"".join(self.pieces(reply, method))
        return reply

    def events(self, reply):
        """(arrival in ns of CLOCK_MONOTONIC, data) of each SSE event, as it arrives."""
        pending = b""
        for piece in self.pieces(reply):
            arrived = time.monotonic_ns()
            pending += piece
            while b"\n\n" in pending:
                event, pending = pending.split(b"\n\n", 1)
                data = [line[5:].strip() for line in event.split(b"\n") if line.startswith(b"data:")]
                if data:
                    yield arrived, b"\n".join(data).decode()
        check(pending == b"", f"the stream ended inside an event: {pending[:100]!r}")


def message(method, path, body=None, headers=None, host="warmpath.test"):
    """The bytes of a request; a body that is not bytes is sent as JSON."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host}"]
    if body is not None and not isinstance(body, bytes):
        body = json.dumps(body).encode()
        lines.append("Content-Type: application/json")
    if body is not None:
        lines.append(f"Content-Length: {len(body)}")
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + (body or b"")


def request(address, method, path, body=None, headers=None, seconds=10.0):
    """One request on its own connection."""
    with Connection(address, seconds) as connection:
        connection.send(message(method, path, body, {"Connection": "close", **(headers or {})}))
        return connection.read_reply(method)
