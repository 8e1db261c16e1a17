"""Prometheus text, read as strictly as a scraper does."""

import re

from harness import check

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
SAMPLE = re.compile(rf"^({NAME})(?:\{{(.*)\}})? (\S+)$")
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"(?:,|$)')
SUFFIXES = ("_bucket", "_sum", "_count")


class Metrics:
    def __init__(self, text):
        self.kinds = {}
        self.helps = {}
        self.samples = {}
        check(text.endswith("\n"), "the exposition does not end in a line end")
        for line in text.splitlines():
            if line.startswith("# HELP "):
                name, _, text = line[7:].partition(" ")
                check(name not in self.helps, f"two HELP lines for {name}")
                check(text, f"an empty HELP for {name}")
                self.helps[name] = text
            elif line.startswith("# TYPE "):
                name, kind = line[7:].split(" ")
                check(name not in self.kinds, f"two TYPE lines for {name}")
                check(kind in ("counter", "gauge", "histogram"), f"{name} is a {kind}")
                self.kinds[name] = kind
            else:
                self.add(line)

    def add(self, line):
        match = SAMPLE.match(line)
        check(match, f"not a sample: {line!r}")
        name, labels, value = match.groups()
        pairs = LABEL.findall(labels or "")
        check(sum(len(f'{key}="{text}"') for key, text in pairs) + max(0, len(pairs) - 1) == len(labels or ""),
              f"bad labels: {line!r}")
        key = (name, frozenset(pairs))
        check(len(dict(pairs)) == len(pairs), f"a label twice: {line!r}")
        check(key not in self.samples, f"a sample twice: {line!r}")
        self.samples[key] = float(value)

    def family(self, name):
        """The name under which a sample's TYPE stands."""
        for suffix in SUFFIXES:
            base = name.removesuffix(suffix)
            if base != name and self.kinds.get(base) == "histogram":
                return base
        return name

    def matching(self, name, **labels):
        wanted = set(labels.items())
        return {key: value for key, value in self.samples.items() if key[0] == name and wanted <= key[1]}

    def sum(self, name, **labels):
        """The sum over all samples of that name with at least these labels; the name must be known."""
        check(name in self.kinds or self.family(name) in self.kinds, f"no metric {name}")
        return sum(self.matching(name, **labels).values())

    def by(self, name, label, **labels):
        """{value of `label`: sum}"""
        result = {}
        for (_, pairs), value in self.matching(name, **labels).items():
            key = dict(pairs).get(label)
            result[key] = result.get(key, 0.0) + value
        return result
