#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Catalogs that outages, bad entries and other processes leave as they are.

usage: catalogs_test.py OMICSFS ORIGIN
"""

import contextlib
import fcntl
import json
import os
import pathlib
import sqlite3
import subprocess
import tempfile
import unittest
import zipfile

from harness import OMICSFS, TIMEOUT_S, main, mounted_words, nginx

JOBS = 8


def download(path, experiment):
    """A small download of refine.bio's."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("aggregated_metadata.json", json.dumps(
            {"aggregate_by": "EXPERIMENT", "created_at": "2024-01-01T00:00:00",
             "experiments": {experiment: {"title": "About", "organisms": ["HOMO_SAPIENS"]}}}))
        archive.writestr(f"{experiment}/{experiment}.tsv", "Gene\tS1\n")


class Catalogs(unittest.TestCase):
    def setUp(self):
        self.stack = contextlib.ExitStack()
        self.addCleanup(self.stack.close)
        self.work = pathlib.Path(self.stack.enter_context(tempfile.TemporaryDirectory()))
        self.bucket = self.work / "bucket"
        self.bucket.mkdir()
        (self.bucket / "a.txt").write_text("data\n")
        self.state = self.work / "state"
        self.environment = {name: value for name, value in os.environ.items()
                            if not name.lower().endswith("_proxy")}
        self.environment.update(OMICSFS_CONFIG=str(self.work / "config.json"),
                                https_proxy="http://127.0.0.1:1", no_proxy="127.0.0.1")
        self.configure()

    def configure(self, **more):
        (self.work / "config.json").write_text(json.dumps({
            "state_dir": str(self.state),
            "cache": {"dir": str(self.work / "cache"), "limit": "1G", "keep_free": "1M"},
            "network": {"retries": 0}, **more}))

    def package(self, name="p.json"):
        (self.bucket / name).write_text(
            json.dumps({"resources": [{"name": "a", "path": "a.txt", "bytes": 5}]}))
        return name

    def call(self, *words, status=0):
        done = subprocess.run([OMICSFS, *[str(word) for word in words]], env=self.environment,
                              text=True, capture_output=True, check=False, timeout=TIMEOUT_S)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done

    def names(self, place):
        return [name.rstrip("/") for name in self.call("ls", place).stdout.split()]

    def test_jobs_that_mount_one_address_at_once_all_get_it(self):
        with nginx(self.bucket, self.work) as url:
            self.package()
            jobs, points = [], [self.work / f"m{number}" for number in range(JOBS)]
            for point in points:
                point.mkdir()
                jobs.append(subprocess.Popen([OMICSFS, "mount", url + "p.json", str(point)],
                                             env=self.environment, stderr=subprocess.PIPE,
                                             text=True))
            try:
                told = [job.communicate(timeout=TIMEOUT_S)[1] for job in jobs]
                self.assertEqual([job.returncode for job in jobs], [0] * JOBS, told)
                for point in points:
                    self.assertEqual((point / "a.txt").read_text(), "data\n")
            finally:
                for point in points:
                    subprocess.run([OMICSFS, "umount", str(point)], env=self.environment,
                                   check=False, stderr=subprocess.DEVNULL)

    def test_an_older_schema_is_mounted_while_its_server_is_down(self):
        with nginx(self.bucket, self.work) as url:
            self.package()
            with mounted_words([url + "p.json"], self.work / "first", self.environment):
                pass
        snapshot, = self.state.glob("snapshots/manifest-*/*.sqlite")
        with contextlib.closing(sqlite3.connect(snapshot)) as database:
            database.execute("PRAGMA user_version=1")
            database.commit()
        with mounted_words([url + "p.json"], self.work / "second", self.environment) as root:
            self.assertEqual((root / "a.txt").stat().st_size, 5)

    def test_an_address_that_has_another_document_now_is_mounted_as_it_was(self):
        with nginx(self.bucket, self.work) as url:
            package = self.bucket / self.package()
            whole = package.read_text()
            with mounted_words([url + "p.json"], self.work / "first", self.environment):
                pass
            for number, text in enumerate(["<html>sign in</html>", "", whole[:20]]):
                package.write_text(text)
                at = self.work / f"again{number}"
                with mounted_words([url + "p.json"], at, self.environment) as root:
                    self.assertEqual((root / "a.txt").read_text(), "data\n")
            package.write_text('{"resources": []}')
            self.call("refresh", url + "p.json", status=1)
            self.call("refresh", "--allow-empty", url + "p.json")
            with mounted_words([url + "p.json"], self.work / "empty", self.environment) as root:
                self.assertEqual([entry.name for entry in root.iterdir()], ["README.txt"])

    @unittest.skipUnless(os.geteuid() == 0, "only root can mount a directory read-only")
    def test_a_state_directory_that_is_read_only_is_mounted_from(self):
        package = self.bucket / self.package()
        with mounted_words([str(package)], self.work / "first", self.environment):
            pass
        subprocess.run(["mount", "--bind", self.state, self.state], check=True)
        self.addCleanup(subprocess.run, ["umount", self.state], check=True)
        subprocess.run(["mount", "-o", "remount,ro,bind", self.state], check=True)
        with mounted_words([str(package)], self.work / "second", self.environment) as root:
            self.assertEqual((root / "a.txt").read_text(), "data\n")

    def test_what_is_added_meanwhile_stays_and_what_is_removed_goes(self):
        for name in ("A", "B"):
            download(self.work / f"{name}.zip", name)
        self.call("add", "refine-bio", self.work / "A.zip")
        # Two at once: the second waits for the first.
        lock = os.open(self.state / "items" / "refine-bio.lock", os.O_RDWR)
        fcntl.flock(lock, fcntl.LOCK_EX)
        job = subprocess.Popen([OMICSFS, "add", "refine-bio", str(self.work / "B.zip")],
                               env=self.environment, stderr=subprocess.PIPE, text=True)
        self.assertIn("waiting", job.stderr.readline())
        items = self.state / "items" / "refine-bio.json"
        download(self.work / "C.zip", "C")
        items.write_text(json.dumps(json.loads(items.read_text()) +
                                    [{"place": str(self.work / "C.zip")}]))
        os.close(lock)
        job.communicate(timeout=TIMEOUT_S)
        self.assertEqual(job.returncode, 0)
        self.assertEqual(self.names("refine-bio/experiments"), ["A", "B", "C"])
        self.call("remove", "refine-bio", "B", self.work / "C.zip")
        self.assertEqual(self.names("refine-bio/experiments"), ["A"])
        self.assertIn("was not added", self.call("remove", "refine-bio", "B", status=1).stderr)
        self.call("remove", "refine-bio", "datasets/A")
        self.assertEqual(self.names("refine-bio/experiments"), [])

    def test_the_status_of_an_unusable_cache_says_why_once_and_fails(self):
        (self.work / "file").write_text("no directory")
        self.configure(cache={"dir": str(self.work / "file/cache"), "limit": "1G",
                              "keep_free": "1M"})
        done = self.call("cache", "status", status=1)
        self.assertEqual((done.stdout + done.stderr).count("Not a directory"), 1, done)
        done = self.call("cache", "status", "--json", status=1)
        self.assertIn("Not a directory", json.loads(done.stdout)["trouble"])

    def test_nothing_is_added_where_one_archive_cannot_be_read(self):
        download(self.work / "A.zip", "A")
        (self.work / "bad.zip").write_text("no archive")
        self.call("add", "refine-bio", self.work / "A.zip", self.work / "bad.zip", status=1)
        self.assertFalse((self.state / "items" / "refine-bio.json").exists())
        self.call("add", "refine-bio", self.work / "A.zip")
        self.call("add", "refine-bio", self.work / "bad.zip", status=1)
        self.assertEqual(self.names("refine-bio/datasets"), ["A", "A.zip"])

    def test_an_outage_leaves_refine_bios_catalog(self):
        for name in ("A", "B"):
            download(self.bucket / f"{name}.zip", name)
        with nginx(self.bucket, self.work) as url:
            self.call("add", "refine-bio", url + "A.zip", url + "B.zip")
        # The cache is lost, too, so nothing is known but the catalog.
        self.configure(cache={"dir": str(self.work / "other"), "limit": "1G", "keep_free": "1M"})
        self.call("refresh", "refine-bio", status=1)
        self.assertEqual(self.names("refine-bio/experiments"), ["A", "B"])

    def test_a_manifest_is_added_and_removed_like_an_archive(self):
        with nginx(self.bucket, self.work) as url:
            self.package()
            self.assertIn("1 file", self.call("add", "manifest", url + "p.json").stdout)
            self.assertIn("a.txt", self.names("manifest"))
            self.call("add", "manifest", url + "gone.json", status=1)
            with mounted_words(["manifest"], self.work / "mnt", self.environment) as root:
                self.assertEqual((root / "a.txt").read_text(), "data\n")
            self.call("remove", "manifest", url + "p.json")
            self.assertNotIn("a.txt", self.names("manifest"))

    def test_a_known_file_stays_while_its_host_has_no_address(self):
        listing = self.listed_by_a_mirror()
        listing.write_text("http://data.invalid/a.txt\nhttp://data.invalid/new.txt\n")
        done = self.call("refresh", "manifest")
        self.assertEqual(self.names("manifest/data.invalid"), ["a.txt"])
        self.assertIn("line 1: stands as it did before", done.stderr)
        self.assertIn("line 2: left out", done.stderr)

    def test_a_refresh_fails_where_no_host_has_an_address(self):
        listing = self.listed_by_a_mirror()
        listing.write_text("http://one.invalid/x\nhttp://two.invalid/y\n")
        # Not for want of files alone, which may be allowed.
        for words in ([], ["--allow-empty"]):
            told = self.call("refresh", *words, "manifest", status=1).stderr
            self.assertIn("one.invalid", told)
            self.assertEqual(self.names("manifest/data.invalid"), ["a.txt"])

    def listed_by_a_mirror(self):
        """A list, added as a manifest, of a file whose own host never has an address.

        The catalog has the file because a mirror has, which is gone now.
        """
        listing = self.work / "urls.txt"
        listing.write_text("http://data.invalid/a.txt\n")
        with nginx(self.bucket, self.work) as url:
            self.configure(mirrors={"http://data.invalid/": [url]}, network={"retries": 1})
            self.call("add", "manifest", listing)
        self.configure()
        self.assertEqual(self.names("manifest/data.invalid"), ["a.txt"])
        return listing

    def test_an_emptied_manifest_is_refused_unless_it_is_allowed(self):
        package = self.bucket / self.package()
        self.call("add", "manifest", package)
        package.write_text('{"resources": []}')
        self.assertIn("--allow-empty", self.call("refresh", "manifest", status=1).stderr)
        self.assertIn("a.txt", self.names("manifest"))
        self.call("refresh", "--allow-empty", "manifest")
        self.assertNotIn("a.txt", self.names("manifest"))

    def test_warnings_are_counted_by_refresh_sources_and_the_readme(self):
        package = self.bucket / "p.json"
        package.write_text(json.dumps({"resources": [
            {"path": "a.txt", "bytes": 5}, {"path": "a.txt", "bytes": 5}, {"path": "../x"}]}))
        self.assertIn("1 file, 5 B, 2 warnings", self.call("add", "manifest", package).stdout)
        self.assertIn("2 warnings", self.call("sources").stdout)
        sources = json.loads(self.call("sources", "--json").stdout)
        self.assertEqual([one["warnings"] for one in sources if one["name"] == "manifest"], [2])
        with mounted_words(["manifest"], self.work / "mnt", self.environment) as root:
            self.assertIn("Warnings of the last refresh: 2", (root / "README.txt").read_text())

    def test_a_refresh_of_all_skips_what_is_not_configured(self):
        dead = "http://127.0.0.1:1/"
        self.configure(sources={"abc-atlas": {"base_url": dead}, "genomekit": {"base_url": dead},
                                "encode": {"catalogue": [dead + "x.tsv"]}})
        told = self.call("refresh", status=1).stderr
        self.assertIn("scprint2: skipped, as it is not configured", told)
        self.assertNotIn("where the atlas is published is not known", told)

    def test_a_manifest_that_cannot_be_made_leaves_nothing_on_stdout(self):
        done = self.call("manifest", "make", self.bucket / "gone.json", status=1)
        self.assertEqual(done.stdout, "")
        done = self.call("manifest", "make", self.bucket)
        self.assertEqual(json.loads(done.stdout)["resources"][0]["path"], "a.txt")


if __name__ == "__main__":
    raise SystemExit(main())
