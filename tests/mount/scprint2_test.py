#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""scPRINT-2's atlas as numpy reads it on a mount: by row and by name.

usage: scprint2_test.py OMICSFS ORIGIN [SHARED_SCPRINT2_DATA] [--large]

Composes subsets of cells, serves them by nginx and by a server that answers as
the Hugging Face Hub does, and compares every array, and every block of its
columns, with what numpy finds in the files themselves. SHARED_SCPRINT2_DATA has
a set of numpy's own; without it, its test skips. With --large, arrays of
1,000,000 cells (848 MB stored, and one deflated) as well: some minutes, and 4 GB
of disk.
"""

import contextlib
import hashlib
import http.server
import json
import os
import pathlib
import random
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import unittest
import urllib.parse

import numpy

LARGE = "--large" in sys.argv
if LARGE:
    sys.argv.remove("--large")

# pylint: disable=wrong-import-position
from harness import HERE, OMICSFS, TIMEOUT_S, main, md5_of, mounted_words, nginx, output_of

sys.path.append(str(HERE.parent / "support"))
import compose_scprint2 as compose  # noqa: E402

SHARED = (pathlib.Path(sys.argv[3]) / "synthetic" if len(sys.argv) > 3
          else pathlib.Path("/nonexistent"))
BLOCK = 64 << 10
FILE = re.compile(r"^step_(\d+)__predict_part_(\d+)_(\d+)_(embs|top3|scores)\.npz$")
EMBS = {"other": 256, "cell_type": 64, "tissue": 32, "disease": 32, "age": 8, "assay": 12,
        "self_reported_ethnicity": 8, "sex": 2, "organism": 8, "cell_culture": 2}
LABELS = {"cell_type": 3, "tissue": 3, "disease": 3, "age": 3, "assay": 3,
          "self_reported_ethnicity": 3, "sex": 1, "organism": 3, "cell_culture": 1}
BLOCKS = {"embs": EMBS, "top3": LABELS, "scores": LABELS}


def slices(array):
    """The columns of each block, as the atlas's README has them."""
    first = 0
    for name, width in BLOCKS[array].items():
        yield name, slice(first, first + width)
        first += width


class Atlas(unittest.TestCase):
    def setUp(self):
        self.stack = contextlib.ExitStack()
        self.addCleanup(self.stack.close)
        self.work = pathlib.Path(self.stack.enter_context(tempfile.TemporaryDirectory()))
        self.bucket = self.work / "bucket"
        self.bucket.mkdir()
        self.environment = dict(os.environ, OMICSFS_CONFIG=str(self.work / "config.json"),
                                no_proxy="*")

    def configure(self, **source):
        (self.work / "config.json").write_text(json.dumps({
            "state_dir": str(self.work / "state"),
            "cache": {"dir": str(self.work / "cache"), "limit": "5G", "keep_free": "1M"},
            "sources": {"scprint2": source}}))

    def serve(self):
        return self.stack.enter_context(nginx(self.bucket, self.work))

    def mount(self):
        return self.stack.enter_context(
            mounted_words(["scprint2"], self.work / "mnt", self.environment))

    def mount_bucket(self):
        """The bucket by nginx, listed by nginx's own index of it."""
        url = self.serve()
        self.configure(listing=url)
        return self.mount()

    def omicsfs(self, *words, **options):
        return output_of(OMICSFS, *words, env=self.environment, **options)

    def sent(self, name):
        """Bytes of bodies that nginx has sent of one of its files."""
        log = (self.work / "nginx-access.log").read_text()
        return sum(int(count) for count in re.findall(
            rf'"GET /{re.escape(name)} HTTP/[\d.]+" 20[06] (\d+)', log))

    def assert_arrays_as_in(self, mount, path):
        """The array in the file `path`, and each block of it, is numpy's own."""
        step, part, gpu, array = FILE.match(path.name).groups()
        view = mount / f"step_{step}" / f"part_{part}" / f"gpu_{gpu}"
        self.assertTrue(os.path.samefile(mount / path.name, view / f"{array}.npz"))
        self.assertEqual(md5_of(mount / path.name), md5_of(path))
        truth = numpy.load(path)["arr_0"]
        self.assert_same_array(view / f"{array}.npy", truth)
        self.assertEqual(os.getxattr(view / f"{array}.npy", "user.scprint2.shape").decode(),
                         f"{truth.shape[0]},{truth.shape[1]}")
        self.assertEqual(sorted(os.listdir(view / array)),
                         sorted(f"{name}.npy" for name in BLOCKS[array]))
        for name, columns in slices(array):
            self.assert_same_array(view / array / f"{name}.npy", truth[:, columns])

    def assert_same_array(self, path, truth):
        mapped = numpy.load(path, mmap_mode="r")
        for found in (mapped, numpy.load(path)):
            self.assertEqual((found.shape, found.dtype), (truth.shape, truth.dtype), path)
            self.assertTrue(found.flags["C_CONTIGUOUS"])
            self.assertEqual(found.tobytes(), truth.tobytes(), path)
        self.assertEqual(path.stat().st_size, mapped.offset + truth.nbytes)


