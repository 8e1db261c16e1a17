"""The hot pure functions: time by Google Benchmark, instructions by callgrind beside the committed baseline."""

import json
import os
import subprocess

import arguments as options
import instructions
import machine
from children import BenchError
from spread import spread


def add_arguments(parser):
    options.add_json(parser, "all figures")
    parser.add_argument("--repetitions", type=int, default=7, help="timings of each case, in random order (7)")
    parser.add_argument("--min-time", type=float, default=0.05, help="seconds of each timing (0.05)")
    parser.add_argument("--filter", default=".", help="cases to time, a regular expression (all)")
    options.add_build(parser)
    parser.add_argument("--core", type=int, default=1, help="to time on (1)")
    parser.add_argument("--write-baseline", action="store_true", help="makes the baseline anew and ends")


def timings(arguments):
    """{case: {"ns": spread, "bytes_per_second": at the median or None}}"""
    program = os.path.join(arguments.build, "tests", "bench", "warmpath-micro")
    if not os.access(program, os.X_OK):
        raise BenchError(f"no {program}: ninja -C build")
    done = subprocess.run(
        ["taskset", "-c", str(arguments.core), program, "--benchmark_format=json",
         f"--benchmark_filter={arguments.filter}", f"--benchmark_repetitions={arguments.repetitions}",
         f"--benchmark_min_time={arguments.min_time}", "--benchmark_enable_random_interleaving=true"],
        capture_output=True, text=True, check=False, timeout=280)
    if done.returncode != 0:
        raise BenchError(f"warmpath-micro: {(done.stdout + done.stderr).strip()[-600:]}")
    cases = {}
    for row in json.loads(done.stdout)["benchmarks"]:
        if row["run_type"] == "iteration":
            cases.setdefault(row["name"].split("/repeats:")[0], []).append(row)
    return {name: {"ns": spread([row["cpu_time"] for row in rows]),
                   "bytes_per_second": spread([row["bytes_per_second"] for row in rows])["median"]
                   if "bytes_per_second" in rows[0] else None}
            for name, rows in cases.items()}


def print_table(rows):
    print(f"\n{'case':<34}{'ns, median [quartiles]':>32}{'GB/s':>8}{'instructions':>14}{'baseline':>10}{'change':>8}")
    for name, row in rows.items():
        of = row["ns"]
        time = f"{of['median']:.1f} [{of['lower_quartile']:.1f}, {of['upper_quartile']:.1f}]"
        rate = f"{row['bytes_per_second'] / 1e9:.2f}" if row["bytes_per_second"] else ""
        before = row["baseline"]
        change = f"{row['instructions'] / before - 1:+.1%}" if before else "new"
        print(f"{name:<34}{time:>32}{rate:>8}{row['instructions']:>14}{before or '':>10}{change:>8}")


def run(arguments):
    """The exit status."""
    arguments.build = os.path.abspath(arguments.build)
    try:
        counts = instructions.count(arguments.build)
    except ValueError as error:
        raise BenchError(error) from None
    if arguments.write_baseline:
        instructions.write_baseline(counts)
        return 0
    baseline = instructions.read_baseline()
    times = timings(arguments)
    rows = {name: {**times[name], "instructions": number, "baseline": baseline.of.get(name)}
            for name, number in counts.of.items() if name in times}
    about = {"machine": machine.describe(), "compiler": counts.compiler,
             "baseline": f"micro/baseline, of {baseline.compiler}"}
    if arguments.json:
        print(json.dumps({**about, "cases": rows}, indent=1))
        return 0
    for what, text in about.items():
        print(f"{what + ':':<11}{text}")
    print_table(rows)
    return 0
