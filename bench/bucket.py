# SPDX-License-Identifier: MIT
"""The files that everybody reads: a bucket in memory, and a copy on the disk."""

import contextlib
import dataclasses
import hashlib
import os
import pathlib
import random
import shutil

from bench import child, h5_file, trees

RELEASE = trees.RELEASE
FOLDER = f"metadata/BENCH/{RELEASE}"
BIG = f"{FOLDER}/big.bin"
CELLS = f"{FOLDER}/cells.h5ad"


@dataclasses.dataclass(frozen=True)
class Scale:
    """How much work a run is."""
    big_mib: int
    cells_mib: int
    small_files: int
    random_reads: int
    limit_s: int       # for work of which a part tells as much as the whole
    patience_s: int    # for a listing, which must be whole
    wan_limit_s: int
    tree_files: int
    million: int

    SMALL_BYTES = 5_000_000

    def words(self):
        """What the labels of rows say of it."""
        return {"tree": f"{self.tree_files:,}", "million": f"{self.million:,}"}


FULL = Scale(big_mib=1024, cells_mib=800, small_files=64, random_reads=1500, limit_s=5,
             patience_s=30, wan_limit_s=8, tree_files=100_000, million=1_000_000)
QUICK = Scale(big_mib=192, cells_mib=200, small_files=64, random_reads=400, limit_s=2,
              patience_s=10, wan_limit_s=3, tree_files=20_000, million=100_000)


def small(index):
    return f"{FOLDER}/small_{index:03}.bin"


@contextlib.contextmanager
def memory(place, mebibytes):
    """A directory in memory: what an origin serves must not wait for its disk."""
    place.mkdir()
    child.must_run(["mount", "-t", "tmpfs", "-o", f"size={mebibytes}m", "bench", place])
    try:
        yield place
    finally:
        child.run(["umount", "-l", place])


class Bucket:
    """One release: its files below `root`, and the same on the disk."""

    def __init__(self, root, disk, scale):
        self.root, self.disk, self.scale = root, disk, scale
        self.entries = {}
        (root / FOLDER).mkdir(parents=True)
        self.add_noise(BIG, scale.big_mib << 20)
        for index in range(scale.small_files):
            self.add_noise(small(index), Scale.SMALL_BYTES)
        h5_file.write(root / CELLS, scale.cells_mib)
        self.add_file(CELLS)

    def add_noise(self, path, size):
        noise = random.Random(path)
        with open(self.root / path, "wb") as file:
            for start in range(0, size, 1 << 20):
                file.write(noise.randbytes(min(1 << 20, size - start)))
        self.add_file(path)

    def add_file(self, path):
        with open(self.root / path, "rb") as file:
            digest = hashlib.file_digest(file, "md5")
            self.add_entry(path, file.tell(), digest.hexdigest())

    def add_entry(self, path, size, md5):
        self.entries[path] = {"version": RELEASE, "relative_path": path, "size": size,
                              "url": "http://localhost/" + path, "file_hash": md5}

    def publish(self, *, with_trees):
        """Writes the pages, the copy on the disk, the trees and the manifests."""
        self.write_pages()
        shutil.copytree(self.root, self.disk)
        places = {"BENCH": (FOLDER, self.entries)}
        for name, tree in (("DEEP", trees.DEEP), ("FLAT", trees.FLAT)) if with_trees else ():
            places[name] = (tree, trees.listing(tree, self.scale.tree_files))
            trees.plant(self.root, tree, self.scale.tree_files)
            trees.plant(self.disk, tree, self.scale.tree_files)
        trees.write_manifest(self.root, RELEASE, places)
        os.sync()  # dirty pages cannot be dropped

    def write_pages(self):
        """A page of links in each directory, for an origin that makes none."""
        for directory, folders, names in os.walk(self.root):
            links = [folder + "/" for folder in folders] + names
            page = "".join(f'<a href="{link}">{link}</a>\n' for link in sorted(links))
            pathlib.Path(directory, "index.html").write_text(
                f"<html><body><pre>\n{page}</pre></body></html>\n")
