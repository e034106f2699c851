# SPDX-License-Identifier: MIT
"""Measures omicsfs beside its peers, and prints a table of medians.

usage: scripts/bench [--runs N] [--quick] [--only WORKLOAD…] [--peers NAME…] [--write]
"""

import argparse
import contextlib
import os
import pathlib
import platform
import shutil
import signal
import sys
import tempfile
import time

from bench import (archives, bucket, catalogue, child, contestants, listing, micro, origins, plot,
                   rows, table, trees, workloads)
from bench.ground import Ground, WrongBytes

HERE = pathlib.Path(__file__).parent
BEGIN = "<!-- figures: written by scripts/bench --write -->"
END = "<!-- end of figures -->"
SLOW_S = 20


def everybody(programs, files):
    """Those who are installed here."""
    program = programs / "omicsfs"
    kinds = [contestants.Omicsfs(program)]
    if contestants.OmicsfsCopying.differs(program):
        kinds.append(contestants.OmicsfsCopying(program))
    peers = {"rclone": [contestants.RcloneFull(), contestants.RcloneOff()],
             "httpdirfs": [contestants.Httpdirfs()], "httpfs2": [contestants.Httpfs2()]}
    for name, those in peers.items():
        kinds += those if shutil.which(name) else []
    kinds += [contestants.Curl(), contestants.Curl(ranges=16)]
    kinds.append(contestants.NullSource(programs / "bench" / "null_source", files.root))
    kinds.append(contestants.Disk(files.disk))
    return kinds


def failure_text(failure):
    if isinstance(failure, WrongBytes):
        return "wrong bytes"
    if isinstance(failure, child.TookTooLong):
        return f"> {failure.patience_s} s"
    if isinstance(failure, listing.Incomplete):
        return "incomplete"
    return "dies" if isinstance(failure, contestants.Died) else "fails"


class Bench:
    def __init__(self, grounds, figures):
        self.grounds, self.figures = grounds, figures
        self.failed = set()
        self.took_s = {}

    def tells_no_more(self, contestant, workload):
        """One run is enough of what failed, or took long and ten times as long as ours."""
        if (contestant.name, workload.name) in self.failed:
            return True
        took, ours = (self.took_s.get((name, workload.name), 0)
                      for name in (contestant.name, table.OURS))
        return took > SLOW_S and took > 10 * ours

    def measure(self, contestant, workload):
        """One run of one workload; a failure becomes the cells that it cost."""
        if self.tells_no_more(contestant, workload):
            return
        started = time.monotonic()
        last = None
        try:
            for row, figure in workload.run(self.grounds[workload.origin], contestant):
                self.figures.add(row, contestant.name, float(figure))
                last = row
        except (WrongBytes, OSError, child.TookTooLong, contestants.Died,
                listing.Incomplete, ValueError) as failure:
            self.failed.add((contestant.name, workload.name))
            for row in rows_after(workload.name, last):
                self.figures.add(row, contestant.name, failure_text(failure))
            say(f"{contestant.name}: {failure}")
        took = self.took_s[contestant.name, workload.name] = time.monotonic() - started
        say(f"{workload.name}: {contestant.name}: {took:.1f} s")


def say(text):
    print(text, file=sys.stderr, flush=True)


def rows_after(workload, last):
    keys = rows.keys_of(workload)
    return keys[keys.index(last) + 1:] if last in keys else keys


def machine():
    files = contestants.file_system_of(tempfile.gettempdir())
    return (f"{platform.machine()}, {os.cpu_count()} processors, Linux {platform.release()}, "
            f"{files}, {time.strftime('%Y-%m-%d')}")


def parse():
    parser = argparse.ArgumentParser(prog="scripts/bench")
    parser.add_argument("--programs", type=pathlib.Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help="less work, one run")
    names = [*(workload.name for workload in workloads.WORKLOADS), "archives", "catalogue", "micro"]
    parser.add_argument("--only", nargs="+", metavar="WORKLOAD", choices=names, default=names,
                        help=", ".join(names))
    parser.add_argument("--peers", nargs="+", metavar="NAME",
                        help="these alone beside omicsfs, as the table names them")
    parser.add_argument("--write", action="store_true",
                        help="put the tables into bench/README.md and draw bench/figures.svg")
    options = parser.parse_args()
    options.runs = 1 if options.quick else options.runs
    return options


