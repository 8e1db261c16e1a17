"""warmpathctl as a test uses it: the real program against a test's daemon."""

import json
import subprocess

from fleet import Settings
from harness import SLOW, equal

DONE, REFUSED, USAGE, UNREACHABLE, NOT_IN_TIME, GARBLED = range(6)


class Ctl:
    """Runs commands against one daemon, over its control socket unless other arguments say where."""

    def __init__(self, daemon, *where):
        self.where = list(where) or ["--socket", daemon.socket_path]

    def run(self, *arguments):
        """The finished process, whatever its status."""
        program = Settings.program("tools/ctl/warmpathctl")
        return subprocess.run([program, *self.where, *arguments], stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, timeout=30 * SLOW, check=False)

    def ok(self, *arguments):
        """What it wrote; it must succeed and complain of nothing."""
        ran = self.run(*arguments)
        equal((ran.returncode, ran.stderr), (DONE, ""), f"status and stderr of warmpathctl {' '.join(arguments)}")
        return ran.stdout

    def json(self, *arguments):
        return json.loads(self.ok(*arguments, "--json"))

    def fails(self, status, *arguments):
        """Its one line of complaint."""
        ran = self.run(*arguments)
        equal((ran.returncode, ran.stdout), (status, ""), f"status and stdout of warmpathctl {' '.join(arguments)}")
        equal((ran.stderr.count("\n"), ran.stderr[:13]), (1, "warmpathctl: "), "the shape of the complaint")
        return ran.stderr[13:].strip()
