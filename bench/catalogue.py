# SPDX-License-Identifier: MIT
"""A catalogue of a million files: its import, and what is asked of it after."""

import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

from bench import table
from bench.ground import drop_page_cache

COMPOSE = pathlib.Path(__file__).resolve().parent.parent / "tests" / "support" / "compose_encode.py"
SQLITE = "sqlite3 .import and 4 indexes"
SCAN = "awk over the list"
ROWS = [
    ("manifest", "import of the bucket's list, files/s"),
    ("manifest memory", "– most memory, MiB"),
    ("search", "import of a search's JSON, files/s"),
    ("search memory", "– most memory, MiB"),
    ("bytes", "catalog after the list / after the search, MiB"),
    ("find", "find by four fields, warm, ms"),
    ("find cold", "– cold, ms"),
    ("count", "count by one field, ms"),
    ("mount", "mount answers, ms"),
    ("ls", "ls experiments, s"),
    ("ls one", "ls -l of one experiment, ms"),
]
CONDITIONS = {"status": "released", "assembly": "GRCh38", "file_format": "bigWig",
              "output_type": "signal p-value"}


def compose(path, files, form):
    with open(path, "w", encoding="utf-8") as out:
        subprocess.run([sys.executable, str(COMPOSE), "--files", str(files), "--form", form],
                       check=True, stdout=out)


# Runs its words and prints the KiB that they held at most. A process is counted with what its
# parent held when it began, so a small one begins what is measured.
WATCH = ("import os, resource, sys; status = os.spawnvp(os.P_WAIT, sys.argv[1], sys.argv[1:]); "
         "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss); sys.exit(status)")


def timed(words, **options):
    """Seconds, and what was printed."""
    before = time.perf_counter()
    done = subprocess.run(words, stdout=subprocess.PIPE, text=True, check=False, **options)
    if done.returncode != 0:
        raise OSError(f"{words[0]}: exit status {done.returncode}")
    return time.perf_counter() - before, done.stdout


class Omicsfs:
    name = table.OURS

    def __init__(self, program, work):
        self.program, self.work = str(program), work
        self.environment = dict(os.environ, OMICSFS_CONFIG=str(work / "config.json"))

    def settle(self, catalogue):
        (self.work / "config.json").write_text(json.dumps({
            "state_dir": str(self.work / "state"),
            "cache": {"dir": str(self.work / "cache"), "keep_free": "1M"},
            "sources": {"encode": {"catalogue": str(catalogue), "archived": True}}}))

    def run(self, *words):
        return timed([self.program, *words], env=self.environment, stderr=subprocess.DEVNULL)

    def catalog_mib(self):
        return sum(path.stat().st_size for path in (self.work / "state").rglob("*.sqlite")) / 2**20

    def measure(self, files, lists):
        for form in ("search", "manifest"):
            self.settle(lists[form])
            took, printed = timed([sys.executable, "-I", "-S", "-c", WATCH, self.program, "refresh",
                                   "encode"], env=self.environment, stderr=subprocess.DEVNULL)
            yield form, files / took
            yield form + " memory", int(printed.split()[-1]) / 1024
            yield "bytes " + form, self.catalog_mib()
        words = ["find", "encode", "--count",
                 *(f"{field}={value}" for field, value in CONDITIONS.items())]
        drop_page_cache()
        yield "find cold", self.run(*words)[0] * 1000
        found = self.run(*words)
        yield "found", int(found[1])
        yield "find", statistics.median(self.run(*words)[0] for _ in range(5)) * 1000
        yield "count", self.run("find", "encode", "--count", "assembly=GRCh38")[0] * 1000
        yield from self.browse()

    def browse(self):
        mount = self.work / "mount"
        mount.mkdir(exist_ok=True)
        drop_page_cache()
        yield "mount", self.run("mount", "encode", str(mount))[0] * 1000
        try:
            took, output = timed(["ls", str(mount / "experiments")])
            yield "ls", took
            one = mount / "experiments" / output.splitlines()[1234]
            yield "ls one", timed(["ls", "-l", str(one)])[0] * 1000
        finally:
            self.run("umount", str(mount))


