"""Fits warmpath-replica to the real engine by a few requests, and holds the times to the first token of both against
each other on others: each prompt unknown at first, then with a little more behind it.

The engine has a core of its own, and then the simulated replica has it; who asks keeps to another. What the machine
does besides delays one request or another, so that each is asked several times and the median of its times counts.
"""

import math
import os
import random
import re
import statistics
import time
from types import SimpleNamespace

from fleet import Settings, flags, parse_address
from harness import equal
from http_client import Connection, message

FITTED, JUDGED, WARM_UP = 10, 50, 6
TIMES = 3              # that each is asked
LENGTHS = (400, 6000)  # bytes of a prompt, each a token of the engine; their logarithm is drawn evenly
MORE = (60, 240)       # bytes that the warm request has behind them
REPLY_TOKENS = 12
BYTES_PER_TOKEN = 4    # of the simulated replica
# llama.cpp's --ubatch-size, and the tokens below which its attention on CPUs goes by rows instead of tiles
# (GGML_FA_TILE_Q), both in tokens of the simulated replica.
MICRO_BATCH, TILE = 512 // BYTES_PER_TOKEN, 64 // BYTES_PER_TOKEN
WEIGHINGS = 20
SERVER_CORE, OWN_CORE = 1, 0
TOLERANCE = 0.20
WORDS = ("lamp", "keeper", "return", "if", "index", "self", "value", "error", "test", "patch", "shore", "night")


def text(draw, size):
    words = []
    while sum(map(len, words)) + len(words) <= size:
        words.append(draw.choice(WORDS) + str(draw.randrange(1000)))
    return " ".join(words)[:size]


def prompts(seed, count, evenly=False):
    """Pairs of a prompt and the same with more behind it. `evenly`: each length from its own part of the range, so that
    few prompts tell of all of it."""
    draw = random.Random(seed)
    pairs = []
    for number in range(count):
        share = (number + draw.random()) / count if evenly else draw.random()
        first = text(draw, round(LENGTHS[0] * (LENGTHS[1] / LENGTHS[0]) ** share))
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
    """As ask_all() for each of both, but in turn, several times, and the median of each one's times: what the machine
    does meanwhile meets both alike."""
    every = len(to_judge) // len(to_fit)
    rounds = []
    for _ in range(TIMES):
        fit, judge = ({"cold": [], "warm": []} for _ in range(2))
        for i, one in enumerate(to_fit):
            for target, pairs in (fit, [one]), (judge, to_judge[i * every:(i + 1) * every]):
                for kind, asked in ask_all(address, pairs).items():
                    target[kind] += asked
        rounds.append((fit, judge))
    return [{kind: [middle(same) for same in zip(*(of_round[kind] for of_round in of_rounds))]
             for kind in ("cold", "warm")} for of_rounds in zip(*rounds)]


def middle(asked):
    first, gap = (statistics.median(getattr(one, what) for one in asked) for what in ("first", "gap"))
    return SimpleNamespace(first=first, gap=gap)


def pieces(cached, prompt):
    """The micro-batches that the uncached tokens of a prompt are read in, (from, to)."""
    return [(at, min(at + MICRO_BATCH, prompt)) for at in range(cached, prompt, MICRO_BATCH)]


def is_narrow(request):
    return any(to - at < TILE for at, to in pieces(request.cached, request.prompt))


def parts(request):
    """What the time for a prompt is made of in PrefillLaw, if no micro-batch of it is narrow: one, tokens, and pairs
    of tokens in tiles."""
    contexts = [math.ceil(min(tile + TILE, to) / TILE) * TILE
                for at, to in pieces(request.cached, request.prompt) for tile in range(at, to, TILE)]
    return (1.0, request.prompt - request.cached, TILE * sum(contexts))


def solve(rows, y):
    """Coefficients of the least squares of the logarithms of the ratios: too short is then as bad as too long."""
    weights = [1.0] * len(y)
    for _ in range(WEIGHINGS):
        found = solve_relative(rows, y, weights)
        ratios = [sum(c * value for c, value in zip(found, row)) / one for row, one in zip(rows, y)]
        weights = [(math.log(max(ratio, 1e-3)) / (ratio - 1)) ** 2 if ratio != 1 else 1.0 for ratio in ratios]
    return found


def solve_relative(rows, y, weights):
    """Coefficients of the least squares of relative errors, none negative: the best of all that leave some out."""
    best = None
    roots = list(map(math.sqrt, weights))
    for left in range(1, 2 ** len(rows[0])):
        kept = [i for i in range(len(rows[0])) if left >> i & 1]
        scaled = [[root * row[i] / value for i in kept] for root, row, value in zip(roots, rows, y)]
        found = eliminate([[sum(one[i] * one[j] for one in scaled) for j in range(len(kept))]
                           + [sum(root * one[i] for root, one in zip(roots, scaled))] for i in range(len(kept))])
        if found is None or min(found) < 0:
            continue
        error = sum((sum(c * value for c, value in zip(found, one)) - root) ** 2 for root, one in zip(roots, scaled))
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


def significant(value):
    return float(f"{value:.5g}")


def fitted(case, pairs, engine):
    """Flags of the replica by what the engine took for these requests."""
    process, address = simulated(case, {"prefill_rate": 1e9, "ttft_overhead_ms": 0, "decode_rate": 1e6})
    ask_all(address, prompts(0, WARM_UP))
    free = ask_all(address, pairs)
    process.kill()
    every = [(one, real) for kind in free for one, real in zip(free[kind], engine[kind])]
    beside = statistics.median(one.first for one, _ in every)  # what asking and answering take
    tiled = [(one, real) for one, real in every if not is_narrow(one)]
    overhead, per_token, per_pair = solve([parts(one) for one, _ in tiled],
                                          [max(real.first - beside, 1e-6) for _, real in tiled])
    per_token, per_pair = max(per_token, 1e-9), max(per_pair, 1e-12)  # nothing is free
    # A token that is decoded looks at its context by itself, as those of a narrow micro-batch do.
    per_context = statistics.linear_regression([one.prompt for one, _ in every], [real.gap for _, real in every]).slope
    gap = statistics.median(real.gap for _, real in every)
    return {"prefill_rate": significant(1 / per_token), "ttft_overhead_ms": round(overhead * 1000, 3),
            "double_at": significant(per_token / per_pair), "micro_batch": MICRO_BATCH, "attention_tile": TILE,
            "narrow_double_at": significant(per_token / (BYTES_PER_TOKEN * max(per_context, per_pair))),
            "decode_rate": round(1 / gap, 1)}


def row(kind, what, pick, real, model):
    one, other = (pick([asked.first for asked in rows[kind]]) * 1000 for rows in (real, model))
    return kind, what, one, other, other / one


def p90(values):
    return statistics.quantiles(values, n=10, method="inclusive")[-1]


def run(case, start_engine):
    """Prints the table; true when all of it is within the tolerance. `start_engine(launch)` starts the engine by
    launch(name, command, listening)."""
    os.sched_setaffinity(0, {OWN_CORE})
    to_fit, to_judge = prompts(1, FITTED, evenly=True), prompts(2, JUDGED)
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
