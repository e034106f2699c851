#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A mount's process: its descriptors, its end, what others see of it, and what it tells at its
start.

usage: process_test.py OMICSFS ORIGIN
"""

import contextlib
import fcntl
import json
import os
import pathlib
import resource
import signal
import socket
import subprocess
import sys
import tempfile
import unittest
import zipfile

from harness import OMICSFS, TIMEOUT_S, main, own_origin, run, serves, wait_until

FILES = 300
DESCRIPTORS = 256  # fewer than there are open files
SECRET = "SECRETSIGNATURE"
ENDING = (signal.SIGHUP, signal.SIGQUIT, signal.SIGTERM, signal.SIGINT, signal.SIGPIPE)


def content(index):
    return (b"%d;" % index) * 2000


class MountsProcess(unittest.TestCase):
    settings = {}

    def setUp(self):
        self.stack = contextlib.ExitStack()
        self.addCleanup(self.stack.close)
        self.work = pathlib.Path(self.stack.enter_context(
            tempfile.TemporaryDirectory(prefix="omicsfs-process-")))
        self.mount, self.web = self.work / "mnt", self.work / "web"
        self.mount.mkdir()
        self.web.mkdir()
        self.url = self.stack.enter_context(own_origin(self.web, self.work))
        self.configure({})
        self.stack.callback(subprocess.run, ["umount", "-l", str(self.mount)],
                            stderr=subprocess.DEVNULL, check=False)

    def configure(self, network):
        (self.work / "config.json").write_text(json.dumps({
            "state_dir": str(self.work / "state"),
            "network": network,
            "cache": {"dir": str(self.work / "cache"), "keep_free": "1M"}}))

    def publish(self, count, place=None):
        """A Data Package of `count` files; its place."""
        resources = []
        for index in range(count):
            name = f"f{index}"
            (self.web / name).write_bytes(content(index))
            path = name if place is None else self.url.replace("127.0.0.1", place) + name
            resources.append({"path": path, "bytes": len(content(index))})
        document = (self.web if place is None else self.work) / "datapackage.json"
        document.write_text(json.dumps({"resources": resources}))
        return self.url + document.name if place is None else str(document)

    def start(self, place, **options):
        return run(OMICSFS, "--config", str(self.work / "config.json"), "mount", place,
                   str(self.mount), cwd="/", stderr=subprocess.PIPE, text=True, **options)

    def start_in_foreground(self, place, **options):
        server = self.stack.enter_context(subprocess.Popen(
            [OMICSFS, "--config", str(self.work / "config.json"), "mount", "-f", place,
             str(self.mount)], **options))
        self.stack.callback(server.kill)
        wait_until(lambda: server.poll() is not None or self.is_mounted())
        return server

    def processes(self):
        return [process for process in pathlib.Path("/proc").glob("[0-9]*")
                if serves(process, self.mount)]

    def server(self):
        """The process that serves: the other one only unmounts."""
        return next(process for process in self.processes()
                    if (process / "comm").read_text() != "omicsfs-umount\n")

    def is_mounted(self):
        return any(line.split()[4] == str(self.mount)
                   for line in pathlib.Path("/proc/self/mountinfo").read_text().splitlines())

    def log(self):
        return (self.work / "state" / "omicsfs.log").read_text()

    def umount(self):
        run(OMICSFS, "umount", str(self.mount))
        wait_until(lambda: not self.processes())

    def expect_right(self, index):
        self.assertTrue((self.mount / f"f{index}").read_bytes() == content(index), index)


class Descriptors(MountsProcess):
    def kept(self):
        """Descriptors of cached files that the mount's process has right now."""
        count = 0
        for entry in (self.server() / "fd").iterdir():
            with contextlib.suppress(OSError):  # it is closed again
                count += os.readlink(entry).endswith((".data", ".map"))
        return count

    def test_more_open_files_than_descriptors_read_right(self):
        place = self.publish(FILES)

        def few():
            resource.setrlimit(resource.RLIMIT_NOFILE, (DESCRIPTORS, DESCRIPTORS))
        self.start(place, preexec_fn=few)
        with contextlib.ExitStack() as stack:
            opened = [stack.enter_context((self.mount / f"f{index}").open("rb", buffering=0))
                      for index in range(FILES)]
            most = 0
            for _ in range(3):
                for index, file in enumerate(opened):
                    # The kernel must ask again.
                    os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
                    file.seek(0)
                    self.assertTrue(file.readall() == content(index), index)
                    if index % 10 == 0:
                        most = max(most, self.kept())
            # Each cached file takes two; idle ones keep at most half of all. A
            # few more are in use while they are counted, one after another.
            self.assertGreater(most, 0)
            self.assertLess(most, DESCRIPTORS * 3 // 4)
        self.umount()

    def test_the_soft_limit_is_raised_to_the_hard_one(self):
        place = self.publish(1)

        def low():
            resource.setrlimit(resource.RLIMIT_NOFILE, (200, 900))
        self.start(place, preexec_fn=low)
        limits = (self.server() / "limits").read_text()
        soft = next(line.split()[3] for line in limits.splitlines()
                    if line.startswith("Max open files"))
        self.assertEqual(soft, "900")
        self.umount()


class Ends(MountsProcess):
    def test_each_signal_that_ends_a_program_unmounts(self):
        place = self.publish(2)
        for number in ENDING:
            with self.subTest(signal=number):
                self.start(place)
                self.expect_right(0)
                os.kill(int(self.server().name), number)
                wait_until(lambda: not self.processes())
                self.assertFalse(self.is_mounted())
        self.assertEqual(self.log().count("unmounted "), len(ENDING))

    def test_each_signal_that_ends_a_program_unmounts_in_the_foreground(self):
        place = self.publish(2)
        for number in ENDING:
            with self.subTest(signal=number):
                server = self.start_in_foreground(place, stderr=subprocess.PIPE, text=True)
                self.expect_right(0)
                server.send_signal(number)
                self.assertIn("unmounted ", server.communicate(timeout=TIMEOUT_S)[1])
                self.assertEqual(server.returncode, 0)
                self.assertFalse(self.is_mounted())

    def test_messages_that_nobody_reads_end_nothing(self):
        place = self.publish(2)
        read_end, write_end = os.pipe()
        with subprocess.Popen(
                [OMICSFS, "--config", str(self.work / "config.json"), "mount", "--foreground",
                 place, str(self.mount)], stderr=write_end) as server:
            os.close(write_end)
            wait_until(self.is_mounted)
            os.close(read_end)
            (self.web / "f0").unlink()
            with self.assertRaises(OSError):  # which is a message
                (self.mount / "f0").read_bytes()
            self.expect_right(1)
            self.assertIsNone(server.poll())
            os.kill(server.pid, signal.SIGPIPE)
            self.assertEqual(server.wait(TIMEOUT_S), 0)
        self.assertFalse(self.is_mounted())

    def test_a_starter_that_is_gone_ends_nothing(self):
        """The server tells it that it is ready, by a pipe."""
        place = self.publish(2)
        read_end, write_end = os.pipe()
        with subprocess.Popen(
                [OMICSFS, "--config", str(self.work / "config.json"), "mount", place,
                 str(self.mount)], stderr=write_end) as starter:
            os.close(write_end)
            os.close(read_end)
            starter.wait(TIMEOUT_S)
        self.expect_right(1)
        self.umount()

    def test_killed_it_leaves_no_mount_behind(self):
        place = self.publish(2)
        for number in (signal.SIGKILL, signal.SIGSEGV, signal.SIGABRT):
            with self.subTest(signal=number):
                self.start(place)
                with (self.mount / "f0").open("rb") as file:
                    os.kill(int(self.server().name), number)
                    wait_until(lambda: not self.processes())
                    self.assertFalse(self.is_mounted())
                    with self.assertRaises(OSError):
                        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
                        file.read()

    def test_killed_after_it_was_unmounted_it_leaves_the_next_mount_alone(self):
        place = self.publish(2)
        self.start(place)
        first = self.server()
        with (self.mount / "f0").open("rb"):
            run(OMICSFS, "umount", "-l", str(self.mount))
            self.start(place)
            os.kill(int(first.name), signal.SIGKILL)
            wait_until(lambda: len(self.processes()) == 2)
            self.expect_right(1)
        self.umount()

    def test_its_unmounter_leaves_a_mount_alone_that_came_in_its_place(self):
        """The kernel may give the new mount the id and the device of the old one."""
        place = self.publish(2)
        self.start(place)
        first = self.server()
        unmounter = int(next(process.name for process in self.processes() if process != first))
        os.kill(unmounter, signal.SIGSTOP)
        self.stack.callback(continue_if_there, unmounter)
        os.kill(int(first.name), signal.SIGKILL)
        wait_until(lambda: [int(process.name) for process in self.processes()] == [unmounter])
        run("umount", "-l", str(self.mount))
        self.start(place)
        os.kill(unmounter, signal.SIGCONT)
        wait_until(lambda: unmounter not in [int(process.name) for process in self.processes()])
        self.assertTrue(self.is_mounted())
        self.expect_right(1)
        self.umount()


def continue_if_there(process):
    with contextlib.suppress(ProcessLookupError):
        os.kill(process, signal.SIGCONT)


class Surroundings(MountsProcess):
    def test_a_lock_that_was_inherited_is_let_go(self):
        place = self.publish(1)
        lock = self.work / "lock"
        with lock.open("w") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            os.set_inheritable(held.fileno(), True)
            self.start(place, pass_fds=[held.fileno()])
        with lock.open("w") as free:
            fcntl.flock(free, fcntl.LOCK_EX | fcntl.LOCK_NB)
        self.umount()

    def test_a_foreground_mount_keeps_nothing_open_that_it_was_started_with(self):
        place = self.publish(1)
        lock = self.work / "lock"
        ours, theirs = socket.socketpair()
        ours.settimeout(TIMEOUT_S)
        with lock.open("w") as held, ours:
            fcntl.flock(held, fcntl.LOCK_EX)
            server = self.start_in_foreground(place, pass_fds=[held.fileno(), theirs.fileno()])
            theirs.close()
            self.assertEqual(ours.recv(1), b"", "the other end is closed")
        with lock.open("w") as free:
            fcntl.flock(free, fcntl.LOCK_EX | fcntl.LOCK_NB)
        self.expect_right(0)
        server.terminate()
        self.assertEqual(server.wait(TIMEOUT_S), 0)

    def test_closed_standard_streams_are_no_file_of_the_mount(self):
        """Else what is written to stderr would go into a file of the cache."""
        place = self.publish(1)

        def close_them():
            os.closerange(0, 3)
        server = self.start_in_foreground(place, preexec_fn=close_them)
        self.expect_right(0)
        for number in range(3):
            self.assertEqual(os.readlink(f"/proc/{server.pid}/fd/{number}"), "/dev/null")
        server.terminate()
        self.assertEqual(server.wait(TIMEOUT_S), 0)

    def test_nobody_sees_a_signature_or_a_token(self):
        with zipfile.ZipFile(self.web / "z.zip", "w") as archive:
            archive.writestr("a.txt", "bytes")
        self.start(f"{self.url}z.zip?X-Amz-Signature={SECRET}",
                   env={**os.environ, "OMICSFS_TOKEN_LAB": SECRET})
        self.assertEqual((self.mount / "a.txt").read_text(), "bytes")
        self.assertEqual(len(self.processes()), 2)
        for process in self.processes():
            for file in ("cmdline", "environ"):
                self.assertNotIn(SECRET.encode(), (process / file).read_bytes(), file)
        self.umount()


class PrivateServers(MountsProcess):
    def test_a_local_manifest_of_a_private_server_is_warned_of_and_can_be_allowed(self):
        place = self.publish(2, "127.0.0.1")
        host = self.url.split("/")[2]
        for said in (self.start(place).stderr,
                     run(OMICSFS, "--config", str(self.work / "config.json"), "manifest", "check",
                         place, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL,
                         text=True).stderr):
            self.assertIn("private address", said)
            self.assertIn(f'"{host}" to network.private_hosts', said)
        with self.assertRaises(OSError):
            (self.mount / "f0").read_bytes()
        self.assertIn("network.private_hosts", self.log())
        self.umount()
        for rule in (host, "127.0.0.1"):
            self.configure({"private_hosts": [rule]})
            self.assertEqual(self.start(place).stderr, "")
            self.expect_right(1)
            self.umount()

    def test_an_added_server_is_allowed_to_its_own_source_only(self):
        def omicsfs(*words):
            return run(OMICSFS, "--config", str(self.work / "config.json"), *words,
                       stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True).stderr
        self.publish(1)
        self.assertEqual(omicsfs("add", "manifest", self.url + "datapackage.json"), "")
        self.assertEqual(omicsfs("refresh", "manifest"), "")
        self.assertEqual(omicsfs("manifest", "check", self.url + "datapackage.json"), "")
        self.assertEqual(self.start("manifest").stderr, "")
        self.expect_right(0)
        self.umount()
        place = self.publish(2, "127.0.0.1")
        self.assertIn("private address", omicsfs("manifest", "check", place))
        self.assertIn("private address", self.start(place).stderr)
        with self.assertRaises(OSError):
            (self.mount / "f1").read_bytes()
        self.umount()

    def test_a_name_is_allowed_by_its_name(self):
        """What it is at shows only when it is read."""
        place = self.publish(1, "localhost")
        self.configure({"private_hosts": ["localhost"]})
        self.assertEqual(self.start(place).stderr, "")
        self.expect_right(0)
        self.umount()


class Words(MountsProcess):
    def test_a_blank_in_a_url_is_told_of(self):
        for words in (("mount", self.url + "a b.json", str(self.mount)),
                      ("manifest", "check", self.url + "a b.json")):
            done = subprocess.run([OMICSFS, *words], stderr=subprocess.PIPE, text=True,
                                  check=False, timeout=TIMEOUT_S)
            self.assertNotEqual(done.returncode, 0)
            self.assertIn("%20", done.stderr)

    def test_a_cache_that_cannot_be_used_is_told_of(self):
        place = self.publish(1)
        said = self.start(place, env={**os.environ, "OMICSFS_CACHE_DIR": "/proc/nope"}).stderr
        self.assertIn("nothing is cached in /proc/nope", said)
        self.expect_right(0)
        self.umount()


if __name__ == "__main__":
    sys.exit(main())
