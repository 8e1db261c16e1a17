"""warmpathd against HAProxy with streams: processor time per event, how long an event takes, memory of an idle stream.

1,000 streams bring 50 events a second each, from simulated replicas that say in each event when it was written; the
load generator checks every byte and knows how long each event took. The same run without a proxy is what the machine
adds by itself. Memory is that of 8,000 streams which have had their first event and wait for the next: resident memory
of the process, and what the kernel holds for the sockets of a stream through the proxy more than for one without it.
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
from children import BenchError, Child, wait_for
from peers import HAProxy, Warmpath
from spread import spread

REPLICAS = 4
RAMP_SECONDS = 2
FILES = 20000
CONNECTIONS = 9000  # what both proxies are told to hold; warmpathd accepts no more with a sixteenth of it left
PROMPT = ["--workload", "unique", "--system-tokens", "16", "--prompt-tokens", "16"]
# Without it HAProxy holds an event back until more comes or 200 ms have passed.
HAPROXY_MORE = ("option http-no-delay",)
FIGURES = {
    "cpu_per_million": "CPU-seconds of the process per million events",
    "machine_per_million": "CPU-seconds of the machine per million events, more than without a proxy",
    "delay_p50_us": "an event's way, p50, us",
    "delay_p99_us": "an event's way, p99, us",
    "added_p50_us": "of which the proxy adds, p50, us",
    "added_p99_us": "of which the proxy adds, p99, us",
}
MEMORY = {"process": "bytes of the process per idle stream", "kernel": "bytes of the kernel per idle stream"}


def add_arguments(parser):
    options.add_json(parser)
    options.add_rounds(parser, 4, "rounds of both proxies and of none")
    parser.add_argument("--seconds", type=int, default=8, help="that each stream lasts (8)")
    parser.add_argument("--streams", type=int, default=1000, help="at a time (1000)")
    parser.add_argument("--events", type=int, default=50, help="a second, of each stream (50)")
    parser.add_argument("--idle", type=int, default=8000, help="streams whose memory is measured; 0: not (8000)")
    options.add_build(parser)
    options.add_cores(parser, "the load and the replicas")
    options.add_daemon(parser)


class Replicas:
    """Simulated replicas: no queue, no prefill, tokens at a fixed rate."""

    def __init__(self, build, directory, core, rate):
        program = os.path.join(build, "tools", "replica", "warmpath-replica")
        self.child = Child("warmpath-replica", [
            program, "--port", "0", "--count", str(REPLICAS), "--decode-rate", str(rate), "--stamps",
            "--prefill-rate", "1e9", "--ttft-overhead-ms", "0", "--max-running", "20000", "--max-waiting", "20000",
            "--kv-tokens", "8000000"], directory, core)
        self.ports = self.child.wait_for_words(r"^listening \S+ \S+:(\d+)$", REPLICAS)

    def running(self):
        return sum(machine.metric(port, "replica_requests_running") for port in self.ports)


class Direct:
    """No proxy: the load speaks to the replicas."""

    name = "direct"
    child = None

    def __init__(self, ports):
        self.targets = ports


def targets_of(proxy):
    return [f"http://127.0.0.1:{port}" for port in getattr(proxy, "targets", None) or [proxy.port]]


def load_command(arguments, proxy, more):
    program = os.path.join(arguments.build, "tools", "load", "warmpath-load")
    return ["taskset", "-c", str(arguments.load_core), program, *targets_of(proxy), "--json", "--stamped", *PROMPT,
            *more]


def measure(arguments, proxy):
    """One run of all streams to their end."""
    more = ["--connections", str(arguments.streams), "--requests", str(arguments.streams), "--reply-tokens",
            str(arguments.events * arguments.seconds), "--ramp-seconds", str(RAMP_SECONDS), "--seconds",
            str(arguments.seconds + 60)]
    used = machine.process_seconds(proxy.child.pid) if proxy.child else 0.0
    whole = machine.machine_seconds()
    done = subprocess.run(load_command(arguments, proxy, more), capture_output=True, text=True, check=False,
                          timeout=arguments.seconds + 90)
    whole = machine.machine_seconds() - whole
    used = machine.process_seconds(proxy.child.pid) - used if proxy.child else 0.0
    if done.returncode != 0:
        raise BenchError(f"the load on {proxy.name} failed: {(done.stdout + done.stderr).strip()[:600]}")
    report = json.loads(done.stdout)
    millions = report["tokens"] / 1e6
    return {
        "events": report["tokens"],
        "cpu_per_million": used / millions,
        "machine_cpu_per_million": whole / millions,
        "delay_p50_us": report["times"]["delay"]["p50_ms"] * 1000,
        "delay_p99_us": report["times"]["delay"]["p99_ms"] * 1000,
    }


def one_round(arguments, targets):
    figures = {target.name: measure(arguments, target) for target in targets}
    direct = figures["direct"]
    for of in figures.values():
        of["machine_per_million"] = of["machine_cpu_per_million"] - direct["machine_cpu_per_million"]
        for percentile in ("p50", "p99"):
            of[f"added_{percentile}_us"] = of[f"delay_{percentile}_us"] - direct[f"delay_{percentile}_us"]
    return figures


def idle_memory(arguments, replicas, proxy, directory):
    """(bytes of the process, bytes of the kernel's sockets) for all idle streams together."""
    process = machine.resident_bytes(proxy.child.pid) if proxy.child else 0
    sockets = machine.socket_bytes()
    more = ["--connections", str(arguments.idle), "--requests", str(arguments.idle), "--reply-tokens", "2",
            "--ramp-seconds", "6", "--seconds", "600", "--timeout-seconds", "600", "--grace-seconds", "0"]
    load = Child("warmpath-load", load_command(arguments, proxy, more)[3:], directory, arguments.load_core)
    try:
        wait_for(lambda: replicas.running() == arguments.idle, 60,
                 lambda: f"{replicas.running():.0f} of {arguments.idle} streams through {proxy.name}: "
                         f"{load.last_words()}")
        process = machine.settled(lambda: machine.resident_bytes(proxy.child.pid) if proxy.child else 0) - process
        sockets = machine.settled(machine.socket_bytes) - sockets
    finally:
        load.end()
    if proxy.child:
        proxy.child.end()  # haproxy keeps a stream whose client has gone
    wait_for(lambda: replicas.running() == 0, 30, lambda: f"the streams through {proxy.name} do not end")
    return {"process": process, "kernel": sockets}


def measure_memory(arguments, directory):
    """Bytes per idle stream: of fresh processes, that have served nothing else."""
    result = {}
    children = []
    try:
        replicas = Replicas(arguments.build, directory, arguments.load_core, 0.002)
        children.append(replicas.child)
        direct = Direct(replicas.ports)
        idle_memory(arguments, replicas, direct, directory)  # what is made once, whoever comes first
        alone = idle_memory(arguments, replicas, direct, directory)
        for kind in (Warmpath, HAProxy):
            proxy = start(kind, arguments, directory, replicas.ports)
            children.append(proxy.child)
            with_it = idle_memory(arguments, replicas, proxy, directory)
            result[proxy.name] = {"process": with_it["process"] / arguments.idle,
                                  "kernel": (with_it["kernel"] - alone["kernel"]) / arguments.idle}
        result["direct"] = {"process": 0, "kernel": alone["kernel"] / arguments.idle}
    finally:
        for child in reversed(children):
            child.end()
    return result


def start(kind, arguments, directory, ports):
    if kind is Warmpath:
        return Warmpath(arguments.build, directory, arguments.core, ports, ["--state", "none", *arguments.warmpathd],
                        CONNECTIONS)
    return HAProxy(directory, arguments.core, ports, HAPROXY_MORE, CONNECTIONS)


def run_rounds(arguments, directory):
    children, rounds = [], []
    try:
        replicas = Replicas(arguments.build, directory, arguments.load_core, arguments.events)
        children.append(replicas.child)
        proxies = []
        for kind in (Warmpath, HAProxy):
            proxies.append(start(kind, arguments, directory, replicas.ports))
            children.append(proxies[-1].child)
        targets = [Direct(replicas.ports), *proxies]
        for number in range(arguments.rounds):
            rounds.append(one_round(arguments, targets if number % 2 == 0 else targets[::-1]))
            ratio = rounds[-1]["warmpathd"]["cpu_per_million"] / rounds[-1]["haproxy"]["cpu_per_million"]
            print(f"round {number + 1}: {ratio:.3f} times haproxy's CPU time per event", file=sys.stderr)
    finally:
        for child in reversed(children):
            child.end()
    return rounds


def configuration(arguments):
    return {
        "machine": machine.describe(),
        "cores": f"proxies on core {arguments.core}, load and replicas on {arguments.load_core}",
        "warmpathd": Warmpath.describe(arguments.build),
        "haproxy": HAProxy.describe(HAPROXY_MORE, CONNECTIONS),
        "load": f"{arguments.streams} streams of {arguments.events} events/s for {arguments.seconds} s, "
                f"{arguments.rounds} rounds; {arguments.idle} idle streams",
    }


def check(arguments):
    arguments.build = os.path.abspath(arguments.build)
    for program in ("haproxy", "taskset"):
        if shutil.which(program) is None:
            raise BenchError(f"no {program}: deploy/install-deps --bench")
    for program in ("controlplane/warmpathd", "tools/load/warmpath-load", "tools/replica/warmpath-replica"):
        if not os.access(os.path.join(arguments.build, program), os.X_OK):
            raise BenchError(f"no {program} in {arguments.build}: ninja -C build {program}")
    if arguments.idle and not os.access("/proc/slabinfo", os.R_OK):
        raise BenchError("/proc/slabinfo is for root: run as root, or with --idle 0")
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < 2 * arguments.idle + 256:
        raise BenchError(f"{hard} descriptors a process are too few for {arguments.idle} idle streams")
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard if hard != resource.RLIM_INFINITY else FILES, hard))


