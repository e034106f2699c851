#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A server that never answers, under a kernel that aborts the mounts of slow servers.

usage: request_timeout.py OMICSFS ORIGIN

Linux from 6.15 on ends a FUSE connection, and with it the mount, where a request
takes longer than fs.fuse.default_request_timeout; it looks every 15 seconds. A
read must give up before that, and the mount stay. Sets that of the whole machine
for some minutes, and so must not run beside others.
"""

import contextlib
import errno
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
SYSCTL = pathlib.Path("/proc/sys/fs/fuse/default_request_timeout")
# The mount gives up after four fifths of it: the rest is what a slow machine may
# lose before its answer is there.
KERNEL_S = 60
PERIOD_S = 15  # in which the kernel looks
PATIENCE_S = 240
OMICSFS, ORIGIN = (os.path.abspath(path) for path in sys.argv[1:3])


def run(*words):
    subprocess.run([str(word) for word in words], check=True, timeout=PATIENCE_S)


@contextlib.contextmanager
def kernel_timeout(seconds):
    before = SYSCTL.read_text()
    SYSCTL.write_text(str(seconds))
    try:
        yield
    finally:
        SYSCTL.write_text(before)


@contextlib.contextmanager
def mounted(work, url):
    config, root = work / "config.json", work / "mnt"
    root.mkdir()
    config.write_text(json.dumps({
        "state_dir": str(work / "state"), "cache": {"dir": str(work / "cache"), "keep_free": "1M"},
        "network": {"first_byte_s": 600, "stall_s": 600, "timeout_s": 600},
        "sources": {"abc-atlas": {"base_url": url}}}))
    run(OMICSFS, "--config", config, "mount", "abc-atlas", root)
    try:
        yield root
    finally:
        run("umount", "-l", root)


class RequestTimeout(unittest.TestCase):
    def test_reads_give_up_before_the_kernel_does(self):
        with tempfile.TemporaryDirectory(prefix="omicsfs-timeout-") as name, \
                contextlib.ExitStack() as stack:
            work = pathlib.Path(name)
            run("/usr/bin/python3", HERE.parent / "support" / "compose_demo.py",
                "--large-bytes", "300000", work / "bucket")
            server = stack.enter_context(subprocess.Popen(
                [ORIGIN, "--root", work / "bucket"], stdout=subprocess.PIPE, text=True))
            stack.callback(server.terminate)
            url = server.stdout.readline().strip()
            stack.enter_context(kernel_timeout(KERNEL_S))
            root = stack.enter_context(mounted(work, url))
            self.read_in_vain(url, root / "metadata/DEMO-10X/20250301/gene.csv")
            for path in ("metadata/DEMO-10X/20250301/gene.csv",
                         "metadata/DEMO-10X/20250301/cell_metadata.csv"):
                self.assertEqual((root / path).read_bytes(), (work / "bucket" / path).read_bytes())

    def read_in_vain(self, url, path):
        """For longer than the kernel waits until it looks."""
        fault = url + ".control/faults?what=stall-head&ms=600000&glob=*.csv"
        urllib.request.urlopen(urllib.request.Request(fault, method="POST"), timeout=PATIENCE_S).close()
        end = time.monotonic() + PERIOD_S + KERNEL_S
        while time.monotonic() < end:
            with self.assertRaises(OSError) as failed:
                path.read_bytes()
            self.assertEqual(failed.exception.errno, errno.ETIMEDOUT)
        for control in ("clear", "release"):
            urllib.request.urlopen(urllib.request.Request(
                url + ".control/" + control, method="POST"), timeout=PATIENCE_S).close()


def main():
    if not os.access("/dev/fuse", os.R_OK | os.W_OK) or not os.access(SYSCTL, os.W_OK):
        print(f"skipped: /dev/fuse or {SYSCTL} is missing")
        return 77
    program = unittest.main(argv=sys.argv[:1], exit=False)
    return 0 if program.result.wasSuccessful() else 1


if __name__ == "__main__":
    sys.exit(main())
