"""The documents: links that lead somewhere, commands that are named, a table of reasons that is the list's own."""
import os
import re

# Spelled so that this file does not itself hold what it looks for.
PLACES = re.compile(r"(?<![\w.])/[w]ork/|/[t]mp/[a-z-]*(slot|build)|/[h]ome/\w|/[r]oot/|\.\./[s]hared\b"
                    r"|\b[n]pmjs\.(org|com)|\b[d]ebian\.org|\b[y]arnpkg\.com|\b[p]ypi\.org|\b[p]ythonhosted\.org"
                    r"|\b[u]nofficial-builds")
AUTHORS = re.compile(r"\b([c]opilot|[c]hatgpt|[g]enerated (by|with) (an? )?(ai|llm)"
                     r"|[c]o-authored-by)\b", re.I)
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)|!\[[^\]]*\]\(([^)\s]+)\)")
REASON = re.compile(r'^\s*X\((\w+),\s*(\w+),\s*(\w+),\s*(\d+),\s*(\w+),\s*"((?:[^"\\]|\\.)*)"\)', re.M)
REASONS_FROM = "dataplane/base/reasons.h"
REASONS_TO = "doc/REASONS.md"


def elsewhere(tree):
    """Paths of one machine, hosts of registries, and who or what typed the text."""
    for source in tree.sources:
        for number, line in enumerate(source.lines, 1):
            if match := PLACES.search(line):
                yield source.find(number, f"'{match.group(0)}': nothing depends on one machine or a registry's host")
            if match := AUTHORS.search(line):
                yield source.find(number, f"'{match.group(0)}': the text stands for itself")


def slug(heading):
    """A heading's anchor, as the usual renderers make it."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def links(tree):
    for source in tree.sources:
        if source.suffix != ".md":
            continue
        text = re.sub(r"```.*?```", lambda m: "\n" * m.group(0).count("\n"), source.text, flags=re.S)
        for number, line in enumerate(text.split("\n"), 1):
            for match in LINK.finditer(line):
                target = match.group(1) or match.group(2)
                if re.match(r"[a-z]+:", target):
                    continue
                path, _, anchor = target.partition("#")
                file = os.path.normpath(os.path.join(os.path.dirname(source.path), path)) if path else source.path
                if not (tree.root / file).exists():
                    yield source.find(number, f"the link '{target}' leads nowhere")
                elif anchor and file in tree.by_path:
                    headings = re.findall(r"^#+ (.*)$", tree.by_path[file].text, re.M)
                    if anchor not in map(slug, headings):
                        yield source.find(number, f"'{file}' has no heading '#{anchor}'")


def commands(tree):
    """The two commands that everything begins with, and the one that continuous integration calls."""
    for path, words in (("README.md", ("deploy/quickstart", "tests/run")), (".ci/run", ("tests/run",)),
                        ("CONTRIBUTING.md", ("tests/run",))):
        source = tree.by_path.get(path)
        for word in words:
            if source is None or word not in source.text:
                yield tree.finding(path, 1, f"{path} must name {word}")
    if (source := tree.by_path.get("LICENSE")) is None or "Apache License" not in source.text:
        yield tree.finding("LICENSE", 1, "the full text of the Apache License 2.0 stands here")


def reasons_table(header):
    """doc/REASONS.md, made from WP_REASONS."""
    rows = ["# Reasons", "",
            f"Every word that warmpath gives for what it did, from the list in [{REASONS_FROM}](../{REASONS_FROM}).",
            "The same words stand in counters, the access log and the optional reply headers. "
            "`tests/tidy/run --write-reasons`", "makes this page.", "",
            "| word | kind | whose fault | status | safe to retry | what it means |", "|---|---|---|---|---|---|"]
    for word, kind, fault, status, retry, text in REASON.findall(header):
        rows.append(f"| `{word}` | {kind} | {fault} | {status if status != '0' else '-'} | {retry} | {text} |")
    return "\n".join(rows) + "\n"


def reasons(tree):
    header, page = tree.by_path.get(REASONS_FROM), tree.by_path.get(REASONS_TO)
    if header is None:
        return
    listed = len(re.findall(r"^\s*X\(", header.text, re.M))
    if listed != len(REASON.findall(header.text)):
        yield header.find(1, "a row of WP_REASONS is not X(word, kind, fault, status, retry, \"text\") on one line")
    if page is None or page.text != reasons_table(header.text):
        yield tree.finding(REASONS_TO, 1, "differs from WP_REASONS; tests/tidy/run --write-reasons makes it anew")


CHECKS = {"machine-and-hosts": elsewhere, "links": links, "commands": commands, "reasons": reasons}
