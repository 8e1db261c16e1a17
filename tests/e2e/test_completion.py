"""Command lines of warmpathctl completed by real shells, each at a terminal of its own."""

import os
import pty
import signal

from ctl import Ctl
from fleet import Settings
from harness import check, equal, test, wait_until


class Terminal:
    """A shell at a pseudo-terminal, where keys are typed."""

    def __init__(self, case, daemon, arguments):
        tools = os.path.dirname(Settings.program("tools/ctl/warmpathctl"))
        environment = {"PATH": f"{tools}:{os.environ['PATH']}", "HOME": case.directory, "TERM": "xterm",
                       "WARMPATH_SOCKET": daemon.socket_path, "LC_ALL": "C.UTF-8"}
        self.output = ""
        self.pid, self.master = pty.fork()
        if self.pid == 0:
            os.chdir(case.directory)
            os.execvpe(arguments[0], arguments, environment)
        os.set_blocking(self.master, False)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.master)

    def read(self):
        try:
            self.output += os.read(self.master, 65536).decode("utf-8", "replace")
        except (BlockingIOError, OSError):  # nothing yet; a shell that ended is seen by what does not come
            pass
        return self.output

    def enter(self, keys):
        os.write(self.master, (keys + "\r").encode())

    def wait_for(self, condition, what):
        wait_until(lambda: self.read() is not None and condition(), 20, what, lambda: repr(self.output[-600:]))

    def ready(self, setup):
        """Runs the line and waits until the shell has."""
        self.enter(setup + "; echo rea''dy")
        self.wait_for(lambda: "ready" in self.output, "the shell being ready")


def complete_at(case, arguments, setup):
    """Types a weight for the only replica, whose name and options the shell completes, and waits until it holds."""
    daemon, (replica,) = case.pair(1)
    os.mkdir(os.path.join(case.directory, "functions"))
    case.write("functions/_warmpathctl", Ctl(daemon).ok("completion", "zsh"))
    case.write("token file", "x")
    beginning = replica.key[:replica.key.index(":") + 2]  # readline takes the colon for the end of a word
    with Terminal(case, daemon, arguments) as terminal:
        terminal.ready(setup)
        terminal.enter("warmpathctl --tim\t10s repl\twei\t127\t7")
        terminal.wait_for(lambda: daemon.replica(replica)["weight"] == 7, "a name completed from its beginning")
        terminal.enter(f"warmpathctl replicas weight {beginning}\t8")
        terminal.wait_for(lambda: daemon.replica(replica)["weight"] == 8, "a name completed behind its colon")
        case.write("settings.toml", "x = 1\n")
        terminal.enter("warmpathctl config check sett\t")
        terminal.wait_for(lambda: "settings.toml:1: unknown key" in terminal.output, "the name of a file completed")


@test
def test_completion_in_bash(case):
    complete_at(case, ["bash", "--norc", "--noprofile", "-i"], "source <(warmpathctl completion bash)")


@test
def test_completion_in_zsh(case):
    complete_at(case, ["zsh", "-f", "-i"], "fpath=($PWD/functions $fpath); autoload -Uz compinit; compinit -u -D")


@test
def test_completion_in_fish(case):
    complete_at(case, ["fish", "--no-config", "-i"], "warmpathctl completion fish | source")


@test
def test_completion_follows_the_daemon(case):
    daemon, (first, second) = case.pair(2)
    ctl = Ctl(daemon)

    def offered(*words):
        return [line.split("\t")[0] for line in ctl.ok("complete", "--", *words).splitlines()]

    where = ctl.where
    ctl.where = []
    equal(offered(*where, "replicas", "drain", ""), [first.key, second.key], "whom to drain")
    equal(offered(*where, "replicas", "undrain", ""), [], "whose drain to end")
    Ctl(daemon).ok("replicas", "drain", first.key)
    equal(offered(*where, "replicas", "drain", ""), [second.key], "whom to drain, too")
    equal(offered(*where, "replicas", "undrain", ""), [first.key], "whose drain to end now")
    equal(offered(*where, "replicas", "reset", ""), [first.key], "what was changed")
    equal(offered(*where, "ring", "lookup", "--pool", ""), ["default"], "the pools")
    check("warmpath_requests_total" in offered(*where, "metrics", "warmpath_re"), "the metrics")
    equal(offered("--socket", "/nowhere", "replicas", "drain", ""), [], "names when nobody answers")
