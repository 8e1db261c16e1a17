"""warmpathd against HAProxy and nginx: requests per second of processor time, in alternating rounds.

On a machine with two cores the load and the origin share the one that the proxy does not have, and are what limits
requests/s. So the figure is the work a proxy does per request, not the rate; a machine that does something else at the
same time slows both sides of a round, and a ratio is made of what the two did in one round.
"""

import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile

import arguments as options
import machine
from chat_body import conversation
from children import BenchError, version
from nginx import Nginx, Origin
from peers import HAProxy, Warmpath
from report import print_overview, print_table, summarise

HERE = os.path.dirname(os.path.abspath(__file__))
CONNECTIONS = 32
SESSIONS = 1000
REQUEST_BYTES = 16 << 20  # that wrk holds at most, made before it begins: long bodies have fewer sessions
FEWEST_SESSIONS = 40
PEERS = {"haproxy": HAProxy, "nginx": Nginx}
# What the peers do is to hash the session, so that comes first, and decides; warm reads the prompts, too.
STRATEGIES = "session,warm"
WARM_UP_SECONDS = 1
FILES = 16384


def add_arguments(parser):
    options.add_json(parser)
    options.add_rounds(parser, 3, "in which each proxy has its turn")
    parser.add_argument("--seconds", type=int, default=2, help="of load on each proxy in a round (2)")
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


class Load:
    """wrk with one body, on cores of its own."""

    def __init__(self, directory, core, size, churn):
        self.core = core
        self.more = [str(max(FEWEST_SESSIONS, min(SESSIONS, REQUEST_BYTES // size))), *(["close"] if churn else [])]
        self.body = os.path.join(directory, f"body-{size}.json")
        with open(self.body, "wb") as file:
            file.write(conversation(size))

    def run(self, name, port, seconds):
        command = ["taskset", "-c", str(self.core), "wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "-s",
                   os.path.join(HERE, "chat_requests.lua"), f"http://127.0.0.1:{port}", "--", self.body, *self.more]
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=seconds + 30)
        except subprocess.TimeoutExpired:
            raise BenchError(f"wrk against {name} did not end") from None
        lines = [line for line in done.stdout.splitlines() if line.startswith("RESULT ")]
        if done.returncode != 0 or not lines:
            raise BenchError(f"wrk against {name}: {(done.stdout + done.stderr).strip()[-300:]}")
        result = json.loads(lines[0].removeprefix("RESULT "))
        if result["not_2xx"] or result["socket_errors"] or not result["requests"]:
            raise BenchError(f"{name} failed requests: {result}")
        return result


def measure(load, origin, proxy, seconds):
    def used():
        proxy_seconds = machine.process_seconds(proxy.child.pid)
        others = machine.process_seconds(origin.child.pid) + machine.ended_children_seconds()
        return proxy_seconds, proxy_seconds + others, machine.machine_seconds()

    before = used()
    result = load.run(proxy.name, proxy.port, seconds)
    process, programs, whole = (after - at_first for after, at_first in zip(used(), before))
    if process <= 0:
        raise BenchError(f"{proxy.name} used no measurable time: more --seconds")
    return {
        "requests": result["requests"],
        "cpu_seconds": round(process, 3),
        "programs_cpu_seconds": round(programs, 3),
        "machine_cpu_seconds": round(whole, 3),
        "per_second": result["requests"] / result["seconds"],
        "per_cpu_second": result["requests"] / process,
        "per_programs_cpu_second": result["requests"] / programs,
        "per_machine_cpu_second": result["requests"] / whole,
        "p50_us": result["p50_us"],
        "p99_us": result["p99_us"],
    }


def run_size(size, connections, arguments, directory, origin, proxies, ours):
    load = Load(directory, arguments.load_core, size, connections == "churn")
    alone = load.run("origin", origin.ports[0], WARM_UP_SECONDS)
    for proxy in proxies:
        load.run(proxy.name, proxy.port, WARM_UP_SECONDS)
    rounds = []
    for number in range(arguments.rounds):
        order = proxies[number % len(proxies):] + proxies[:number % len(proxies)]
        rounds.append({proxy.name: measure(load, origin, proxy, arguments.seconds) for proxy in order})
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
                f"up to {SESSIONS} sessions by X-Session-ID; {arguments.rounds} rounds of {arguments.seconds} s",
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
