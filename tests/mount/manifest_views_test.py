#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Archives and columns of arrays that a manifest names, as numpy reads them.

usage: manifest_views_test.py OMICSFS ORIGIN
"""

import contextlib
import io
import json
import os
import pathlib
import re
import subprocess
import tempfile
import unittest
import zipfile

import numpy

from harness import OMICSFS, TIMEOUT_S, main, mounted_words, nginx

ROWS, COLUMNS = 20_000, 96
BLOCKS = {"cell_type": [0, 64], "tissue": [64, 95], "all": [0, COLUMNS], "last": [95, 96]}


class Views(unittest.TestCase):
    def setUp(self):
        self.stack = contextlib.ExitStack()
        self.addCleanup(self.stack.close)
        self.work = pathlib.Path(self.stack.enter_context(tempfile.TemporaryDirectory()))
        self.bucket = self.work / "bucket"
        self.bucket.mkdir()
        self.environment = dict(os.environ, OMICSFS_CONFIG=str(self.work / "config.json"),
                                no_proxy="*")
        self.configure()
        self.array = numpy.random.default_rng(7).standard_normal((ROWS, COLUMNS), "f4")
        self.labels = numpy.arange(ROWS * 3, dtype="i2").reshape(ROWS, 3)

    def configure(self, **more):
        (self.work / "config.json").write_text(json.dumps({
            "state_dir": str(self.work / "state"),
            "cache": {"dir": str(self.work / "cache"), "limit": "1G", "keep_free": "1M"},
            "network": {"retries": 1}, **more}))

    def write(self, name, save, **arrays):
        """A file of the bucket as numpy writes it; a name of its own stays."""
        file = io.BytesIO()
        save(file, **arrays)
        (self.bucket / name).write_bytes(file.getvalue())

    def write_all(self):
        self.write("cells.npy", lambda file, x: numpy.save(file, x), x=self.array)
        self.write("model.bin", numpy.savez_compressed, emb=self.array, labels=self.labels,
                   flat=numpy.arange(5))
        self.write("stored.dat", numpy.savez, **{"deep/emb": self.array})
        with zipfile.ZipFile(self.bucket / "alone.zip", "w") as archive:
            archive.writestr("member", "hidden")

    RESOURCES = [
        {"path": "cells.npy", "fs:path": "d/cells.npy", "fs:columns": BLOCKS},
        {"path": "model.bin", "fs:archive": True,
         "fs:columns": {"emb": BLOCKS, "labels": {"second": [1, 2]}}},
        {"path": "stored.dat", "fs:archive": "in/stored",
         "fs:columns": {"deep/emb": {"tissue": [64, 95]}}},
        {"path": "alone.zip", "fs:archive": False}]

    def manifest(self, resources, name="datapackage.json"):
        path = self.bucket / name
        path.write_text(json.dumps({"resources": resources}))
        return path

    def serve(self):
        return self.stack.enter_context(nginx(self.bucket, self.work))

    def mounted(self, *words):
        mount = pathlib.Path(tempfile.mkdtemp(dir=self.work)) / "mnt"
        return mounted_words([str(word) for word in words], mount, self.environment)

    def call(self, *words, status=0):
        done = subprocess.run([OMICSFS, *[str(word) for word in words]], env=self.environment,
                              text=True, capture_output=True, check=False, timeout=TIMEOUT_S)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done.stdout + done.stderr

    def sent(self, name):
        """Bytes of bodies that nginx has sent of one of its files."""
        log = (self.work / "nginx-access.log").read_text()
        return sum(int(count) for count in re.findall(
            rf'"GET /{re.escape(name)} HTTP/[\d.]+" 20[06] (\d+)', log))

    def assert_same_array(self, path, truth):
        mapped = numpy.load(path, mmap_mode="r")
        for found in (mapped, numpy.load(path)):
            self.assertEqual((found.shape, found.dtype), (truth.shape, truth.dtype), path)
            self.assertTrue(found.flags["C_CONTIGUOUS"])
            self.assertEqual(found.tobytes(), truth.tobytes(), path)

    def assert_blocks(self, directory, truth):
        self.assertEqual(sorted(os.listdir(directory)), sorted(f"{name}.npy" for name in BLOCKS))
        for name, (first, end) in BLOCKS.items():
            self.assert_same_array(directory / f"{name}.npy", truth[:, first:end])

    def assert_tree(self, root):
        self.assertEqual(sorted(os.listdir(root)),
                         ["README.txt", "alone.zip", "d", "in", "model.bin", "model.bin.d",
                          "stored.dat"])
        for name in ("model.bin", "stored.dat", "alone.zip"):
            self.assertEqual((root / name).read_bytes(), (self.bucket / name).read_bytes())
        self.assert_same_array(root / "d/cells.npy", self.array)
        self.assert_blocks(root / "d/cells.npy.d", self.array)
        members = root / "model.bin.d"
        self.assertEqual(sorted(os.listdir(members)),
                         ["emb", "emb.npy", "flat.npy", "labels", "labels.npy"])
        self.assert_same_array(members / "emb.npy", self.array)
        self.assert_same_array(members / "labels.npy", self.labels)
        self.assert_blocks(members / "emb", self.array)
        self.assert_same_array(members / "labels/second.npy", self.labels[:, 1:2])
        self.assert_same_array(root / "in/stored/deep/emb.npy", self.array)
        self.assert_same_array(root / "in/stored/deep/emb/tissue.npy", self.array[:, 64:95])

    def test_they_are_as_in_the_files_on_the_web_and_on_disk(self):
        self.write_all()
        manifest = self.manifest(self.RESOURCES)
        self.assertIn("4 files", self.call("manifest", "check", manifest))
        with self.mounted(self.serve() + "datapackage.json") as root:
            self.assert_tree(root)
        with self.mounted(manifest) as root:
            self.assert_tree(root)

    def test_they_are_kept_where_a_manifest_is_made_of_another(self):
        self.write_all()
        self.manifest(self.RESOURCES)
        url = self.serve()
        copy = self.work / "copy.jsonl"
        self.call("manifest", "make", url + "datapackage.json", "-o", copy)
        self.configure(sources={"manifest": {"base_url": url}})
        with self.mounted(copy) as root:
            self.assert_tree(root)

    def test_a_part_of_a_block_brings_a_part_of_the_array(self):
        self.write_all()
        self.manifest(self.RESOURCES)
        with self.mounted(self.serve() + "datapackage.json") as root:
            block = numpy.load(root / "d/cells.npy.d/tissue.npy", mmap_mode="r")
            self.assertEqual(block[7].tobytes(), self.array[7, 64:95].tobytes())
            del block  # which has the file mapped
            self.assertLess(self.sent("cells.npy"), self.array.nbytes // 4)

    def test_what_does_not_fit_is_left_out_with_a_warning_and_its_file_stays(self):
        self.write("cube.npy", lambda file, x: numpy.save(file, x), x=numpy.zeros((2, 2, 2)))
        self.write("cells.npy", lambda file, x: numpy.save(file, x), x=self.labels)
        (self.bucket / "text.npy").write_text("this is no array\n" * 10)
        self.write("a.npz", numpy.savez, x=self.labels)
        blocks = {"first": [0, 1], "far": [2, 4]}
        self.manifest([
            *[{"path": name, "fs:columns": blocks} for name in ("cube.npy", "cells.npy")],
            {"path": "text.npy", "fs:columns": blocks},
            {"path": "cells.npy", "fs:path": "no.zip", "fs:archive": True},
            {"path": "a.npz", "fs:columns": {"x": blocks, "none": blocks}}])
        self.configure(sources={"manifest": {"catalogue": self.serve() + "datapackage.json"}})
        told = self.call("refresh", "manifest")
        for text in ('"cube.npy.d" are not shown: the array is not two-dimensional',
                     '"cells.npy.d" are not shown: 1 of its blocks',
                     '"text.npy.d" are not shown', '"no.zip" is not shown as a directory',
                     '"a.npz.d/x" are not shown: 1 of its blocks',
                     '"a.npz.d/none" are not shown: there is no member "none.npy"'):
            self.assertIn(text, told)
        with self.mounted("manifest") as root:
            self.assertEqual(sorted(os.listdir(root)),
                             ["README.txt", "a.npz", "a.npz.d", "cells.npy", "cells.npy.d",
                              "cube.npy", "no.zip", "text.npy"])
            self.assertEqual(os.listdir(root / "cells.npy.d"), ["first.npy"])
            self.assert_same_array(root / "a.npz.d/x/first.npy", self.labels[:, :1])

    def test_a_malformed_one_is_a_problem_of_the_manifest(self):
        bad = [{"fs:archive": 1}, {"fs:archive": "../x"}, {"fs:columns": {"x": [1, 1]}},
               {"fs:columns": {"a": {"x/y": [0, 1]}}}, {"fs:columns": []}]
        manifest = self.manifest([{"path": f"http://127.0.0.1:1/{index}", **members}
                                  for index, members in enumerate(bad)])
        told = self.call("manifest", "check", manifest, status=1)
        for index in range(len(bad)):
            self.assertIn(f"/resources/{index}: ", told)
        mount = self.work / "mnt"
        mount.mkdir()
        self.addCleanup(subprocess.run, ["umount", "-l", str(mount)], check=False,
                        stderr=subprocess.DEVNULL)  # of a mount that should not be
        self.assertIn("/resources/0", self.call("mount", manifest, mount, status=1))


if __name__ == "__main__":
    raise SystemExit(main())