def summarise(rounds):
    proxies = {name: {figure: spread([one[name][figure] for one in rounds]) for figure in FIGURES}
               for name in ("warmpathd", "haproxy", "direct")}
    ratio = spread([one["warmpathd"]["cpu_per_million"] / one["haproxy"]["cpu_per_million"] for one in rounds])
    return {"proxies": proxies, "ratio": ratio}


def print_table(result):
    names = ("warmpathd", "haproxy", "direct")
    print(f"\n{'median [quartiles]':<76}" + "".join(f"{name:>26}" for name in names))
    for figure, about in FIGURES.items():
        digits = 0 if figure.endswith("us") else 2
        cells = []
        for name in names:
            of = result["proxies"][name][figure]
            median, low, high = (f"{of[key]:.{digits}f}" for key in ("median", "lower_quartile", "upper_quartile"))
            cells.append(f"{median} [{low}, {high}]".rjust(26))
        print(f"{about:<76}" + "".join(cells))
    for kind, about in MEMORY.items():
        if result["memory"]:
            print(f"{about:<76}" + "".join(f"{result['memory'][name][kind]:>26.0f}" for name in names))
    ratio = result["ratio"]
    print(f"CPU time per event, warmpathd / haproxy: lower quartile {ratio['lower_quartile']:.3f}, "
          f"median {ratio['median']:.3f}, upper quartile {ratio['upper_quartile']:.3f}")


def run(arguments):
    """The exit status."""
    check(arguments)
    about = configuration(arguments)
    with tempfile.TemporaryDirectory(prefix="warmpath-bench-") as directory:
        memory = measure_memory(arguments, directory) if arguments.idle else {}
        rounds = run_rounds(arguments, directory)
    result = {**summarise(rounds), "memory": memory}
    if arguments.json:
        print(json.dumps({**about, **result, "rounds": rounds}, indent=1))
        return 0
    for what, text in about.items():
        print(f"{what + ':':<11}{text}")
    print_table(result)
    return 0