def prepare(grounds, chosen):
    for ground in grounds.values():
        for one in chosen:
            if one.shows_a_million or ground.origin.name != "1M":
                home = ground.work / f"{one.name} at {ground.origin.name}"
                home.mkdir()
                one.prepare(ground.origin, home)


@contextlib.contextmanager
def grounds_over(files, programs, work, wanted):
    """By the names of origins in `wanted`."""
    with origins.lan(files, work) as near, origins.wan(files, work, programs) as far:
        every = (near, far, origins.Million(near))
        yield {origin.name: Ground(files, origin, programs, work)
               for origin in every if origin.name in wanted}


def run(options, work, memory, scale):
    """The figures, the names of those who were measured, and the archives' table."""
    planned = [one for one in workloads.WORKLOADS if one.name in options.only]
    wanted = {workload.origin for workload in planned}
    if "archives" in options.only:
        wanted.add("LAN")
    files = bucket.Bucket(memory, work / "disk", scale)
    files.publish(with_trees=any(workload.trees for workload in planned))
    if "1M" in wanted:
        trees.publish_million(memory, scale.million)
    chosen = [one for one in everybody(options.programs, files)
              if options.peers is None or one.name in [table.OURS, *options.peers]]
    figures = table.Figures()
    with grounds_over(files, options.programs, work, wanted) as grounds:
        prepare(grounds, chosen)
        bench = Bench(grounds, figures)
        for index in range(options.runs):
            for workload in planned:
                those = list(filter(workload.takes, chosen))
                # Whoever comes after others' gigabytes were removed may pay for
                # that: it is not to be the same one in each run.
                first = index * len(those) // options.runs
                for one in those[first:] + those[:first]:
                    os.sync()
                    bench.measure(one, workload)
        told = ""
        if "archives" in options.only:
            told = archives.markdown(grounds["LAN"], options.programs / "omicsfs", options.runs,
                                     say)
    return figures, [one.name for one in chosen], told


def report(options, scale, figures, names, told_of_archives):
    command = " ".join(["scripts/bench", *(["--quick"] if options.quick else []),
                        *(["--runs", str(options.runs)] if not options.quick else [])])
    told = [f"`{command}`: {machine()}; the large file has {scale.big_mib} MiB; medians of "
            f"{options.runs} run{'s' if options.runs > 1 else ''}, in parentheses the ratio to "
            "omicsfs.", table.markdown(figures, rows.ROWS, names, scale.words())]
    if told_of_archives:
        told.append(told_of_archives)
    if "catalogue" in options.only:
        files = 20_000 if options.quick else 1_000_000
        told.append(catalogue.markdown(options.programs / "omicsfs", files, options.runs, say))
    if "micro" in options.only:
        told.append(micro.markdown(options.programs))
    return "\n\n".join(told)


def write(text, figures, names, scale):
    """Puts the tables into README.md between its two marks, and draws the plot."""
    readme = HERE / "README.md"
    before, rest = readme.read_text().split(BEGIN)
    after = rest.split(END)[1]
    readme.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}")
    (HERE / "figures.svg").write_text(plot.svg(figures, rows.ROWS, names, scale.words()))


def main():
    options = parse()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended"))  # so that mounts go, too
    scale = bucket.QUICK if options.quick else bucket.FULL
    with tempfile.TemporaryDirectory(prefix="omicsfs-bench-") as name, \
            bucket.memory(pathlib.Path(name) / "bucket", 2 * scale.big_mib + 4096) as memory:
        figures, names, of_archives = run(options, pathlib.Path(name), memory, scale)
    text = report(options, scale, figures, names, of_archives)
    print(text)
    if options.write:
        write(text, figures, names, scale)


if __name__ == "__main__":
    main()
