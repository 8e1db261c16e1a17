"""Which folder may include which: the one table, and what includes, build files and ARCHITECTURE.md say against it.

"tests/tidy/run --arrows" prints the table as ARCHITECTURE.md shows it.
"""
import re

EVERY_LIBRARY = "proxy cache balance prompt http net net/bypass nic tcp wire stream base"

# A folder may include itself and what stands behind it. The longest prefix of a path decides which row it is in.
ARROWS = {
    "dataplane/base": "",
    "dataplane/stream": "base",
    "dataplane/wire": "base",
    "dataplane/tcp": "wire stream base",
    "dataplane/nic": "wire base",
    "dataplane/net": "stream base",
    "dataplane/net/bypass": "net tcp nic wire stream base",
    "dataplane/http": "stream base",
    "dataplane/prompt": "base",
    "dataplane/balance": "prompt base",
    "dataplane/cache": "prompt stream base",
    "dataplane/proxy": "http prompt cache balance stream base",
    "dataplane/shard": EVERY_LIBRARY,
    "controlplane": "balance prompt base shard/mailbox.h",
    "controlplane/feeds": "base controlplane/clock.h controlplane/page_fetch.h",
    "controlplane/daemon": "controlplane shard " + EVERY_LIBRARY,
}

INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"')
# Outside the table: tools and tests may include both wings, nothing includes them but themselves.
FREE = ("tools", "tests")


def row_of(path):
    """The table's row for a path, or None."""
    fitting = [folder for folder in ARROWS if path.startswith(folder + "/")]
    return max(fitting, key=len, default=None)


def allowed(row, target):
    """Whether the files of a row may include the target path."""
    if row_of(target) == row:
        return True
    for word in ARROWS[row].split():
        place = word if word.startswith("controlplane") else "dataplane/" + word
        if place in (target, row_of(target)):
            return True
    return False


def includes(tree):
    """Arrows that the table does not have, and includes that are not written from the root."""
    for source in tree.cpp:
        row, top = row_of(source.path), source.path.split("/")[0]
        for number, line in enumerate(source.lines, 1):
            match = INCLUDE.match(line)
            if not match:
                continue
            target = match.group(1)
            if target not in tree.by_path:
                yield source.find(number, f'"{target}" is no file: write includes from the root of the repository')
            elif row and not allowed(row, target):
                yield source.find(number, f"{row} may not include {target} (the table in tests/tidy/arrows.py): take "
                                          "what is needed as an argument, or move it down")
            elif not row and top not in FREE:
                yield source.find(number, f"{source.path} is in no row of the table in tests/tidy/arrows.py")
            elif top == "tools" and target.startswith(("tests/", "controlplane/daemon/")):
                yield source.find(number, "tools include libraries, not tests or the daemon's own folder")


def build_files(tree):
    """Libraries that a build file names though the table has no arrow to them."""
    for source in tree.below("dataplane"):
        row = row_of(source.path)
        if source.name != "meson.build" or row is None:
            continue
        match = re.search(r"^deps\s*=\s*\[([^\]]*)\]", source.text, re.M)
        for name in re.findall(r"'([^']+)'", match.group(1)) if match else []:
            folder = f"dataplane/{name}"
            # The library of net holds its folders too, so that it may need what any of them may.
            rows = [r for r in ARROWS if r == row or r.startswith(row + "/")]
            if not any(name in ARROWS[r].split() for r in rows):
                line = source.text[:match.start()].count("\n") + 1
                yield source.find(line, f"{row} may not depend on {folder}")


def table():
    """The table as ARCHITECTURE.md shows it."""
    rows = ["| folder | may include |", "|---|---|"]
    for folder, words in ARROWS.items():
        shown = words.replace(EVERY_LIBRARY, "all of dataplane") or "nothing"
        rows.append(f"| {folder.removeprefix('dataplane/')} | {shown} |")
    return rows


def document(tree):
    """ARCHITECTURE.md shows the same table."""
    source = tree.by_path.get("ARCHITECTURE.md")
    if source is None:
        return
    section = re.search(r"^## Arrows$(.*?)(?=^## |\Z)", source.text, re.M | re.S)
    shown = [line.rstrip() for line in section.group(1).split("\n") if line.startswith("|")] if section else []
    wanted = table()
    if shown != wanted:
        missing = [row for row in wanted if row not in shown] or [row for row in shown if row not in wanted]
        yield source.find(1, f"the table of arrows differs, first in '{(missing or ['its order'])[0]}'; "
                             "\"tests/tidy/run --arrows\" prints it")


CHECKS = {"arrows": includes, "arrows-in-build-files": build_files, "arrows-in-document": document}
