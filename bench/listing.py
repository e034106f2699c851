# SPDX-License-Identifier: MIT
"""Workloads that list and stat. Cold: a new mount, and nothing cached."""

import json
import time

from bench import child, trees
from bench.reading import fresh


class Incomplete(Exception):
    """Some entries are missing from what was listed."""


def find(ground, directory, expected):
    """Entries a second of `find -ls`; of a part, where the whole takes long."""
    listed = ground.work / "listed"
    started = time.perf_counter()
    done = child.run(["bash", "-c", 'timeout "$1" find "$2" -ls >"$3"', "-",
                      ground.scale.limit_s, directory, listed])
    seconds = time.perf_counter() - started
    with open(listed, "rb") as lines:
        count = sum(1 for _ in lines)
    if done.returncode == 0 and count != expected:
        raise Incomplete(f"{count} entries of {expected}")
    if done.returncode not in (0, 124):
        raise OSError(done.stderr[-300:])
    return count / seconds


def walk(ground, contestant):
    expected = ground.scale.tree_files + 100 + 1
    with fresh(ground, contestant) as mount:
        for state in ("cold", "again"):
            yield f"find {state}", find(ground, mount.path(trees.DEEP), expected)


def ls(ground, options, directory):
    """Seconds of an ls, which must list every file of a tree."""
    expected = ground.scale.tree_files
    started = time.perf_counter()
    listed = child.must_run(["ls", options, directory], patience_s=ground.scale.patience_s)
    seconds = time.perf_counter() - started
    if listed.count("\n-") != expected:
        raise Incomplete(f"{listed.count(chr(10))} lines for {expected} files")
    return seconds


def ls_flat(ground, contestant):
    with fresh(ground, contestant) as mount:
        for state in ("cold", "again"):
            yield f"ls -l {state}", ls(ground, "-l", mount.path(trees.FLAT))


def ls_deep(ground, contestant):
    with fresh(ground, contestant) as mount:
        for state in ("cold", "again"):
            yield f"ls -lR {state}", ls(ground, "-lR", mount.path(trees.DEEP))


def storm(ground, contestant):
    """Every file of the tree by its path, in random order, from four threads."""
    names = ground.work / "names"
    names.write_text("\n".join(trees.names_below(trees.DEEP, ground.scale.tree_files)) + "\n")
    with fresh(ground, contestant) as mount:
        for state in ("cold", "again"):
            done = json.loads(child.must_run(
                ["bash", "-c", '"$1" "$2" "$3" <"$4"', "-", ground.programs / "bench/stat_load",
                 mount.path(trees.DEEP), ground.scale.limit_s, names]))
            yield f"stat {state}", done["stats"] / done["seconds"]


def million(ground, contestant):
    with fresh(ground, contestant) as mount:
        yield "million mount", mount.answered_s * 1000
        yield "million find", find(ground, mount.path("metadata/MANY"), million_entries(ground))


def million_entries(ground):
    releases = len(trees.MILLION_RELEASES)
    return ground.scale.million + releases * 101 + 1
