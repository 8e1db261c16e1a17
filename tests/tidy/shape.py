"""The shape of files: length, width, how they open, and whether anything builds them."""
import os
import re

LINES_MAX = 500
COLUMNS_MAX = 120
WIDE = (".md", ".json", ".txt", ".svg", ".jsonl", ".csv")   # prose and data wrap as they like
NO_UTILITIES = re.compile(r"(^|/)(utils?|helpers?|common|misc)(/|\.)")


def code_files(tree):
    return [s for s in tree.sources if s.is_cpp or s.is_script or s.name in ("meson.build", "meson_options.txt")]


def length(tree):
    for source in code_files(tree):
        count = source.text.count("\n")
        if count > LINES_MAX:
            yield source.find(count, f"{count} lines, over {LINES_MAX}: split it by idea")


def width(tree):
    for source in code_files(tree):
        table = False   # between "clang-format off" and "on" columns are aligned by hand
        for number, line in enumerate(source.lines, 1):
            if "// clang-format o" in line:
                table = "clang-format off" in line
            if len(line) > COLUMNS_MAX and not table:
                yield source.find(number, f"{len(line)} columns, over {COLUMNS_MAX}")


def whitespace(tree):
    for source in tree.sources:
        if source.suffix in WIDE and source.suffix != ".md" or source.name == "LICENSE" or "\0" in source.text:
            continue
        if "/corpus/" in source.path or "/cases/" in source.path:
            continue   # data whose every byte is meant
        for number, line in enumerate(source.lines, 1):
            if "\t" in line:
                yield source.find(number, "a tab: write spaces")
            if line != line.rstrip():
                yield source.find(number, "space or carriage return at the end of the line")
        if source.text and (not source.text.endswith("\n") or source.text.endswith("\n\n")):
            yield source.find(len(source.lines), "a file ends in one line end")


def headers(tree):
    for source in tree.cpp:
        if source.suffix != ".h":
            continue
        if not source.text.startswith("// "):
            yield source.find(1, "a header opens with a comment: what it is for, what it may not know")
        if len(re.findall(r"^#pragma once$", source.text, re.M)) != 1:
            yield source.find(1, "a header has one '#pragma once'")
        for number, line in enumerate(source.code_lines, 1):
            if re.search(r"\bnamespace\s*\{", line):
                yield source.find(number, "no unnamed namespace in a header: every includer would get its own copy")


def main_headers(tree):
    """Each library's main header opens by saying what the library is for."""
    opening = {}
    for source in tree.below("dataplane"):
        parts = source.path.split("/")
        if source.is_cpp and len(parts) > 2:
            opening.setdefault(parts[1], [])
            if source.suffix == ".h" and source.text.startswith(f"// {parts[1]}: "):
                opening[parts[1]].append(source)
    for name, openers in opening.items():
        if len(openers) != 1:
            where = ", ".join(s.path for s in openers) or "none does"
            some = openers[0].path if openers else f"dataplane/{name}"
            yield tree.finding(some, 1, f"one header opens with '// {name}: ' and what it may not know ({where})")


def names(tree):
    for source in tree.sources:
        if (source.is_cpp or source.is_python) and not re.fullmatch(r"[a-z0-9_]+(\.\w+)?|__init__\.py|[a-z0-9-]+",
                                                                    source.name):
            yield source.find(1, "file names are snake_case")
        if NO_UTILITIES.search(source.path):
            yield source.find(1, "no drawer for what is left over: name it by its idea")


def built(tree):
    """Every C++ file stands in a meson.build, its own folder's or one above; a header of tests or tools is included."""
    included = {m for s in tree.cpp for m in re.findall(r'^\s*#\s*include\s*"([^"]+)"', s.text, re.M)}
    for source in tree.cpp:
        folder, found = os.path.dirname(source.path), False
        while not found:
            build = tree.by_path.get(os.path.join(folder, "meson.build"))
            relative = os.path.relpath(source.path, folder or ".")
            stem = relative.removesuffix("_fuzz.cc")
            found = build is not None and (f"'{relative}'" in build.text or
                                           (stem != relative and f"'{stem}'" in build.text))
            if not folder:
                break
            folder = os.path.dirname(folder)
        if source.suffix == ".h" and not source.path.startswith(("dataplane/", "controlplane/")):
            found = found or source.path in included
        if not found:
            yield source.find(1, "no meson.build names it: list it, or take the file away")


def sources(tree):
    for source in tree.cpp:
        for match in re.finditer(r'^\s*#\s*include\s*"[^"]+\.cc"', source.text, re.M):
            line = source.text.count("\n", 0, match.start()) + 1
            yield source.find(line, "headers are included; a meson.build lists what is compiled")


def scripts(tree):
    for source in tree.sources:
        if not source.text.startswith("#!"):
            continue
        if not os.access(source.file, os.X_OK):
            yield source.find(1, "a program (it begins with #!) that cannot be executed: chmod +x")
        if source.is_bash and not re.search(r"^set -euo pipefail$", source.text, re.M):
            yield source.find(1, "a bash program says 'set -euo pipefail'")
        if "#!/bin/sh" in source.lines[0]:
            yield source.find(1, "#!/usr/bin/env bash, as everywhere")


CHECKS = {"file-length": length, "columns": width, "whitespace": whitespace, "headers": headers,
          "main-headers": main_headers, "file-names": names, "dead-files": built, "sources": sources,
          "programs": scripts}