class Arrays(Atlas):
    @unittest.skipUnless(SHARED.is_dir(), "the synthetic set is absent")
    def test_numpys_own_set_is_whole_and_in_blocks(self):
        for path in SHARED.glob("*.npz"):
            shutil.copy(path, self.bucket)
        # One subset has but an array, and that deflated.
        (self.bucket / "compressed_variant_embs.npz").rename(
            self.bucket / "step_7__predict_part_0_0_embs.npz")
        mount = self.mount_bucket()
        paths = [path for path in self.bucket.iterdir() if FILE.match(path.name)]
        self.assertEqual(len(paths), 13)
        for path in paths:
            self.assert_arrays_as_in(mount, path)
        readme = (mount / "README.txt").read_text()
        self.assertIn("1 of 5 subsets are incomplete", readme)
        self.assertIn("step_7/part_0/gpu_0: lacks top3, scores", readme)
        self.assertIn("1 of 5 subsets are incomplete", self.omicsfs("sources"))

    def test_stored_and_deflated_and_bare_arrays_are_the_same(self):
        for number, deflated in enumerate((False, True)):
            compose.write_subset(self.bucket, (0, 0, number), 3000, deflated)
        for array in compose.WIDTHS:
            path = self.bucket / compose.name_of((0, 0, 2), array)
            with open(path, "wb") as file:
                numpy.save(file, compose.rows_of(array, 0, 3000))
        mount = self.mount_bucket()
        for number in (0, 1):
            for array in compose.WIDTHS:
                self.assert_arrays_as_in(
                    mount, self.bucket / compose.name_of((0, 0, number), array))
        for array in compose.WIDTHS:
            truth = compose.rows_of(array, 0, 3000)
            view = mount / "step_0" / "part_0" / "gpu_2"
            self.assert_same_array(view / f"{array}.npy", truth)
            self.assertTrue(os.path.samefile(view / f"{array}.npy", view / f"{array}.npz"))
            for name, columns in slices(array):
                self.assert_same_array(view / array / f"{name}.npy", truth[:, columns])

    def test_every_version_of_the_format_is_read(self):
        for number, version in enumerate(((1, 0), (2, 0), (3, 0))):
            with open(self.bucket / compose.name_of((0, 0, number), "embs"), "wb") as file:
                numpy.lib.format.write_array(file, compose.rows_of("embs", 0, 50), version)
        mount = self.mount_bucket()
        for number in range(3):
            self.assert_same_array(
                mount / "step_0" / "part_0" / f"gpu_{number}" / "embs" / "tissue.npy",
                compose.rows_of("embs", 0, 50)[:, 320:352])

    def test_a_table_of_the_users_names_other_columns(self):
        compose.write_subset(self.bucket, (0, 0, 0), 100)
        table = self.work / "columns.json"
        table.write_text('{"embs": {"half": [0, 212], "last": [423, 424]}}')
        self.configure(listing=self.serve(), columns=str(table))
        mount = self.mount()
        self.assertEqual((mount / "columns.json").read_text(), table.read_text())
        view = mount / "step_0" / "part_0" / "gpu_0"
        self.assertEqual(sorted(os.listdir(view / "embs")), ["half.npy", "last.npy"])
        self.assertFalse((view / "top3").exists())
        truth = compose.rows_of("embs", 0, 100)
        self.assert_same_array(view / "embs" / "half.npy", truth[:, :212])
        self.assert_same_array(view / "embs" / "last.npy", truth[:, 423:])

    def test_the_table_in_the_tree_says_what_is_shown(self):
        compose.write_subset(self.bucket, (0, 0, 0), 10)
        table = json.loads((self.mount_bucket() / "columns.json").read_text())
        self.assertEqual(table, {array: {name: [columns.start, columns.stop]
                                         for name, columns in slices(array)}
                                 for array in BLOCKS})

    def test_what_is_no_array_is_a_file_alone(self):
        compose.write_subset(self.bucket, (0, 0, 0), 10)
        path = self.bucket / compose.name_of((0, 0, 0), "top3")
        path.write_bytes(b"no array at all" * 100)
        numpy.savez(self.bucket / compose.name_of((0, 0, 0), "scores"), numpy.arange(10))
        url = self.serve()
        self.configure(listing=url)
        told = subprocess.run([OMICSFS, "refresh", "scprint2"], env=self.environment, check=True,
                              capture_output=True, text=True, timeout=TIMEOUT_S).stderr
        self.assertIn(path.name, told)
        view = self.mount() / "step_0" / "part_0" / "gpu_0"
        self.assertEqual((view / "top3.npz").read_bytes(), path.read_bytes())
        self.assertEqual(sorted(os.listdir(view)),
                         ["embs", "embs.npy", "embs.npz", "scores.npy", "scores.npz", "top3.npz"])
        self.assertEqual(numpy.load(view / "scores.npy").tolist(), list(range(10)))


