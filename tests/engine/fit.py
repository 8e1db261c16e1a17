"""Fits warmpath-replica to the real engine by a few requests, and holds the times to the first token of both against
each other on others: each prompt unknown at first, then with a little more behind it.

The engine has a core of its own, and then the simulated replica has it; who asks keeps to another.
"""

import os
import random
import re
import statistics
import time

from fleet import Settings, flags, parse_address
from harness import equal
from http_client import Connection, message

FITTED, JUDGED, WARM_UP = 10, 50, 6
LENGTHS = (400, 6000)  # bytes of a prompt, each a token of the engine; their logarithm is drawn evenly
MORE = (60, 240)       # bytes that the warm request has behind them
REPLY_TOKENS = 12
SERVER_CORE, OWN_CORE = 1, 0
TOLERANCE = 0.20
WORDS = ("lamp", "keeper", "return", "if", "index", "self", "value", "error", "test", "patch", "shore", "night")


def text(draw, size):
    words = []
    while sum(map(len, words)) + len(words) <= size:
        words.append(draw.choice(WORDS) + str(draw.randrange(1000)))
    return " ".join(words)[:size]


def prompts(seed, count):
    """Pairs of a prompt and the same with more behind it."""
    draw = random.Random(seed)
    pairs = []
    for _ in range(count):
        first = text(draw, round(LENGTHS[0] * (LENGTHS[1] / LENGTHS[0]) ** draw.random()))
        pairs.append((first, first + " " + text(draw, draw.randint(*MORE))))
    return pairs


class Asked:
    """One request: seconds to the first event and between events, and the tokens that a simulated replica names."""

    def __init__(self, address, prompt):
        body = {"messages": [{"role": "user", "content": prompt}], "max_tokens": REPLY_TOKENS, "temperature": 0,
                "stream": True}
        with Connection(address, 60) as connection:
            began = time.monotonic()
            connection.send(message("POST", "/v1/chat/completions", body))
            reply = connection.read_head()
            equal(reply.status, 200, "the status")
            arrivals = [arrived / 1e9 for arrived, _ in connection.events(reply)]
        self.first = arrivals[0] - began
        self.gap = (arrivals[REPLY_TOKENS - 1] - arrivals[0]) / (REPLY_TOKENS - 1)
        self.prompt, self.cached = (int(reply.header(f"x-replica-{kind}-tokens") or 0) for kind in ("prompt", "cached"))


def ask_all(address, pairs):
    """The cold requests and the warm ones, each warm one behind its cold one."""
    asked = [[Asked(address, prompt) for prompt in pair] for pair in pairs]
    return {"cold": [cold for cold, _ in asked], "warm": [warm for _, warm in asked]}


def ask_mixed(address, to_fit, to_judge):
    """As ask_all() for each of both, but in turn: what the machine does meanwhile meets both alike."""
    every = len(to_judge) // len(to_fit)
    fit, judge = ({"cold": [], "warm": []} for _ in range(2))
    for i, one in enumerate(to_fit):
        for target, pairs in (fit, [one]), (judge, to_judge[i * every:(i + 1) * every]):
            for kind, asked in ask_all(address, pairs).items():
                target[kind] += asked
    return fit, judge


def solve(rows, y):
    """Coefficients of the least squares of relative errors, none negative: the best of all that leave some out."""
    best = None
    for left in range(1, 2 ** len(rows[0])):
        kept = [i for i in range(len(rows[0])) if left >> i & 1]
        scaled = [[row[i] / value for i in kept] for row, value in zip(rows, y)]
        found = eliminate([[sum(one[i] * one[j] for one in scaled) for j in range(len(kept))]
                           + [sum(one[i] for one in scaled)] for i in range(len(kept))])
        if found is None or min(found) < 0:
            continue
        error = sum((sum(c * value for c, value in zip(found, one)) - 1) ** 2 for one in scaled)
        if best is None or error < best[0]:
            best = error, [dict(zip(kept, found)).get(i, 0.0) for i in range(len(rows[0]))]
    return best[1]


