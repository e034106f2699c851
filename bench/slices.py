# SPDX-License-Identifier: MIT
"""The workload of h5py: 100 random rows of a large matrix."""

import pathlib
import sys

from bench import bucket, child
from bench.ground import WrongBytes
from bench.reading import fresh

ROWS = 100
READER = pathlib.Path(__file__).with_name("h5_rows.py")


def read_rows(path):
    """Seconds, and a digest of what was read."""
    done = child.must_run([sys.executable, READER, path, ROWS])
    seconds, digest = done.split()
    return float(seconds), digest


def h5_rows(ground, contestant):
    where = ground.origin.name
    _, right = read_rows(ground.truth(bucket.CELLS))
    before = ground.fetched()
    with fresh(ground, contestant, bucket.CELLS) as mount:
        deep = ground.origin.depth()
        seconds, digest = read_rows(mount.path(bucket.CELLS))
    if digest != right:
        raise WrongBytes("wrong values")
    yield f"h5py, {where}", seconds
    if contestant.fetches:
        yield f"h5py, {where} fetched", (ground.fetched() - before) / 1e6
    if contestant.fetches and deep is not None:
        yield f"h5py, {where} depth", ground.origin.depth() - deep
