#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Zip archives on a mount: each member must read as unzip unpacks it.

usage: archives_test.py OMICSFS ORIGIN [REFINEBIO]

Composes archives with Python's zipfile, serves them by nginx, mounts them alone
and as refine-bio, and reads them with unzip, cmp, pandas and zipfile. REFINEBIO
is a directory with a real download, SRP164913.zip; without it, its test skips.
"""

import contextlib
import errno
import hashlib
import io
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.request
import zipfile

from harness import (OMICSFS, TIMEOUT_S, main, mounted_words, nginx, output_of, own_origin, run,
                     wait_until)

REAL = pathlib.Path(sys.argv[3]) / "SRP164913.zip" if len(sys.argv) > 3 else None


def table(lines, columns, seed=1):
    """Tab-separated numbers, as a matrix of refine.bio's: a header, then genes."""
    numbers = random.Random(seed)
    text = io.StringIO()
    text.write("Gene\t" + "\t".join(f"SRR{i}" for i in range(columns)) + "\n")
    for line in range(lines):
        text.write(f"ENSG{line:011}\t" + "\t".join(
            "0.0" if numbers.random() < 0.7 else repr(numbers.random()) for _ in range(columns))
            + "\n")
    return text.getvalue().encode()


def metadata(**facts):
    return json.dumps({"created_at": "2024-09-19T14:14:41", **facts}, indent=4, sort_keys=True)


