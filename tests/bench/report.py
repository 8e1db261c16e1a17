"""Rounds to figures, and figures to a table."""

from spread import spread

FIGURES = {
    "per_second": "requests/s",
    "per_cpu_second": "requests per CPU-second of the process",
    "per_programs_cpu_second": "requests per CPU-second of proxy, origin, wrk",
    "per_machine_cpu_second": "requests per CPU-second of the machine",
    "p50_us": "latency p50, us",
    "p99_us": "latency p99, us",
}
RATIOS = {"process": "per_cpu_second", "programs": "per_programs_cpu_second", "machine": "per_machine_cpu_second"}


def summarise(rounds, ours):
    """The spread of each proxy's figures, and of the ratio ours / peer made in each round by itself. `ours`: the names
    that are not peers', of which the first decides.
    """
    proxies = {
        name: {figure: spread([one[name][figure] for one in rounds]) for figure in FIGURES} for name in rounds[0]
    }
    ratio = {
        f"{name} / {peer}": {base: spread([one[name][figure] / one[peer][figure] for one in rounds])
                             for base, figure in RATIOS.items()}
        for name in ours for peer in rounds[0] if peer not in ours
    }
    ordered = [*ours, *(name for name in proxies if name not in ours)]
    return {"proxies": {name: proxies[name] for name in ordered}, "ratio": ratio}


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
    for pair, bases in result["ratio"].items():
        for base, of in bases.items():
            print(f"  ratio {pair}, {base}: lower quartile {of['lower_quartile']:.3f}, "
                  f"median {of['median']:.3f}, upper quartile {of['upper_quartile']:.3f}")


def print_overview(results):
    """One line for each table and pair: the ratios' lower quartiles and medians."""
    if not results[0]["ratio"]:
        return
    print(f"\n{'requests per CPU-second: lower quartile, median':<66}" + "".join(f"{base:>16}" for base in RATIOS))
    for result in results:
        for pair, bases in result["ratio"].items():
            cells = (f"{bases[base]['lower_quartile']:.3f}, {bases[base]['median']:.3f}" for base in RATIOS)
            print(f"  {result['bytes']} bytes, {result['connections']}, {pair}".ljust(66)
                  + "".join(f"{cell:>16}" for cell in cells))
