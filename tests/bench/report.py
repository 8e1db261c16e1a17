"""Rounds to figures, and figures to a table."""

from spread import spread

FIGURES = {
    "per_second": "requests/s",
    "per_cpu_second": "requests per CPU-second of the process",
    "per_programs_cpu_second": "requests per CPU-second of proxy, nginx, wrk",
    "per_machine_cpu_second": "requests per CPU-second of the machine",
    "p50_us": "latency p50, us",
    "p99_us": "latency p99, us",
}
RATIOS = {"process": "per_cpu_second", "programs": "per_programs_cpu_second", "machine": "per_machine_cpu_second"}


def summarise(rounds):
    """The spread of each proxy's figures, and of the ratio warmpathd / haproxy made in each round by itself."""
    proxies = {
        name: {figure: spread([one[name][figure] for one in rounds]) for figure in FIGURES}
        for name in ("warmpathd", "haproxy")
    }
    ratio = {
        base: spread([one["warmpathd"][figure] / one["haproxy"][figure] for one in rounds])
        for base, figure in RATIOS.items()
    }
    return {"proxies": proxies, "ratio": ratio}


def print_table(result):
    print(f"\n{result['bytes']} bytes (origin alone: {result['origin_alone_per_second']:.0f} requests/s)")
    print(f"  {'median [quartiles]':<45}{'warmpathd':>26}{'haproxy':>26}")
    for figure, name in FIGURES.items():
        cells = []
        for proxy in ("warmpathd", "haproxy"):
            of = result["proxies"][proxy][figure]
            cells.append(f"{of['median']:.0f} [{of['lower_quartile']:.0f}, {of['upper_quartile']:.0f}]")
        print(f"  {name:<45}{cells[0]:>26}{cells[1]:>26}")
    for base, of in result["ratio"].items():
        print(f"  ratio warmpathd / haproxy, {base}: lower quartile {of['lower_quartile']:.3f}, "
              f"median {of['median']:.3f}, upper quartile {of['upper_quartile']:.3f}")
