# SPDX-License-Identifier: MIT
"""Reads random rows of a matrix, as a training loop does.

usage: h5_rows.py FILE ROWS
Prints the seconds that opening and reading took, and a digest of the values.
"""

import hashlib
import random
import sys
import time

import h5py


def main():
    path, count = sys.argv[1], int(sys.argv[2])
    noise = random.Random(3)
    started = time.perf_counter()
    with h5py.File(path) as file:
        matrix = file["X"]
        rows = [matrix[noise.randrange(matrix.shape[0])] for _ in range(count)]
    seconds = time.perf_counter() - started
    digest = hashlib.sha256()
    for row in rows:
        digest.update(row.tobytes())
    print(seconds, digest.hexdigest())


if __name__ == "__main__":
    main()
