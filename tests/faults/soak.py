#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Readers of a mount while everything goes wrong, for as long as is asked.

usage: soak.py OMICSFS ORIGIN FAULTY_DISK [--seconds N] [--seed N]

A mount with a cache too small for what is read; readers that check every byte;
and beside them, at random, a server that fails in every way it knows, a disk
that does, caches that are damaged, and the mount's own process killed or stopped. A read gives
the right bytes or an error that is allowed for, and once all is mended every
file reads right. The seed, which is printed, gives the same run again, as far
as the order of threads allows.
"""

import argparse
import contextlib
import errno
import http.client
import json
import os
import pathlib
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
READERS = 6
# When what never comes is given up. A slow machine only waits longer.
PATIENCE_S = 240
# How long a read waits for its server: where it must be right, for as long as
# any machine needs; while all goes wrong, less than the faults last, so that
# reads are given up, too.
PATIENT = {"first_byte_s": 600, "stall_s": 600, "timeout_s": 600, "retries": 5}
IMPATIENT = {"first_byte_s": 1, "stall_s": 1, "timeout_s": 10, "retries": 1}
# What a reader may get: the network's and the disk's failures, a file that its
# server has changed, and a mount whose process is gone.
ALLOWED = {errno.EIO, errno.ETIMEDOUT, errno.ESTALE, errno.ENOENT, errno.ENOTCONN,
           errno.ECONNABORTED, errno.EINTR}
FAULTS = [
    "what=status&status=503", "what=status&status=500", "what=status&status=429",
    "what=status&status=404", "what=status&status=403",
    "what=refuse-range", "what=wrong-content-range", "what=wrong-length&bytes=7",
    "what=longer-body&bytes=9", "what=truncate&bytes=3000", "what=reset&bytes=0",
    "what=reset&bytes=5000", "what=stall-head&ms=1500", "what=stall-body&bytes=100&ms=1500",
    "what=trickle&bytes=500", "what=gzip-claim", "what=html",
    "what=close-unanswered", "what=close-on-accept", "what=wrong-total", "what=changed-etag",
]


# What the cache's disk refuses, and how.
DISK_FAULTS = [f"{operation} {number}" for operation, numbers in (
    ("write", (errno.ENOSPC, errno.EDQUOT, errno.EIO)), ("read", (errno.EIO,)),
    ("sync", (errno.EIO,))) for number in numbers]

# A byte that is changed on its way shows when its file's digest is checked, and that is once the
# file is whole: at the read that fetches it where a file has one block, of which no part is given
# away before.
FLIP = "what=flip-byte&bytes=11"
ONE_BLOCK = 65536


class Wrong(Exception):
    """Something that must never happen."""


def difference(got, right, offset):
    """How the bytes read at `offset` differ from those of the whole file."""
    wrong = [at for at, byte in enumerate(got) if byte != right[offset + at]]
    if not wrong:
        return f"{len(got)} bytes at {offset}, before the end"
    first, last = wrong[0], wrong[-1]
    kind = "all zero" if not any(got[first:last + 1]) else "not zero"
    return (f"of {len(got)} bytes at {offset} {len(wrong)} are wrong, from {offset + first} to "
            f"{offset + last}, {kind}: {got[first:first + 16].hex()} in place of "
            f"{right[offset + first:offset + first + 16].hex()}")


def waits_of(pid):
    """What each thread of a process that does not end waits in, as the kernel tells."""
    threads = []
    for thread in sorted(pathlib.Path(f"/proc/{pid}/task").iterdir()):
        with contextlib.suppress(OSError):
            threads.append(" ".join((thread / name).read_text().strip().replace("\n", " ")
                                    for name in ("comm", "wchan", "syscall", "stack")))
    return "\n".join(threads)


def must_run(*words, **options):
    return subprocess.run([str(word) for word in words], check=True, timeout=PATIENCE_S,
                          **options)


@contextlib.contextmanager
def origin(program, bucket):
    words = [str(program), "--root", str(bucket)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as server:
        try:
            yield server.stdout.readline().strip()
        finally:
            server.terminate()


class Disk:
    """What the cache lies on; the program says how it is told to fail."""

    def __init__(self, program, work):
        self.root, self.faults = work / "cache", work / "disk-faults"
        for directory in (self.root, work / "backing"):
            directory.mkdir()
        self.process = subprocess.Popen(
            [str(program), str(work / "backing"), str(self.root), str(self.faults)])
        while not os.path.ismount(self.root):
            if self.process.poll() is not None:
                raise Wrong("the disk did not come")
            time.sleep(0.02)

    def fail(self, lines):
        following = self.faults.with_suffix(".next")
        following.write_text("".join(line + "\n" for line in lines))
        following.rename(self.faults)  # in one step: it is read at any time

    def stop(self):
        must_run("umount", "-l", self.root)
        self.process.wait(PATIENCE_S)


class Mount:
    """The program under test, in the foreground; its process comes and goes."""

    def __init__(self, program, work, url, releases):
        self.program, self.work, self.root = program, work, work / "mnt"
        self.process = None
        self.root.mkdir()
        self.config = work / "config.json"
        self.settings = {
            "state_dir": str(work / "state"),
            "cache": {"dir": str(work / "cache"), "limit": "6M", "keep_free": "1M"},
            "sources": {"abc-atlas": {"base_url": url, "releases": releases}}}

    def start(self, network):
        self.config.write_text(json.dumps({**self.settings, "network": network}))
        with open(self.work / "log", "ab") as log:
            self.process = subprocess.Popen(
                [str(self.program), "--config", str(self.config), "mount", "-f", "abc-atlas",
                 str(self.root)], stderr=log)
        deadline = time.monotonic() + PATIENCE_S
        while not self.answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise Wrong(f"the mount did not come: {self.log()[-2000:]}")
            time.sleep(0.02)

    def answers(self):
        try:
            return os.path.ismount(self.root) and bool(os.listdir(self.root))
        except OSError:
            return False

    def stop(self):
        subprocess.run(["umount", "-l", str(self.root)], check=False,
                       stderr=subprocess.DEVNULL)
        status = self.ended()
        if status != 0:
            raise Wrong(f"the mount ended with {status}: {self.log()[-4000:]}")

    def kill(self):
        self.process.kill()
        self.ended()

    def ended(self):
        try:
            return self.process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired as late:
            raise Wrong(f"the mount's process does not end:\n{waits_of(self.process.pid)}\n"
                        f"{self.log()[-2000:]}") from late

    def log(self):
        return (self.work / "log").read_text(errors="replace")


class Soak:
    def __init__(self, seed, mount, disk, url, truth):
        self.seed, self.mount, self.disk, self.url, self.truth = seed, mount, disk, url, truth
        self.over = threading.Event()
        self.failure = None
        self.reads = self.errors = self.events = 0
        self.count = threading.Lock()

    # Faults of connections meet these requests, too.
    def control(self, request):
        deadline = time.monotonic() + PATIENCE_S
        while True:
            asked = urllib.request.Request(self.url + ".control/" + request, method="POST")
            try:
                urllib.request.urlopen(asked, timeout=PATIENCE_S).close()
                return
            except (ConnectionError, urllib.error.URLError, http.client.HTTPException):
                if time.monotonic() > deadline:
                    raise

    def guarded(self, work, *arguments):
        try:
            work(*arguments)
        except Exception as failure:  # of any thread: the run is over
            self.failure = self.failure or failure
        self.over.set()

    # One reader: files and places at random, every byte compared.
    def read(self, number):
        dice = random.Random(f"{self.seed} reader {number}")
        while not self.over.is_set():
            path = dice.choice(sorted(self.truth))
            try:
                self.read_some(dice, path)
            except OSError as failure:
                if failure.errno not in ALLOWED:
                    raise Wrong(f"{path}: {failure}") from failure
                with self.count:
                    self.errors += 1
                time.sleep(0.01)

    def read_some(self, dice, path):
        right = self.truth[path]
        file = os.open(self.mount.root / path, os.O_RDONLY)
        try:
            if dice.random() < 0.5:  # as far as the page cache goes, anew
                os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
            offset = dice.randrange(len(right))
            for _ in range(dice.randrange(1, 12)):
                got = os.pread(file, dice.randrange(1, 200_000), offset)
                if got != right[offset:offset + len(got)] or (not got and offset < len(right)):
                    raise Wrong(f"{path}: {difference(got, right, offset)}")
                with self.count:
                    self.reads += 1
                offset += len(got)
                if offset >= len(right) or dice.random() < 0.3:
                    offset = dice.randrange(len(right))
        finally:
            os.close(file)

    # What goes wrong, one thing after another.
    def disturb(self, seconds):
        dice = random.Random(f"{self.seed} faults")
        end = time.monotonic() + seconds
        while time.monotonic() < end and not self.over.is_set():
            event = dice.choices([self.fail, self.fail_disk, self.mend, self.kill, self.pause,
                                  self.restart], [8, 3, 4, 1, 1, 2])[0]
            event(dice)
            self.events += 1
            self.over.wait(dice.uniform(0.05, 0.6))
        self.mend(dice)

    def fail(self, dice):
        fault, glob = dice.choice(FAULTS + [FLIP]), dice.choice(["*", "*.csv", "*.gz",
                                                                 "*expression*"])
        if fault == FLIP:
            glob = "*" + dice.choice([path for path, right in sorted(self.truth.items())
                                      if len(right) <= ONE_BLOCK])
        self.control(f"faults?{fault}&probability={dice.choice([0.05, 0.3, 1])}"
                     f"&seed={dice.randrange(1 << 30)}&count={dice.choice([1, 5, 50])}"
                     f"&glob={urllib.parse.quote(glob)}")

    def fail_disk(self, dice):
        self.disk.fail(dice.sample(DISK_FAULTS, dice.choice([1, 2])))

    def mend(self, _dice):
        self.disk.fail([])
        self.control("clear")
        self.control("release")

    def kill(self, dice):
        self.mount.kill()
        self.mend(dice)
        self.damage(dice)
        self.mount.start(IMPATIENT)

    def restart(self, dice):
        self.mend(dice)
        self.mount.stop()
        self.damage(dice)
        self.mount.start(IMPATIENT)

    def pause(self, dice):
        self.mount.process.send_signal(signal.SIGSTOP)
        time.sleep(dice.uniform(0.1, 1.5))
        self.mount.process.send_signal(signal.SIGCONT)

    # To the files of a cache that nobody has open.
    def damage(self, dice):
        files = sorted(path for path in (self.mount.work / "cache").rglob("*") if path.is_file())
        for path in dice.sample(files, min(len(files), dice.choice([0, 1, 3]))):
            how, size = dice.choice(["flip", "cut", "remove"]), path.stat().st_size
            if how == "remove":
                path.unlink()
            elif how == "cut":
                os.truncate(path, dice.randrange(size + 1))
            elif size > 0:
                with open(path, "r+b") as file:
                    for _ in range(dice.randrange(1, 20)):
                        at = dice.randrange(size)
                        file.seek(at)
                        byte = file.read(1)[0]
                        file.seek(at)
                        file.write(bytes([byte ^ 1 << dice.randrange(8)]))

    def run(self, seconds):
        # The first mount makes the catalog. Those that follow have it already,
        # and ask their server for files alone.
        self.mount.start(PATIENT)
        self.mount.stop()
        self.mount.start(IMPATIENT)
        threads = [threading.Thread(target=self.guarded, args=(self.read, number))
                   for number in range(READERS)]
        threads.append(threading.Thread(target=self.guarded, args=(self.disturb, seconds)))
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(seconds + 2 * PATIENCE_S)
            if thread.is_alive():
                raise Wrong("a read or an unmount hangs")
        if self.failure:
            raise self.failure
        self.mount.stop()
        self.mount.start(PATIENT)
        for path, right in self.truth.items():
            if (self.mount.root / path).read_bytes() != right:
                raise Wrong(f"{path}: wrong bytes in the end")
        self.mount.stop()
        if "Sanitizer" in self.mount.log():
            raise Wrong(self.mount.log()[-8000:])


def composed(bucket):
    must_run("/usr/bin/python3", HERE.parent / "support" / "compose_demo.py",
             "--large-bytes", "5000000", bucket)
    releases = sorted(path.name for path in (bucket / "releases").iterdir())
    truth = {}

    def collect(value):
        if isinstance(value, dict) and "relative_path" in value and "size" in value:
            truth[value["relative_path"]] = (bucket / value["relative_path"]).read_bytes()
        elif isinstance(value, dict):
            for member in value.values():
                collect(member)

    for release in releases:
        collect(json.loads((bucket / "releases" / release / "manifest.json").read_text()))
    return releases, {path: right for path, right in truth.items() if right}


def main():
    parser = argparse.ArgumentParser(prog="soak.py")
    parser.add_argument("omicsfs", type=pathlib.Path)
    parser.add_argument("origin", type=pathlib.Path)
    parser.add_argument("faulty_disk", type=pathlib.Path)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    options = parser.parse_args()
    if not os.access("/dev/fuse", os.R_OK | os.W_OK):
        print("skipped: /dev/fuse is missing")
        return 77
    print(f"soak: seed {options.seed}", flush=True)
    with tempfile.TemporaryDirectory(prefix="omicsfs-soak-") as name:
        work = pathlib.Path(name)
        releases, truth = composed(work / "bucket")
        with origin(options.origin.absolute(), work / "bucket") as url:
            mount = Mount(options.omicsfs.absolute(), work, url, releases)
            disk = Disk(options.faulty_disk.absolute(), work)
            soak = Soak(options.seed, mount, disk, url, truth)
            try:
                soak.run(options.seconds)
            except Wrong as wrong:
                print(f"soak: seed {options.seed}: {wrong}", file=sys.stderr)
                return 1
            finally:
                if mount.process and mount.process.poll() is None:
                    mount.kill()
                subprocess.run(["umount", "-l", str(mount.root)], check=False,
                               stderr=subprocess.DEVNULL)
                disk.stop()
    print(f"soak: seed {options.seed}: {soak.reads} reads right, {soak.errors} failed as they may, "
          f"{soak.events} events")
    return 0


if __name__ == "__main__":
    sys.exit(main())
