"""A replica that keeps every byte it is sent, and answers what it is told to.

It splits requests by the one shape that warmpath may write (a head that ends in an empty line, Content-Length):
whatever does not fit stays in `stray`, where a smuggled byte would be seen.
"""

import re
import selectors
import socket
import threading

LENGTH = re.compile(rb"(?i)\r\ncontent-length: (\d+)\r\n")
PLAIN = b'{"origin": true}'


class Scripted:
    """What the next request gets: raw bytes, and how the connection goes on: 'keep', 'close' or 'reset'."""

    def __init__(self, raw, ending="keep"):
        self.raw = raw
        self.ending = ending


class Recorded:
    def __init__(self, connection, raw):
        self.connection = connection  # its number, from 0
        self.raw = raw


class Peer:
    def __init__(self, number, sock):
        self.number = number
        self.socket = sock
        self.pending = b""


class Origin:
    """Runs in a thread of its own from `with` to its end."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        self.authority = self.url.removeprefix("http://")
        self.lock = threading.Lock()
        self.requests = []
        self.script = None
        self.connections = 0
        self.ended = set()  # numbers of connections that warmpath ended
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.listener, selectors.EVENT_READ)
        self.wake_read, self.wake_write = socket.socketpair()
        self.selector.register(self.wake_read, selectors.EVENT_READ)
        self.thread = threading.Thread(target=self.serve, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.wake_write.send(b"x")
        self.thread.join(10)

    def take(self):
        """The requests since the last call."""
        with self.lock:
            taken, self.requests = self.requests, []
            return taken

    def stray(self):
        """Bytes that came but are no whole request in warmpath's shape."""
        with self.lock:
            return [key.data.pending for key in self.selector.get_map().values() if key.data and key.data.pending]

    def answer_next(self, scripted):
        with self.lock:
            self.script = scripted

    def serve(self):
        while True:
            # Everything that came is read before anything is answered, so that replies keep the order of requests.
            ready = [key for key, _ in self.selector.select()]
            if any(key.fileobj is self.wake_read for key in ready):
                return
            with self.lock:
                arrived = []
                for key in ready:
                    if key.fileobj is self.listener:
                        self.accept()
                    elif self.read(key.data):
                        arrived.append(key.data)
                for peer in arrived:
                    self.split(peer)

    def accept(self):
        sock, _ = self.listener.accept()
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.selector.register(sock, selectors.EVENT_READ, Peer(self.connections, sock))
        self.connections += 1

    def read(self, peer):
        try:
            data = peer.socket.recv(1 << 20)
        except ConnectionResetError:
            data = b""
        if not data:
            self.ended.add(peer.number)
            self.end(peer)
        peer.pending += data
        return bool(data)

    def end(self, peer):
        self.selector.unregister(peer.socket)
        peer.socket.close()

    def split(self, peer):
        while (head := peer.pending.find(b"\r\n\r\n")) >= 0:
            length = LENGTH.search(peer.pending[: head + 2])
            end = head + 4 + (int(length.group(1)) if length else 0)
            if len(peer.pending) < end:
                return
            raw, peer.pending = peer.pending[:end], peer.pending[end:]
            self.requests.append(Recorded(peer.number, raw))
            if not self.answer(peer, raw):
                return

    def answer(self, peer, raw):
        """False when the connection has ended."""
        script, self.script = self.script, None
        if script is None:
            body = b"" if raw.startswith(b"HEAD ") else PLAIN
            head = f"HTTP/1.1 200 OK\r\nX-Origin: 1\r\nContent-Length: {len(PLAIN)}\r\n\r\n"
            script = Scripted(head.encode() + body)
        peer.socket.sendall(script.raw)
        if script.ending == "keep":
            return True
        if script.ending == "reset":
            peer.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.end(peer)
        return False