class Fetched(Atlas):
    """What a reader of a part costs."""

    ROWS = 20_000
    NAME = compose.name_of((0, 0, 0), "embs")

    def compose(self):
        compose.write(self.bucket / self.NAME, "embs", self.ROWS)
        self.listing = self.work / "names.txt"
        self.listing.write_text(
            f"{self.NAME}\t{(self.bucket / self.NAME).stat().st_size}\n")

    def embs(self):
        self.compose()
        self.configure(base_url=self.serve(), listing=str(self.listing))
        return self.mount() / "step_0" / "part_0" / "gpu_0"

    def rows(self, count):
        return random.Random(1).sample(range(self.ROWS // 20, self.ROWS), count)

    def test_a_row_of_a_mapped_array_costs_two_blocks_at_most(self):
        mapped = numpy.load(self.embs() / "embs.npy", mmap_mode="r")
        for row in self.rows(30):
            before = self.sent(self.NAME)
            self.assertEqual(mapped[row].tobytes(),
                             compose.rows_of("embs", row, 1).tobytes())
            self.assertLessEqual(self.sent(self.NAME) - before, 2 * BLOCK, row)

    def test_to_map_a_block_costs_nothing_and_a_stretch_its_blocks(self):
        view = self.embs()
        before = self.sent(self.NAME)
        sex = numpy.load(view / "embs" / "sex.npy", mmap_mode="r")
        self.assertEqual(self.sent(self.NAME), before)
        # The page that they are in, and its neighbour.
        pages = 2 * os.sysconf("SC_PAGESIZE") // sex[0].nbytes
        for first in self.rows(3):
            before = self.sent(self.NAME)
            found = sex[first:first + 50]
            self.assertEqual(found.tobytes(),
                             compose.rows_of("embs", first, 50)[:, 412:414].tobytes())
            self.assertLessEqual(self.sent(self.NAME) - before, pages * 848 + 2 * BLOCK)

    def test_a_scan_of_a_mapping_fetches_no_byte_twice(self):
        view = self.embs()
        mapped = numpy.load(view / "embs.npy", mmap_mode="r")
        for first in range(0, self.ROWS, 500):
            self.assertEqual(mapped[first:first + 500].tobytes(),
                             compose.rows_of("embs", first, 500).tobytes(), first)
        self.assertLessEqual(self.sent(self.NAME),
                             (self.bucket / self.NAME).stat().st_size + 4 * BLOCK)
        # What is here is not asked for again, whoever reads it how.
        before = self.sent(self.NAME)
        age = numpy.load(view / "embs" / "age.npy")
        for first in range(0, self.ROWS, 5000):
            self.assertEqual(age[first:first + 5000].tobytes(),
                             compose.rows_of("embs", first, 5000)[:, 384:392].tobytes())
        self.assertEqual(self.sent(self.NAME), before)

    def test_rows_are_read_by_many_at_once(self):
        path = self.embs() / "embs.npy"
        program = ("import numpy, random, sys\n"
                   "mapped = numpy.load(sys.argv[1], mmap_mode='r')\n"
                   "rows = random.Random(int(sys.argv[2])).sample(range(len(mapped)), 200)\n"
                   "for row in rows: print(row, mapped[row].tobytes().hex())\n")
        running = [self.stack.enter_context(subprocess.Popen(
            [sys.executable, "-c", program, str(path), str(seed)], text=True,
            stdout=subprocess.PIPE)) for seed in range(4)]
        for reader in running:
            told = reader.communicate(timeout=TIMEOUT_S)[0].splitlines()
            self.assertEqual(reader.returncode, 0)
            self.assertEqual(len(told), 200)
            for line in told:
                row, text = line.split()
                self.assertEqual(text, compose.rows_of("embs", int(row), 1).tobytes().hex())


class Hub(http.server.BaseHTTPRequestHandler):
    """The Hub's way: a tree in pages, and files that are redirected."""

    def do_GET(self):
        place = urllib.parse.urlsplit(self.path)
        name = urllib.parse.unquote(place.path.partition("/v1/")[2])
        if place.path == "/api/datasets/o/n/tree/v1":
            self.answer_page(dict(urllib.parse.parse_qsl(place.query)).get("cursor", "0"))
        elif place.path.startswith("/datasets/o/n/resolve/v1/"):
            self.server.resolved += 1
            self.answer(302, b"", {"Location": "/store/v1/" + urllib.parse.quote(name)})
        elif name in self.server.files:
            self.answer_part(self.server.files[name].read_bytes())
        else:
            self.send_error(404)

    def answer_page(self, cursor):
        names = sorted(self.server.files)
        page = int(cursor)
        link = {} if page + 1 == len(names) else {
            "Link": f'</api/datasets/o/n/tree/v1?cursor={page + 1}>; rel="next"'}
        self.answer(200, json.dumps([self.entry(names[page])]).encode(), link)

    def answer_part(self, data):
        first, last = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers["Range"]).groups()
        part = data[int(first):int(last) + 1]
        self.answer(206, part, {
            "Content-Range": f"bytes {first}-{int(first) + len(part) - 1}/{len(data)}"})

    def entry(self, name):
        data = self.server.files[name].read_bytes()
        return {"type": "file", "oid": "0", "size": len(data), "path": name,
                "lfs": {"oid": hashlib.sha256(data).hexdigest(), "size": len(data)}}

    def answer(self, status, body, headers):
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *words):
        pass


