#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Manifests of all formats as mounts: the bytes of the files that they name.

usage: manifest_test.py OMICSFS ORIGIN
"""

import contextlib
import hashlib
import http.server
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import threading
import unittest

from harness import OMICSFS, ORIGIN, main, mounted_words, nginx, process, wait_until

COMMIT = "c" * 40


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def md5(data):
    return hashlib.md5(data).hexdigest()


class Hub(http.server.BaseHTTPRequestHandler):
    """A repository as the Hub of Hugging Face shows it, of the server's `files`."""

    def log_message(self, *_):
        pass

    def answer(self, status, body=b"", **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def tree(self):
        return json.dumps([{"type": "directory", "path": "d", "size": 0, "oid": "0" * 40}] + [
            {"type": "file", "path": name, "size": len(data), "oid": "1" * 40,
             "lfs": {"oid": sha256(data), "size": len(data), "pointerSize": 1}}
            for name, data in self.server.files.items()]).encode()

    def do_GET(self):  # pylint: disable=invalid-name
        path = self.path.split("?")[0]
        self.server.asked.append(path)
        if path == "/api/datasets/o/n/revision/main":
            return self.answer(200, json.dumps({"sha": COMMIT}).encode())
        if path == f"/api/datasets/o/n/tree/{COMMIT}":
            return self.answer(200, self.tree())
        prefix = f"/datasets/o/n/resolve/{COMMIT}/"
        if path.startswith(prefix):
            return self.answer(302, Location=f"/store/{path[len(prefix):]}?sig=secret")
        data = self.server.files.get(path.removeprefix("/store/"))
        if data is None or "sig=secret" not in self.path:
            return self.answer(404)
        first, last = self.headers["Range"].removeprefix("bytes=").split("-")
        last = min(int(last), len(data) - 1)
        return self.answer(206, data[int(first):last + 1], ETag='"v"',
                           Content_Range=f"bytes {first}-{last}/{len(data)}")


class Refusing(http.server.BaseHTTPRequestHandler):
    """Answers with the status that the path names; "/unsized" with no length."""

    def log_message(self, *_):
        pass

    def do_GET(self):  # pylint: disable=invalid-name
        self.server.asked.append(self.path)
        status = self.path.strip("/")
        self.send_response(200 if status == "unsized" else int(status))
        if status == "302":
            self.send_header("Location", "ftp://127.0.0.1/f")
        if status != "unsized":
            self.send_header("Content-Length", "0")
        self.end_headers()


@contextlib.contextmanager
def hub(files, handler=Hub):
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.files = files
        server.asked = []
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server, f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()


class Manifest(unittest.TestCase):
    def setUp(self):
        self.stack = contextlib.ExitStack()
        self.addCleanup(self.stack.close)
        self.work = pathlib.Path(self.stack.enter_context(tempfile.TemporaryDirectory()))
        self.bucket = self.work / "bucket"
        (self.bucket / "sub").mkdir(parents=True)
        # Nothing of the world's is asked, whatever a test names.
        self.environment = {name: value for name, value in os.environ.items()
                            if not name.lower().endswith("_proxy")}
        self.environment.update(OMICSFS_CONFIG=str(self.work / "config.json"),
                                https_proxy="http://127.0.0.1:1", no_proxy="127.0.0.1")
        self.large = bytes(range(256)) * 4096 * 3
        self.small = b"a small one\n"
        (self.bucket / "sub" / "large.bin").write_bytes(self.large)
        (self.bucket / "a b.txt").write_bytes(self.small)
        self.configure()

    def configure(self, **more):
        (self.work / "config.json").write_text(json.dumps({
            "state_dir": str(self.work / "state"),
            "cache": {"dir": str(self.work / "cache"), "limit": "1G", "keep_free": "1M"},
            "network": {"retries": 1}, **more}))

    def serve(self):
        return self.stack.enter_context(nginx(self.bucket, self.work))

    def mounted(self, *words):
        mount = pathlib.Path(tempfile.mkdtemp(dir=self.work)) / "mnt"
        return mounted_words([str(word) for word in words], mount, self.environment)

    def call(self, *words, status=0):
        done = subprocess.run([OMICSFS, *[str(word) for word in words]], env=self.environment,
                              text=True, capture_output=True, check=False, timeout=240)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done.stdout + done.stderr

    def package(self, url=""):
        """One of ours, with all that it can tell."""
        return {"name": "test", "title": "A test", "resources": [
            {"name": "large", "path": url + "sub/large.bin", "bytes": len(self.large),
             "hash": "sha256:" + sha256(self.large), "fs:path": "deep/er/large.bin",
             "fs:mtime": "2021-06-23T11:04:10Z", "fs:xattr": {"sample": "S1"}},
            {"name": "small", "path": (url or "") + ("a%20b.txt" if url else "a b.txt"),
             "fs:path": "small.txt"},
            {"name": "note", "fs:path": "deep/note.txt", "data": "hello\n"}]}

    @staticmethod
    def becomes_verified(path):
        """Waits until its digest is found right."""
        wait_until(lambda: os.getxattr(path, "user.omicsfs.verified") == b"yes",
                   f"the check of {path}")
        return True

    def check_package(self, root):
        large = root / "deep/er/large.bin"
        self.assertEqual(large.stat().st_size, len(self.large))
        self.assertEqual(int(large.stat().st_mtime), 1624446250)
        self.assertEqual(os.getxattr(large, "user.sample"), b"S1")
        with large.open("rb") as file:
            file.seek(1_000_000)
            self.assertEqual(file.read(1000), self.large[1_000_000:1_001_000])
        self.assertEqual(large.read_bytes(), self.large)
        self.assertEqual((root / "small.txt").read_bytes(), self.small)
        self.assertEqual((root / "deep/note.txt").read_text(), "hello\n")

    def test_a_data_package_is_mounted_by_its_url_with_no_settings(self):
        url = self.serve()
        (self.bucket / "datapackage.json").write_text(json.dumps(self.package(url)))
        with self.mounted(url + "datapackage.json") as root:
            self.assertEqual(sorted(os.listdir(root)), ["README.txt", "deep", "small.txt"])
            self.check_package(root)
            self.assertTrue(self.becomes_verified(root / "deep/er/large.bin"))
            self.assertIn("title: A test", (root / "README.txt").read_text())
            self.assertEqual(os.getxattr(root / "deep/er/large.bin", "user.omicsfs.digest"),
                             b"sha256:" + sha256(self.large).encode())

    def facts(self, root):
        """What tells programs that a file is the same: of each path below `root`."""
        found = {}
        for path in [root, *root.rglob("*")]:
            facts = path.lstat()
            found[str(path.relative_to(root))] = (facts.st_ino, facts.st_mtime_ns, facts.st_ctime_ns)
        return found

    def test_numbers_and_dates_stay_over_remounts_and_changes_of_others(self):
        url = self.serve()
        package = self.bucket / "datapackage.json"
        (self.bucket / "changing.txt").write_text("first")
        told = {"resources": [{"path": url + name} for name in ("sub/large.bin", "changing.txt")] + [
            {"path": url + "a%20b.txt", "bytes": len(self.small), "fs:path": "deep/small.txt"},
            {"name": "note", "fs:path": "deep/note.txt", "data": "hello\n"}]}
        package.write_text(json.dumps(told))
        os.utime(package, (1_600_000_000, 1_600_000_000))
        os.utime(self.bucket / "sub/large.bin", (1_500_000_000, 1_500_000_000))
        with self.mounted(url + "datapackage.json") as root:
            first = self.facts(root)
        self.assertEqual(first["large.bin"][1], 1_500_000_000 * 10**9)
        self.assertEqual(first["deep/small.txt"][1], 1_600_000_000 * 10**9)
        with self.mounted(url + "datapackage.json") as root:
            self.assertEqual(self.facts(root), first)
        (self.bucket / "changing.txt").write_text("second")
        told["resources"].insert(0, {"name": "aaa", "fs:path": "aaa", "data": "new"})
        package.write_text(json.dumps(told))
        with self.mounted(url + "datapackage.json") as root:
            second = self.facts(root)
        for same in ("large.bin", "deep", "deep/small.txt", "deep/note.txt", "README.txt"):
            self.assertEqual(second[same], first[same], same)
        self.assertNotEqual(second["changing.txt"][0], first["changing.txt"][0])
        self.assertNotEqual(second["."][1], first["."][1])
        shutil.rmtree(self.work / "state")
        with self.mounted(url + "datapackage.json") as root:
            anew = self.facts(root)
        self.assertEqual({path: facts[0] for path, facts in anew.items()},
                         {path: facts[0] for path, facts in second.items()})

    def test_a_new_date_of_a_file_without_digest_is_a_new_version(self):
        url = self.serve()
        changing = self.bucket / "changing.txt"
        for version, day in ((b"first", "2026-01-01"), (b"other", "2026-01-02")):
            changing.write_bytes(version)
            (self.bucket / "datapackage.json").write_text(json.dumps({"resources": [
                {"path": url + "changing.txt", "bytes": len(version), "fs:mtime": day}]}))
            with self.mounted(url + "datapackage.json") as root:
                self.assertEqual((root / "changing.txt").read_bytes(), version)

    def test_an_entry_that_its_server_refuses_is_left_out_and_blocks_no_other(self):
        url = self.serve()
        del self.environment["https_proxy"]  # a proxy decides on addresses itself
        self.configure(network={"retries": 1, "private_hosts": ["127.0.0.1"]})
        names = ["400", "401", "402", "403", "405", "410", "451", "302", "unsized"]
        with hub({}, Refusing) as (server, refusing):
            bad = [refusing + name for name in names]
            bad += ["http://nowhere.invalid/f", "http://127.0.0.2:1/private"]
            (self.bucket / "urls.txt").write_text("\n".join([*bad, url + "sub/large.bin", ""]))
            with self.mounted(url + "urls.txt") as root:
                found = [path for path in root.rglob("*") if path.is_file()]
                self.assertEqual(sorted(path.name for path in found), ["README.txt", "large.bin"])
                self.assertIn(f"Warnings of the last refresh: {len(bad)}",
                              (root / "README.txt").read_text())
            self.assertEqual(len(server.asked), len(names), "nobody is asked twice")
            # A server that only fails for now is no reason to leave a file out.
            (self.bucket / "more.txt").write_text(f"{refusing}503\n{url}sub/large.bin\n")
            (self.work / "none").mkdir()
            said = self.call("mount", url + "more.txt", self.work / "none", status=1)
            self.assertIn("503", said)

    def test_relative_paths_are_beside_it_on_the_web_and_on_disk(self):
        package = self.bucket / "datapackage.json"
        package.write_text(json.dumps(self.package()))
        with self.mounted(self.serve() + "datapackage.json") as root:
            self.check_package(root)
        with self.mounted(package) as root:
            self.check_package(root)

    def test_a_bad_one_mounts_nothing_and_is_told_of(self):
        package = self.work / "bad.json"
        package.write_text(json.dumps({"resources": [
            {"name": "a", "path": "../../etc/passwd"}, {"name": "b", "path": "file:///etc/passwd"},
            {"name": "c", "data": "x", "bytes": 2}, {"name": "c", "data": 7, "bytes": -1}]}))
        mount = self.work / "mnt"
        mount.mkdir()
        self.addCleanup(subprocess.run, ["umount", "-l", str(mount)], check=False,
                        stderr=subprocess.DEVNULL)  # of a mount that should not be
        told = self.call("mount", package, mount, status=1)
        for place in ("/resources/0", "/resources/1", "/resources/2"):
            self.assertIn(place, told)
        told = self.call("manifest", "check", package, status=1)
        for place in ("/resources/0", "/resources/1", "/resources/2"):
            self.assertIn(place, told)

    def test_a_check_of_a_good_one_asks_no_server_of_its_files(self):
        package = self.work / "good.json"
        package.write_text(json.dumps(self.package("http://127.0.0.1:1/")))
        self.assertIn("3 files", self.call("manifest", "check", package))

    def documents(self, url):
        """A document of each format that names both files, by the name of its own."""
        facts = {"@type": "File", "contentSize": str(len(self.large)), "sha256": sha256(self.large)}
        large, small = url + "sub/large.bin", url + "a%20b.txt"
        return {
            "lines.jsonl": json.dumps({"path": large, "bytes": len(self.large)}) + "\n" +
                           json.dumps({"path": small}) + "\n",
            "fetch.txt": f"{large} {len(self.large)} data/large.bin\n{small} - data/a b.txt\n",
            "urls.txt": f"# both\n{large}\n{small}\n",
            "igs.tsv": f"id\tmd5\tsize\turls\nx\t{md5(self.large)}\t{len(self.large)}\t{large}\n"
                       f"y\t\t\tftp://h/x,{small}\n",
            "ro-crate-metadata.json": json.dumps({"@context": "x", "@graph": [
                {"@id": large, **facts}, {"@id": "a%20b.txt", "@type": "File"}]}),
            "croissant.json": json.dumps({"@context": {}, "distribution": [
                {"@type": "cr:FileObject", "contentUrl": large},
                {"@type": "cr:FileObject", "contentUrl": small}]}),
            "drs.json": json.dumps({"id": "b", "contents": [
                {"name": "large.bin", "id": "object1"}, {"name": "a b.txt", "id": "object2"}]}),
            "object1": json.dumps({"id": "1", "size": len(self.large), "access_methods": [
                {"type": "https", "access_url": {"url": large}}]}),
            "object2": json.dumps({"id": "2", "access_methods": [
                {"type": "https", "access_url": {"url": small}}]})}

    def test_every_format_reads(self):
        url = self.serve()
        documents = self.documents(url)
        for name, text in documents.items():
            (self.bucket / name).write_text(text)
        (self.bucket / "manifest-md5.txt").write_text(f"{md5(self.large)}  data/large.bin\n")
        for name in documents:
            if name.startswith("object"):
                continue
            with self.subTest(name), self.mounted(url + name) as root:
                files = {path.name: path.read_bytes() for path in root.rglob("*")
                         if path.is_file() and path.name != "README.txt"}
                self.assertEqual(files, {"large.bin": self.large, "a b.txt": self.small})

    def test_a_bucket_is_mounted_by_its_address(self):
        origin = self.stack.enter_context(process(
            ORIGIN, "--root", str(self.bucket), "--page-size", "1",
            stdout=subprocess.PIPE, text=True))
        self.stack.callback(origin.stdout.close)
        url = origin.stdout.readline().strip().rstrip("/") + "/"
        self.configure(mirrors={"https://omics-test.s3.amazonaws.com/": [url]})
        with self.mounted("s3://omics-test") as root:
            self.assertEqual((root / "sub/large.bin").read_bytes(), self.large)
            self.assertEqual((root / "a b.txt").read_bytes(), self.small)
        with self.mounted("s3://omics-test/sub") as root:
            self.assertEqual(sorted(os.listdir(root)), ["README.txt", "large.bin"])
            self.assertEqual((root / "large.bin").read_bytes(), self.large)

    def test_a_repository_is_mounted_by_its_address(self):
        files = {"d/large.bin": self.large, "README.md": self.small}
        server, url = self.stack.enter_context(hub(files))
        self.configure(mirrors={"https://huggingface.co/": [url]}, sources={"manifest": {
            "catalogue": "hf://datasets/o/n",
            "base_url": f"{url}datasets/o/n/resolve/{COMMIT}/"}})
        with self.mounted("manifest") as root:
            self.assertEqual((root / "d/large.bin").read_bytes(), self.large)
            self.assertEqual((root / "README.md").read_bytes(), self.small)
            self.assertIn(COMMIT, (root / "README.txt").read_text())
        self.assertIn(f"/api/datasets/o/n/tree/{COMMIT}", server.asked)
        with self.mounted("hf://datasets/o/n@main") as root:
            self.assertEqual((root / "d/large.bin").stat().st_size, len(self.large))

    def test_what_is_made_of_a_directory_is_mounted_again(self):
        url = self.serve()
        made = self.bucket / "datapackage.json"
        for output in (made, self.bucket / "list.jsonl"):
            self.call("manifest", "make", self.bucket, "-o", output)
            self.assertIn("files", self.call("manifest", "check", output))
        package = json.loads(made.read_text())
        hashes = {entry["path"]: entry["hash"] for entry in package["resources"]}
        self.assertEqual(hashes, {"sub/large.bin": "sha256:" + sha256(self.large),
                                  "a b.txt": "sha256:" + sha256(self.small)})
        for name in ("datapackage.json", "list.jsonl"):
            with self.mounted(url + name) as root:
                self.assertEqual((root / "sub/large.bin").read_bytes(), self.large)
                self.assertEqual((root / "a b.txt").read_bytes(), self.small)

    def test_what_is_made_of_a_mount_is_pinned(self):
        url = self.serve()
        (self.bucket / "datapackage.json").write_text(json.dumps(self.package(url)))
        pinned = self.work / "pinned.json"
        with self.mounted(url + "datapackage.json") as root:
            self.call("manifest", "from", root / "deep", "-o", pinned)
            self.call("manifest", "from", self.bucket, status=1)
        resources = {entry["fs:path"]: entry for entry in
                     json.loads(pinned.read_text())["resources"]}
        self.assertEqual(resources["er/large.bin"]["hash"], "sha256:" + sha256(self.large))
        self.assertEqual(resources["er/large.bin"]["path"], url + "sub/large.bin")
        self.assertEqual(resources["er/large.bin"]["fs:xattr"], {"sample": "S1"})
        self.assertEqual(resources["note.txt"]["data"], "hello\n")
        # Its server is none that the settings or the manifest's own place name.
        self.configure(sources={"manifest": {"base_url": url}})
        with self.mounted(pinned) as root:
            self.assertEqual((root / "er/large.bin").read_bytes(), self.large)
            self.assertEqual((root / "note.txt").read_text(), "hello\n")

    def test_what_is_made_of_an_index_and_of_a_bucket_is_mounted(self):
        url = self.serve()
        (self.bucket / "index.html").write_text(
            '<html><body><h1>Index of /</h1><a href="../">../</a>\n'
            '<a href="sub/">sub/</a>\n<a href="a%20b.txt">a b.txt</a>\n</body></html>\n')
        (self.bucket / "sub" / "index.html").write_text(
            '<html><body><h1>Index of /sub/</h1><a href="../">../</a>\n'
            '<a href="large.bin">large.bin</a> 23-Jun-2021 11:04 3145728\n</body></html>\n')
        made = self.work / "index.json"
        self.call("manifest", "make", url, "-o", made)
        self.configure(sources={"manifest": {"base_url": url}})
        with self.mounted(made) as root:
            self.assertEqual((root / "sub/large.bin").read_bytes(), self.large)
            self.assertEqual((root / "a b.txt").read_bytes(), self.small)


if __name__ == "__main__":
    raise SystemExit(main())
