"""Instructions that the hot pure functions take, counted by callgrind, and the committed baseline they are held to.

A count does not depend on what else the machine does, nor on its processor (micro/instructions.cc says why), but on the
compiler: the baseline is that of Debian 12's g++ and of the release build.
"""

import os
import re
import subprocess
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
BASELINE = os.path.join(HERE, "micro", "baseline")
PROGRAM = os.path.join("tests", "bench", "warmpath-instructions")
REFRESH = "tests/bench/bench micro --write-baseline"

# Packages of the distribution are mended now and then, and where memory lies moves a copy by an instruction or two.
TOLERANCE = 0.02

ABOUT = (
    "# Instructions of one run of each case of tests/bench/micro; tests/run tidy holds the build to them, "
    f"{TOLERANCE:.0%} either way.\n# Where another cost is meant, this file is made anew and committed: {REFRESH}\n"
)


class Counts:
    """`compiler`, and `of`: case -> instructions a run."""

    def __init__(self, compiler, of):
        self.compiler = compiler
        self.of = of


def count(build):
    """Counts in a build folder. Raises ValueError with what is wrong, in one sentence."""
    program = os.path.join(build, PROGRAM)
    if not os.access(program, os.X_OK):
        raise ValueError(f"no {program}: ninja -C {build}")
    with tempfile.TemporaryDirectory(prefix="warmpath-callgrind-") as directory:
        out = os.path.join(directory, "out")
        command = ["valgrind", "--tool=callgrind", "--toggle-collect=warmpath_counted", f"--callgrind-out-file={out}",
                   "--dump-after=warmpath_counted", os.path.abspath(program)]
        try:
            # Nothing of the caller's environment: its size moves the stack.
            done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120,
                                  env={"LD_BIND_NOW": "1", "PATH": os.environ["PATH"]})
        except FileNotFoundError:
            raise ValueError("valgrind is not installed: deploy/install-deps --tests") from None
        if done.returncode != 0:
            raise ValueError(f"{PROGRAM} under callgrind: {(done.stdout + done.stderr).strip()[-600:]}")
        compiler, *cases, _ = done.stdout.splitlines()
        of = {}
        for number, case in enumerate(cases, 1):
            name, runs = case.split()
            with open(f"{out}.{number}", encoding="ascii", errors="replace") as file:
                total = re.search(r"^totals: (\d+)", file.read(), re.MULTILINE)
            of[name] = round(int(total.group(1)) / int(runs))
        return Counts(compiler.removeprefix("compiler "), of)


def read_baseline():
    with open(BASELINE, encoding="ascii") as file:
        lines = [line.rstrip("\n") for line in file if not line.startswith("#")]
    rows = [line.rsplit(None, 1) for line in lines[1:]]
    return Counts(lines[0].removeprefix("compiler "), {name: int(number) for name, number in rows})


def write_baseline(counts):
    width = max(len(name) for name in counts.of)
    with open(BASELINE, "w", encoding="ascii") as file:
        file.write(ABOUT + f"compiler {counts.compiler}\n")
        file.writelines(f"{name:<{width}} {number:>9}\n" for name, number in counts.of.items())


def complaints(now, baseline):
    """One sentence for each case that left the baseline."""
    if now.compiler != baseline.compiler:
        yield f"this build is of {now.compiler}, the baseline of {baseline.compiler}: they cannot be compared"
        return
    for name in sorted(now.of.keys() | baseline.of.keys()):
        if name not in baseline.of:
            yield f"{name} is not in the baseline: {REFRESH}"
        elif name not in now.of:
            yield f"{name} is in the baseline and nowhere else: {REFRESH}"
        else:
            change = now.of[name] / baseline.of[name] - 1
            if abs(change) > TOLERANCE:
                yield (f"{name}: {now.of[name]} instructions, {change:+.1%}; the baseline has {baseline.of[name]}. "
                       f"If that is meant: {REFRESH}")
