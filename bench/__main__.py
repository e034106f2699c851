# SPDX-License-Identifier: MIT
"""Measures omicsfs beside its peers, and prints a table of medians.

usage: scripts/bench [--runs N] [--quick] [--only WORKLOAD…] [--peers NAME…]
"""

import argparse
import os
import pathlib
import platform
import shutil
import sys
import tempfile
import time

from bench import bucket, child, contestants, origins, reading, rows, table
from bench.ground import Ground, WrongBytes

WORKLOADS = {
    "sequential": reading.sequential,
    "random": reading.random_cold,
    "first": reading.first_byte,
    "files": reading.many_files,
    "readers": reading.two_readers,
    "streams": reading.streams,
}
NEED_MANY_FILES = {"files", "streams"}
NEED_A_SERVER = {"streams"}


def everybody(program, disk):
    kinds = [contestants.Omicsfs(program)]
    if contestants.OmicsfsCopying.differs(program):
        kinds.append(contestants.OmicsfsCopying(program))
    peers = {"rclone": [contestants.RcloneFull(), contestants.RcloneOff()],
             "httpdirfs": [contestants.Httpdirfs()], "httpfs2": [contestants.Httpfs2()]}
    for name, those in peers.items():
        kinds += those if shutil.which(name) else []
    return kinds + [contestants.Curl(), contestants.Disk(disk)]


def takes_part(contestant, workload):
    if isinstance(contestant, contestants.Curl):
        return workload == "sequential"
    if isinstance(contestant, contestants.Disk) and workload in NEED_A_SERVER:
        return False
    return not (contestant.one_file and workload in NEED_MANY_FILES)


def failure_text(failure):
    if isinstance(failure, WrongBytes):
        return "wrong bytes"
    if isinstance(failure, child.TookTooLong):
        return "hangs"
    return "dies" if isinstance(failure, contestants.Died) else "fails"


class Bench:
    def __init__(self, ground, figures):
        self.ground, self.figures = ground, figures
        self.failed = set()

    def measure(self, contestant, name):
        """One run of one workload; a failure becomes the cell that it cost."""
        if (contestant.name, name) in self.failed:
            return
        started = time.monotonic()
        last = None
        try:
            for row, figure in WORKLOADS[name](self.ground, contestant):
                self.figures.add(row, contestant.name, float(figure))
                last = row
        except (WrongBytes, OSError, child.TookTooLong, contestants.Died) as failure:
            self.failed.add((contestant.name, name))
            for row in rows_after(name, last):
                self.figures.add(row, contestant.name, failure_text(failure))
            print(f"{contestant.name}, {name}: {failure}", file=sys.stderr)
        print(f"{name}: {contestant.name}: {time.monotonic() - started:.1f} s", file=sys.stderr,
              flush=True)


def rows_after(workload, last):
    keys = rows.keys_of(workload)
    return keys[keys.index(last) + 1:] if last in keys else keys


def machine():
    return (f"{platform.machine()}, {os.cpu_count()} processors, Linux {platform.release()}, "
            f"{time.strftime('%Y-%m-%d')}")


def parse():
    parser = argparse.ArgumentParser(prog="scripts/bench")
    parser.add_argument("--programs", type=pathlib.Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help="less work, one run")
    parser.add_argument("--only", nargs="+", choices=WORKLOADS, default=list(WORKLOADS))
    parser.add_argument("--peers", nargs="+", metavar="NAME",
                        help="these alone beside omicsfs, as the table names them")
    options = parser.parse_args()
    options.runs = 1 if options.quick else options.runs
    return options


def main():
    options = parse()
    scale = bucket.QUICK if options.quick else bucket.FULL
    figures = table.Figures()
    with tempfile.TemporaryDirectory(prefix="omicsfs-bench-") as name, \
            bucket.memory(pathlib.Path(name) / "bucket", 3 * scale.big_mib + 2048) as memory:
        work = pathlib.Path(name)
        files = bucket.Bucket(memory, work / "disk", scale)
        files.publish()
        chosen = [one for one in everybody(options.programs / "omicsfs", work / "disk")
                  if options.peers is None or one.name in [table.OURS, *options.peers]]
        with origins.lan(files, work) as origin:
            bench = Bench(Ground(files, origin, options.programs, work), figures)
            for one in chosen:
                if isinstance(one, contestants.Contestant):
                    home = work / f"home of {one.name}"
                    home.mkdir()
                    one.prepare(origin, home)
            for _ in range(options.runs):
                for workload in options.only:
                    for one in chosen:
                        if takes_part(one, workload):
                            bench.measure(one, workload)
    print(f"{machine()}; {scale.big_mib} MiB; medians of {options.runs} runs\n")
    print(table.markdown(figures, rows.ROWS, [one.name for one in chosen]))


if __name__ == "__main__":
    main()
