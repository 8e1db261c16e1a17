"""What a request costs in things that can be counted, whatever else the machine does: system calls and page faults of
the process by the kernel's own count, and bytes that warmpathd copied by its own.
"""

import json
import os
import tempfile

import arguments as options
import machine
import wrk
from chat_body import conversation
from children import BenchError
from nginx import Origin
from peers import HAProxy, Warmpath
from proxy_bench import check_programs

EVENTS = {"raw_syscalls:sys_enter": "system calls", "page-faults": "page faults"}
WARM_UP_SECONDS = 1


def add_arguments(parser):
    options.add_json(parser, "all figures")
    parser.add_argument("--seconds", type=int, default=2, help="of load on each proxy (2)")
    parser.add_argument("--sizes", default="1024,65536", help="bytes of the request's body (%(default)s)")
    parser.add_argument("--connections", default="1,32,256", help="of wrk, kept alive (%(default)s)")
    options.add_build(parser)
    options.add_cores(parser, "wrk and nginx")


def load(body, connections, arguments, proxy, seconds, before=()):
    """Requests that wrk had answered; `before` is what wrk is started by."""
    process = wrk.start(arguments.load_core, connections, seconds, proxy.port, [body, "40"], before)
    return wrk.result_of(process, proxy.name, seconds + wrk.END_SECONDS)["requests"]


def counted(path):
    """{event: count} of what perf stat wrote, a line each: count, unit, event."""
    with open(path, encoding="utf-8") as file:
        rows = [line.split(",") for line in file if not line.startswith("#") and line.count(",") > 2]
    counts = {row[2]: row[0] for row in rows}
    for event in EVENTS:
        if not counts.get(event, "").isdigit():
            raise BenchError(f"the kernel does not count {event}: {counts.get(event, 'nothing said')}")
    return {event: int(counts[event]) for event in EVENTS}


def own(proxy):
    """What warmpathd counts itself."""
    names = ("warmpath_copied_bytes_total", "warmpath_net_received_bytes_total", "warmpath_net_receives_total",
             "warmpath_net_sends_total", "warmpath_net_system_calls_total")
    return {name: machine.metric(proxy.admin, name + r'(?:\{[^}]*\})?') for name in names}


def measure(body, connections, arguments, proxy, directory):
    load(body, connections, arguments, proxy, WARM_UP_SECONDS)
    path = os.path.join(directory, "perf.csv")
    watch = ["perf", "stat", "-x,", "-o", path, "-e", ",".join(EVENTS), "-p", str(proxy.child.pid), "--"]
    is_ours = isinstance(proxy, Warmpath)
    before = own(proxy) if is_ours else {}
    requests = load(body, connections, arguments, proxy, arguments.seconds, watch)
    figures = {name: count / requests for (event, name), count in zip(EVENTS.items(), counted(path).values())}
    if is_ours:
        grown = {name: value - before[name] for name, value in own(proxy).items()}
        figures["bytes copied per byte received"] = (grown["warmpath_copied_bytes_total"] /
                                                     grown["warmpath_net_received_bytes_total"])
        figures["receives"] = grown["warmpath_net_receives_total"] / requests
        figures["sends"] = grown["warmpath_net_sends_total"] / requests
        figures["system calls, by its own count"] = grown["warmpath_net_system_calls_total"] / requests
    return {"requests": requests, **figures}


def print_figures(results):
    names = list(results[0]["warmpathd"])[1:]
    heads = [f"{one['bytes']} B x {one['connections']}" for one in results]
    print(f"\n{'of a request, bytes x connections':<44}" + "".join(f"{head:>14}" for head in heads))
    for proxy in ("warmpathd", "haproxy"):
        for name in names:
            if name in results[0][proxy]:
                print(f"{proxy + ' ' + name:<44}" + "".join(f"{one[proxy][name]:>14.3f}" for one in results))


def run(arguments):
    """The exit status."""
    check_programs(arguments, ("wrk", "nginx", "haproxy", "taskset", "perf"))
    results = []
    children = []
    with tempfile.TemporaryDirectory(prefix="warmpath-bench-") as directory:
        try:
            origin = Origin(directory, arguments.load_core)
            children.append(origin.child)
            proxies = [Warmpath(arguments.build, directory, arguments.core, origin.ports, ["--no-health-checks"])]
            children.append(proxies[0].child)
            proxies.append(HAProxy(directory, arguments.core, origin.ports))
            children.append(proxies[1].child)
            for size in map(int, arguments.sizes.split(",")):
                body = os.path.join(directory, f"body-{size}.json")
                with open(body, "wb") as file:
                    file.write(conversation(size))
                for connections in map(int, arguments.connections.split(",")):
                    results.append({"bytes": size, "connections": connections} | {
                        proxy.name: measure(body, connections, arguments, proxy, directory) for proxy in proxies})
        finally:
            for child in reversed(children):
                child.end()
    about = {"machine": machine.describe(), "warmpathd": Warmpath.describe(arguments.build),
             "haproxy": HAProxy.describe(), "origin": Origin.describe()}
    if arguments.json:
        print(json.dumps({**about, "results": results}, indent=1))
    else:
        for what, text in about.items():
            print(f"{what + ':':<11}{text}")
        print_figures(results)
    return 0
