"""The page of known attacks: every case, script and test that it names must exist."""

import pathlib
import re

import cases
from harness import check

HERE = pathlib.Path(__file__).resolve().parent
TESTS = HERE.parent


def known():
    """The names of all cases, scripts and unit tests."""
    names = {block.name for pattern in ("request_*.cases", "reply_*.cases") for block in cases.own(pattern)}
    names |= {script.stem for script in (TESTS / "varnishtest").glob("*.vtc")}
    for file in (TESTS / "unit").glob("*/*_test.cc"):
        names |= set(re.findall(r"^TEST(?:_[FP])?\(\w+, (\w+)\)", file.read_text(encoding="utf-8"), re.MULTILINE))
    return names


def judge():
    rows = [line.split("|") for line in (HERE / "attacks.md").read_text(encoding="utf-8").splitlines()
            if line.startswith("| ")][1:]
    check(len(rows) >= 20, f"attacks.md has {len(rows)} rows")
    there, named = known(), 0
    for row in rows:
        names = re.findall(r"`([^`]+)`", row[-2])
        check(names, f"nothing shows what is done about {row[1].strip()}")
        for name in names:
            check(name in there, f"{row[1].strip()}: there is no {name}")
        named += len(names)
    return f"{len(rows)} attacks, {named} cases", None