def eliminate(matrix):
    """The solution of equations whose matrix is symmetric and positive; None when it is singular."""
    for i, pivot in enumerate(matrix):
        if pivot[i] <= 0:
            return None
        for other in matrix:
            if other is not pivot:
                factor = other[i] / pivot[i]
                other[:] = [one - factor * two for one, two in zip(other, pivot)]
    return [row[-1] / row[i] for i, row in enumerate(matrix)]


def on_its_core(case, name, command, listening):
    process = case.start(name, ["taskset", "-c", str(SERVER_CORE), *command])
    return process, parse_address(process.wait_for_output(listening, 60))


def simulated(case, options):
    program = Settings.program("tools/replica/warmpath-replica")

    def listening(output):
        found = re.search(r"^listening \S+ (\S+)$", output, re.MULTILINE)
        return found and found.group(1)

    return on_its_core(case, "simulated", [program, "--port", "0", "--engine", "llama.cpp", "--kv-tokens", "8192",
                                           *flags(options)], listening)


def fitted(case, pairs, engine):
    """Flags of the replica by what the engine took for these requests."""
    process, address = simulated(case, {"prefill_rate": 1e9, "ttft_overhead_ms": 0, "decode_rate": 1e6})
    ask_all(address, prompts(0, WARM_UP))
    free = ask_all(address, pairs)
    process.kill()
    every = [(one, real) for kind in free for one, real in zip(free[kind], engine[kind])]
    beside = statistics.median(one.first for one, _ in every)  # what asking and answering take
    work = [(1.0, one.prompt - one.cached, (one.prompt ** 2 - one.cached ** 2) / 2) for one, _ in every]
    overhead, per_token, per_pair = solve(work, [max(real.first - beside, 1e-6) for _, real in every])
    per_token = max(per_token, per_pair)  # nothing is free, not even the first
    gap = statistics.median(real.gap for _, real in every)
    return {"prefill_rate": round(1 / per_token, 1), "ttft_overhead_ms": round(overhead * 1000, 3),
            "double_at": round(per_token / per_pair, 1) if per_pair > 0 else 0, "decode_rate": round(1 / gap, 1)}


def row(kind, what, pick, real, model):
    one, other = (pick([asked.first for asked in rows[kind]]) * 1000 for rows in (real, model))
    return kind, what, one, other, other / one


def p90(values):
    return statistics.quantiles(values, n=10, method="inclusive")[-1]


def run(case, start_engine):
    """Prints the table; true when all of it is within the tolerance. `start_engine(launch)` starts the engine by
    launch(name, command, listening)."""
    os.sched_setaffinity(0, {OWN_CORE})
    to_fit, to_judge = prompts(1, FITTED), prompts(2, JUDGED)
    process, address = start_engine(lambda *how: on_its_core(case, *how))
    ask_all(address, prompts(0, WARM_UP))
    learned, real = ask_mixed(address, to_fit, to_judge)
    process.kill()
    options = fitted(case, to_fit, learned)
    process, address = simulated(case, options)
    ask_all(address, prompts(0, WARM_UP))
    model = ask_all(address, to_judge)
    process.kill()
    print(f"fitted on {FITTED} prompts, cold and warm: warmpath-replica {' '.join(flags(options))}")
    rows = [row(kind, what, pick, real, model)
            for kind in ("cold", "warm") for what, pick in (("median", statistics.median), ("p90", p90))]
    print(f"{'time to the first token, ms':<32}{'engine':>10}{'model':>10}{'ratio':>8}")
    for kind, what, one, other, ratio in rows:
        print(f"{kind + ', ' + what + f' of {JUDGED}':<32}{one:>10.1f}{other:>10.1f}{ratio:>8.2f}")
    return all(abs(ratio - 1) <= TOLERANCE for *_, ratio in rows)