class Listings(Atlas):
    def hub(self):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hub)
        server.url = f"http://127.0.0.1:{server.server_address[1]}"
        server.files = {str(path.relative_to(self.bucket)): path
                        for path in self.bucket.rglob("*.npz")}
        server.resolved = 0
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        self.stack.callback(server.server_close)
        self.stack.callback(thread.join)
        self.stack.callback(server.shutdown)
        return server

    def test_the_hub_is_listed_page_by_page_at_a_revision(self):
        (self.bucket / "run 1").mkdir()
        compose.write_subset(self.bucket / "run 1", (0, 0, 0), 200)
        compose.write_subset(self.bucket / "run 1", (0, 1, 3), 200, deflated=True)
        hub = self.hub()
        self.configure(listing=hub.url + "/api/datasets/o/n/tree/v1?recursive=true")
        mount = self.mount()
        self.assertIn("Subsets: 2\n", (mount / "README.txt").read_text())
        self.assertIn("All subsets are complete.", (mount / "README.txt").read_text())
        for part, gpu in ((0, 0), (1, 3)):
            view = mount / "run 1" / "step_0" / f"part_{part}" / f"gpu_{gpu}"
            for array in compose.WIDTHS:
                truth = compose.rows_of(array, 0, 200)
                self.assert_same_array(view / f"{array}.npy", truth)
                for name, columns in slices(array):
                    self.assert_same_array(view / array / f"{name}.npy", truth[:, columns])
                path = view / f"{array}.npz"
                digest = hashlib.sha256(path.read_bytes()).hexdigest()
                self.assertEqual(os.getxattr(path, "user.omicsfs.digest").decode(),
                                 "sha256:" + digest)
        self.assertGreater(hub.resolved, 0)

    def test_without_a_place_the_error_says_what_to_set(self):
        self.configure()
        failed = subprocess.run([OMICSFS, "refresh", "scprint2"], env=self.environment,
                                check=False, capture_output=True, text=True, timeout=TIMEOUT_S)
        self.assertEqual(failed.returncode, 1)
        self.assertIn("sources.scprint2.listing", failed.stderr)

    def test_what_is_cached_is_read_without_a_network(self):
        compose.write_subset(self.bucket, (0, 0, 0), 300)
        with contextlib.ExitStack() as here:
            url = here.enter_context(nginx(self.bucket, self.work))
            self.configure(listing=url)
            with mounted_words(["scprint2"], self.work / "mnt", self.environment) as mount:
                (mount / "step_0" / "part_0" / "gpu_0" / "embs.npy").read_bytes()
        (self.work / "mnt").rmdir()
        view = self.mount() / "step_0" / "part_0" / "gpu_0"
        truth = compose.rows_of("embs", 0, 300)
        self.assert_same_array(view / "embs.npy", truth)
        self.assert_same_array(view / "embs" / "disease.npy", truth[:, 352:384])