def archive(path, members, compression=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(path, "w", compression) as target:
        for name, data in members.items():
            target.writestr(name, data)
    return path


class SparseFile(io.FileIO):
    """Large pieces of zeros take no space on the disk."""

    def write(self, data):
        data = bytes(data)
        if len(data) >= 4096 and data.count(0) == len(data):
            self.seek(len(data), os.SEEK_CUR)
            return len(data)
        return super().write(data)


class Mounts(unittest.TestCase):
    def setUp(self):
        self.stack = contextlib.ExitStack()
        self.addCleanup(self.stack.close)
        self.work = pathlib.Path(self.stack.enter_context(tempfile.TemporaryDirectory()))
        self.bucket = self.work / "bucket"
        self.bucket.mkdir()
        self.config = self.work / "config.json"
        self.environment = dict(os.environ, OMICSFS_CONFIG=str(self.config), no_proxy="*")
        self.configure()

    def configure(self, **sources):
        self.config.write_text(json.dumps({
            "state_dir": str(self.work / "state"),
            "cache": {"dir": str(self.work / "cache"), "limit": "2G", "keep_free": "1M"},
            "sources": sources}))

    def serve(self):
        return self.stack.enter_context(nginx(self.bucket, self.work))

    def mount(self, *words):
        return self.stack.enter_context(
            mounted_words(words, self.work / "mnt", self.environment))

    def sent(self):
        """Bytes of bodies that nginx has sent."""
        log = (self.work / "nginx-access.log").read_text().splitlines()
        return sum(int(line.split('"')[2].split()[1]) for line in log)

    def assert_unpacked(self, root, path):
        """Every member of the archive `path` is below `root`, and no more."""
        with zipfile.ZipFile(path) as truth:
            names = [name for name in truth.namelist() if not name.endswith("/")]
            for name in names:
                with self.subTest(name):
                    self.assertEqual(hashlib.md5((root / name).read_bytes()).digest(),
                                     hashlib.md5(truth.read(name)).digest())
                    self.assertEqual((root / name).stat().st_size, truth.getinfo(name).file_size)
        found = [p for p in root.rglob("*") if p.is_file()]
        self.assertEqual(len(found), len(names))


def reads_its_file(reader):
    """Whether a cat(1) has its file open, and waits in a call on it."""
    try:
        call = pathlib.Path(f"/proc/{reader.pid}/syscall").read_text().split()
        name = os.readlink(f"/proc/{reader.pid}/fd/3")
    except OSError:
        return False
    return name.endswith(".bin") and call[1:2] == ["0x3"]


class SilentServer(Mounts):
    MEMBERS = 400  # more than there are threads to unpack with

    def test_members_that_wait_for_it_hold_up_nothing_else(self):
        dice = random.Random(1)
        silent = {f"{index}.bin": dice.randbytes(70_000) for index in range(self.MEMBERS)}
        archive(self.bucket / "silent.zip", silent)
        well = {"cached.tsv": table(300, 30), "cold.tsv": table(3000, 30)}
        archive(self.bucket / "well.zip", well)
        settings = json.loads(self.config.read_text())
        settings["network"] = {"timeout_s": 3600, "first_byte_s": 3600, "stall_s": 3600}
        self.config.write_text(json.dumps(settings))
        url = self.stack.enter_context(own_origin(self.bucket, self.work))
        other = self.stack.enter_context(own_origin(self.bucket, self.work))
        root = self.mount(url + "silent.zip", other + "well.zip")
        self.assertEqual((root / "well.zip/cached.tsv").read_bytes(), well["cached.tsv"])
        self.control(url, "faults?what=stall-head&glob=*silent.zip")
        readers = [subprocess.Popen(["cat", str(root / "silent.zip" / name)],
                                    stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                   for name in silent]
        try:
            wait_until(lambda: all(reader.poll() is not None or reads_its_file(reader)
                                   for reader in readers), "that all wait")
            self.assertEqual(len(os.listdir(root / "silent.zip")), self.MEMBERS)
            run("stat", "-f", str(root), stdout=subprocess.DEVNULL)
            for name, bytes_there in well.items():
                # A process of its own: one that waits for ever can be ended.
                self.assertEqual(output_of("cat", str(root / "well.zip" / name)).encode(), bytes_there)
        finally:
            for reader in readers:
                reader.kill()
                reader.wait(TIMEOUT_S)
            self.control(url, "clear")
            self.control(url, "release")

    @staticmethod
    def control(url, words):
        urllib.request.urlopen(urllib.request.Request(url + ".control/" + words, method="POST"),
                               timeout=TIMEOUT_S).close()


class OneArchive(Mounts):
    """`omicsfs mount ARCHIVE MOUNTPOINT`."""

    def compose(self):
        big = table(3000, 40)
        return archive(self.bucket / "a.zip", {
            "README.md": "about\r\n", "GSE1/": "", "GSE1/GSE1.tsv": big,
            "GSE1/nested/deep/er/x.txt": "x", "empty.txt": "", "ünï.txt": "ü"})

    def test_over_http_each_member_is_as_unzip_unpacks_it(self):
        path = self.compose()
        root = self.mount(self.serve() + "a.zip")
        self.assert_unpacked(root, path)
        run("sh", "-c", 'unzip -p "$0" GSE1/GSE1.tsv | cmp - "$1"', str(path),
            str(root / "GSE1/GSE1.tsv"))

    def test_a_local_one_is_mounted_by_its_path(self):
        path = self.compose()
        self.assert_unpacked(self.mount(str(path)), path)

    def test_listing_costs_the_tail(self):
        archive(self.bucket / "t.zip",
                {"large.bin": random.Random(1).randbytes(4_000_000), "small.txt": "x"},
                zipfile.ZIP_STORED)
        root = self.mount(self.serve() + "t.zip")
        output_of("ls", "-lR", str(root))
        self.assertLess(self.sent(), 300_000)
        self.assertEqual((root / "small.txt").read_text(), "x")
        self.assertLess(self.sent(), 400_000)

    def test_what_cannot_be_unpacked_says_so(self):
        with zipfile.ZipFile(self.bucket / "b.zip", "w") as target:
            target.writestr("b.txt", b"b" * 1000, zipfile.ZIP_BZIP2)
            target.writestr("ok.txt", b"fine")
        root = self.mount(self.serve() + "b.zip")
        with self.assertRaises(OSError) as failure:
            (root / "b.txt").read_bytes()
        self.assertEqual(failure.exception.strerror, os.strerror(95))  # EOPNOTSUPP
        self.assertIn("12", os.getxattr(root / "b.txt", "user.omicsfs.unreadable").decode())
        self.assertEqual((root / "ok.txt").read_text(), "fine")

    def test_a_bomb_is_not_unpacked(self):
        archive(self.bucket / "bomb.zip", {"zeros": bytes(200 << 20), "ok.txt": "fine"})
        root = self.mount(self.serve() + "bomb.zip")
        with self.assertRaises(OSError):
            (root / "zeros").read_bytes()
        self.assertEqual((root / "ok.txt").read_text(), "fine")

    def test_hostile_names_stay_within(self):
        archive(self.bucket / "h.zip", {"../../etc/x": "1", "/abs": "2", "a\nb": "3"})
        root = self.mount(self.serve() + "h.zip")
        self.assertEqual((root / "%2E%2E/%2E%2E/etc/x").read_text(), "1")
        self.assertEqual((root / "abs").read_text(), "2")
        self.assertEqual((root / "a%0Ab").read_text(), "3")

    def test_backslashes_are_read_as_unzip_reads_them(self):
        path = self.bucket / "w.zip"
        with zipfile.ZipFile(path, "w") as target:
            for name in ("GSE1\\sub\\a.tsv", "GSE1\\b.tsv", "GSE1/c\\d.tsv"):
                member = zipfile.ZipInfo(name)
                member.create_system = 0
                target.writestr(member, name)
            member = zipfile.ZipInfo("unix\\e.tsv")
            member.create_system = 3
            target.writestr(member, member.filename)
        root = self.mount(self.serve() + "w.zip")
        unpacked = self.work / "unpacked"
        # unzip warns of the backslashes, and says so by its status 1.
        subprocess.run(["unzip", "-q", str(path), "-d", str(unpacked)], check=False,
                       capture_output=True, timeout=240)
        names = sorted(str(p.relative_to(unpacked)) for p in unpacked.rglob("*"))
        self.assertIn("GSE1/sub/a.tsv", names)
        self.assertEqual(sorted(str(p.relative_to(root)) for p in root.rglob("*")), names)
        self.assertEqual((root / "GSE1/sub/a.tsv").read_text(), "GSE1\\sub\\a.tsv")

    def test_links_lead_to_members_or_are_errors_that_say_why(self):
        links = {"d/link.txt": "../real.txt", "dir": "d", "out": "../../etc/passwd",
                 "absolute": "/etc/passwd", "itself": "itself", "gone": "nothing",
                 "through": "dir/link.txt", "through-out": "dir/../../x"}
        with zipfile.ZipFile(self.bucket / "l.zip", "w", zipfile.ZIP_DEFLATED) as target:
            target.writestr("real.txt", "real data")
            for name, leads_to in links.items():
                member = zipfile.ZipInfo(name)
                member.create_system = 3
                member.external_attr = 0o120777 << 16
                target.writestr(member, leads_to)
        root = self.mount(self.serve() + "l.zip")
        for name in ("d/link.txt", "through"):
            self.assertTrue((root / name).is_symlink())
            self.assertEqual((root / name).read_text(), "real data")
        self.assertEqual(os.listdir(root / "dir"), ["link.txt"])
        for name in ("out", "absolute", "itself", "gone", "through-out"):
            with self.assertRaises(OSError) as failure:
                (root / name).read_bytes()
            self.assertEqual(failure.exception.errno, errno.EOPNOTSUPP, name)
            why = os.getxattr(root / name, "user.omicsfs.unreadable").decode()
            self.assertIn("symbolic link", why)

    def test_what_programs_write_is_read_as_zipfile_reads_it(self):
        class Stream(io.RawIOBase):  # it cannot seek: sizes follow the data
            def __init__(self, path):
                super().__init__()
                self.file = open(path, "wb")  # pylint: disable=consider-using-with

            def writable(self):
                return True

            def write(self, data):
                return self.file.write(data)

            def close(self):
                self.file.close()
                super().close()

        for kind, compression in (("stored", zipfile.ZIP_STORED),
                                  ("deflated", zipfile.ZIP_DEFLATED)):
            path = self.bucket / f"{kind}.zip"
            with Stream(path) as stream, zipfile.ZipFile(stream, "w", compression) as target:
                target.writestr("no/entry/of/its/directory.txt", "x" * 100_000)
                target.writestr("./dotted.txt", "dotted")
                with target.open("small64.txt", "w", force_zip64=True) as member:
                    member.write(b"64" * 1000)
            with mounted_words([str(path)], self.work / kind, self.environment) as root:
                self.assertEqual((root / "no/entry/of/its/directory.txt").read_text(),
                                 "x" * 100_000)
                self.assertEqual((root / "dotted.txt").read_text(), "dotted")
                self.assertEqual((root / "small64.txt").read_bytes(), b"64" * 1000)

    def test_names_without_the_mark_of_utf8_are_of_code_page_437(self):
        path = self.bucket / "c.zip"
        archive(path, {"Gr_n.txt": "g", "again.txt": "first", "again.TXT": "other"})
        data = path.read_bytes().replace(b"Gr_n.txt", b"Gr\x81n.txt")
        path.write_bytes(data.replace(b"again.TXT", b"again.txt"))
        root = self.mount(str(path))
        self.assertEqual((root / "Grün.txt").read_text(), "g")
        self.assertEqual((root / "again.txt").read_text(), "other", "the last one stands")

    def test_a_name_with_a_comma_is_no_mount_option(self):
        path = archive(self.bucket / "a,allow_other b.zip", {"x.txt": "x"})
        root = self.mount(str(path))
        self.assertEqual((root / "x.txt").read_text(), "x")
        with open("/proc/mounts", encoding="utf-8") as mounts:
            [line] = [line for line in mounts if line.split()[1] == str(root)]
        self.assertNotIn("allow_other", line.split()[3].split(","))

    def test_one_that_is_none_is_refused_with_a_clear_error(self):
        (self.bucket / "no.zip").write_bytes(b"no archive at all" * 1000)
        for place in (self.serve() + "no.zip", str(self.bucket / "no.zip"),
                      str(self.bucket / "gone.zip")):
            done = subprocess.run([OMICSFS, "mount", place, str(self.work)], text=True,
                                  capture_output=True, env=self.environment, check=False)
            self.assertEqual(done.returncode, 1)
            self.assertRegex(done.stderr, "no.zip|gone.zip")

    def test_numpy_archives_are_mounted_too(self):
        import numpy
        values = numpy.arange(50_000.0).reshape(500, 100)
        numpy.savez(self.bucket / "n.npz", embs=values)
        root = self.mount(self.serve() + "n.npz")
        mapped = numpy.load(root / "embs.npy", mmap_mode="r")
        self.assertTrue((mapped[490] == values[490]).all())

    def test_zip64_of_more_than_4_gib(self):
        # Zeros, then a member whose header lies beyond 32 bits.
        path = self.bucket / "z64.zip"
        size = (4 << 30) + 5000
        with SparseFile(path, "wb") as file, zipfile.ZipFile(file, "w") as target:
            with target.open("hole.bin", "w", force_zip64=True) as hole:
                zeros = bytes(1 << 20)
                for _ in range(size >> 20):
                    hole.write(zeros)
                hole.write(bytes(size & ((1 << 20) - 1)))
            target.writestr("behind.txt", "behind it", zipfile.ZIP_DEFLATED)
        root = self.mount(str(path))
        self.assertEqual((root / "hole.bin").stat().st_size, size)
        self.assertEqual((root / "behind.txt").read_text(), "behind it")
        with open(root / "hole.bin", "rb") as hole:
            hole.seek(size - 10)
            self.assertEqual(hole.read(), bytes(10))


class Killed(Mounts):
    """The server of the mount dies by SIGKILL while a member is inflated."""

    def test_what_was_read_and_left_half_written_is_right_afterwards(self):
        matrix = table(20_000, 60)
        archive(self.bucket / "k.zip", {"m.tsv": matrix})
        url = self.serve() + "k.zip"
        mount = self.work / "mnt"
        mount.mkdir()
        for delay_s in (0.02, 0.05, 0.1, 0.2):
            with self.subTest(delay_s=delay_s):
                server = subprocess.Popen([OMICSFS, "mount", "-f", url, str(mount)],
                                          env=self.environment, stderr=subprocess.DEVNULL)
                wait_until(lambda: os.path.ismount(mount))
                reader = subprocess.Popen(["cat", str(mount / "m.tsv")],
                                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                time.sleep(delay_s)
                server.kill()
                server.wait()
                reader.wait(240)
                # The dead mount is unmounted by the process that waited for this.
                wait_until(lambda: str(mount) not in
                           pathlib.Path("/proc/self/mounts").read_text())
        mount.rmdir()
        root = self.mount(url)
        with open(root / "m.tsv", "rb") as file:
            for offset in random.Random(3).sample(range(len(matrix) - 5000), 50):
                file.seek(offset)
                self.assertEqual(file.read(5000), matrix[offset:offset + 5000])
        self.assertEqual((root / "m.tsv").read_bytes(), matrix)


class WithinASource(Mounts):
    """`<name>.d/` beside the archives that a source lists, and `-o members=`."""

    def serve_release(self):
        """A release of abc-atlas with two archives, of which one is none."""
        root = "metadata/DEMO/20250301"
        (self.bucket / root).mkdir(parents=True)
        archive(self.bucket / root / "tables.zip", {
            "a.csv": "x,y\r\n1,2\r\n", "deep/b.tsv": table(3000, 30), "inner.zip": "PK"})
        (self.bucket / root / "broken.zip").write_bytes(b"no archive at all")
        archive(self.bucket / root / "arrays.npz", {"arr_0.npy": b"12345" * 20_000},
                zipfile.ZIP_STORED)
        url = self.serve()
        listing = {}
        for path in sorted((self.bucket / root).iterdir()):
            listing.setdefault(path.stem, {"files": {}})["files"][path.suffix[1:]] = {
                "version": "20250301", "relative_path": f"{root}/{path.name}",
                "url": f"{url}{root}/{path.name}", "size": path.stat().st_size,
                "file_hash": hashlib.md5(path.read_bytes()).hexdigest()}
        release = self.bucket / "releases" / "20250301"
        release.mkdir(parents=True)
        (release / "manifest.json").write_text(json.dumps({
            "version": "20250301", "resource_uri": "s3://demo/",
            "directory_listing": {"DEMO": {"directories": {"metadata": {
                "version": "20250301", "relative_path": root, "url": f"{url}{root}/",
                "view_link": f"{url}index.html#{root}/", "total_size": 0}}}},
            "file_listing": {"DEMO": {"metadata": listing}}}))
        self.configure(**{"abc-atlas": {"base_url": url, "releases": ["20250301"]}})
        return self.bucket / root

    def refresh(self, *words):
        return subprocess.run([OMICSFS, "refresh", "abc-atlas", *words], env=self.environment,
                              stderr=subprocess.PIPE, text=True, check=True, timeout=240).stderr

    def test_archives_are_directories_beside_their_files(self):
        published = self.serve_release()
        told = self.refresh()
        self.assertIn("broken.zip", told)
        self.assertIn("is not shown as a directory", told)
        root = self.mount("abc-atlas") / "metadata/DEMO/20250301"
        self.assertEqual(sorted(os.listdir(root)), [
            "arrays.npz", "arrays.npz.d", "broken.zip", "tables.zip", "tables.zip.d"])
        for name in ("arrays.npz", "tables.zip"):
            self.assert_unpacked(root / f"{name}.d", published / name)
            self.assertEqual((root / name).read_bytes(), (published / name).read_bytes())
        self.assertTrue((root / "tables.zip.d/inner.zip").is_file())

    def test_which_ones_is_the_users_choice_of_the_mount(self):
        self.serve_release()
        root = self.mount("-o", "members=*.npz", "abc-atlas") / "metadata/DEMO/20250301"
        self.assertIn("arrays.npz.d", os.listdir(root))
        self.assertNotIn("tables.zip.d", os.listdir(root))
        run(OMICSFS, "umount", str(self.work / "mnt"), env=self.environment)
        # Another choice makes another catalog, the same one none.
        for choice, requests in (("none", True), ("none", False), ("*.zip", True)):
            before = len((self.work / "nginx-access.log").read_text().splitlines())
            run(OMICSFS, "mount", "-o", f"members={choice}", "abc-atlas", str(self.work / "mnt"),
                env=self.environment, stderr=subprocess.DEVNULL)
            names = os.listdir(root)
            self.assertNotIn("arrays.npz.d", names)
            self.assertEqual("tables.zip.d" in names, choice == "*.zip")
            after = len((self.work / "nginx-access.log").read_text().splitlines())
            self.assertEqual(after > before, requests)
            if choice != "*.zip":
                run(OMICSFS, "umount", str(self.work / "mnt"), env=self.environment)

    def test_a_choice_of_nothing_is_a_mistake(self):
        told = subprocess.run([OMICSFS, "mount", "-o", "members=", "abc-atlas",
                               str(self.work / "mnt")], env=self.environment,
                              stderr=subprocess.PIPE, text=True, check=False, timeout=240)
        self.assertEqual(told.returncode, 2)
        self.assertIn("none", told.stderr)


class RefineBio(Mounts):
    """The source that is made of refine.bio's downloads."""

    def test_a_dataset_by_experiment_and_one_by_species(self):
        matrix = table(2000, 20)
        archive(self.bucket / "d1.zip", {
            "README.md": "about", "LICENSE.TXT": "terms",
            "aggregated_metadata.json": metadata(
                aggregate_by="EXPERIMENT", experiments={"GSE1": {
                    "title": "A title", "technology": "MICROARRAY",
                    "organisms": ["DANIO_RERIO"]}}),
            "GSE1/": "", "GSE1/GSE1.tsv": matrix,
            "GSE1/metadata_GSE1.tsv": "refinebio_accession_code\tx\r\nGSM1\t1\r\n"})
        species = archive(self.bucket / "s1.zip", {
            "aggregated_metadata.json": metadata(aggregate_by="SPECIES", experiments={}),
            "HOMO_SAPIENS/HOMO_SAPIENS.tsv": matrix,
            "HOMO_SAPIENS/metadata_HOMO_SAPIENS.tsv": "a\r\n",
            "HOMO_SAPIENS/metadata_HOMO_SAPIENS.json": "{}"})
        url = self.serve()
        self.configure(**{"refine-bio": {"archives": [url + "d1.zip"]}})
        run(OMICSFS, "add", "refine-bio", str(species), env=self.environment,
            stdout=subprocess.DEVNULL)
        root = self.mount("refine-bio")
        self.assertEqual((root / "experiments/GSE1/GSE1.tsv").read_bytes(), matrix)
        self.assertEqual((root / "experiments/GSE1/metadata_GSE1.tsv").read_bytes(),
                         b"refinebio_accession_code\tx\r\nGSM1\t1\r\n")
        self.assertEqual((root / "species/HOMO_SAPIENS/HOMO_SAPIENS.tsv").read_bytes(), matrix)
        self.assertEqual((root / "datasets/s1.zip").read_bytes(), species.read_bytes())
        self.assertEqual((root / "experiments/GSE1/GSE1.tsv").stat().st_ino,
                         (root / "datasets/d1/GSE1/GSE1.tsv").stat().st_ino)
        self.assertEqual(os.getxattr(root / "experiments/GSE1/GSE1.tsv",
                                     "user.refinebio.organism"), b"DANIO_RERIO")
        import pandas
        read = pandas.read_csv(root / "experiments/GSE1/GSE1.tsv", sep="\t", index_col=0)
        self.assertEqual(read.shape, (2000, 20))

    def test_compendia_of_both_kinds_one_with_70000_members(self):
        normalized = self.bucket / "DANIO_RERIO_1_1574170428.zip"
        archive(normalized, {
            "aggregated_metadata.json": metadata(aggregate_by="SPECIES", compendium_version=1,
                                                 experiments={}),
            "DANIO_RERIO.tsv": table(500, 30), "DANIO_RERIO/metadata_DANIO_RERIO.tsv": "m"})
        rna_seq = self.bucket / "HOMO_SAPIENS_1_1574170429.zip"
        members = {"aggregated_metadata.json": metadata(
            compendium_version=1, quant_sf_only=True, experiments={})}
        for index in range(70_000):
            members[f"SRP{index // 100}/SRR{index}_quant.sf"] = f"Name\n{index}\n"
        archive(rna_seq, members)
        url = self.serve()
        self.configure(**{"refine-bio": {"archives": [
            url + normalized.name, {"place": url + rna_seq.name,
                                    "sha1": hashlib.sha1(rna_seq.read_bytes()).hexdigest()}]}})
        root = self.mount("refine-bio")
        self.assertEqual(
            len((root / "compendia/normalized/DANIO_RERIO/v1/DANIO_RERIO.tsv")
                .read_text().splitlines()), 501)
        sample = root / "compendia/rna-seq/HOMO_SAPIENS/v1/SRP699/SRR69999_quant.sf"
        self.assertEqual(sample.read_text(), "Name\n69999\n")
        count = output_of("sh", "-c", 'find "$0" -type f | wc -l',
                          str(root / "compendia/rna-seq/HOMO_SAPIENS/v1"))
        self.assertEqual(int(count), 70_001)
        self.assertEqual((root / "compendia/rna-seq/HOMO_SAPIENS/v1.zip").read_bytes(),
                         rna_seq.read_bytes())

    def test_what_cannot_be_added_is_not_added(self):
        (self.bucket / "no.zip").write_bytes(b"no archive" * 100)
        good = archive(self.bucket / "good.zip", {
            "aggregated_metadata.json": metadata(aggregate_by="ALL", experiments={})})
        run(OMICSFS, "add", "refine-bio", str(good), env=self.environment,
            stdout=subprocess.DEVNULL)
        done = subprocess.run([OMICSFS, "add", "refine-bio", str(self.bucket / "no.zip")],
                              env=self.environment, text=True, capture_output=True, check=False)
        self.assertIn("no.zip", done.stderr)
        self.assertEqual(output_of(OMICSFS, "ls", "refine-bio/datasets", env=self.environment),
                         "good/\ngood.zip\n")


@unittest.skipUnless(REAL and REAL.exists(), "shared data absent")
class RealDownload(Mounts):
    """A download of refine.bio's: a matrix of 72.7 MB, 54 to 1."""

    def setUp(self):
        super().setUp()
        run("cp", str(REAL), str(self.bucket))
        self.root = self.mount(self.serve() + REAL.name)
        self.matrix = self.root / "SRP164913/SRP164913.tsv"

    def test_every_member_is_as_unzip_unpacks_it(self):
        self.assert_unpacked(self.root, REAL)

    def test_its_head_costs_little(self):
        before = self.sent()
        self.assertTrue(output_of("head", "-n", "2", str(self.matrix)).startswith("Gene\tSRR"))
        self.assertLessEqual(self.sent() - before, 256 << 10)

    def test_pandas_reads_matrix_and_metadata(self):
        import pandas
        matrix = pandas.read_csv(self.matrix, sep="\t", index_col=0)
        self.assertEqual(matrix.shape, (43363, 88))
        path = self.root / "SRP164913/metadata_SRP164913.tsv"
        about = pandas.read_csv(path, sep="\t")
        self.assertEqual(sorted(about["refinebio_accession_code"]), sorted(matrix.columns))
        self.assertIn(b"\r\n", path.read_bytes())


if __name__ == "__main__":
    sys.exit(main())
