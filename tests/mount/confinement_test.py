#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A mount whose process may change files nowhere but in its own directories.

usage: confinement_test.py OMICSFS ORIGIN

Everything that a mount does must go on as without: by root, and, where root runs this, by a user
without rights as well. That user needs a /dev/fuse of its own, so all of it happens in a mount
namespace apart.
"""

import contextlib
import ctypes
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import unittest

from harness import HERE, OMICSFS, main, own_origin, run, wait_until

CLONE_NEWNS, MS_BIND, MS_REC, MS_PRIVATE = 0x20000, 4096, 16384, 1 << 18
NOBODY = 65534
GROUP = 4242  # which shares a cache
LIMIT_BYTES = 3_000_000  # of the cache, which is less than all files
EMPTY_CACHE_BYTES = 300_000  # which its index and its log take at most
LOG_BYTES = 5 << 20  # at which it is rotated


def apart():
    """Leaves the mount namespace; False where only root may."""
    libc = ctypes.CDLL(None, use_errno=True)
    return (libc.unshare(CLONE_NEWNS) == 0
            and libc.mount(b"none", b"/", None, MS_REC | MS_PRIVATE, None) == 0)


def fuse_for_all(directory):
    """A /dev/fuse that everybody may open; only in a namespace apart."""
    node = directory / "fuse"
    os.mknod(node, 0o20666, os.stat("/dev/fuse").st_rdev)
    os.chmod(node, 0o666)
    libc = ctypes.CDLL(None, use_errno=True)
    return libc.mount(str(node).encode(), b"/dev/fuse", None, MS_BIND, None) == 0


def status_of(task):
    lines = (task / "status").read_text().splitlines()
    return dict(line.split(":\t", 1) for line in lines if ":\t" in line)


class ByRoot(unittest.TestCase):
    user = {}  # whom everything runs as, for subprocess

    def setUp(self):
        self.stack = contextlib.ExitStack()
        self.addCleanup(self.stack.close)
        self.work = pathlib.Path(self.stack.enter_context(
            tempfile.TemporaryDirectory(prefix="omicsfs-confined-")))
        self.bucket, self.mount = self.work / "bucket", self.work / "mnt"
        run("/usr/bin/python3", str(HERE.parent / "support" / "compose_demo.py"),
            "--large-bytes", "3000000", str(self.bucket))
        url = self.stack.enter_context(own_origin(self.bucket, self.work))
        self.home = self.work / "home"
        for directory in (self.mount, self.home):
            directory.mkdir()
        (self.work / "config.json").write_text(json.dumps({
            "state_dir": str(self.home / "state"),
            "cache": {"dir": str(self.home / "cache"), "limit": str(LIMIT_BYTES),
                      "keep_free": "1M"},
            "sources": {"abc-atlas": {"base_url": url}}}))
        self.work.chmod(0o755)
        if self.user:
            for path in (self.mount, self.home):
                os.chown(path, NOBODY, NOBODY)
        self.stack.callback(subprocess.run, ["umount", "-l", str(self.mount)],
                            stderr=subprocess.DEVNULL, check=False)

    def omicsfs(self, *words):
        return run(OMICSFS, "--config", str(self.work / "config.json"), *map(str, words),
                   cwd="/", **self.user)

    def start(self, *flags):
        self.omicsfs("mount", *flags, "abc-atlas", self.mount)
        server, helper = self.processes()
        return server, helper

    def processes(self):
        """The mount's process and the one that unmounts for it, those that are there."""
        found = []
        for process in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                words = (process / "cmdline").read_bytes().split(b"\0")
                if str(self.mount).encode() in words:
                    unmounts = (process / "comm").read_text() == "omicsfs-umount\n"
                    found.append((unmounts, process))
            except OSError:
                continue  # it has ended
        return [process for _, process in sorted(found)]

    def is_mounted(self):
        return any(line.split()[4] == str(self.mount)
                   for line in pathlib.Path("/proc/self/mountinfo").read_text().splitlines())

    def read(self, path):
        return run("cat", str(self.mount / path), stdout=subprocess.PIPE, **self.user).stdout

    def files(self):
        return [path.relative_to(self.bucket)
                for path in sorted(self.bucket.rglob("*")) if "releases" not in path.parts
                and path.is_file()]

    def expect_all_right(self):
        files = self.files()
        self.assertGreater(len(files), 5)
        for path in files:
            self.assertTrue(self.read(path) == (self.bucket / path).read_bytes(), path)

    def kept(self):
        """Bytes that the cache takes on disk, while files may still be evicted from it."""
        kept = 0
        for directory, _, names in os.walk(self.home / "cache"):
            for name in names:
                with contextlib.suppress(FileNotFoundError):
                    kept += os.lstat(os.path.join(directory, name)).st_blocks * 512
        return kept

    def log(self):
        return (self.home / "state" / "omicsfs.log").read_text()

    def wait_for_the_end(self):
        wait_until(lambda: not self.is_mounted() and not self.processes())
        self.assertIn(f"unmounted abc-atlas at {self.mount}", self.log())

    def test_all_threads_are_bound_and_the_log_says_so(self):
        server, _ = self.start()
        self.expect_all_right()
        if "not confined" in self.log():
            self.skipTest("this kernel offers no Landlock")
        self.assertIn(f"confined: files are changed below {self.home}/state, {self.home}/cache "
                      "alone", self.log())
        tasks = list((server / "task").iterdir())
        self.assertGreater(len(tasks), 4)
        # Set right before the confinement, and like it handed on to what is started afterwards.
        self.assertEqual({status_of(task)["NoNewPrivs"] for task in tasks}, {"1"})
        self.omicsfs("umount", self.mount)
        self.wait_for_the_end()

    def test_what_is_read_is_kept_and_evicted(self):
        self.start()
        for _ in range(3):
            self.expect_all_right()
        self.assertLess(self.kept(), LIMIT_BYTES)
        # How much room was made in advance depends on what was being written at the time. More
        # than the cache's own records shows that bytes were kept at all.
        self.assertGreater(self.kept(), EMPTY_CACHE_BYTES)
        self.omicsfs("umount", self.mount)
        self.wait_for_the_end()

    def test_a_signal_ends_it_though_a_file_is_open(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            server, _ = self.start()
            reader = subprocess.Popen(
                ["sh", "-c", 'exec 3<"$1"; echo open; read end', "sh",
                 str(self.mount / self.files()[0])],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, **self.user)
            with reader:
                self.assertEqual(reader.stdout.readline(), b"open\n")
                os.kill(int(server.name), number)
                self.wait_for_the_end()
                reader.stdin.close()

    def test_nothing_of_another_mount_in_its_place_is_touched(self):
        """Which the first one's process must not unmount when it ends, later."""
        first, _ = self.start()
        reader = subprocess.Popen(
            ["sh", "-c", 'exec 3<"$1"; echo open; read end', "sh",
             str(self.mount / self.files()[0])],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, **self.user)
        with reader:
            self.assertEqual(reader.stdout.readline(), b"open\n")
            self.omicsfs("umount", "-l", self.mount)
            self.omicsfs("mount", "abc-atlas", self.mount)
            os.kill(int(first.name), signal.SIGTERM)
            wait_until(lambda: not (first / "exe").exists())
            self.expect_all_right()
            reader.stdin.close()
        self.omicsfs("umount", self.mount)
        self.wait_for_the_end()

    def test_killed_it_leaves_no_mount_and_no_process(self):
        server, _ = self.start()
        os.kill(int(server.name), signal.SIGKILL)
        wait_until(lambda: not self.processes())
        self.assertFalse(self.is_mounted())
        self.start()
        self.expect_all_right()
        self.omicsfs("umount", self.mount)
        self.wait_for_the_end()

    def test_a_full_log_is_rotated(self):
        elsewhere = self.home / "logs"
        for directory in (self.home / "state", elsewhere):
            directory.mkdir(mode=0o700)
            log = directory / "omicsfs.log"
            log.write_bytes(b"x" * LOG_BYTES)
            if self.user:
                os.chown(directory, NOBODY, NOBODY)
                os.chown(log, NOBODY, NOBODY)
        for directory, flags in ((self.home / "state", ()),
                                 (elsewhere, ("--log", elsewhere / "omicsfs.log"))):
            self.start(*flags)
            self.expect_all_right()
            self.omicsfs("umount", self.mount)
            wait_until(lambda: not self.processes())
            self.assertEqual((directory / "omicsfs.1.log").stat().st_size, LOG_BYTES)
            self.assertIn("mounted abc-atlas", (directory / "omicsfs.log").read_text())


class ByAUser(ByRoot):
    user = {"user": NOBODY, "group": NOBODY, "extra_groups": []}

    def setUp(self):
        super().setUp()
        if not APART or not fuse_for_all(self.work):
            self.skipTest("only root may give somebody else a /dev/fuse")
        self.stack.callback(subprocess.run, ["umount", "/dev/fuse"], check=True)
        if subprocess.run(["test", "-x", OMICSFS], check=False, **self.user).returncode != 0:
            self.skipTest(f"{OMICSFS} is not for everybody")


    def test_a_cache_shared_with_root_is_kept_for_both(self):
        """What each of them fetched, the other finds."""
        cache = self.home / "cache"
        cache.mkdir()
        os.chown(cache, 0, GROUP)
        cache.chmod(0o2770)
        self.user = {**self.user, "extra_groups": [GROUP]}
        theirs, ours = self.files()[:2]
        run(OMICSFS, "--config", str(self.work / "config.json"), "mount", "abc-atlas",
            str(self.mount), cwd="/", env={**os.environ, "OMICSFS_STATE_DIR": str(
                self.work / "roots")})
        self.assertTrue((self.mount / ours).read_bytes() == (self.bucket / ours).read_bytes())
        run(OMICSFS, "umount", str(self.mount))
        wait_until(lambda: not self.processes())
        self.expect_all_of_the_group(cache)
        self.start()
        for path in (ours, theirs):
            self.assertTrue(self.read(path) == (self.bucket / path).read_bytes())
        self.assertNotIn("nothing is cached", self.log())
        self.omicsfs("umount", self.mount)
        wait_until(lambda: not self.processes())
        self.expect_all_of_the_group(cache)
        self.assertEqual({os.stat(path).st_uid for path in cache.rglob("*.data")}, {0, NOBODY})
        self.omicsfs("cache", "status")
        # Whoever is not in the group is told.
        self.user = {**self.user, "extra_groups": []}
        said = subprocess.run(
            [OMICSFS, "--config", str(self.work / "config.json"), "cache", "status"],
            capture_output=True, text=True, check=False, **self.user)
        self.assertEqual(said.returncode, 1)
        self.assertIn("Permission denied", said.stderr)
        self.assertEqual(said.stdout, "")
        mounted = subprocess.run(
            [OMICSFS, "--config", str(self.work / "config.json"), "mount", "abc-atlas",
             str(self.mount)], cwd="/", stderr=subprocess.PIPE, text=True, check=True, **self.user)
        self.assertIn("nothing is cached", mounted.stderr)
        self.omicsfs("umount", self.mount)
        # Its /dev/fuse is one of this test's.
        wait_until(lambda: not self.processes())

    def expect_all_of_the_group(self, cache):
        paths = list(cache.rglob("*"))
        self.assertGreater(len(paths), 5)
        for path in paths:
            if path.is_symlink():
                continue  # it has no mode of its own
            facts = path.stat()
            self.assertEqual(facts.st_gid, GROUP, path)
            self.assertEqual(facts.st_mode & 0o7777, 0o2770 if path.is_dir() else 0o660, path)


APART = apart()

if __name__ == "__main__":
    sys.exit(main())
