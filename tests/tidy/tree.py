"""The tree under inspection: its files, their text, and C++ without comments and literals."""
import dataclasses
import functools
import os
import pathlib
import re
import subprocess

CPP = (".h", ".cc")
SCRIPTS = (".py", ".sh", ".mjs", ".js", ".bash", "")   # "": programs whose first line says what runs them


@dataclasses.dataclass(frozen=True)
class Finding:
    """One place that leaves the style, and what to do instead."""
    path: str
    line: int
    text: str

    def __str__(self):
        return f"{self.path}:{self.line}: {self.text}"


LITERAL = re.compile(r'R"([^\s()\\]{0,16})\((?:.|\n)*?\)\1"'                 # raw string
                     r'|"(?:\\.|[^"\\\n])*"|(?<![0-9a-fA-F])\'(?:\\.|[^\'\\\n])+\''
                     r"|//[^\n]*|/\*(?:.|\n)*?\*/")


def blank(match):
    """Spaces in place of a literal or comment, with its line ends; a literal keeps its quotes."""
    text = match.group(0)
    inside = re.sub(r"[^\n]", " ", text)
    return inside if text.startswith("/") else text[0] + inside[1:-1] + text[-1]


class Source:
    def __init__(self, root, path):
        self.path = path
        self.name = os.path.basename(path)
        self.suffix = os.path.splitext(path)[1]
        self.file = pathlib.Path(root) / path
        self.text = self.file.read_bytes().decode(errors="replace")   # line ends as they are

    @functools.cached_property
    def lines(self):
        return self.text.split("\n")

    @functools.cached_property
    def code(self):
        """C++ with literals and comments blanked out; the same length and lines as the text."""
        return LITERAL.sub(blank, self.text)

    @functools.cached_property
    def code_lines(self):
        return self.code.split("\n")

    @property
    def is_cpp(self):
        return self.suffix in CPP

    @property
    def is_script(self):
        return self.suffix in SCRIPTS and (self.suffix != "" or self.text.startswith("#!"))

    @property
    def is_python(self):
        return self.suffix == ".py" or (self.suffix == "" and "python3" in self.lines[0])

    @property
    def is_bash(self):
        return self.suffix in (".sh", ".bash") or (self.suffix == "" and "bash" in self.lines[0])

    def find(self, line, text):
        return Finding(self.path, line, text)


class Tree:
    def __init__(self, root):
        self.root = pathlib.Path(root)
        self.sources = [Source(root, path) for path in self.paths()]
        self.by_path = {source.path: source for source in self.sources}

    def paths(self):
        """What git tracks or would; every file below where there is no git."""
        listed = subprocess.run(["git", "-C", self.root, "ls-files", "-z", "-co", "--exclude-standard"],
                                capture_output=True, text=True)
        if listed.returncode == 0:
            names = listed.stdout.split("\0")
        else:
            names = [str(path.relative_to(self.root)) for path in self.root.rglob("*")]
            names = [n for n in names if not re.search(r"(^|/)(build[^/]*|\.git|node_modules|__pycache__)/", n)]
        return sorted(n for n in names if n and (self.root / n).is_file() and not (self.root / n).is_symlink())

    @staticmethod
    def finding(path, line, text):
        return Finding(path, line, text)

    @property
    def cpp(self):
        return [source for source in self.sources if source.is_cpp]

    def below(self, *folders):
        return [source for source in self.sources if source.path.startswith(tuple(f + "/" for f in folders))]