@unittest.skipUnless(LARGE, "only with --large")
class Large(Fetched):
    """A million cells. As above, and all of it."""

    ROWS = 1_000_000

    def assert_blocks(self, deflated):
        compose.write(self.bucket / self.NAME, "embs", self.ROWS, deflated)
        self.configure(listing=self.serve())
        view = self.mount() / "step_0" / "part_0" / "gpu_0"
        whole = numpy.load(view / "embs.npy", mmap_mode="r")
        self.assertEqual(whole.shape, (self.ROWS, 424))
        mapped = {name: (columns, numpy.load(view / "embs" / f"{name}.npy", mmap_mode="r"))
                  for name, columns in slices("embs")}
        for first in range(0, self.ROWS, compose.ROWS_AT_A_TIME):
            truth = compose.rows_of("embs", first, compose.ROWS_AT_A_TIME)
            part = slice(first, first + compose.ROWS_AT_A_TIME)
            self.assertEqual(whole[part].tobytes(), truth.tobytes(), first)
            for name, (columns, block) in mapped.items():
                self.assertEqual(block[part].tobytes(), truth[:, columns].tobytes(), name)

    def test_every_block_of_a_stored_array_is_a_slice_of_it(self):
        self.assert_blocks(deflated=False)

    def test_every_block_of_a_deflated_array_is_a_slice_of_it(self):
        self.assert_blocks(deflated=True)


if __name__ == "__main__":
    sys.exit(main())
