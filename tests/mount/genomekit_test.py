#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""GenomeKit's data as its programs read them: mapped into memory, by name.

usage: genomekit_test.py OMICSFS ORIGIN SHARED_GENOMEKIT_DATA

Composes a small bucket of its shape, serves it by nginx, by the project's own
origin and by servers of its own, and mounts it. Where they are, the real files
of SHARED_GENOMEKIT_DATA/mini1 are read as well; without them, and without
python3-py2bit, the tests that need them skip.
"""

import contextlib
import errno
import functools
import hashlib
import http.server
import json
import mmap
import os
import pathlib
import random
import re
import socket
import subprocess
import sys
import tempfile
import threading
import types
import unittest
import unittest.mock
import urllib.parse
from xml.sax.saxutils import escape

from harness import (HERE, OMICSFS, ORIGIN, TIMEOUT_S, free_port, main, md5_of, mounted_words,
                     nginx, output_of, process, run, wait_until)

sys.path.append(str(HERE.parent / "support"))
# pylint: disable=wrong-import-position
import compose_genomekit  # noqa: E402

try:
    import py2bit
except ImportError:
    py2bit = None

MINI = pathlib.Path(sys.argv[3]) / "mini1" if len(sys.argv) > 3 else pathlib.Path("/nonexistent")
OURS = {"README.txt", "by-annotation", "by-assembly"}
# Each maps the files that it is told, in an order of its own, and says which
# bytes they have.
MAPPED_MD5 = """
import hashlib, mmap, random, sys
paths = sys.argv[2:]
random.Random(sys.argv[1]).shuffle(paths)
for path in paths:
    with open(path, "rb") as file:
        with mmap.mmap(file.fileno(), 0, mmap.MAP_SHARED, mmap.PROT_READ) as mapped:
            print(hashlib.md5(mapped).hexdigest(), path)
"""
# How many pages of a file that was just mapped are in memory, and how many not.
RESIDENT = """
import ctypes, mmap, os, sys
libc = ctypes.CDLL(None, use_errno=True)
libc.mmap.restype = ctypes.c_void_p
libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int,
                      ctypes.c_int, ctypes.c_long]