class Sqlite:
    """The same list as a table with an index for each field that is asked for."""
    name = SQLITE

    def __init__(self, work):
        self.database = work / "peer.sqlite"

    def measure(self, files, lists):
        self.database.unlink(missing_ok=True)
        script = f".mode tabs\n.import {lists['manifest']} files\n" + "".join(
            f'CREATE INDEX by_{field} ON files("{field}");\n' for field in CONDITIONS)
        before = time.perf_counter()
        child = subprocess.run(["sqlite3", str(self.database)], input=script, text=True,
                               check=True, capture_output=True)
        assert child.returncode == 0
        yield "manifest", files / (time.perf_counter() - before)
        yield "bytes manifest", self.database.stat().st_size / 2**20
        where = " AND ".join(f"\"{field}\" = '{value}'" for field, value in CONDITIONS.items())
        ask = ["sqlite3", str(self.database), f"SELECT count(*) FROM files WHERE {where}"]
        drop_page_cache()
        yield "find cold", timed(ask)[0] * 1000
        yield "found", int(timed(ask)[1])
        yield "find", statistics.median(timed(ask)[0] for _ in range(5)) * 1000
        yield "count", timed([*ask[:2], "SELECT count(*) FROM files WHERE assembly = 'GRCh38'"]
                             )[0] * 1000


class Awk:
    """What is done without any catalog: a pass over the list."""
    name = SCAN

    def measure(self, files, lists):
        with open(lists["manifest"], encoding="utf-8") as manifest:
            columns = manifest.readline().rstrip("\n").split("\t")
        tests = " && ".join(f'${columns.index(field) + 1} == "{value}"'
                            for field, value in CONDITIONS.items())
        words = ["awk", "-F\t", f"{tests} {{ found++ }} END {{ print found + 0 }}",
                 str(lists["manifest"])]
        drop_page_cache()
        yield "find cold", timed(words)[0] * 1000
        yield "found", int(timed(words)[1])
        yield "find", timed(words)[0] * 1000


def figures_of(program, files, runs, work, say):
    lists = {form: work / form for form in ("manifest", "search")}
    for form, path in lists.items():
        compose(path, files, form)
    seen, found = {}, set()
    everybody = [Omicsfs(program, work), Sqlite(work), Awk()]
    for _ in range(runs):
        for one in everybody:
            started = time.monotonic()
            for row, figure in one.measure(files, lists):
                seen.setdefault((row, one.name), []).append(figure)
                if row == "found":
                    found.add(figure)
            say(f"catalogue: {one.name}: {time.monotonic() - started:.1f} s")
    if len(found) != 1:
        raise ValueError(f"they found {sorted(found)} files")
    return [one.name for one in everybody], seen


def cell(seen, row, name):
    if row == "bytes":
        both = [seen.get((f"bytes {form}", name)) for form in ("manifest", "search")]
        return " / ".join(table.short(statistics.median(one)) if one else "–" for one in both)
    figures = seen.get((row, name))
    if not figures:
        return "–"
    middle = statistics.median(figures)
    ours = statistics.median(seen[row, table.OURS])
    ratio = "" if name == table.OURS or not ours else f" ({table.short(middle / ours)})"
    return table.short(middle) + ratio


def markdown(program, files, runs, say):
    with tempfile.TemporaryDirectory(prefix="omicsfs-bench-") as name:
        names, seen = figures_of(program, files, runs, pathlib.Path(name), say)
    lines = [f"| a catalogue of {files:,} files | " + " | ".join(names) + " |",
             "|---" * (len(names) + 1) + "|"]
    lines += [f"| {label} | " + " | ".join(cell(seen, row, one) for one in names) + " |"
              for row, label in ROWS]
    return "\n".join(lines)
