# SPDX-License-Identifier: MIT
"""One zip archive on a server, and who reads it without unpacking it."""

import contextlib
import hashlib
import http.client
import io
import json
import os
import pathlib
import random
import statistics
import subprocess
import time
import urllib.parse
import zipfile

from bench import child, contestants, table
from bench.ground import WrongBytes, drop_page_cache

MATRIX = "GSE1/GSE1.tsv"
LAST = "zzz/last.txt"
LAST_TEXT = b"the last member\n"
SMALL_MEMBERS = 2000
BLOCK = 65536
LIMIT_S = 10
ROWS = [
    ("list", "list all members, s"),
    ("last", "first byte of the last member, ms"),
    ("last fetched", "– KiB fetched until then"),
    ("whole", "the matrix from start to end, cold, MB/s"),
    ("whole fetched", "– bytes fetched a byte of the zip"),
    ("random", "then 64 KiB at random, reads/s"),
    ("memory", "– most memory that the mount held, MiB"),
]


class Truth:
    """The archive, and how to tell right bytes from wrong ones."""

    def __init__(self, root, mebibytes):
        self.path, self.size = root / "archive.zip", mebibytes << 20
        # Deflate sees 32 KiB back: what repeats after 8 MiB is new to it.
        self.pattern = self._table(8 << 20)
        with zipfile.ZipFile(self.path, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as target:
            for index in range(SMALL_MEMBERS):
                target.writestr(self._member(f"SRP{index // 50}/SRR{index}_quant.sf"),
                                f"Name\n{index}\n")
            with target.open(self._member(MATRIX), "w", force_zip64=True) as matrix:
                for _ in range(self.size // len(self.pattern)):
                    matrix.write(self.pattern)
            target.writestr(self._member(LAST), LAST_TEXT)

    @staticmethod
    def _member(name):
        """A plain file: what fuse-zip shows without a type, Linux refuses to open."""
        member = zipfile.ZipInfo(name)
        member.compress_type, member.external_attr = zipfile.ZIP_DEFLATED, 0o100644 << 16
        return member

    @staticmethod
    def _table(size):
        numbers = random.Random(1)
        out = io.StringIO()
        while out.tell() < size:
            out.write("ENSG%011d\t" % numbers.randrange(10**9) + "\t".join(
                "0.0" if numbers.random() < 0.8 else "%.4f" % numbers.random()
                for _ in range(88)) + "\n")
        return out.getvalue().encode()[:size]

    def expect(self, offset, found):
        start = offset % len(self.pattern)
        wanted = (self.pattern + self.pattern)[start:start + len(found)]
        if not found or found != wanted:
            raise WrongBytes(f"{MATRIX} at {offset}")


class Mounted:
    """Members as files below a directory."""

    def __init__(self, root, daemon):
        self.root, self.daemon = root, daemon

    def list_all(self):
        return sum(len(names) for _, _, names in os.walk(self.root))

    def read(self, name, offset, length):
        with open(self.root / name, "rb", buffering=0) as file:
            return os.pread(file.fileno(), length, offset)

    @contextlib.contextmanager
    def stream(self, name):
        with open(self.root / name, "rb", buffering=0) as file:
            yield file


@contextlib.contextmanager
def mounted(words, root, log, environment=None):
    root.mkdir()
    daemon = child.Daemon(words, log, environment)
    try:
        child.wait_for(lambda: contestants.is_mounted(root) or daemon.has_ended(),
                       f"the mount of {words[0]}")
        yield Mounted(root, daemon)
    finally:
        with contextlib.suppress(child.TookTooLong):
            if child.run(["umount", root], patience_s=20).returncode != 0:
                child.run(["umount", "-l", root], patience_s=10)
        daemon.stop()


class Omicsfs:
    name = table.OURS

    def __init__(self, program):
        self.program = program

    @contextlib.contextmanager
    def opened(self, url, place):
        config = place / "config.json"
        config.write_text(json.dumps({"state_dir": str(place / "state"), "cache": {
            "dir": str(place / "cache"), "limit": "50G", "keep_free": "100M"}}))
        words = [self.program, "--config", config, "mount", "-f", url, place / "mnt"]
        with mounted(words, place / "mnt", place / "log") as mount:
            yield mount


class FuseZipOverRclone:
    name = "fuse-zip over rclone"

    @contextlib.contextmanager
    def opened(self, url, place):
        server, name = url.rsplit("/", 1)
        rclone = ["rclone", "--config", "/dev/null", "mount", ":http:", place / "far",
                  "--http-url", server, "--cache-dir", place / "cache", "--read-only",
                  "--vfs-cache-mode", "full"]
        with mounted(rclone, place / "far", place / "rclone.log") as far:
            words = ["fuse-zip", "-f", "-r", far.root / name, place / "mnt"]
            with mounted(words, place / "mnt", place / "log") as mount:
                yield mount


class RangeFile(io.RawIOBase):
    """A file on a web server, read by ranges over one connection."""

    def __init__(self, url):
        super().__init__()
        parts = urllib.parse.urlsplit(url)
        self.path, self.position = parts.path, 0
        self.connection = http.client.HTTPConnection(parts.netloc)
        self.connection.request("HEAD", self.path)
        answer = self.connection.getresponse()
        answer.read()
        self.size = int(answer.headers["Content-Length"])

    def seekable(self):
        return True

    def readable(self):
        return True

    def seek(self, offset, whence=os.SEEK_SET):
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self.position, os.SEEK_END: self.size}[whence]
        self.position = base + offset
        return self.position

    def readinto(self, buffer):
        end = min(self.position + len(buffer), self.size)
        if self.position >= end:
            return 0
        self.connection.request("GET", self.path,
                                headers={"Range": f"bytes={self.position}-{end - 1}"})
        data = self.connection.getresponse().read()
        buffer[:len(data)] = data
        self.position += len(data)
        return len(data)


class ZipfileArchive:
    def __init__(self, archive):
        self.archive = archive

    def list_all(self):
        return sum(not info.is_dir() for info in self.archive.infolist())

    def read(self, name, offset, length):
        with self.archive.open(name) as member:
            member.seek(offset)
            return member.read(length)

    def stream(self, name):
        return self.archive.open(name)


class ZipfileOverRanges:
    name = "Python's zipfile over ranges"

    @contextlib.contextmanager
    def opened(self, url, place):
        with io.BufferedReader(RangeFile(url), 1 << 20) as file, zipfile.ZipFile(file) as archive:
            yield ZipfileArchive(archive)


class Unzipped:
    """`unzip -p` of a copy on the disk: each read begins at the member's start."""

    def __init__(self, path):
        self.path = path

    def list_all(self):
        lines = child.must_run(["unzip", "-Z1", self.path]).splitlines()
        return sum(not line.endswith("/") for line in lines)

    def read(self, name, offset, length):
        script = 'unzip -p "$0" "$1" | tail -c +"$2" | head -c "$3"'
        done = subprocess.run(["bash", "-c", script, str(self.path), name, str(offset + 1),
                               str(length)], stdout=subprocess.PIPE, check=False, timeout=120)
        return done.stdout

    @contextlib.contextmanager
    def stream(self, name):
        with subprocess.Popen(["unzip", "-p", str(self.path), name],
                              stdout=subprocess.PIPE) as process:
            yield process.stdout


class UnzipHere:
    name = "unzip -p, local copy"

    @contextlib.contextmanager
    def opened(self, url, place):
        yield Unzipped(self.path)

    def __init__(self, path):
        self.path = path


def read_whole(truth, archive):
    """MB/s of a pass; each piece is compared."""
    started, offset = time.perf_counter(), 0
    digest = hashlib.sha1()
    with archive.stream(MATRIX) as stream:
        while piece := stream.read(1 << 20):
            digest.update(piece[:64])
            if offset % (64 << 20) == 0:
                truth.expect(offset, piece)
            offset += len(piece)
    if offset != truth.size:
        raise WrongBytes(f"{MATRIX} has {offset} bytes")
    return offset / 1e6 / (time.perf_counter() - started)


def read_at_random(truth, archive):
    """Reads a second, 1000 of them or as many as fit."""
    places = random.Random(7)
    started, reads = time.perf_counter(), 0
    while reads < 1000 and time.perf_counter() - started < LIMIT_S:
        offset = places.randrange(truth.size - BLOCK)
        truth.expect(offset, archive.read(MATRIX, offset, BLOCK))
        reads += 1
    return reads / (time.perf_counter() - started)


def measure(ground, truth, contestant):
    """Pairs of row and figure."""
    url = ground.origin.url + truth.path.name
    drop_page_cache()
    before = ground.fetched()
    started = time.perf_counter()
    with ground.place() as place, contestant.opened(url, place) as archive:
        if archive.list_all() != SMALL_MEMBERS + 2:
            raise WrongBytes("the listing")
        yield "list", time.perf_counter() - started
    with ground.place() as place:
        drop_page_cache()
        before = ground.fetched()
        started = time.perf_counter()
        with contestant.opened(url, place) as archive:
            if archive.read(LAST, 0, 1) != LAST_TEXT[:1]:
                raise WrongBytes(LAST)
            yield "last", (time.perf_counter() - started) * 1000
            yield "last fetched", (ground.fetched() - before) / 1024
            before = ground.fetched()
            yield "whole", read_whole(truth, archive)
            yield "whole fetched", (ground.fetched() - before) / truth.path.stat().st_size
            drop_page_cache(place)
            yield "random", read_at_random(truth, archive)
            if isinstance(archive, Mounted):
                yield "memory", archive.daemon.peak_mib()


def figures_of(ground, truth, program, runs, say):
    everybody = [Omicsfs(program), FuseZipOverRclone(), ZipfileOverRanges(),
                 UnzipHere(truth.path)]
    seen = {}
    for _ in range(runs):
        for one in everybody:
            started = time.monotonic()
            try:
                for row, figure in measure(ground, truth, one):
                    seen.setdefault((row, one.name), []).append(figure)
            except (WrongBytes, OSError, child.TookTooLong, zipfile.BadZipFile) as failure:
                say(f"archives: {one.name}: {failure}")
            say(f"archives: {one.name}: {time.monotonic() - started:.1f} s")
    return [one.name for one in everybody], seen


def markdown(ground, program, runs, say):
    """The table of one archive; a cell that nobody measured is a dash."""
    truth = Truth(pathlib.Path(ground.bucket.root), 2 * ground.scale.big_mib)
    names, seen = figures_of(ground, truth, program, runs, say)
    title = f"{(2 * ground.scale.big_mib) / 1024:g} GiB of table in a zip of " \
            f"{truth.path.stat().st_size >> 20} MiB"
    lines = [f"| {title} | " + " | ".join(names) + " |", "|---" * (len(names) + 1) + "|"]
    for key, label in ROWS:
        ours = seen.get((key, table.OURS))
        cells = []
        for name in names:
            figures = seen.get((key, name))
            if not figures:
                cells.append("–")
                continue
            middle = statistics.median(figures)
            ratio = "" if name == table.OURS or not ours or not statistics.median(ours) else \
                f" ({table.short(middle / statistics.median(ours))})"
            cells.append(table.short(middle) + ratio)
        lines.append(f"| {label} | " + " | ".join(cells) + " |")
    return "\n".join(lines)
