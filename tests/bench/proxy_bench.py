"""warmpathd against HAProxy and nginx: requests per second of processor time, in alternating rounds.

On a machine with two cores the load and the origin share the one that the proxy does not have, and are what limits
requests/s. So the figure is the work a proxy does per request, not the rate. A machine that does something else at the
same time is slower by a tenth for seconds on end, so the proxies of a round take turns of a twentieth of a second, each
with its own wrk that is held still meanwhile: whatever it is, it meets all of them alike. Rates and latencies are of a
second in one piece, at the round's beginning.
"""

import json
import os
import resource
import shutil
import sys
import tempfile

import arguments as options
import machine
from children import BenchError, pass_time, version
from nginx import Nginx, Origin
from peers import HAProxy, Warmpath
from report import print_overview, print_table, summarise
from wrk import CONNECTIONS, SESSIONS, Load

PEERS = {"haproxy": HAProxy, "nginx": Nginx}
# What the peers do is to hash the session, so that comes first, and decides; warm reads the prompts, too.
STRATEGIES = "session,warm"
WHOLE_SECONDS = 1
TURN_SECONDS = 0.05
SETTLE_SECONDS = 0.002  # in which a proxy is done with what was sent before its load was held still
FILES = 16384


def add_arguments(parser):
    options.add_json(parser)
    options.add_rounds(parser, 3, "in which each proxy has its turn")
    parser.add_argument("--seconds", type=int, default=2,
                        help="of load on each proxy in a round, in turns (%(default)s)")
    parser.add_argument("--sizes", default="256,4096,65536,409600", help="bytes of a request's body (%(default)s)")
    parser.add_argument("--connections", default="keep-alive,churn",
                        help="kept, or a new one for each request (%(default)s)")
    parser.add_argument("--strategies", default=STRATEGIES,
                        help="of warmpathd, one in each turn; --at-least is about the first (%(default)s)")
    parser.add_argument("--peers", default="haproxy,nginx", help="to compare with (%(default)s)")
    options.add_build(parser)
    options.add_cores(parser, "wrk and nginx")
    parser.add_argument("--at-least", type=float, metavar="RATIO",
                        help="exit 1 when a lower quartile of a ratio is below it, of the process or of the machine")
    options.add_daemon(parser)


class Account:
    """Processor time of a proxy's process, of it with its load and the origin, and of all programs, in the turns of its
    load. Added up by programs: /proc/stat, which guesses by ticks of 10 ms, is too coarse for a turn.
    """

    def __init__(self, proxy, origin, load):
        self.proxy = proxy.child.pid
        self.origin = origin.child.pid
        self.load = load
        self.seconds = [0.0, 0.0, 0.0]

    def programs(self):
        process = machine.process_seconds(self.proxy)
        # wrk's own is known when it has ended, all of it in the last of its turns.
        return process, process + machine.process_seconds(self.origin) + machine.ended_children_seconds()

    def charge(self, turn, *arguments):
        others = machine.seconds_by_process()
        before = self.programs()
        result = turn(*arguments)
        pass_time(SETTLE_SECONDS)
        process, programs = (after - at_first for after, at_first in zip(self.programs(), before))
        whole = programs + sum(seconds - others.get(pid, 0.0) for pid, seconds in machine.seconds_by_process().items()
                               if pid not in (self.proxy, self.origin, self.load.process.pid))
        self.seconds = [total + used for total, used in zip(self.seconds, (process, programs, whole))]
        return result


def run_turns(load, origin, proxies, seconds):
    """The requests of each proxy's load, and what they cost."""
    accounts = {}
    turns = {}
    try:
        for proxy in proxies:
            turns[proxy] = load.in_turns(proxy.name, proxy.port)
            accounts[proxy] = Account(proxy, origin, turns[proxy])
            accounts[proxy].charge(turns[proxy].turn, TURN_SECONDS)
        for number in range(round(seconds / TURN_SECONDS)):
            for proxy in rotated(proxies, number):
                accounts[proxy].charge(turns[proxy].turn, TURN_SECONDS)
        return {proxy: (accounts[proxy].charge(turns[proxy].end)["requests"], accounts[proxy].seconds)
                for proxy in proxies}
    finally:
        for each in turns.values():
            each.kill()


def rotated(proxies, number):
    return proxies[number % len(proxies):] + proxies[:number % len(proxies)]


def measure(load, origin, proxies, seconds):
    """One round: the figures of each proxy."""
    whole = {proxy: load.run(proxy.name, proxy.port, WHOLE_SECONDS) for proxy in proxies}
    figures = {}
    for proxy, (requests, (process, programs, all_cores)) in run_turns(load, origin, proxies, seconds).items():
        figures[proxy.name] = {
            "requests": requests,
            "cpu_seconds": round(process, 3),
            "programs_cpu_seconds": round(programs, 3),
            "machine_cpu_seconds": round(all_cores, 3),
            "per_second": whole[proxy]["requests"] / whole[proxy]["seconds"],
            "per_cpu_second": requests / process,
            "per_programs_cpu_second": requests / programs,
            "per_machine_cpu_second": requests / all_cores,
            "p50_us": whole[proxy]["p50_us"],
            "p99_us": whole[proxy]["p99_us"],
        }
    return figures


