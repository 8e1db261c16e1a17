"""Names of anonymous namespaces: each in one file of its library, whose files the sanitized builds compile
as one; unit tests are compiled several at a time in every build."""
import os
import re

APART = ("dataplane/wire", "tests/unit/wire")   # each of their files is compiled alone
NAMESPACE = re.compile(r"\bnamespace(?:\s+([\w:]+))?\s*\{")
ALIAS = re.compile(r"(using|namespace)\s")   # twice the same does no harm
TEST = re.compile(r"[A-Z_]+\(")
TYPE = re.compile(r"(?:template\s*<.*>\s*)?(?:struct|class|union|enum(?: class)?)\s+(?:\[\[.*?\]\]\s*)?(\w+)")
FUNCTION = re.compile(r"\b(?!alignas\b|decltype\b|noexcept\b|requires\b)(\w+)\s*\(")
OBJECT = re.compile(r"(\w+)\s*(?:\[[^\]]*\]\s*)*(?:=|\{|$)")


def library(path):
    """The library, or program of unit tests, that a file is compiled into; none for a program's main file."""
    parts = path.split("/")
    if path.startswith("tests/unit/") and path.endswith(".cc"):
        return "/".join(parts[:3])
    if parts[0] not in ("dataplane", "controlplane", "tools") or not path.endswith(".cc") or parts[-1] == "main.cc":
        return None
    if parts[0] == "controlplane":
        return "controlplane/daemon" if parts[1] == "daemon" else "controlplane"
    return "/".join(parts[:2])


def statements(code, at):
    """(offset, text) of each declaration between the brace before `at` and the one that closes it, bodies left out."""
    depth, begun, text = 1, at, ""
    while depth > 0 and at < len(code):
        char = code[at]
        at += 1
        depth += {"{": 1, "}": -1}.get(char, 0)
        if depth == 1 and char in ";}":
            yield begun, " ".join(re.sub(r"^\s*#.*$", "", text, flags=re.M).split())
            begun, text = at, ""
        elif depth == 1 or (depth == 2 and char == "{"):
            begun = at - 1 if not text.strip() else begun
            text += char


def parameters(text):
    """The types of a parameter list, which begins behind its bracket."""
    depth, row, rows = 0, "", []
    for char in text:
        depth += {"(": 1, "<": 1, "[": 1, ")": -1, ">": -1, "]": -1}.get(char, 0)
        if depth < 0:
            break
        if char == "," and depth == 0:
            rows, row = [*rows, row], ""
        else:
            row += char
    types = [re.sub(r"(?<=[\s&*>])\w+$", "", each.split("=")[0].strip()).strip() for each in [*rows, row]]
    return "(" + ", ".join(types) + ")"


def declared(text):
    """What a statement declares: a name, and for a function what may tell it from another of that name."""
    if ALIAS.match(text):
        match = re.match(r"(?:using|namespace)\s+(\w+)\s*=", text)
        return match.group(1) if match else None
    head = text.split("=")[0] if not re.match(r"[^=]*\boperator\b", text) else ""
    if not re.sub(r"\(.*", "", head).strip():
        return None
    kind = TYPE.match(text)
    if kind and "(" not in head:
        return kind.group(1)
    function = FUNCTION.search(head)
    if function:
        return function.group(1) + parameters(text[function.end():])
    found = OBJECT.search(text)
    return found.group(1) if found else None


def repeated(tree):
    first = {}   # (library, namespace, name) -> (path, the whole of an alias)
    for source in tree.sources:
        where = library(source.path)
        if where is None or where in APART:
            continue
        outer = ""
        for space in NAMESPACE.finditer(source.code):
            if space.group(1):
                outer = space.group(1)
                continue
            for at, text in statements(source.code, space.end()):
                name = declared(text) if not TEST.match(text) else None
                if name is None:
                    continue
                alias = text if ALIAS.match(text) else None
                path, same = first.setdefault((where, outer, name), (source.path, alias))
                if path != source.path and (alias is None or alias != same):
                    line = source.code.count("\n", 0, at) + 1
                    yield source.find(line, f"{os.path.basename(path)} beside it has a '{name}', too: "
                                            "name one of them by what it is, or share it")


CHECKS = {"local-names": repeated}
