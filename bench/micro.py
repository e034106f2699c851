# SPDX-License-Identifier: MIT
"""Google Benchmark's figures of single parts, as a table."""

import json

from bench import child

PROGRAMS = ("block_cache_bench", "snapshot_bench", "byte_range_bench")
NANOSECONDS = {"ns": 1, "us": 1e3, "ms": 1e6, "s": 1e9}


def time_text(nanoseconds):
    for unit, size in (("s", 1e9), ("ms", 1e6), ("µs", 1e3)):
        if nanoseconds >= size:
            return f"{nanoseconds / size:.3g} {unit}"
    return f"{nanoseconds:.3g} ns"


def count_text(count):
    for unit, size in (("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if count >= size:
            return f"{count / size:.3g}{unit}"
    return f"{count:.3g}"


def name_text(name):
    """block_cache_hit/4096/real_time/threads:2 -> block_cache_hit 4096, 2 threads"""
    parts = [part for part in name.split("/") if part != "real_time"]
    threads = [part.split(":")[1] for part in parts if part.startswith("threads:")]
    counts = [f"{count} thread{'' if count == '1' else 's'}" for count in threads]
    return ", ".join([" ".join(part for part in parts if ":" not in part), *counts])


def line_of(result):
    each = result["real_time"] * NANOSECONDS[result["time_unit"]]
    items = result.get("items_per_second")
    return f"| {name_text(result['name'])} | {time_text(each)} | {count_text(items)} |"


def markdown(programs):
    """A line for each benchmark: the time of one round, and items a second."""
    lines = ["| | one round | items/s |", "|---|---|---|"]
    for name in PROGRAMS:
        program = programs / "bench" / name
        if program.exists():
            told = child.must_run([program, "--benchmark_format=json",
                                   "--benchmark_min_time=0.2"], patience_s=120)
            lines += [line_of(result) for result in json.loads(told)["benchmarks"]]
    return "\n".join(lines)
