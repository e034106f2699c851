#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""refine.bio's API as its users meet it: tokens, datasets, compendia.

usage: refine_api_test.py OMICSFS ORIGIN

Against an API of the same shape (tests/support/fake_refine_api.py), whose urls
are signed and expire.
"""

import contextlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest
import urllib.request

from harness import HERE, OMICSFS, main, mounted_words, output_of, process, run

SUPPORT = HERE.parent / "support"


class Api(unittest.TestCase):
    def setUp(self):
        self.stack = contextlib.ExitStack()
        self.addCleanup(self.stack.close)
        self.work = pathlib.Path(self.stack.enter_context(tempfile.TemporaryDirectory()))
        self.files = self.work / "files"
        self.files.mkdir()
        for name in ("dataset.zip", "DANIO_RERIO_1_1574170428.zip",
                     "DANIO_RERIO_2_1574170429.zip"):
            run(sys.executable, str(SUPPORT / "compose_refine.py"), str(self.files / name),
                "--genes", "300", "--samples", "10")
        self.environment = dict(os.environ, OMICSFS_CONFIG=str(self.work / "config.json"),
                                no_proxy="*")

    def serve(self, *flags):
        server = self.stack.enter_context(process(
            sys.executable, str(SUPPORT / "fake_refine_api.py"), str(self.files), *flags,
            stdout=subprocess.PIPE, text=True))
        self.stack.callback(server.stdout.close)
        self.url = server.stdout.readline().strip()
        (self.work / "config.json").write_text(json.dumps({
            "state_dir": str(self.work / "state"),
            "cache": {"dir": str(self.work / "cache"), "limit": "1G", "keep_free": "1M"},
            "sources": {"refine-bio": {"base_url": self.url}}}))

    def add(self, *words, status=0, answer=None):
        done = subprocess.run([OMICSFS, "add", "refine-bio", *words], env=self.environment,
                              text=True, capture_output=True, check=False, timeout=240,
                              input=answer)
        self.assertEqual(done.returncode, status, done.stderr)
        return done.stderr

    def mount(self):
        return self.stack.enter_context(
            mounted_words(["refine-bio"], self.work / "mnt", self.environment))

    def asked(self):
        with urllib.request.urlopen(self.url + "log") as answer:
            return json.load(answer)

    def test_experiments_become_a_dataset_that_reads(self):
        self.serve()
        told = self.add("experiment", "SRP000001", "--email", "a@b.c", "--accept-terms")
        self.assertIn("Use it well.", told)
        root = self.mount()
        [dataset] = [path for path in (root / "datasets").iterdir() if path.is_dir()]
        self.assertEqual((root / "datasets" / (dataset.name + ".zip")).read_bytes(),
                         (self.files / "dataset.zip").read_bytes())
        matrix = (root / "experiments/SRP000001/SRP000001.tsv").read_text()
        self.assertEqual(len(matrix.splitlines()), 301)
        url = os.getxattr(root / "datasets" / (dataset.name + ".zip"), "user.omicsfs.url")
        self.assertNotIn(b"Signature", url)

    def test_the_terms_must_be_agreed_to_once(self):
        self.serve()
        told = self.add("compendium", "DANIO_RERIO", status=1)
        self.assertIn("--accept-terms", told)
        self.add("compendium", "DANIO_RERIO", "--accept-terms")
        token = self.work / "state/tokens/refine-bio"
        self.assertEqual(token.stat().st_mode & 0o777, 0o600)
        self.add("compendium", "DANIO_RERIO")
        secret = token.read_text().strip()
        for call in self.asked():
            if call["path"].startswith("/store"):
                self.assertEqual(call["key"], "")
        for path in self.work.rglob("*"):
            if path.is_file() and path != token and "files" not in path.parts:
                self.assertNotIn(secret.encode(), path.read_bytes(), path)

    def test_the_newest_compendium_stands_by_its_version(self):
        self.serve()
        self.add("compendium", "DANIO_RERIO", "--accept-terms")
        listing = output_of(OMICSFS, "ls", "refine-bio/datasets", env=self.environment)
        self.assertIn("DANIO_RERIO_2_", listing)

    def test_a_signed_url_that_expires_is_renewed(self):
        self.serve()
        self.add("experiment", "SRP000001", "--email", "a@b.c", "--accept-terms")
        root = self.mount()
        [archive] = (root / "datasets").glob("*.zip")
        truth = (self.files / "dataset.zip").read_bytes()
        with open(archive, "rb") as file:
            self.assertEqual(os.pread(file.fileno(), 100, 0), truth[:100])
            urllib.request.urlopen(self.url + "expire", data=b"", timeout=240).close()
            self.assertEqual(file.read(), truth)

    def test_what_the_api_refuses_is_told(self):
        self.serve()
        self.add("compendium", "NOBODY", "--accept-terms", status=1)
        told = self.add("dataset", "no-such-id", status=1)
        self.assertIn("404", told)
        told = self.add("experiment", "FAIL1", "--email", "a@b.c", status=1)
        self.assertIn("no samples", told)

    def test_a_busy_api_is_asked_again(self):
        self.serve("--rate", "2", "--steps", "4")
        self.add("experiment", "SRP000001", "--email", "a@b.c", "--accept-terms")

    def test_a_token_that_others_may_read_is_refused(self):
        self.serve()
        self.add("compendium", "DANIO_RERIO", "--accept-terms")
        os.chmod(self.work / "state/tokens/refine-bio", 0o644)
        self.assertIn("chmod 600", self.add("compendium", "DANIO_RERIO", status=1))


if __name__ == "__main__":
    sys.exit(main())
