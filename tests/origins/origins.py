"""The servers that requests are played to. Each is a child process with its own port; h11 needs none."""

import os
import re
import shutil
import socket

import h11
from harness import Failure, Process, check, wait_until
from origin import Origin as Recorder
from scgi import Application
from views import View

HERE = os.path.dirname(os.path.abspath(__file__))
SECONDS = 10.0  # for one request


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def program(name):
    found = shutil.which(name, path=os.environ["PATH"] + ":/usr/sbin:/sbin")
    check(found, f"no {name} on this machine: deploy/install-deps --tests installs it")
    return found


class Origin:
    """What all have in common: a process that listens, and the bytes of a connection played to it."""

    joint = None      # what stands between the values of one name, when it shows fields as CGI does
    pipelines = True  # reads the second request when both come at once
    unseen = staticmethod(lambda field: False)  # fields that it keeps from an application, with a reason
    process = None

    def __init__(self, name, directory):
        self.name = name
        self.directory = os.path.join(directory, name)
        os.makedirs(self.directory)
        os.chmod(self.directory, 0o777)  # a server that was started by root may give root up

    def start(self, arguments, port=None):
        self.process = Process(self.name, arguments, self.directory)
        if port is None:
            said = self.process.wait_for_output(lambda text: re.search(r"^listening (\d+)$", text, re.MULTILINE))
            self.port = int(said.group(1))
        else:
            self.port = port
            wait_until(self.accepts, 20, f"{self.name} listening", self.process.last_words)

    def accepts(self):
        check(self.process.running(), f"{self.name} ended before it was ready: {self.process.last_words()}")
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
        except OSError:
            return False
        return True

    def write(self, name, text):
        path = os.path.join(self.directory, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def close(self):
        if self.process:
            self.process.kill()

    def play(self, first, second):
        """Sends both requests on one connection; the second asks for its end. (Views, all reply bytes)"""
        with socket.create_connection(("127.0.0.1", self.port), SECONDS) as sock:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.settimeout(SECONDS)
            received = b""
            try:
                if self.pipelines:
                    sock.sendall(first + second)
                else:
                    sock.sendall(first)
                    received = sock.recv(65536)
                    sock.sendall(second)
                while piece := sock.recv(65536):
                    received += piece
            except (BrokenPipeError, ConnectionResetError):
                pass  # it refused, and closed while there was more to read
            except TimeoutError:
                raise Failure(f"{self.name} waits for more than the two requests; it said {received[:100]!r}") from None
        return self.take(), received


class Filed(Origin):
    """An application in the server's own process, which writes its views to a file."""

    def __init__(self, name, directory):
        super().__init__(name, directory)
        self.file = self.write("views", "")
        self.offset = 0

    def take(self):
        with open(self.file, encoding="utf-8") as file:
            file.seek(self.offset)
            lines = file.readlines()
            self.offset = file.tell()
        return [View.of_json(line) for line in lines]


class Node(Filed):
    def __init__(self, directory):
        super().__init__("node", directory)
        self.start([program("node"), os.path.join(HERE, "node_origin.js"), self.file])


class Gunicorn(Filed):
    joint = b","
    pipelines = False  # it waits for the socket, where nothing comes any more

    def __init__(self, directory):
        super().__init__("gunicorn", directory)
        port = free_port()
        self.start(["/usr/bin/env", f"WARMPATH_VIEWS={self.file}", "PYTHONDONTWRITEBYTECODE=1", program("gunicorn"),
                    "--bind", f"127.0.0.1:{port}", "--worker-class", "gthread", "--threads", "1", "--keep-alive", "5",
                    "--limit-request-line", "0", "--limit-request-field_size", "0", "--limit-request-fields", "200",
                    "--worker-tmp-dir", self.directory, "--chdir", HERE, "gunicorn_app"], port)


class BehindScgi(Origin):
    joint = b", "

    def __init__(self, name, directory):
        super().__init__(name, directory)
        self.application = Application()

    def take(self):
        return self.application.take()

    def close(self):
        super().close()
        self.application.close()


class Forwarding(Origin):
    """An intermediary: what it understood is what it sends on."""

    def __init__(self, name, directory):
        super().__init__(name, directory)
        self.recorder = Recorder()
        self.recorder.__enter__()
        self.recorder_port = int(self.recorder.authority.rpartition(":")[2])

    def take(self):
        check(not self.recorder.stray(), f"{self.name} sends on what is no request: {self.recorder.stray()}")
        return [View.of_http(recorded.raw) for recorded in self.recorder.take()]

    def close(self):
        super().close()
        self.recorder.__exit__()


class H11:
    """The parser of python3-h11, in this process."""

    name = "h11"
    joint = None
    unseen = staticmethod(lambda field: False)

    def close(self):
        pass

    @staticmethod
    def play(first, second):
        connection = h11.Connection(h11.SERVER, max_incomplete_event_size=1 << 17)
        connection.receive_data(first + second)
        views = []
        try:
            while (event := connection.next_event()) not in (h11.NEED_DATA, h11.PAUSED):
                if isinstance(event, h11.Request):
                    views.append(View(event.method, event.target, list(event.headers), b""))
                elif isinstance(event, h11.Data):
                    views[-1].body += bytes(event.data)
                elif isinstance(event, h11.EndOfMessage):
                    connection.send(h11.Response(status_code=200, headers=[("Content-Length", "0")]))
                    connection.send(h11.EndOfMessage())
                    if connection.our_state is h11.MUST_CLOSE:
                        break
                    connection.start_next_cycle()
        except h11.RemoteProtocolError as error:
            return views, f"HTTP/1.1 400 {error}".encode()
        return views, b""
