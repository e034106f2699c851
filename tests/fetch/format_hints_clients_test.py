# SPDX-License-Identifier: MIT
"""Do the hints name what real readers ask for next?

usage: format_hints_clients_test.py FORMAT_HINTS_PROBE

Each reader (h5py, numpy, zipfile) reads through a file object that keeps a
simulated block cache: a read whose block no earlier read or hint brought waits
for a round trip. What HDF5's file-object driver asks for is what its own driver
asks the kernel for (compared with strace -e pread64). Counted are round trips,
never seconds. samtools is run under strace where that is installed.
"""

import io
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
import zipfile

try:
    import h5py
    import numpy
except ImportError:
    print("skipped: h5py or numpy is missing")
    sys.exit(77)

PROBE = None
BLOCK = 64 * 1024


class Probe:
    def __init__(self, path):
        self.process = subprocess.Popen(
            [PROBE, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def hints(self, offset, length):
        self.process.stdin.write(f"{offset} {length}\n")
        self.process.stdin.flush()
        numbers = [int(word) for word in self.process.stdout.readline().split()]
        return list(zip(numbers[::2], numbers[1::2]))

    def close(self):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


class CountedFile(io.RawIOBase):
    """A file behind a block cache and a network that takes a while."""

    def __init__(self, path, with_hints):
        self.file = open(path, "rb")
        self.bytes = os.path.getsize(path)
        self.probe = Probe(path) if with_hints else None
        self.present = set()
        self.examined = set()
        self.round_trips = []  # (offset, length) of reads that had to wait
        self.place = 0

    def close(self):
        if not self.closed:
            self.file.close()
            if self.probe:
                self.probe.close()
        super().close()

    def readable(self):
        return True

    def seekable(self):
        return True

    def tell(self):
        return self.place

    def seek(self, offset, whence=0):
        start = {0: 0, 1: self.place, 2: self.bytes}[whence]
        self.place = start + offset
        return self.place

    def readinto(self, out):
        length = max(0, min(len(out), self.bytes - self.place))
        if length > 0:
            self.bring(self.place, length)
            self.file.seek(self.place)
            out[:length] = self.file.read(length)
        self.place += length
        return length

    def bring(self, offset, length):
        blocks = blocks_of(offset, length)
        if not blocks <= self.present:
            self.round_trips.append((offset, length))
            self.present |= blocks
        new = blocks - self.examined
        self.examined |= blocks
        if self.probe and new:
            self.take_hints(min(blocks), max(blocks))

    def take_hints(self, first, last):
        start = first * BLOCK
        seen = min((last + 1) * BLOCK, self.bytes) - start
        for hint in self.probe.hints(start, seen):
            assert hint[0] + hint[1] <= self.bytes, hint
            self.present |= blocks_of(*hint)


def blocks_of(offset, length):
    return set(range(offset // BLOCK, (offset + length - 1) // BLOCK + 1)) if length else set()


def fetched_bytes(counted):
    return len(counted.present) * BLOCK


CELLS, GENES = 60000, 2000


def write_csr(path, **options):
    """A sparse matrix as anndata lays it out: X/{data,indices,indptr}, obs, var."""
    random = numpy.random.default_rng(1)
    per_row = random.integers(20, 80, CELLS)
    indptr = numpy.concatenate([[0], numpy.cumsum(per_row)])
    total = int(indptr[-1])
    with h5py.File(path, "w", **options) as file:
        file.attrs["encoding-type"] = "anndata"
        x = file.create_group("X")
        x.attrs["shape"] = (CELLS, GENES)
        chunked = {"compression": "gzip", "maxshape": (None,)}
        x.create_dataset("data", data=random.random(total, dtype="f4"), chunks=(3000,), **chunked)
        indices = random.integers(0, GENES, total).astype("i4")
        x.create_dataset("indices", data=indices, chunks=(3000,), **chunked)
        x.create_dataset("indptr", data=indptr, chunks=(5000,), maxshape=(None,))
        for name, rows in (("obs", CELLS), ("var", GENES)):
            group = file.create_group(name)
            for column in range(12):
                data = random.integers(0, 9, rows)
                group.create_dataset(f"column{column}", data=data, chunks=(1000,), compression="gzip")
        for name in ("layers", "obsm", "obsp", "uns", "varm", "varp"):
            file.create_group(name)


def write_dense(path, **options):
    random = numpy.random.default_rng(2)
    x = random.random((6000, 400), dtype="f4")
    with h5py.File(path, "w", **options) as file:
        file.create_dataset("X", data=x, chunks=(16, 100), compression="gzip")
        file.create_dataset("obs/_index", data=numpy.arange(6000))


def read_csr_rows(file, rows):
    x = file["X"]
    indptr, data, indices = x["indptr"], x["data"], x["indices"]
    for row in rows:
        begin, end = indptr[row : row + 2]
        data[begin:end]
        indices[begin:end]


def read_dense_rows(file, rows):
    for row in rows:
        file["X"][row, :]


class Hdf5(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.TemporaryDirectory()
        self.addCleanup(self.dir.cleanup)

    def path(self, name):
        return os.path.join(self.dir.name, name)

    def reads(self, path, read, cells, with_hints):
        """The round trips of opening, and of 40 random rows."""
        counted = CountedFile(path, with_hints)
        with h5py.File(counted, "r") as file:
            read(file, [0])
            opening = list(counted.round_trips)
            read(file, numpy.random.default_rng(3).integers(0, cells, 40))
        counted.close()
        rows = counted.round_trips[len(opening) :]
        print(
            f"{os.path.basename(path)} hints={with_hints}: opening {len(opening)}, 40 rows"
            f" {len(rows)} round trips; {fetched_bytes(counted) / 1e6:.1f} MB"
            f" of {counted.bytes / 1e6:.1f}"
        )
        return opening, rows

    def index_reads(self, path, round_trips):
        """Those of `round_trips` that began at a node of an index."""
        with open(path, "rb") as file:

            def signature(offset):
                file.seek(offset)
                return file.read(4)

            return [trip for trip in round_trips if signature(trip[0]) in (b"TREE", b"SNOD", b"HEAP")]

    def test_sparse_rows_never_wait_for_an_index_node(self):
        path = self.path("sparse.h5ad")
        write_csr(path)
        plain_open, plain_rows = self.reads(path, read_csr_rows, CELLS, False)
        opening, rows = self.reads(path, read_csr_rows, CELLS, True)
        self.assertNotEqual(self.index_reads(path, plain_rows), [])
        self.assertEqual(self.index_reads(path, rows), [])
        self.assertEqual(self.index_reads(path, opening), [])
        self.assertLess(len(opening), len(plain_open))
        self.assertLess(len(rows), len(plain_rows))

    def test_dense_rows_never_wait_for_an_index_node(self):
        path = self.path("dense.h5")
        write_dense(path)
        _, plain_rows = self.reads(path, read_dense_rows, 6000, False)
        _, rows = self.reads(path, read_dense_rows, 6000, True)
        self.assertNotEqual(self.index_reads(path, plain_rows), [])
        self.assertEqual(self.index_reads(path, rows), [])

    def test_the_newer_layout_opens_in_no_more_round_trips(self):
        for name, write, read, cells in (
            ("sparse_latest.h5ad", write_csr, read_csr_rows, CELLS),
            ("dense_latest.h5", write_dense, read_dense_rows, 6000),
        ):
            path = self.path(name)
            write(path, libver="latest")
            plain_open, plain_rows = self.reads(path, read, cells, False)
            opening, rows = self.reads(path, read, cells, True)
            self.assertLessEqual(len(opening), len(plain_open))
            self.assertLessEqual(len(rows), len(plain_rows))

    def test_a_small_file_whole(self):
        path = self.path("small.h5")
        with h5py.File(path, "w") as file:
            for group in range(30):
                for column in range(10):
                    file.create_dataset(f"g{group}/c{column}", data=numpy.arange(300), chunks=(100,))
        counted = CountedFile(path, True)
        with h5py.File(counted, "r") as file:
            file.visititems(lambda _, item: item[()] if isinstance(item, h5py.Dataset) else None)
        counted.close()
        plain = CountedFile(path, False)
        with h5py.File(plain, "r") as file:
            file.visititems(lambda _, item: item[()] if isinstance(item, h5py.Dataset) else None)
        plain.close()
        print(f"small.h5: {len(counted.round_trips)} of {len(plain.round_trips)} round trips")
        self.assertLess(len(counted.round_trips), len(plain.round_trips))


class Zip(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.TemporaryDirectory()
        self.addCleanup(self.dir.cleanup)

    def test_npz_costs_the_head_and_the_member(self):
        path = os.path.join(self.dir.name, "a.npz")
        many = {f"m{i}": numpy.zeros(3000) for i in range(40)}
        numpy.savez(path, **many, last=numpy.arange(10))
        counted = CountedFile(path, True)
        with numpy.load(counted) as arrays:
            self.assertEqual(list(arrays["last"]), list(range(10)))
        counted.close()
        # The head, which numpy looks at first; the directory and the last
        # member came with the hint of the tail.
        self.assertEqual(len(counted.round_trips), 1, counted.round_trips)

    def test_a_directory_beyond_the_tail_is_hinted(self):
        path = os.path.join(self.dir.name, "many.zip")
        with zipfile.ZipFile(path, "w") as archive:
            for i in range(20000):
                archive.writestr(f"a/long/enough/name/of/member/{i}.txt", "text")
        counted = CountedFile(path, True)
        with zipfile.ZipFile(counted) as archive:
            self.assertEqual(len(archive.namelist()), 20000)
        counted.close()
        # zipfile begins at the tail, which shows where the directory is.
        self.assertEqual(len(counted.round_trips), 1, counted.round_trips)


def requests(log):
    """(offset, length) of each read of the first file that strace logged."""
    place = 0
    for line in log.splitlines():
        seek = re.search(r"lseek\(3, .*\)\s+= (\d+)", line)
        read = re.search(r"read\(3, .*\)\s+= (\d+)", line)
        if seek:
            place = int(seek.group(1))
        elif read and int(read.group(1)) > 0:
            yield place, int(read.group(1))
            place += int(read.group(1))


@unittest.skipUnless(shutil.which("samtools") and shutil.which("strace"), "no samtools or strace")
class Bam(unittest.TestCase):
    def test_the_end_marker_is_hinted_by_the_head(self):
        with tempfile.TemporaryDirectory() as directory:
            bam = os.path.join(directory, "a.bam")
            random = numpy.random.default_rng(4)
            sam = "@HD\tVN:1.6\tSO:coordinate\n@SQ\tSN:chr1\tLN:5000000\n"
            for start in range(1, 200000, 50):
                bases = "".join(random.choice(list("ACGT"), 100))
                sam += f"r{start}\t0\tchr1\t{start}\t60\t100M\t*\t0\t0\t{bases}\t*\n"
            subprocess.run(["samtools", "view", "-b", "-o", bam], input=sam, text=True, check=True)
            subprocess.run(["samtools", "index", bam], check=True)
            log = os.path.join(directory, "log")
            command = ["strace", "-f", "-s0", "-P", bam, "-e", "trace=read,lseek", "-o", log]
            command += ["samtools", "view", "-c", bam, "chr1:100000-101000"]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            with open(log) as file:
                asked = list(requests(file.read()))
            counted = CountedFile(bam, True)
            size = counted.bytes
            for offset, length in asked:
                counted.bring(offset, length)
            counted.close()
        self.assertIn((size - 28, 28), asked)
        self.assertNotIn((size - 28, 28), counted.round_trips)


if __name__ == "__main__":
    PROBE = sys.argv.pop(1)
    unittest.main()