libc.mincore.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_void_p]
size = os.stat(sys.argv[1]).st_size
fd = os.open(sys.argv[1], os.O_RDONLY)
place = libc.mmap(None, size, mmap.PROT_READ, mmap.MAP_SHARED, fd, 0)
told = (ctypes.c_ubyte * -(-size // mmap.PAGESIZE))()
if libc.mincore(place, size, told) != 0:
    sys.exit(os.strerror(ctypes.get_errno()))
here = sum(page & 1 for page in told)
print(here, len(told) - here)
"""


def objects_page(names, directory, token=""):
    """A page of S3's ListObjectsV2; `token` where it goes on."""
    contents = "".join(
        f"<Contents><Key>{escape(name)}</Key><LastModified>2024-12-20T00:00:00.000Z"
        f"</LastModified><ETag>&quot;{hashlib.md5(name.encode()).hexdigest()}&quot;</ETag>"
        f"<Size>{(directory / name).stat().st_size}</Size></Contents>" for name in names)
    more = f"<NextContinuationToken>{token}</NextContinuationToken>" if token else ""
    return ('<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult '
            'xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
            f"<IsTruncated>{str(bool(token)).lower()}</IsTruncated>{more}{contents}"
            "</ListBucketResult>").encode()


class GenomeKit(unittest.TestCase):
    def setUp(self):
        self.stack = contextlib.ExitStack()
        self.addCleanup(self.stack.close)
        self.work = pathlib.Path(self.stack.enter_context(tempfile.TemporaryDirectory()))
        self.bucket = self.work / "bucket"
        self.environment = dict(os.environ, OMICSFS_CONFIG=str(self.work / "config.json"),
                                no_proxy="*")

    def configure(self, network=None, **source):
        (self.work / "config.json").write_text(json.dumps({
            "state_dir": str(self.work / "state"), "network": network or {},
            "cache": {"dir": str(self.work / "cache"), "limit": "1G", "keep_free": "1M"},
            "sources": {"genomekit": source}}))

    def mount(self):
        return self.stack.enter_context(
            mounted_words(["genomekit"], self.work / "mnt", self.environment))

    def serve(self):
        return self.stack.enter_context(nginx(self.bucket, self.work))

    def mount_composed(self):
        """The composed bucket by nginx, which the setting lists as names."""
        compose_genomekit.compose(self.bucket)
        self.configure(base_url=self.serve(), listing=str(self.names()))
        return self.mount()

    def names(self):
        path = self.work / "names.txt"
        path.write_text("".join(f"{path.name}\t{path.stat().st_size}\n"
                                for path in sorted(self.bucket.iterdir())))
        return path

    def requests(self):
        return len((self.work / "nginx-access.log").read_text().splitlines())

    def bytes_sent(self, name):
        """Bytes of bodies that nginx has sent of a file."""
        log = (self.work / "nginx-access.log").read_text()
        return sum(int(count) for count in re.findall(
            rf"GET /{re.escape(name)} [^\"]+\" 206 (\d+)", log))

    def assert_same_files(self, mount, bucket):
        """The mount's root has the bucket's files, the .hash ones, and ours."""
        files = {path.name for path in bucket.iterdir() if path.is_file()}
        shown = set(os.listdir(mount))
        self.assertEqual({name for name in shown - files - OURS if not name.endswith(".hash")},
                         set())
        self.assertEqual(files - shown, set())
        for name in files:
            self.assertEqual((mount / name).stat().st_size, (bucket / name).stat().st_size, name)
            self.assertEqual(md5_of(mount / name), md5_of(bucket / name), name)

    def assert_mapped_in_parallel(self, mount, names, readers=4):
        """Several processes map all files at once, and each finds its bytes."""
        paths = {str(mount / name): md5_of(self.bucket / name) for name in names}
        with contextlib.ExitStack() as stack:
            running = [stack.enter_context(subprocess.Popen(
                [sys.executable, "-c", MAPPED_MD5, str(seed), *paths], text=True,
                stdout=subprocess.PIPE)) for seed in range(readers)]
            for reader in running:
                told = reader.communicate(timeout=TIMEOUT_S)[0].splitlines()
                self.assertEqual(reader.returncode, 0)
                self.assertEqual({line[33:]: line[:32] for line in told}, paths)

    def assert_same_sequences(self, mount, names):
        """py2bit finds in the mounted files what it finds in the bucket's."""
        for name in names:
            with contextlib.closing(py2bit.open(str(mount / name), True)) as mounted, \
                    contextlib.closing(py2bit.open(str(self.bucket / name), True)) as local:
                self.assertEqual(mounted.chroms(), local.chroms())
                self.assertEqual(mounted.info(), local.info())
                for chromosome, length in local.chroms().items():
                    starts = random.Random(name).sample(range(length), min(20, length))
                    for start in starts:
                        end = min(start + 500, length)
                        self.assertEqual(mounted.sequence(chromosome, start, end),
                                         local.sequence(chromosome, start, end))
                    self.assertEqual(mounted.bases(chromosome), local.bases(chromosome))


def sizes_in(path):
    """As GenomeKit's Python reads chrom.sizes: exactly two fields a line."""
    pairs = [line.split() for line in path.read_text().splitlines()]
    return {name: int(length) for name, length in pairs}


class Mapped(GenomeKit):
    """What GenomeKit asks of a directory of data."""

    def test_all_files_are_mapped_by_several_processes_at_once(self):
        mount = self.mount_composed()
        self.assert_mapped_in_parallel(mount, sorted(p.name for p in self.bucket.iterdir()))
        for path in mount.glob("*.2bit"):
            self.assertEqual(path.read_bytes()[:8], bytes.fromhex("4327411a00000000"))
        for path in mount.glob("*.dganno"):
            self.assertEqual(path.read_bytes()[:4], b"\xba\xed\x16\x00")

    @unittest.skipUnless(py2bit, "python3-py2bit is absent")
    def test_py2bit_finds_the_sequences(self):
        mount = self.mount_composed()
        self.assert_same_sequences(mount, [f"{name}.2bit" for name in
                                           compose_genomekit.ASSEMBLIES])
        with contextlib.closing(py2bit.open(str(mount / "demo1.2bit"), True)) as mounted:
            for name, text in compose_genomekit.chromosomes(200_000, 0).items():
                self.assertEqual(mounted.sequence(name), text)
            self.assertEqual(sizes_in(mount / "demo1.chrom.sizes"), mounted.chroms())

    def test_a_part_of_a_large_file_costs_a_part_of_it(self):
        compose_genomekit.compose(self.bucket, 1_000)
        for name in ("gencode.vD3.v22.dganno", "gencode.vD4.v22.dganno"):
            (self.bucket / name).write_bytes(random.Random(name).randbytes(32_000_000))
        self.configure(base_url=self.serve(), listing=str(self.names()))
        mount = self.mount()
        # Around a page the kernel reads as much as it would read ahead, unless
        # it is told not to.
        for name, advice, most in (("gencode.vD3.v22.dganno", mmap.MADV_NORMAL, 12_000_000),
                                   ("gencode.vD4.v22.dganno", mmap.MADV_RANDOM, 256 << 10)):
            with open(mount / name, "rb") as file, mmap.mmap(
                    file.fileno(), 0, mmap.MAP_SHARED, mmap.PROT_READ) as mapped:
                mapped.madvise(advice)
                self.assertEqual(mapped[16_000_000:16_000_100],
                                 (self.bucket / name).read_bytes()[16_000_000:16_000_100])
            sent = self.bytes_sent(name)
            self.assertLessEqual(sent, most)
            self.assertGreater(sent, 0)

    def test_absent_names_are_told_at_once_and_nothing_can_be_made(self):
        mount = self.mount_composed()
        before = self.requests()
        for name in ("gencode.vD1.chrom.sizes", "hg38.2bit", "1.hash", "x.part", "README.TXT",
                     "by-annotation/none", "by-assembly/none/x"):
            with self.assertRaises(FileNotFoundError):
                os.stat(mount / name)
            self.assertFalse((mount / name).exists())
            with self.assertRaises(FileNotFoundError):
                open(mount / name, "rb")  # pylint: disable=consider-using-with
        self.assertEqual(self.requests(), before)
        os.makedirs(mount, exist_ok=True)
        with self.assertRaises(OSError) as refused:
            tempfile.NamedTemporaryFile(dir=mount, prefix="hg38.2bit", suffix=".part")
        self.assertEqual(refused.exception.errno, errno.EROFS)

    def test_a_second_process_finds_the_pages_of_the_first(self):
        path = self.mount_composed() / "gencode.vD1.v22.dganno"
        self.assertEqual(output_of(sys.executable, "-c", MAPPED_MD5, "1", str(path))[:32],
                         md5_of(self.bucket / path.name))
        before = self.requests()
        here, elsewhere = output_of(sys.executable, "-c", RESIDENT, str(path)).split()
        self.assertEqual((int(here), int(elsewhere)),
                         (-(-path.stat().st_size // mmap.PAGESIZE), 0))
        self.assertEqual(self.requests(), before)

    def test_a_file_that_is_open_is_read_by_another_process_too(self):
        path = self.mount_composed() / "demo1.2bit"
        whole = (self.bucket / path.name).read_bytes()
        with open(path, "rb") as file:
            # The child shares the descriptor's offset, but maps for itself.
            child = ("import mmap, os, sys\nfd = int(sys.argv[1])\n"
                     "mapped = mmap.mmap(fd, 0, mmap.MAP_SHARED, mmap.PROT_READ)\n"
                     "sys.stdout.buffer.write(os.read(fd, 10) + mapped[:])")
            told = run(sys.executable, "-c", child, str(file.fileno()), stdout=subprocess.PIPE,
                       pass_fds=[file.fileno()]).stdout
            self.assertEqual(told, whole[:10] + whole)
            self.assertEqual(os.read(file.fileno(), 10), whole[10:20])

    def test_what_belongs_to_an_annotation_is_below_it(self):
        mount = self.mount_composed()
        for annotation, assembly in compose_genomekit.ANNOTATIONS.items():
            linked = {path.name for path in (mount / "by-annotation" / annotation).iterdir()}
            own = {f"{annotation}.cfg", f"{annotation}.v22.dganno", f"appris.{annotation}.v7.pkl"}
            whole = {path.name for path in (mount / "by-assembly" / assembly).iterdir()}
            whole -= {"annotations"}
            self.assertEqual(len(whole), 4)
            self.assertEqual(linked, own | whole)
            for path in (mount / "by-annotation" / annotation).iterdir():
                self.assertTrue(os.path.samefile(path, mount / path.name))
            listed = os.listdir(mount / "by-assembly" / assembly / "annotations")
            self.assertEqual(listed, [annotation])
            [number] = [name for name in whole if name.endswith(".hash")]
            self.assertEqual((mount / number).read_text(), assembly)
            self.assertEqual(int(number[:-5]), functools.reduce(
                lambda hash, byte: (hash ^ byte) * 0x100000001B3 % 2**64,
                assembly.encode(), 0xCBF29CE484222325))
            self.assertEqual(os.getxattr(mount / f"{annotation}.v22.dganno",
                                         "user.genomekit.assembly"), assembly.encode())
        found = output_of(OMICSFS, "find", "genomekit", "assembly=demo1", "kind=dganno",
                          "--paths", env=self.environment)
        self.assertIn("gencode.vD1.v22.dganno", found)

    def test_the_program_of_the_readme_finds_all_files(self):
        """Under a stand-in for GenomeKit's package, which is not in Debian."""
        mount = self.mount_composed()
        program = "\n".join(line[2:] for line in re.search(
            r"\n  import os\n.*\n  gk.gk_data[^\n]*\n", (mount / "README.txt").read_text(),
            re.DOTALL).group().splitlines())
        kit, manager = types.ModuleType("genome_kit"), types.ModuleType("data_manager")

        class DataManager:
            def __init__(self, data_dir):
                self.data_dir = data_dir

        class NotThere(Exception):
            def __init__(self, filename, message):
                super().__init__(filename, message)

        kit.gk_data = types.SimpleNamespace(data_manager=None)
        manager.DataManager, manager.GKDataFileNotFoundError = DataManager, NotThere
        with unittest.mock.patch.dict(sys.modules, {"genome_kit": kit,
                                                    "genome_kit.data_manager": manager}), \
                unittest.mock.patch.dict(os.environ, GENOMEKIT_DATA_DIR=str(mount)):
            exec(program, {})  # pylint: disable=exec-used
        ours = kit.gk_data.data_manager
        self.assertEqual(ours.list_available_genomes(),
                         sorted([*compose_genomekit.ASSEMBLIES, *compose_genomekit.ANNOTATIONS]))
        expected = {}
        for annotation, assembly in compose_genomekit.ANNOTATIONS.items():
            expected.setdefault(assembly, []).append(annotation)
        # As GenomeKit calls it: without arguments, for a dict.
        self.assertEqual(ours.list_available_annotations_by_assembly(), expected)
        self.assertEqual(ours.get_file("demo1.2bit"), str(mount / "demo1.2bit"))
        with self.assertRaises(NotThere):
            ours.get_file("gencode.vD1.chrom.sizes")


class FirstBlocks(http.server.BaseHTTPRequestHandler):
    """Until all is well, a server that hangs up after a file's first 64 KiB."""

    protocol_version = "HTTP/1.1"

    def __init__(self, state, *words):
        self.state = state
        super().__init__(*words)

    def log_message(self, *_):  # pylint: disable=arguments-differ
        pass

    def do_GET(self):  # pylint: disable=invalid-name
        whole = (self.state.bucket / urllib.parse.unquote(self.path[1:])).read_bytes()
        asked = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range", ""))
        begin = int(asked[1]) if asked else 0
        end = min(int(asked[2]), len(whole) - 1) if asked else len(whole) - 1
        self.send_response(206 if asked else 200)
        if asked:
            self.send_header("Content-Range", f"bytes {begin}-{end}/{len(whole)}")
        self.send_header("Content-Length", str(end + 1 - begin))
        self.end_headers()
        most = len(whole) if self.state.well.is_set() else 64 << 10
        self.wfile.write(whole[begin:min(end + 1, most)])
        if end >= most:
            self.close_connection = True
            self.state.failed.release()


class Outage(GenomeKit):
    """The server goes away under a file that is mapped."""

    def setUp(self):
        super().setUp()
        compose_genomekit.compose(self.bucket)
        self.port = free_port()
        self.server = contextlib.ExitStack()
        self.addCleanup(self.server.close)

    def start(self):
        return self.server.enter_context(nginx(self.bucket, self.work, port=self.port))

    @contextlib.contextmanager
    def hanging_up(self):
        """In the server's place one that hangs up; tells how often it did."""
        calls = threading.Semaphore(0)
        with socket.create_server(("127.0.0.1", self.port)) as place:
            def hang_up():
                with contextlib.suppress(OSError):
                    while True:
                        place.accept()[0].close()
                        calls.release()
            thread = threading.Thread(target=hang_up)
            thread.start()
            try:
                yield calls
            finally:
                place.shutdown(socket.SHUT_RDWR)
                thread.join()

    def test_a_mapped_file_outlives_it(self):
        self.configure({"retries": 0}, base_url=self.start(), listing=str(self.names()))
        mount = self.mount()
        self.server.close()
        with self.hanging_up() as calls:
            readers = [subprocess.Popen(
                [sys.executable, "-c", MAPPED_MD5, "1", str(mount / name)], text=True,
                stdout=subprocess.PIPE) for name in ("demo1.2bit", "gencode.vD1.v22.dganno")]
            for _ in range(8):
                self.assertTrue(calls.acquire(timeout=TIMEOUT_S))
            self.assertEqual([reader.poll() for reader in readers], [None, None])
        self.start()
        for reader in readers:
            told = reader.communicate(timeout=TIMEOUT_S)[0]
            self.assertEqual(reader.returncode, 0, "killed by SIGBUS")
            digest, path = told.split()
            self.assertEqual(digest, md5_of(self.bucket / os.path.basename(path)))

    def test_a_file_that_is_not_mapped_outlives_it_whole(self):
        # A reader that takes an error for the end of the file would have the
        # first block only.
        path = self.bucket / "demo1.chromAlias.txt"
        path.write_text("".join(f"chr{number}\talias{number}\n" for number in range(40_000)))
        state = types.SimpleNamespace(bucket=self.bucket, well=threading.Event(),
                                      failed=threading.Semaphore(0))
        with serving(functools.partial(FirstBlocks, state)) as url:
            self.configure({"retries": 0, "timeout_s": 600}, base_url=url,
                           listing=str(self.names()))
            mount = self.mount()
            reader = subprocess.Popen(["cat", str(mount / path.name)], stdout=subprocess.PIPE)
            # More failures than a reader outlives whose reads are not tried again.
            for _ in range(12):
                self.assertTrue(state.failed.acquire(timeout=TIMEOUT_S))
            self.assertIsNone(reader.poll())
            state.well.set()
            self.assertEqual(reader.communicate(timeout=TIMEOUT_S)[0], path.read_bytes())

    def test_an_open_fails_where_the_first_block_cannot_be_had(self):
        self.configure({"retries": 0, "timeout_s": 2}, base_url=self.start(),
                       listing=str(self.names()))
        mount = self.mount()
        self.server.close()
        with self.hanging_up(), self.assertRaises(OSError) as failed:
            os.open(mount / "demo1.chrom.sizes", os.O_RDONLY)
        self.assertEqual(failed.exception.errno, errno.EIO)

    def test_nobody_waits_for_opens_that_wait(self):
        more = [f"demo{number}.chrom.sizes" for number in range(10, 90)]
        for name in more:
            (self.bucket / name).write_text("chr1\t1\n" * 1000)
        self.configure({"retries": 0, "timeout_s": 600}, base_url=self.start(),
                       listing=str(self.names()))
        mount = self.mount()
        cached = mount / "demo1.chrom.sizes"
        whole = cached.read_bytes()
        wait_until(lambda: int(os.getxattr(cached, "user.omicsfs.cached_bytes")) == len(whole),
                   "the kept file")
        self.server.close()
        with self.hanging_up() as calls:
            waiting = [subprocess.Popen(["cat", str(mount / name)], stderr=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL) for name in more]
            try:
                self.assertTrue(calls.acquire(timeout=TIMEOUT_S))
                self.assertEqual(cached.read_bytes(), whole)
                for name in more:
                    self.assertEqual((mount / name).stat().st_size, 7000)
                self.assertEqual({one.poll() for one in waiting}, {None})
            finally:
                for one in waiting:
                    one.kill()
                for one in waiting:
                    one.wait(TIMEOUT_S)

    def test_patience_is_a_setting(self):
        self.configure({"retries": 0, "timeout_s": 600}, base_url=self.start(),
                       listing=str(self.names()), patient=False)
        mount = self.mount()
        self.server.close()
        with self.hanging_up(), open(mount / "demo1.chrom.sizes", "rb") as file:
            with self.assertRaises(OSError) as failed:
                file.read()
        self.assertEqual(failed.exception.errno, errno.EIO)

    def test_a_read_of_it_ends_at_the_deadline(self):
        self.configure({"retries": 0, "timeout_s": 3}, base_url=self.start(),
                       listing=str(self.names()))
        mount = self.mount()
        self.server.close()
        with self.hanging_up(), self.assertRaises(OSError) as failed:
            (mount / "demo1.2bit").read_bytes()
        self.assertEqual(failed.exception.errno, errno.EIO)

    def test_a_read_of_it_ends_when_it_is_interrupted(self):
        self.configure({"retries": 0, "timeout_s": 3600}, base_url=self.start(),
                       listing=str(self.names()))
        mount = self.mount()
        self.server.close()
        with self.hanging_up() as calls:
            reader = subprocess.Popen(["cat", str(mount / "demo2.p1.2bit")],
                                      stderr=subprocess.DEVNULL)
            self.assertTrue(calls.acquire(timeout=TIMEOUT_S))
            reader.terminate()
            self.assertNotEqual(reader.wait(TIMEOUT_S), 0)


class Regional(http.server.BaseHTTPRequestHandler):
    """A proxy that stands for S3: the bucket is in a region, which is told."""

    protocol_version = "HTTP/1.1"
    bucket = None  # a directory
    asked = None   # the names of the hosts that were
    home = "genomekit-data-public.s3.eu-central-1.amazonaws.com"

    def log_message(self, *_):  # pylint: disable=arguments-differ
        pass

    def answer(self, status, body, **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):  # pylint: disable=invalid-name
        url = urllib.parse.urlsplit(self.path)
        self.asked.append(url.hostname)
        if url.hostname != self.home:
            self.answer(301, b"<Error><Code>PermanentRedirect</Code></Error>",
                        x_amz_bucket_region="eu-central-1")
        elif "list-type=2" in url.query:
            names = sorted(path.name for path in self.bucket.iterdir())
            first = "continuation-token" not in url.query
            self.answer(200, objects_page(names[:5] if first else names[5:], self.bucket,
                                          "more" if first else ""))
        else:
            whole = (self.bucket / urllib.parse.unquote(url.path[1:])).read_bytes()
            asked = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range", ""))
            if asked is None:
                self.answer(200, whole)
                return
            begin, end = (int(place) for place in asked.groups())
            piece = whole[begin:end + 1]
            self.answer(206, piece,
                        Content_Range=f"bytes {begin}-{begin + len(piece) - 1}/{len(whole)}")


class Listings(GenomeKit):
    """Whatever lists the files, the same ones are there."""

    def setUp(self):
        super().setUp()
        compose_genomekit.compose(self.bucket, 5_000)
        # What a listing has to encode, and what nginx shows cut off.
        (self.bucket / "a b&c;d'e=<é>%41.txt").write_text("odd")
        (self.bucket / ("long." * 20 + "txt")).write_text("long")

    def test_the_bucket_itself(self):
        server = self.stack.enter_context(process(
            ORIGIN, "--root", self.bucket, "--page-size", "4", stdout=subprocess.PIPE, text=True))
        url = self.stack.enter_context(server.stdout).readline().strip()
        self.configure(base_url=url)
        self.assert_same_files(self.mount(), self.bucket)

    def test_an_index_of_nginx(self):
        (self.bucket / "folder").mkdir()
        url = self.serve()
        self.configure(listing=url)
        self.assert_same_files(self.mount(), self.bucket)

    def test_an_index_of_python(self):
        handler = functools.partial(QuietFiles, directory=str(self.bucket))
        with serving(handler) as listing:
            self.configure(base_url=self.serve(), listing=listing)
            self.assert_same_files(self.mount(), self.bucket)

    def test_a_page_of_objects(self):
        page = self.work / "objects.xml"
        page.write_bytes(objects_page(sorted(os.listdir(self.bucket)), self.bucket))
        self.configure(base_url=self.serve(), listing=str(page))
        mount = self.mount()
        self.assert_same_files(mount, self.bucket)
        self.assertEqual((mount / "demo1.2bit").stat().st_mtime, 1734652800)

    def test_names_with_and_without_sizes_and_urls(self):
        url = self.serve()
        lines = ["# what there is"]
        for number, name in enumerate(sorted(os.listdir(self.bucket))):
            fields = [name]
            if number % 2:
                fields.append(url + urllib.parse.quote(name))
            if number % 3:
                fields.append(str((self.bucket / name).stat().st_size))
            lines.append("\t".join([*fields, ""]))
        (self.work / "names.txt").write_text("\n".join(lines))
        self.configure(base_url=url, listing=str(self.work / "names.txt"))
        self.assert_same_files(self.mount(), self.bucket)

    def test_a_bucket_in_another_region(self):
        asked = []
        handler = type("Handler", (Regional,), {"bucket": self.bucket, "asked": asked})
        with serving(handler) as proxy:
            self.environment.pop("no_proxy")
            self.environment["http_proxy"] = proxy
            self.configure(base_url="http://genomekit-data-public.s3.amazonaws.com/")
            self.assert_same_files(self.mount(), self.bucket)
            self.stack.close()
        self.assertIn("genomekit-data-public.s3.amazonaws.com", asked)
        self.assertIn(Regional.home, asked)

    def test_what_is_no_listing_is_refused_with_a_clear_error(self):
        for text, told in (("a b c d\n", "line 1"), ("../x\n", "../x"), ("<html>none", "no links")):
            (self.work / "names.txt").write_text(text)
            self.configure(base_url="http://127.0.0.1:1/", listing=str(self.work / "names.txt"))
            done = subprocess.run([OMICSFS, "refresh", "genomekit"], env=self.environment,
                                  text=True, stderr=subprocess.PIPE, check=False)
            self.assertEqual(done.returncode, 1)
            self.assertIn(told, done.stderr)
            self.assertIn("names.txt", done.stderr)


class QuietFiles(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):  # pylint: disable=arguments-differ
        pass


@contextlib.contextmanager
def serving(handler):
    """A server of `handler`, by threads; gives its url."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/"
        finally:
            server.shutdown()
            thread.join()


@unittest.skipUnless(MINI.exists(), "shared data absent")
class RealFiles(GenomeKit):
    """GenomeKit's own small files."""

    def setUp(self):
        super().setUp()
        self.bucket = MINI
        self.configure(listing=self.serve())
        self.root = self.mount()
        self.files = sorted(path.name for path in MINI.iterdir() if path.is_file())

    def test_all_are_mapped_by_several_processes_at_once(self):
        self.assertEqual(len(self.files), 50)
        self.assert_mapped_in_parallel(self.root, self.files)
        self.assert_same_files(self.root, MINI)

    @unittest.skipUnless(py2bit, "python3-py2bit is absent")
    def test_py2bit_finds_the_sequences(self):
        names = [name for name in self.files if name.endswith(".2bit")]
        self.assertEqual(len(names), 8)
        self.assert_same_sequences(self.root, names)
        with contextlib.closing(py2bit.open(str(self.root / "hg19.mini.2bit"))) as mounted:
            self.assertEqual(mounted.chroms(), {"chr1": 50196, "chr16": 744445, "chr2": 10500})

    def test_sizes_are_read_as_from_the_bucket(self):
        names = [name for name in self.files if name.endswith(".chrom.sizes")]
        self.assertGreater(len(names), 8)
        for name in names:
            self.assertEqual(sizes_in(self.root / name), sizes_in(MINI / name), name)

    def test_annotations_stand_with_their_assemblies(self):
        linked = {path.name for path in (self.root / "by-annotation/gencode.v29.mini").iterdir()}
        self.assertEqual({name for name in linked if not name.endswith(".hash")}, {
            "appris.gencode.v29.mini.v7.pkl", "gencode.v29.mini.cfg",
            "gencode.v29.mini.v22.dganno", "hg38.p12.mini.2bit", "hg38.p12.mini.chrom.sizes",
            "hg38.p12.mini.chromAlias.txt"})
        for path in (MINI.parent / "hash_files").iterdir():
            if (self.root / path.name).exists():
                self.assertEqual((self.root / path.name).read_text(), path.read_text().strip())


if __name__ == "__main__":
    sys.exit(main())
