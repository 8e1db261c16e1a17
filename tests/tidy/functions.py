"""Where functions begin and end, in C++ (by braces, without a compiler) and Python; their length is bounded."""
import ast
import re

LINES_MAX = 70

PLACE = re.compile(r"\b(namespace|extern)\b[^()]*$")
TYPE = re.compile(r"^(template\s*<.*>\s*)?(typedef\s+)?(static\s+|inline\s+|constexpr\s+)*(class|struct|union|enum)\b",
                  re.S)
# What may stand between a parameter list and a body.
SIGNATURE = re.compile(
    r"\)\s*(const|volatile|noexcept(\s*\([^{}]*\))?|override|final|mutable|constexpr|try|&&?|\[\[[^\]]*\]\]"
    r"|->[^{};]*|requires\b[^{};]*|:[^:{};][^{};]*|\s)*$")
TOKEN = re.compile(r"[{}();]|^[ \t]*#(?:[^\n\\]|\\.|\\\n)*", re.M)


def opens_function(head):
    """Whether a brace after `head`, at namespace or class level, opens a function (or a lambda, or a concept)."""
    if PLACE.search(head):
        return False
    if not SIGNATURE.search(head):
        return False
    return not TYPE.match(head.lstrip()) or bool(re.search(r"\w\s+[\w:~]+\s*\([^()]*\)[^()]*$", head))


def cpp_functions(source):
    """(first line, last line, head) of every outermost function."""
    code = source.code
    stack, found = [], []      # of (kind, start of its head); kinds: scope, function, inner, value
    start, parens = 0, 0       # where the head that is being read begins; brackets open in it
    resumed = None             # the function whose initialiser list has just closed a brace
    for token in TOKEN.finditer(code):
        text, at = token.group(0), token.start()
        inside = bool(stack) and stack[-1][0] in ("function", "inner")
        if text.lstrip().startswith("#"):
            if parens == 0 and not inside:
                start = token.end()
        elif text == "(":
            parens += 1
        elif text == ")":
            parens -= 1
        elif text == ";":
            if not inside and parens == 0:
                start, resumed = at + 1, None
        elif text == "{":
            head = code[start:at]
            if inside:
                stack.append(("inner", start, parens))
            elif parens > 0 or re.search(r"(=|\breturn|,)\s*$", head):
                stack.append(("value", start, parens))
            elif resumed is not None and (not head.strip() or head.lstrip().startswith(",")):
                stack.append(("function", resumed, parens))   # a constructor: another initialiser, or the body
            else:
                stack.append(("function" if opens_function(head) else "scope", start, parens))
            parens = 0
            if stack[-1][0] in ("scope", "function", "inner"):
                start = at + 1
        elif stack:
            kind, begun, parens = stack.pop()
            resumed = None
            if kind == "value":
                continue
            if kind == "function":
                found.append((begun, at))
                resumed = begun
            if kind in ("scope", "function"):
                start = at + 1
    return merged(code, found)


def merged(code, found):
    """One row a function: the pieces of a constructor with initialisers in braces begin at the same place."""
    ends = {}
    for begun, end in found:
        begun += len(code[begun:]) - len(code[begun:].lstrip())
        ends[begun] = max(end, ends.get(begun, 0))
    rows = []
    for begun, end in sorted(ends.items()):
        head = " ".join(code[begun:end].split("{")[0].split())
        rows.append((code.count("\n", 0, begun) + 1, code.count("\n", 0, end) + 1, head[:60]))
    return rows


def python_functions(source):
    tree = ast.parse(source.text)
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node.lineno, node.end_lineno, node.name


def length(tree):
    for source in tree.sources:
        if source.is_cpp:
            rows = cpp_functions(source)
        elif source.is_script and source.is_python:
            rows = python_functions(source)
        else:
            continue
        for first, last, head in rows:
            if last - first + 1 > LINES_MAX:
                yield source.find(first, f"'{head}' has {last - first + 1} lines, over {LINES_MAX}: split it by idea")


CHECKS = {"function-length": length}
