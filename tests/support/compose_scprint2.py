#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Composes subsets of cells of the scPRINT-2 atlas's shape.

usage: compose_scprint2.py DIR [--rows N] [--deflated]

Each subset has embs (float16, 424 columns), top3 (uint16, 23) and scores
(float16, 23), as numpy.savez writes them: one member, arr_0.npy.
"""

import argparse
import pathlib
import zipfile

import numpy

WIDTHS = {"embs": 424, "top3": 23, "scores": 23}
# (step, part, gpu)
SUBSETS = ((0, 0, 0), (0, 0, 1), (0, 1, 0), (1, 0, 2))
ROWS_AT_A_TIME = 10_000


def name_of(subset, array):
    step, part, gpu = subset
    return f"step_{step}__predict_part_{part}_{gpu}_{array}.npz"


def directory_of(subset):
    step, part, gpu = subset
    return f"step_{step}/part_{part}/gpu_{gpu}"


def rows_of(array, first, count):
    """Rows whose values tell the array, the row and the column."""
    rows = numpy.arange(first, first + count, dtype=numpy.int64)[:, None]
    columns = numpy.arange(WIDTHS[array], dtype=numpy.int64)[None, :]
    mixed = rows * 7919 + columns * 104729 + (rows * columns) % 1009
    if array == "top3":
        return (mixed % 600).astype("<u2")
    return ((mixed % 4001 - 2000) / 16).astype("<f2")


def write(path, array, rows, deflated=False):
    """An array of `rows` rows, which is never held whole."""
    method = zipfile.ZIP_DEFLATED if deflated else zipfile.ZIP_STORED
    with zipfile.ZipFile(path, "w", method, allowZip64=True) as archive:
        with archive.open("arr_0.npy", "w", force_zip64=True) as member:
            numpy.lib.format.write_array_header_1_0(
                member, {"descr": rows_of(array, 0, 1).dtype.str, "fortran_order": False,
                         "shape": (rows, WIDTHS[array])})
            for first in range(0, rows, ROWS_AT_A_TIME):
                member.write(rows_of(array, first, min(ROWS_AT_A_TIME, rows - first)).tobytes())


def write_subset(directory, subset, rows, deflated=False):
    for array in WIDTHS:
        write(directory / name_of(subset, array), array, rows, deflated)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("directory", type=pathlib.Path)
    parser.add_argument("--rows", type=int, default=2000)
    parser.add_argument("--deflated", action="store_true")
    words = parser.parse_args()
    words.directory.mkdir(parents=True, exist_ok=True)
    for subset in SUBSETS:
        write_subset(words.directory, subset, words.rows, words.deflated)


if __name__ == "__main__":
    main()
