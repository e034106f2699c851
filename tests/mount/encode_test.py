#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""ENCODE as its users meet it: samtools, pyBigWig, tabix and pandas on a mount.

usage: encode_test.py OMICSFS ORIGIN SHARED_ENCODE_DATA
"""

import concurrent.futures
import contextlib
import csv
import functools
import gzip
import itertools
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.parse
import urllib.request

import pandas

import encode_table
from harness import (HERE, OMICSFS, main, md5_of, mounted_words, nginx, output_of, process, run,
                     wait_until)
from touched_blocks import BLOCK, touched_blocks

SUPPORT = HERE.parent / "support"
sys.path.append(str(SUPPORT))
# pylint: disable=wrong-import-position
from compose_encode_files import compose_bam, compose_peaks, compose_track, file_object  # noqa: E402

SHARED = pathlib.Path(sys.argv[3]).resolve() if len(sys.argv) > 3 else pathlib.Path("/nonexistent")
COMPOSE = SUPPORT / "compose_encode.py"
INTERVALS = """
import sys, pyBigWig
track = pyBigWig.open(sys.argv[1])
print(track.chroms(), track.intervals("chr1", 900000, 902000), track.stats("chr2", 0, 500000))
"""
DATASET = "/experiments/ENCSR000AAA/"


class Encode(unittest.TestCase):
    def setUp(self):
        self.stack = contextlib.ExitStack()
        self.addCleanup(self.stack.close)
        self.work = pathlib.Path(self.stack.enter_context(tempfile.TemporaryDirectory()))
        self.bucket = self.work / "bucket"
        self.bucket.mkdir()
        self.catalogue = self.work / "catalogue"
        self.environment = dict(os.environ, OMICSFS_CONFIG=str(self.work / "config.json"),
                                no_proxy="*")
        self.url = self.stack.enter_context(nginx(self.bucket, self.work))
        self.configure()

    def configure(self, **more):
        (self.work / "config.json").write_text(json.dumps({
            "state_dir": str(self.work / "state"),
            "cache": {"dir": str(self.work / "cache"), "limit": "1G", "keep_free": "1M"},
            "sources": {"encode": {"base_url": self.url, "catalogue": str(self.catalogue),
                                   **more}}}))

    def publish(self, names):
        """A catalogue of files of the bucket: {name: its other members}."""
        what = {"assay_title": "TF ChIP-seq", "target": {"label": "CTCF"}}
        objects = [file_object(self.bucket / name, self.url, DATASET, **what, **more)
                   for name, more in names.items()]
        self.catalogue.write_text(json.dumps(objects))

    def mount(self):
        return self.stack.enter_context(
            mounted_words(["encode"], self.work / "mount", self.environment))

    def omicsfs(self, *words):
        return output_of(OMICSFS, *words, env=self.environment)

    def bytes_sent(self, name):
        """Bytes of bodies that the server sent of one of its files."""
        log = (self.work / "nginx-access.log").read_text()
        return sum(int(count) for count in re.findall(
            rf'"GET /{re.escape(name)} HTTP/[\d.]+" 20[06] (\d+)', log))


class Clients(Encode):
    """Each reads a part of a file through the mount as from a copy."""

    def same(self, name, command, index=None):
        """`command(path)` gives one output for both, and little is fetched."""
        mount = self.mount() / "experiments" / "ENCSR000AAA"
        local = self.bucket / name
        self.assertEqual(output_of(*command(mount / name)), output_of(*command(local)))
        blocks = touched_blocks(command(local), local)
        self.assertLess(len(blocks) * BLOCK, local.stat().st_size / 2, "reads too much to tell")
        self.assertLessEqual(self.bytes_sent(name), 2 * len(blocks) * BLOCK)
        if index:
            self.assertGreater(self.bytes_sent(index), 0)

    def test_samtools_reads_a_region_by_the_index_beside_the_file(self):
        compose_bam(self.bucket / "ENCFF001AAA.bam")
        os.rename(self.bucket / "ENCFF001AAA.bam.bai", self.bucket / "ENCFF002AAA.idx")
        self.publish({"ENCFF001AAA.bam": {"file_format": "bam"},
                      "ENCFF002AAA.idx": {"file_format": "idx",
                                          "index_of": ["/files/ENCFF001AAA/"]}})
        os.symlink("ENCFF002AAA.idx", self.bucket / "ENCFF001AAA.bam.bai")
        self.same("ENCFF001AAA.bam",
                  lambda path: ["samtools", "view", "-c", str(path), "chr2:400000-410000"],
                  "ENCFF002AAA.idx")

    def test_py_big_wig_reads_intervals(self):
        compose_track(self.bucket / "ENCFF001AAA.bigWig")
        self.publish({"ENCFF001AAA.bigWig": {"file_format": "bigWig"}})
        self.same("ENCFF001AAA.bigWig",
                  lambda path: [sys.executable, "-c", INTERVALS, str(path)])

    def test_tabix_reads_a_region(self):
        compose_peaks(self.bucket / "ENCFF001AAA.bed.gz")
        os.rename(self.bucket / "ENCFF001AAA.bed.gz.tbi", self.bucket / "ENCFF002AAA.idx")
        self.publish({"ENCFF001AAA.bed.gz": {"file_format": "bed"},
                      "ENCFF002AAA.idx": {"file_format": "idx",
                                          "index_of": ["/files/ENCFF001AAA/"]}})
        os.symlink("ENCFF002AAA.idx", self.bucket / "ENCFF001AAA.bed.gz.tbi")
        # An index that is older than its file makes tabix complain.
        os.utime(self.bucket / "ENCFF002AAA.idx")
        self.same("ENCFF001AAA.bed.gz",
                  lambda path: ["tabix", str(path), "chr1:1500000-1502000"])


class Browsing(Encode):
    def setUp(self):
        super().setUp()
        with open(self.catalogue, "w", encoding="utf-8") as out:
            run(sys.executable, str(COMPOSE), "--files", "3000", "--form", "search",
                "--store", self.url, stdout=out)
        self.objects = json.loads(self.catalogue.read_text())["@graph"]

    def count(self, **wanted):
        return sum(all(encode_table.member(one, key.replace("__", ".")) == value
                       for key, value in wanted.items())
                   for one in self.objects if one["status"] == "released")

    def test_what_is_found_is_what_there_is(self):
        self.omicsfs("refresh", "encode")
        expected = self.count(assay_title="TF ChIP-seq", target__label="CTCF", assembly="GRCh38",
                              file_format="bigWig", preferred_default=True)
        words = ["find", "encode", "assay=TF ChIP-seq", "target=CTCF", "assembly=GRCh38",
                 "format=bigWig", "preferred_default=true"]
        self.assertGreater(expected, 0)
        self.assertEqual(self.omicsfs(*words, "--count"), f"{expected}\n")
        paths = self.omicsfs(*words, "--paths").splitlines()
        self.assertEqual(len(set(paths)), expected)
        self.assertEqual(len(json.loads(self.omicsfs(*words, "--json"))), expected)
        table = list(csv.DictReader(self.omicsfs(*words, "--tsv").splitlines(), delimiter="\t"))
        self.assertEqual([one["path"] for one in table], paths)
        self.assertEqual({one["target"] for one in table}, {"CTCF"})
        mount = self.mount()
        self.assertTrue(all((mount / path).is_file() for path in paths))

    def test_facets_count_their_values(self):
        self.omicsfs("refresh", "encode")
        values = dict(reversed(line.split("\t"))
                      for line in self.omicsfs("facets", "encode", "assay").splitlines())
        for assay in ("TF ChIP-seq", "ATAC-seq"):
            self.assertEqual(int(values[assay]), self.count(assay_title=assay))
        fields = [line.split("\t")[1] for line in self.omicsfs("facets", "encode").splitlines()]
        self.assertIn("organ_slims", fields)
        refused = subprocess.run([OMICSFS, "find", "encode", "essay=x"], env=self.environment,
                                 capture_output=True, text=True, check=False, timeout=240)
        self.assertEqual(refused.returncode, 1)
        self.assertIn("assay_title", refused.stderr)

    def test_links_lead_to_files(self):
        mount = self.mount()
        names = os.listdir(mount / "by-assay" / "TF_ChIP-seq")
        self.assertIn("CTCF", names)
        links = [pathlib.Path(place) / name for place, _, those in os.walk(mount / "by-format")
                 for name in those]
        self.assertEqual(len(links), self.count())
        for link in links:
            self.assertTrue(os.path.samefile(link, mount / "files" / link.name[5:8] / link.name))
        self.assertEqual(os.getxattr(mount / "by-assay" / "TF_ChIP-seq",
                                     "user.encode.assay_title"), b"TF ChIP-seq")

    def test_the_table_is_read_by_pandas(self):
        table = pandas.read_csv(self.mount() / "files.tsv", sep="\t", low_memory=False)
        self.assertEqual(len(table), self.count())
        self.assertEqual(list(table["id"]), sorted(table["id"]))
        self.assertEqual(len(table.columns), 47)

    def test_every_column_is_an_attribute(self):
        mount = self.mount()
        one = next(one for one in self.objects if one["status"] == "released" and "target" in one)
        path = mount / "files" / one["accession"][5:8] / one["href"].split("/")[-1]
        values = encode_table.row(one, self.url.rstrip("/"))
        for name, value in values.items():
            if value is not None:
                self.assertEqual(os.getxattr(path, f"user.encode.{name}").decode(),
                                 encode_table.cell(value), name)
        self.assertIn("user.encode.target", os.listxattr(path))
        self.assertNotIn("user.encode.platform", os.listxattr(path))

    def test_a_gzipped_catalogue_is_known_by_its_content(self):
        self.catalogue.write_bytes(gzip.compress(self.catalogue.read_bytes()))
        self.omicsfs("refresh", "encode")
        self.assertEqual(self.omicsfs("find", "encode", "--count"), f"{self.count()}\n")

    def test_an_import_that_is_ended_leaves_what_was_there(self):
        self.omicsfs("refresh", "encode")
        before = self.omicsfs("find", "encode", "--count")
        with open(self.catalogue, "w", encoding="utf-8") as out:
            run(sys.executable, str(COMPOSE), "--files", "4000", stdout=out)
        snapshots = self.work / "state" / "snapshots" / "encode"
        for number in (signal.SIGTERM, signal.SIGKILL):
            there = set(os.listdir(snapshots))
            refresh = subprocess.Popen([OMICSFS, "refresh", "encode"], env=self.environment,
                                       stderr=subprocess.DEVNULL)
            while refresh.poll() is None and set(os.listdir(snapshots)) <= there:
                time.sleep(0.002)
            refresh.send_signal(number)
            self.assertNotEqual(refresh.wait(240), 0)
            self.assertEqual(self.omicsfs("find", "encode", "--count"), before)
        self.omicsfs("refresh", "encode")
        self.assertNotEqual(self.omicsfs("find", "encode", "--count"), before)
        left = sorted(os.listdir(snapshots))
        self.assertEqual(len([name for name in left if name.endswith(".sqlite")]), 1, left)


class Portal(Encode):
    """Files that the portal alone has: it redirects, expires and throttles."""

    def setUp(self):
        super().setUp()
        for number in range(48):
            path = self.bucket / f"ENCFF{number:03d}AAA.bed.gz"
            path.write_bytes(bytes((number + place * 7) % 251 for place in range(150_000)))
        graph = [file_object(path, self.url, DATASET, file_format="bed")
                 for path in sorted(self.bucket.iterdir())]
        for one in graph:
            del one["cloud_metadata"]
        (self.work / "graph.json").write_text(json.dumps(graph))
        server = self.stack.enter_context(process(
            sys.executable, str(SUPPORT / "fake_portal.py"), str(self.bucket),
            "--graph", str(self.work / "graph.json"), stdout=subprocess.PIPE, text=True))
        self.stack.callback(server.stdout.close)
        self.portal = server.stdout.readline().strip()
        config = json.loads((self.work / "config.json").read_text())
        config["sources"]["encode"] = {
            "base_url": self.portal,
            "catalogue": self.portal + "search/?type=File&limit=all&format=json"}
        config["network"] = {"requests_per_s": {urllib.parse.urlsplit(self.portal).netloc: 10}}
        (self.work / "config.json").write_text(json.dumps(config))
        self.mounts = []

    def mount_again(self):
        """A further process on the same cache."""
        self.mounts.append(self.stack.enter_context(mounted_words(
            ["encode"], self.work / f"mount{len(self.mounts)}", self.environment)))
        return self.mounts[-1] / "experiments" / "ENCSR000AAA"

    def log(self):
        with urllib.request.urlopen(self.portal + ".control/log", timeout=240) as answer:
            return json.load(answer)

    def worst_second(self):
        """The most requests that the portal itself saw within a second."""
        times = [one["at"] for one in self.log() if not one["path"].startswith("/s3/")]
        return max(sum(at <= other < at + 1 for other in times) for at in times)

    def same(self, place, name):
        return (place / name).read_bytes() == (self.bucket / name).read_bytes()

    def test_64_readers_in_two_processes_keep_to_ten_a_second(self):
        places = [self.mount_again(), self.mount_again()]
        names = sorted(path.name for path in self.bucket.iterdir())
        with concurrent.futures.ThreadPoolExecutor(64) as readers:
            right = list(readers.map(lambda job: self.same(*job), itertools.product(places, names)))
        self.assertEqual(right, [True] * len(right))
        self.assertLessEqual(self.worst_second(), 10)
        self.assertNotIn(429, {one["status"] for one in self.log()})
        self.assertNotIn("HEAD", {one["method"] for one in self.log()})

    def test_what_the_portal_told_serves_until_it_expires_and_then_anew(self):
        place = self.mount_again()
        name = "ENCFF007AAA.bed.gz"
        truth = (self.bucket / name).read_bytes()
        with open(place / name, "rb", buffering=0) as file:
            self.assertEqual(os.pread(file.fileno(), 100, 0), truth[:100])
            asked = sum("@@download/" + name in one["path"] for one in self.log())
            self.assertEqual(asked, 1)
            with urllib.request.urlopen(self.portal + ".control/expire", timeout=240):
                pass
            self.assertEqual(os.pread(file.fileno(), 5000, 140_000), truth[140_000:145_000])
        self.assertTrue(self.same(place, name))
        asked = sum("@@download/" + name in one["path"] for one in self.log())
        self.assertLessEqual(asked, 2)
        self.assertEqual(os.getxattr(place / name, "user.omicsfs.verified"), b"yes")


class Defaults(Encode):
    """No setting but where the bucket and the portal are."""

    def setUp(self):
        super().setUp()
        folder = self.bucket / "encode-public"
        folder.mkdir()
        self.names = [f"ENCFF{number:03d}AAA.bed.gz" for number in range(3)]
        graph, lines = [], ["accession\tstatus\tfile_format\tdataset\tfile_size\tmd5sum\ts3_uri"]
        for name in self.names:
            path = folder / name
            path.write_bytes(name.encode() * 10_000)
            graph.append(dict(
                file_object(path, self.url, DATASET, file_format="bed"),
                assay_title="TF ChIP-seq", target={"label": "CTCF"},
                biosample_ontology={"term_name": "K562"}))
            lines.append("\t".join([name.split(".")[0], "released", "bed", DATASET,
                                    str(path.stat().st_size), md5_of(path),
                                    f"s3://encode-public/{name}"]))
            del graph[-1]["cloud_metadata"]
        (folder / "encode_file_manifest.tsv").write_text("\n".join(lines) + "\n")
        (self.work / "graph.json").write_text(json.dumps(graph))

    def configure_for(self, portal):
        (self.work / "config.json").write_text(json.dumps({
            "state_dir": str(self.work / "state"),
            "cache": {"dir": str(self.work / "cache"), "limit": "1G", "keep_free": "1M"},
            "endpoints": {"s3": self.url},
            "sources": {"encode": {"base_url": portal}}}))

    def start_portal(self, *words):
        server = self.stack.enter_context(process(
            sys.executable, str(SUPPORT / "fake_portal.py"), str(self.bucket), *words,
            stdout=subprocess.PIPE, text=True))
        self.stack.callback(server.stdout.close)
        self.configure_for(server.stdout.readline().strip())

    def test_files_are_found_by_assay_and_their_bytes_come_from_the_bucket(self):
        self.start_portal("--graph", str(self.work / "graph.json"))
        mount = self.mount()
        words = ["find", "encode", "assay=TF ChIP-seq", "target=CTCF", "--paths"]
        paths = self.omicsfs(*words).splitlines()
        self.assertEqual(sorted(path.rsplit("/", 1)[1] for path in paths), self.names)
        self.assertTrue((mount / "by-assay/TF_ChIP-seq/CTCF/K562/ENCSR000AAA").is_dir())
        for path in paths:
            name = path.rsplit("/", 1)[1]
            self.assertEqual((mount / path).read_bytes(),
                             (self.bucket / "encode-public" / name).read_bytes())
            # nginx logs an answer once it has been sent.
            wait_until(functools.partial(self.bytes_sent, "encode-public/" + name), name)

    def test_the_list_stands_alone_with_a_warning_while_the_portal_fails(self):
        self.start_portal()  # it knows no file
        done = subprocess.run([OMICSFS, "refresh", "encode"], env=self.environment,
                              capture_output=True, text=True, check=True, timeout=240)
        self.assertIn("lacks assays, biosamples and targets", done.stderr)
        self.assertEqual(self.omicsfs("find", "encode", "--count"), f"{len(self.names)}\n")
        refused = subprocess.run([OMICSFS, "find", "encode", "assay=TF ChIP-seq"],
                                 env=self.environment, capture_output=True, text=True,
                                 check=False, timeout=240)
        self.assertEqual(refused.returncode, 1)
        self.assertIn('"assay_title"', refused.stderr)
        self.assertNotIn(" assay,", refused.stderr)


@unittest.skipUnless(SHARED.is_dir(), f"{SHARED} is not here")
class Fixture(Encode):
    """The 334 files of the portal's own tests."""

    def setUp(self):
        super().setUp()
        self.catalogue = SHARED / "composed" / "encode_files_334.json"
        self.configure()
        self.expected = encode_table.rows(json.loads(self.catalogue.read_text()),
                                          self.url.rstrip("/"))

    def test_files_tsv_cell_by_cell(self):
        with open(self.mount() / "files.tsv", encoding="utf-8", newline="") as table:
            rows = list(csv.DictReader(table, delimiter="\t"))
        self.assertEqual(len(rows), 189)
        self.assertEqual([one["id"] for one in rows], sorted(self.expected))
        for one in rows:
            expected = {name: encode_table.cell(value)
                        for name, value in self.expected[one["id"]].items()}
            self.assertEqual(one, expected)

    def test_the_tree_has_what_the_public_may_have(self):
        mount = self.mount()
        shown = {name for _, _, names in os.walk(mount / "files") for name in names}
        with open(mount / "unavailable.tsv", encoding="utf-8") as table:
            unavailable = {one["id"]: one["reason"]
                           for one in csv.DictReader(table, delimiter="\t")}
        self.assertEqual(len(shown) + len(unavailable), 189)
        self.assertEqual({name.split(".")[0] for name in shown} | set(unavailable),
                         set(self.expected))
        for place in (mount / "experiments").iterdir():
            self.assertLessEqual({"metadata.tsv", "files.txt", "experiment.json"},
                                 set(os.listdir(place)))
            told = pandas.read_csv(place / "metadata.tsv", sep="\t")
            self.assertEqual(len(told.columns), 59)
            self.assertEqual(json.loads((place / "experiment.json").read_text())["file_count"],
                             len(told))
            names = {link.rsplit("/", 1)[1]
                     for link in (place / "files.txt").read_text().splitlines()[1:]}
            self.assertLessEqual(names, set(os.listdir(place)))


if __name__ == "__main__":
    sys.exit(main())
