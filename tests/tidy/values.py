"""Parameters that take over what is dear to copy, and then leave it as it is: clang-tidy's check of that name walks
every header for each of a file's functions, and takes longer than all its other checks together."""
import re

import functions

OWNING = re.compile(
    r"^(?:const\s+)?(?:(?:nlohmann::)?(?:ordered_)?json|Json"
    r"|std::(?:string|vector|deque|list|map|set|multimap|unordered_\w+|function|any|variant|shared_ptr|expected"
    r"|optional<std::(?:string|vector|function)))\b[^&*]*?\s(\w+)$")
CHANGES = (
    r"\b(?:move|exchange|forward|swap|sort|stable_sort|reverse|replace|replace_if|unique|erase|erase_if)\("
    r"\s*(?:\w+,\s*)?{0}\b"
    r"|\b{0}(?:\[[^\]]*\])*\s*(?:=(?!=)|\+=|-=|\|=)|(?:\+\+|--){0}\b"
    r"|\b{0}(?:\.|->)(?:push_back|pop_back|append|insert|erase|resize|clear|emplace\w*|assign|reserve|replace|swap"
    r"|merge|push_front|pop_front|extract|reset|release|begin|end|front|back|data)\b"
    r"|\b(?:auto|\w+)\s*&+\s*\w+\s*:\s*{0}\b")


def pieces(text):
    """A parameter list, split at its commas; and where it ends."""
    depth, row, rows = 0, "", []
    for at, char in enumerate(text):
        depth += {"(": 1, "<": 1, "[": 1, "{": 1, ")": -1, ">": -1, "]": -1, "}": -1}.get(char, 0)
        if depth < 0:
            return [*rows, row], at + 1
        if char == "," and depth == 0:
            rows, row = [*rows, row], ""
        else:
            row += char
    return [], len(text)


def copied(tree):
    for source in tree.below("dataplane", "controlplane", "tools"):
        if not source.is_cpp:
            continue
        for first, last, _ in functions.cpp_functions(source):
            text = "\n".join(source.code_lines[first - 1:last])
            opened = re.search(r"[\w\]>=]\s*\(", text)
            if not opened:
                continue
            rows, end = pieces(text[opened.end():])
            body = text[opened.end() + end:]
            for row in rows:
                match = OWNING.match(" ".join(row.split("=")[0].split()))
                if match and not re.search(CHANGES.format(re.escape(match.group(1))), body):
                    yield source.find(first, f"'{match.group(1)}' is copied for nothing: take a const& or a view, or "
                                             "move it on")


CHECKS = {"value-parameters": copied}
