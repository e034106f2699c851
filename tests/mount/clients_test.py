#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Real programs on a mount: each must see what the bucket holds.

usage: clients_test.py OMICSFS ORIGIN

Composes a bucket, serves it by the project's own origin and by nginx, mounts
it, and reads it with pandas, h5py, md5sum, cp, tar and rsync.
"""

import contextlib
import filecmp
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

from harness import (HERE, make_certificate, main, md5_of, mounted_words, nginx, output_of,
                     own_origin, run, TLS_CONFIG)


@contextlib.contextmanager
def mounted(base_url, work, releases=(), **variables):
    config = work / "config.json"
    source = {"base_url": base_url}
    if releases:
        source["releases"] = list(releases)
    config.write_text(json.dumps({
        "state_dir": str(work / "state"),
        "cache": {"dir": str(work / "cache"), "limit": "1G", "keep_free": "1M"},
        "sources": {"abc-atlas": source}}))
    environment = dict(os.environ, OMICSFS_CONFIG=str(config), no_proxy="*", **variables)
    with mounted_words(["abc-atlas"], work / "mnt", environment) as mount:
        yield mount


def published(bucket):
    """relative_path -> FILE object, over all releases."""
    found = {}

    def collect(value):
        if isinstance(value, dict):
            if "relative_path" in value and "size" in value:
                found[value["relative_path"]] = value
            else:
                for member in value.values():
                    collect(member)

    for manifest in sorted(bucket.glob("releases/*/manifest.json")):
        collect(json.loads(manifest.read_text())["file_listing"])
    return found


class Clients(unittest.TestCase):
    """Over the project's own origin, which lists releases as S3 does."""

    serve = staticmethod(own_origin)
    named_releases = False

    def setUp(self):
        stack = contextlib.ExitStack()
        self.addCleanup(stack.close)
        self.work = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory()))
        self.bucket = self.work / "bucket"
        run("/usr/bin/python3", str(HERE.parent / "support" / "compose_demo.py"),
            "--large-bytes", "3000000", str(self.bucket))
        names = sorted(p.name for p in (self.bucket / "releases").iterdir())
        url = stack.enter_context(self.serve(self.bucket, self.work))
        self.mount = stack.enter_context(
            mounted(url, self.work, names if self.named_releases else ()))
        self.newest = self.mount / "releases" / names[-1]

    def file(self, ending):
        return next(p for p in sorted(self.newest.rglob("*")) if p.name.endswith(ending))

    def test_every_published_file_has_its_published_md5(self):
        files = published(self.bucket)
        self.assertGreater(len(files), 5)
        sums = output_of("md5sum", *files, cwd=self.mount)
        seen = {line[34:]: line[:32] for line in sums.splitlines()}
        self.assertEqual(seen, {path: file["file_hash"] for path, file in files.items()})

    def test_find_and_du_count_what_is_published(self):
        count = output_of("sh", "-c", "find . -type f | wc -l", cwd=self.mount)
        self.assertEqual(int(count), sum(len(files) for _, _, files in os.walk(self.mount)))
        apparent = int(output_of("du", "-sb", "--apparent-size", str(self.newest)).split()[0])
        inodes = {}
        for path in self.newest.rglob("*"):
            if path.is_file():
                inodes[path.stat().st_ino] = path.stat().st_size
        self.assertEqual(apparent, sum(inodes.values()))
        in_release = {p.stat().st_ino for p in self.newest.rglob("*") if p.is_file()}
        self.assertEqual(
            sum(file["size"] for path, file in published(self.bucket).items()
                if (self.mount / path).stat().st_ino in in_release),
            apparent - sum(p.stat().st_size for p in self.newest.rglob("*")
                           if p.name in ("README.txt", "manifest.json")))

    def test_pandas_reads_a_table(self):
        import pandas
        path = self.file(".csv")
        table = pandas.read_csv(path)
        same = pandas.read_csv(self.original(path))
        pandas.testing.assert_frame_equal(table, same)
        self.assertGreater(len(table), 10)

    def test_h5py_reads_a_matrix(self):
        import h5py
        path = self.file(".h5ad")
        with h5py.File(path) as mounted_file, h5py.File(self.original(path)) as original:
            names = []
            original.visititems(
                lambda name, item: names.append(name) if isinstance(item, h5py.Dataset) else None)
            self.assertTrue(names)
            for name in names:
                ours, theirs = mounted_file[name][()], original[name][()]
                self.assertEqual(ours.tolist(), theirs.tolist())

    def original(self, path):
        """The bucket's file with the bytes of a mounted one."""
        for relative in published(self.bucket):
            if (self.mount / relative).stat().st_ino == path.stat().st_ino:
                return self.bucket / relative
        raise LookupError(path)

    def assert_same_tree(self, one, other):
        compared = filecmp.dircmp(one, other)
        stack = [compared]
        while stack:
            level = stack.pop()
            self.assertEqual((level.left_only, level.right_only, level.funny_files), ([], [], []))
            for name in level.common_files:
                self.assertEqual(md5_of(pathlib.Path(level.left) / name),
                                 md5_of(pathlib.Path(level.right) / name))
            stack.extend(level.subdirs.values())

    def test_cp_tar_and_rsync_make_identical_trees(self):
        for name, command in {
                "cp": 'cp -r "$0" "$1"',
                "tar": 'mkdir "$1" && tar -C "$0" -c . | tar -C "$1" -x',
                "rsync": 'rsync -a "$0/" "$1"'}.items():
            with self.subTest(name):
                copy = self.work / name
                run("sh", "-c", command, str(self.newest), str(copy))
                self.assert_same_tree(self.newest, copy)
                run("chmod", "-R", "u+w", str(copy))

    def test_tar_keeps_a_file_and_its_second_name_one(self):
        archive = self.work / "all.tar"
        run("tar", "-C", str(self.mount), "-cf", str(archive), ".")
        listing = output_of("tar", "-tvf", str(archive))
        self.assertIn(" link to ", listing)


class ClientsOverNginx(Clients):
    """Over a web server that is not ours, the releases named in the settings."""

    serve = staticmethod(nginx)
    named_releases = True


class Tls(unittest.TestCase):
    """Over HTTPS, and with it HTTP/2, by a server with a certificate of its own."""

    def setUp(self):
        stack = contextlib.ExitStack()
        self.addCleanup(stack.close)
        self.work = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory()))
        self.bucket = self.work / "bucket"
        run("/usr/bin/python3", str(HERE.parent / "support" / "compose_demo.py"),
            "--large-bytes", "3000000", str(self.bucket))
        self.releases = sorted(p.name for p in (self.bucket / "releases").iterdir())
        make_certificate(self.work)
        self.url = stack.enter_context(nginx(self.bucket, self.work, TLS_CONFIG))

    def test_a_trusted_server_is_read_over_http_2(self):
        with mounted(self.url, self.work, self.releases,
                     SSL_CERT_FILE=str(self.work / "cert.pem")) as mount:
            for path, file in published(self.bucket).items():
                self.assertEqual(md5_of(mount / path), file["file_hash"])
        log = (self.work / "nginx-access.log").read_text()
        self.assertIn("HTTP/2.0", log)
        self.assertNotIn("HTTP/1.1", log)

    def test_a_server_that_nobody_vouches_for_is_refused(self):
        with self.assertRaises(subprocess.CalledProcessError):
            with mounted(self.url, self.work, self.releases):
                self.fail("it was mounted")
        self.assertEqual((self.work / "nginx-access.log").read_text(), "")


if __name__ == "__main__":
    sys.exit(main())
