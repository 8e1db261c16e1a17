"""Where requests should go: every strategy of warmpathd and HAProxy's hashes, each live before a fleet of simulated
replicas of its own, which say how much of each prompt they had cached.

The replicas are five times as fast as an engine that reads 8,000 tokens a second, so that seconds hold enough requests;
all that is asked and when is made from the round's seed, the same for every rival.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

import arguments as options
import machine
from children import BenchError, Child
from peers import HAProxy, Warmpath, version
from spread import spread

BUDGET_SECONDS = 215  # for all runs together, where --seconds does not say how long one takes
BESIDE_SECONDS = 0.8  # to start and end the programs of a run
LONGEST_SECONDS = 10
WARM_UP_SHARE = 0.25  # of a run: sent, but its times do not count

REPLICA = ["--prefill-rate", "40000", "--decode-rate", "250", "--ttft-overhead-ms", "2", "--kv-tokens", "32768",
           "--max-waiting", "10000"]
REPLY_TOKENS = 16

# Arrivals a second keep a fleet of eight without any cache at 0.6 to 0.8 of what it can read.
WORKLOADS = {
    "sessions": ["--workload", "sessions", "--rate", "200", "--sessions", "200"],
    "hot-prefix": ["--workload", "hot-prefix", "--rate", "160"],
    "rag": ["--workload", "rag", "--rate", "130", "--system-tokens", "256", "--documents", "100",
            "--document-tokens", "512"],
    "no-sharing": ["--workload", "unique", "--rate", "160"],
}
ABOUT = {
    "sessions": "200/s of one system prompt of 1,024 tokens and 200 conversations, Zipf 1.0, X-Session-ID",
    "hot-prefix": "160/s, a quarter with one prefix of 1,024 tokens, the others with one of their own",
    "rag": "130/s of a system prompt of 256 tokens and three of 100 documents of 512, Zipf 1.0, in any order",
    "no-sharing": "160/s of 1,152 tokens that nothing else begins with",
}

# Without it HAProxy holds an event back until more comes.
AT_ONCE = "option http-no-delay"

# By session, as warmpathd does where a client names one; by the path, which is one for all, so that only the bound
# spreads requests; by the first kilobyte of the body, the most that HAProxy can know of a prompt.
HASHES = {
    "haproxy session": ("hash req.hdr(x-session-id)", (AT_ONCE,)),
    "haproxy uri": ("uri", (AT_ONCE,)),
    "haproxy body": ("hash req.body,bytes(0,1024)", (AT_ONCE, "option http-buffer-request")),
}

FIGURES = {"hit_share": "hit share", "ttft_p50_ms": "TTFT p50, ms", "ttft_p90_ms": "p90", "ttft_p99_ms": "p99",
           "imbalance": "busiest / mean"}


def add_arguments(parser):
    options.add_json(parser)
    options.add_rounds(parser, 2, "in which each rival has its turn")
    parser.add_argument("--seconds", type=float, help="of load in each run (what four minutes allow, at most 10)")
    parser.add_argument("--replicas", type=int, default=8, help="simulated, behind each rival (8)")
    parser.add_argument("--workloads", default=",".join(WORKLOADS), help="%(default)s")
    parser.add_argument("--rivals", help=f"strategies of warmpathd, and {', '.join(HASHES)} (all)")
    options.add_build(parser)
    options.add_cores(parser, "the load and the replicas")
    options.add_daemon(parser)


def strategies(build):
    """Those that warmpathd knows, by its own help."""
    said = subprocess.run([os.path.join(build, "controlplane", "warmpathd"), "--help"], capture_output=True, text=True,
                          check=True).stdout
    option = re.search(r"^ +--strategy NAME=\S+\s+(.*?)(?=^ +--|\Z)", said, re.MULTILINE | re.DOTALL)
    if option is None:
        raise BenchError("warmpathd --help has no --strategy")
    return [word for word in re.findall(r"[a-z-]+", option.group(1)) if word != "or"]


class Run:
    """A fleet and one rival before it, as long as one is needed."""

    def __init__(self, arguments, rival, directory):
        self.children = []
        try:
            self.start(arguments, rival, directory)
        except BaseException:
            self.end()
            raise

    def start(self, arguments, rival, directory):
        program = os.path.join(arguments.build, "tools", "replica", "warmpath-replica")
        fleet = Child("warmpath-replica", [program, "--port", "0", "--count", str(arguments.replicas), *REPLICA],
                      directory, arguments.load_core)
        self.children.append(fleet)
        ports = fleet.wait_for_words(r"^listening \S+ \S+:(\d+)$", arguments.replicas)
        if rival in HASHES:
            balance, more = HASHES[rival]
            proxy = HAProxy(directory, arguments.core, ports, more, balance=balance)
        else:
            proxy = Warmpath(arguments.build, directory, arguments.core, ports,
                             ["--strategy", rival, "--state", "none", *arguments.warmpathd])
        self.children.append(proxy.child)
        self.port = proxy.port

    def end(self):
        for child in reversed(self.children):
            child.end()


def measure(arguments, workload, rival, number, directory):
    run = Run(arguments, rival, directory)
    try:
        program = os.path.join(arguments.build, "tools", "load", "warmpath-load")
        command = ["taskset", "-c", str(arguments.load_core), program, f"http://127.0.0.1:{run.port}", "--json",
                   "--seconds", str(arguments.seconds), "--warm-up-seconds", str(arguments.seconds * WARM_UP_SHARE),
                   "--reply-tokens", str(REPLY_TOKENS), "--connections", "2000", "--seed", str(number + 1),
                   *WORKLOADS[workload]]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=arguments.seconds + 60)
    finally:
        run.end()
    if done.returncode != 0:
        raise BenchError(f"the load on {rival} failed: {(done.stdout + done.stderr).strip()[:600]}")
    report = json.loads(done.stdout)
    first_token = report["times"]["first_token"]
    return {"requests": report["ok"], "hit_share": report["cached_share"], "imbalance": report["imbalance"],
            **{f"ttft_{percentile}_ms": first_token[f"{percentile}_ms"] for percentile in ("p50", "p90", "p99")}}


def run_workload(arguments, workload, directory):
    """One row a rival."""
    rounds = []
    for number in range(arguments.rounds):
        order = arguments.rivals if number % 2 == 0 else arguments.rivals[::-1]
        rounds.append({rival: measure(arguments, workload, rival, number, directory) for rival in order})
        best = max(rounds[-1], key=lambda rival: rounds[-1][rival]["hit_share"])
        print(f"{workload}, round {number + 1}: {best} finds most, {rounds[-1][best]['hit_share']:.3f}",
              file=sys.stderr)
    return [{"workload": workload, "strategy": rival,
             **{figure: spread([one[rival][figure] for one in rounds])["median"] for figure in FIGURES},
             "rounds": [one[rival] for one in rounds]} for rival in arguments.rivals]


def print_table(rows):
    for workload in dict.fromkeys(row["workload"] for row in rows):
        print(f"\n{workload}: {ABOUT[workload]}")
        print(f"  {'':<20}" + "".join(f"{about:>16}" for about in FIGURES.values()))
        for row in rows:
            if row["workload"] == workload:
                print(f"  {row['strategy']:<20}"
                      + "".join(f"{row[figure]:>16.{1 if 'ttft' in figure else 3}f}" for figure in FIGURES))


def configuration(arguments):
    used = [rival for rival in arguments.rivals if rival in HASHES]
    return {
        "machine": machine.describe(),
        "cores": f"proxies on core {arguments.core}, load and replicas on {arguments.load_core}",
        "warmpathd": version([os.path.join(arguments.build, "controlplane", "warmpathd"), "--version"])
                     + ": 1 shard, all but the strategy as by default" + "".join(f" {more}"
                                                                                 for more in arguments.warmpathd),
        **{rival: HAProxy.describe(HASHES[rival][1], balance=HASHES[rival][0]) for rival in used},
        "replicas": f"{arguments.replicas} of warmpath-replica {' '.join(REPLICA)}",
        "load": f"warmpath-load, open loop, {arguments.rounds} rounds of {arguments.seconds:.1f} s, the first "
                f"{WARM_UP_SHARE:.0%} of it not timed; replies of {REPLY_TOKENS} tokens",
    }


def check(arguments):
    arguments.build = os.path.abspath(arguments.build)
    for program in ("controlplane/warmpathd", "tools/load/warmpath-load", "tools/replica/warmpath-replica"):
        if not os.access(os.path.join(arguments.build, program), os.X_OK):
            raise BenchError(f"no {program} in {arguments.build}: ninja -C build {program}")
    all_rivals = [*strategies(arguments.build), *HASHES]
    arguments.rivals = arguments.rivals.split(",") if arguments.rivals else all_rivals
    arguments.workloads = arguments.workloads.split(",")
    for named, known in ((arguments.rivals, all_rivals), (arguments.workloads, list(WORKLOADS))):
        for name in named:
            if name not in known:
                raise BenchError(f"there is no '{name}', but: {', '.join(known)}")
    for program in ("taskset", *(["haproxy"] if any(rival in HASHES for rival in arguments.rivals) else [])):
        if shutil.which(program) is None:
            raise BenchError(f"no {program}: deploy/install-deps --bench")
    if arguments.seconds is None:
        runs = len(arguments.rivals) * len(arguments.workloads) * arguments.rounds
        arguments.seconds = max(1.0, min(LONGEST_SECONDS, BUDGET_SECONDS / runs - BESIDE_SECONDS))


def run(arguments):
    """The exit status."""
    check(arguments)
    with tempfile.TemporaryDirectory(prefix="warmpath-bench-") as directory:
        rows = [row for workload in arguments.workloads for row in run_workload(arguments, workload, directory)]
    about = configuration(arguments)
    if arguments.json:
        print(json.dumps({**about, "rows": rows}, indent=1))
        return 0
    for what, text in about.items():
        print(f"{what + ':':<17}{text}")
    print_table(rows)
    return 0
