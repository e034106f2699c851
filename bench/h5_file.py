# SPDX-License-Identifier: MIT
"""A matrix as .h5ad files hold it: cells by genes, in gzip'd chunks of rows."""

import zlib

import h5py
import numpy

GENES = 20_000
ROWS_A_CHUNK = 8
DENSITY = 0.3      # so that a chunk of 640 kB becomes some 240 kB
TEMPLATES = 100    # chunks that differ; compressing each would take minutes


def chunks(count):
    noise = numpy.random.default_rng(1)
    shape = (ROWS_A_CHUNK, GENES)
    for _ in range(count):
        values = numpy.where(noise.random(shape) < DENSITY, noise.random(shape), 0)
        yield zlib.compress(values.astype("f4").tobytes(), 1)


def write(path, mebibytes):
    """Writes a file of about that size; returns its number of rows."""
    templates = list(chunks(TEMPLATES))
    mean = sum(map(len, templates)) / len(templates)
    count = int((mebibytes << 20) / mean)
    with h5py.File(path, "w") as file:
        file.attrs["encoding-type"] = "anndata"
        index = numpy.array([f"cell{row:07}" for row in range(count * ROWS_A_CHUNK)], dtype="S11")
        file.create_dataset("obs/_index", data=index)
        matrix = file.create_dataset("X", shape=(len(index), GENES), dtype="f4",
                                     chunks=(ROWS_A_CHUNK, GENES), compression="gzip")
        for chunk in range(count):
            matrix.id.write_direct_chunk((chunk * ROWS_A_CHUNK, 0),
                                         templates[chunk * 7919 % TEMPLATES])