def run_size(size, connections, arguments, directory, origin, proxies, ours):
    load = Load(directory, arguments.load_core, size, connections == "churn")
    alone = load.run("origin", origin.ports[0], WHOLE_SECONDS)
    rounds = []
    for number in range(arguments.rounds):
        rounds.append(measure(load, origin, rotated(proxies, number), arguments.seconds))
        ratios = [f"{name} {rounds[-1][name]['per_cpu_second'] / rounds[-1][peer]['per_cpu_second']:.3f} times {peer}'s"
                  for name in ours for peer in rounds[-1] if peer not in ours]
        print(f"{size} bytes, {connections}, round {number + 1}: {', '.join(ratios)} requests per CPU-second",
              file=sys.stderr)
    return {"bytes": size, "connections": connections,
            "origin_alone_per_second": alone["requests"] / alone["seconds"], "rounds": rounds,
            **summarise(rounds, ours)}


def configuration(arguments):
    more = f"; more arguments: {' '.join(arguments.warmpathd)}" if arguments.warmpathd else ""
    return {
        "machine": machine.describe(),
        "cores": f"proxies on core {arguments.core}, wrk and nginx on {arguments.load_core}",
        "warmpathd": f"{Warmpath.describe(arguments.build)}; strategies {', '.join(arguments.strategies)}{more}",
        **{peer: PEERS[peer].describe() for peer in arguments.peers},
        "origin": Origin.describe(),
        "load": f"{version(['wrk', '-v']).partition(' [')[0]}: 1 thread, {CONNECTIONS} connections, "
                f"up to {SESSIONS} sessions by X-Session-ID; {arguments.rounds} rounds of {arguments.seconds} s each, "
                f"in turns of {1000 * TURN_SECONDS:.0f} ms",
    }


def check(arguments):
    arguments.peers = [peer for peer in arguments.peers.split(",") if peer]
    for peer in arguments.peers:
        if peer not in PEERS:
            raise BenchError(f"no peer '{peer}'; there are: {' '.join(PEERS)}")
    arguments.strategies = arguments.strategies.split(",")
    arguments.connections = arguments.connections.split(",")
    for connections in arguments.connections:
        if connections not in ("keep-alive", "churn"):
            raise BenchError(f"connections are keep-alive or churn, not '{connections}'")
    check_programs(arguments, ("wrk", "nginx", "taskset", *arguments.peers))


def check_programs(arguments, programs):
    for program in programs:
        if shutil.which(program) is None:
            raise BenchError(f"no {program}: deploy/install-deps --bench")
    arguments.build = os.path.abspath(arguments.build)
    if not os.access(os.path.join(arguments.build, "controlplane", "warmpathd"), os.X_OK):
        raise BenchError(f"no warmpathd in {arguments.build}: ninja -C build controlplane/warmpathd")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = FILES if hard == resource.RLIM_INFINITY else min(FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def run(arguments):
    """The exit status."""
    check(arguments)
    sizes = [int(size) for size in arguments.sizes.split(",")]
    about = configuration(arguments)
    children = []
    with tempfile.TemporaryDirectory(prefix="warmpath-bench-") as directory:
        try:
            origin = Origin(directory, arguments.load_core)
            children.append(origin.child)
            proxies = []
            for strategy in arguments.strategies:
                proxies.append(Warmpath(arguments.build, directory, arguments.core, origin.ports,
                                        ["--strategy", strategy, *arguments.warmpathd], name=f"warmpathd {strategy}"))
                children.append(proxies[-1].child)
            ours = [proxy.name for proxy in proxies]
            for peer in arguments.peers:
                proxies.append(PEERS[peer](directory, arguments.core, origin.ports))
                children.append(proxies[-1].child)
            results = [run_size(size, connections, arguments, directory, origin, proxies, ours)
                       for connections in arguments.connections for size in sizes]
        finally:
            for child in reversed(children):
                child.end()
    if arguments.json:
        print(json.dumps({**about, "sizes": results}, indent=1))
    else:
        for what, text in about.items():
            print(f"{what + ':':<11}{text}")
        for result in results:
            print_table(result)
        print_overview(results)
    if arguments.at_least is None:
        return 0
    lowest = min(bases[base]["lower_quartile"] for result in results for pair, bases in result["ratio"].items()
                 if pair.startswith(f"{ours[0]} / ") for base in ("process", "machine"))
    print(f"{ours[0]}: lowest lower quartile {lowest:.3f}, wanted {arguments.at_least:g}")
    return 0 if lowest >= arguments.at_least else 1
