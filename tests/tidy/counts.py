"""Instructions of hot functions against their baseline; the comparison itself is tested first."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "bench"))

from instructions import TOLERANCE, Counts, complaints, count, read_baseline  # noqa: E402

MORE, LESS = 1 + 2 * TOLERANCE, 1 - 2 * TOLERANCE
BEFORE = Counts("g++ 12", {"a": 1000, "b": 100000})
# (what was counted, how many cases leave the baseline)
PLANTED = [
    (Counts("g++ 12", {"a": 1000, "b": 100000 * (1 + TOLERANCE / 2)}), 0),
    (Counts("g++ 12", {"a": 1000 * MORE, "b": 100000 * LESS}), 2),
    (Counts("g++ 12", {"a": 1000}), 1),
    (Counts("g++ 12", {"a": 1000, "b": 100000, "c": 1}), 1),
    (Counts("g++ 13", {"a": 1000, "b": 100000}), 1),
]


def check(build):
    for now, wanted in PLANTED:
        found = list(complaints(now, BEFORE))
        if len(found) != wanted:
            yield f"{now.of} against {BEFORE.of}: {found}, {wanted} wanted"
    try:
        yield from complaints(count(build), read_baseline())
    except ValueError as error:
        yield error
