"""An application behind SCGI that keeps what its server made of each request: the meta-variables and the body."""

import socketserver
import threading

from views import View


class Handler(socketserver.StreamRequestHandler):
    def handle(self):
        length = b""
        while (byte := self.rfile.read(1)) != b":":
            if not byte:
                return  # a connection without a request
            length += byte
        words = self.rfile.read(int(length)).split(b"\0")[:-1]
        self.rfile.read(1)
        variables = list(zip(words[::2], words[1::2]))
        body = self.rfile.read(int(dict(variables)[b"CONTENT_LENGTH"] or 0))
        with self.server.lock:
            self.server.views.append(View.of_cgi(variables, body))
        self.wfile.write(b"Status: 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok")


class Application(socketserver.ThreadingTCPServer):
    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.lock = threading.Lock()
        self.views = []
        self.port = self.server_address[1]
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    def take(self):
        with self.lock:
            views, self.views = self.views, []
        return views

    def close(self):
        self.shutdown()
        self.server_close()
