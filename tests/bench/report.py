"""Rounds to figures, and figures to a table."""

from spread import spread

OURS = "warmpathd"
FIGURES = {
    "per_second": "requests/s",
    "per_cpu_second": "requests per CPU-second of the process",
    "per_programs_cpu_second": "requests per CPU-second of proxy, origin, wrk",
    "per_machine_cpu_second": "requests per CPU-second of the machine",
    "p50_us": "latency p50, us",
    "p99_us": "latency p99, us",
}
RATIOS = {"process": "per_cpu_second", "programs": "per_programs_cpu_second", "machine": "per_machine_cpu_second"}


def summarise(rounds):
    """The spread of each proxy's figures, and of the ratio warmpathd / peer made in each round by itself."""
    proxies = {
        name: {figure: spread([one[name][figure] for one in rounds]) for figure in FIGURES} for name in rounds[0]
    }
    ratio = {
        peer: {base: spread([one[OURS][figure] / one[peer][figure] for one in rounds])
               for base, figure in RATIOS.items()}
        for peer in rounds[0] if peer != OURS
    }
    return {"proxies": dict(sorted(proxies.items(), key=lambda row: row[0] != OURS)), "ratio": ratio}


def print_table(result):
    names = list(result["proxies"])
    print(f"\n{result['bytes']} bytes, {result['connections']} "
          f"(origin alone: {result['origin_alone_per_second']:.0f} requests/s)")
    print(f"  {'median [quartiles]':<45}" + "".join(f"{name:>26}" for name in names))
    for figure, about in FIGURES.items():
        cells = []
        for name in names:
            of = result["proxies"][name][figure]
            cells.append(f"{of['median']:.0f} [{of['lower_quartile']:.0f}, {of['upper_quartile']:.0f}]")
        print(f"  {about:<45}" + "".join(f"{cell:>26}" for cell in cells))
    for peer, bases in result["ratio"].items():
        for base, of in bases.items():
            print(f"  ratio warmpathd / {peer}, {base}: lower quartile {of['lower_quartile']:.3f}, "
                  f"median {of['median']:.3f}, upper quartile {of['upper_quartile']:.3f}")


def print_overview(results):
    """One line for each table: the median ratios."""
    peers = list(results[0]["ratio"])
    if not peers:
        return
    print(f"\n{'requests per CPU-second, warmpathd / peer':<45}"
          + "".join(f"{f'{peer}, {base}':>20}" for peer in peers for base in RATIOS))
    for result in results:
        print(f"  {str(result['bytes']) + ' bytes, ' + result['connections']:<43}"
              + "".join(f"{result['ratio'][peer][base]['median']:>20.3f}" for peer in peers for base in RATIOS))
