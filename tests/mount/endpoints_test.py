#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""s3:// and hf:// as mounts, of servers that the settings name.

usage: endpoints_test.py OMICSFS ORIGIN
"""

import contextlib
import hashlib
import http.server
import json
import os
import pathlib
import re
import tempfile
import threading
import unittest
import urllib.parse
from xml.sax.saxutils import escape

from harness import main, mounted_words

COMMIT = "c" * 40
# As many names as the Hub tells at a time.
HUB_PAGE = 1000


def sha256(data):
    return hashlib.sha256(data).hexdigest()


class Store(http.server.BaseHTTPRequestHandler):
    """The files of its server, which notes what it was asked for."""

    def log_message(self, *_):
        pass

    def answer(self, status, body=b"", **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def answer_range(self, data):
        first, last = self.headers["Range"].removeprefix("bytes=").split("-")
        last = min(int(last), len(data) - 1)
        return self.answer(206, data[int(first):last + 1], ETag=f'"{sha256(data)[:32]}"',
                           Content_Range=f"bytes {first}-{last}/{len(data)}")

    def do_GET(self):  # pylint: disable=invalid-name
        url = urllib.parse.urlsplit(self.path)
        self.server.asked.append(self.path)
        self.get(urllib.parse.unquote(url.path), dict(urllib.parse.parse_qsl(url.query)))


class Bucket(Store):
    """One bucket, "my.bucket", as MinIO shows it: a folder of the server's root."""

    page = 2

    def get(self, path, query):
        if path == "/my.bucket/" and query.get("list-type") == "2":
            return self.answer(200, self.listing(query))
        data = self.server.files.get(path.removeprefix("/my.bucket/"))
        return self.answer(404) if data is None else self.answer_range(data)

    def listing(self, query):
        keys = sorted(key for key in self.server.files if key.startswith(query.get("prefix", "")))
        start = int(query.get("continuation-token", "0").removeprefix("after "))
        rest = keys[start:]
        told = "".join(
            f"<Contents><Key>{escape(urllib.parse.quote(key))}</Key>"
            f"<LastModified>2024-05-06T07:08:09.000Z</LastModified>"
            f'<ETag>"{sha256(self.server.files[key])[:32]}"</ETag>'
            f"<Size>{len(self.server.files[key])}</Size></Contents>"
            for key in rest[:self.page])
        more = (f"<IsTruncated>true</IsTruncated><NextContinuationToken>after "
                f"{start + self.page}</NextContinuationToken>"
                if len(rest) > self.page else "<IsTruncated>false</IsTruncated>")
        return (f'<?xml version="1.0"?><ListBucketResult><Name>my.bucket</Name>'
                f"<EncodingType>url</EncodingType>{more}{told}</ListBucketResult>").encode()


class Hub(Store):
    """A repository, datasets/o/n, below /hub: "main" means a commit; its files lie elsewhere."""

    def get(self, path, query):
        path = path.removeprefix("/hub")
        if re.fullmatch(r"/api/datasets/(o/n|squad)/revision/(main|refs/convert/parquet)",
                        path):
            return self.answer(200, json.dumps({"sha": COMMIT}).encode())
        tree = re.fullmatch(rf"/api/datasets/(o/n|squad)/tree/{COMMIT}(?:/(.*))?", path)
        if tree:
            return self.tree(int(query.get("cursor", "0")), tree[2])
        file = re.fullmatch(rf"/datasets/(o/n|squad)/resolve/{COMMIT}/(.*)", path)
        if file:
            return self.answer(302, Location=f"/store/{file[2]}?sig=secret")
        data = self.server.files.get(path.removeprefix("/store/"))
        if data is None or query.get("sig") != "secret":
            return self.answer(404)
        return self.answer_range(data)

    def tree(self, start, folder):
        below = f"{folder}/" if folder else ""
        names = [name for name in self.server.files if name.startswith(below)]
        size = self.server.page
        page = json.dumps([
            {"type": "file", "path": name, "size": len(data), "oid": "1" * 40,
             "lfs": {"oid": sha256(data), "size": len(data), "pointerSize": 1}}
            for name, data in ((name, self.server.files[name])
                               for name in names[start:start + size])]).encode()
        end = start + size
        follows = f"http://{self.headers['Host']}{self.path.split('?')[0]}?cursor={end}"
        more = {"Link": f'<{follows}>; rel="next"'} if end < len(names) else {}
        return self.answer(200, page, **more)


@contextlib.contextmanager
def store(kind, files):
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), kind) as server:
        server.files = files
        server.asked = []
        server.page = HUB_PAGE
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server, f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()


def files_of(root):
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*")
            if path.is_file() and path.name != "README.txt"}


class Endpoints(unittest.TestCase):
    def setUp(self):
        self.stack = contextlib.ExitStack()
        self.addCleanup(self.stack.close)
        self.work = pathlib.Path(self.stack.enter_context(tempfile.TemporaryDirectory()))
        # Nothing of the world's is asked, whatever a test names.
        self.environment = {name: value for name, value in os.environ.items()
                            if not name.lower().endswith("_proxy")}
        self.environment.update(OMICSFS_CONFIG=str(self.work / "config.json"),
                                https_proxy="http://127.0.0.1:1", no_proxy="127.0.0.1")
        self.files = {"top.txt": b"a small one\n", "deep/a b+c%.txt": b"of an odd name\n",
                      "deep/large.bin": bytes(range(256)) * 4096 * 3,
                      "deep/er/x": b"x", "deeper": b"of no folder"}
        self.configure()

    def configure(self, **more):
        (self.work / "config.json").write_text(json.dumps({
            "state_dir": str(self.work / "state"),
            "cache": {"dir": str(self.work / "cache"), "limit": "1G", "keep_free": "1M"},
            "network": {"retries": 1}, **more}))

    def mounted(self, word):
        mount = pathlib.Path(tempfile.mkdtemp(dir=self.work)) / "mnt"
        return mounted_words([word], mount, self.environment)

    def test_a_bucket_of_an_own_store(self):
        server, url = self.stack.enter_context(store(Bucket, self.files))
        self.configure(endpoints={"s3": url})
        with self.mounted("s3://my.bucket") as root:
            self.assertEqual(files_of(root), self.files)
            self.assertEqual(os.getxattr(root / "top.txt", "user.omicsfs.url").decode(),
                             url + "my.bucket/top.txt")
        listed = [path for path in server.asked if "list-type=2" in path]
        self.assertEqual(len(listed), 3, listed)
        with self.mounted("s3://my.bucket/deep") as root:
            self.assertEqual(files_of(root), {
                name.removeprefix("deep/"): data for name, data in self.files.items()
                if name.startswith("deep/")})

    def test_a_store_that_a_variable_names_has_catalogs_of_its_own(self):
        _, one = self.stack.enter_context(store(Bucket, {"a": b"one"}))
        _, other = self.stack.enter_context(store(Bucket, {"a": b"other"}))
        for url, data in ((one, b"one"), (other, b"other")):
            self.environment["OMICSFS_ENDPOINTS_S3"] = url
            with self.mounted("s3://my.bucket") as root:
                self.assertEqual(files_of(root), {"a": data})

    def test_addresses_in_a_manifest_lead_there_too(self):
        _, url = self.stack.enter_context(store(Bucket, self.files))
        self.configure(endpoints={"s3": url})
        (self.work / "urls.txt").write_text("s3://my.bucket/deep/large.bin\n")
        with self.mounted(str(self.work / "urls.txt")) as root:
            self.assertEqual(list(files_of(root).values()), [self.files["deep/large.bin"]])

    def test_a_repository_of_an_own_hub(self):
        many = {f"many/{number}": b"%d" % number for number in range(HUB_PAGE)}
        server, url = self.stack.enter_context(store(Hub, {**many, **self.files}))
        self.configure(endpoints={"hf": url + "hub"})
        with self.mounted("hf://datasets/o/n") as root:
            for name, data in self.files.items():
                self.assertEqual((root / name).read_bytes(), data)
            self.assertEqual((root / "many/999").read_bytes(), b"999")
            self.assertEqual(len(os.listdir(root / "many")), HUB_PAGE)
            self.assertIn(COMMIT, (root / "README.txt").read_text())
        trees = [path for path in server.asked if "/tree/" in path]
        self.assertTrue(trees and all(f"/tree/{COMMIT}" in path for path in trees), trees)
        self.assertIn("/hub/api/datasets/o/n/revision/main", server.asked)
        self.assertTrue(any("cursor=1000" in path for path in trees), trees)

    def test_pages_of_a_repository_are_followed_however_few_names_they_have(self):
        server, url = self.stack.enter_context(store(Hub, self.files))
        server.page = 2
        self.configure(endpoints={"hf": url + "hub"})
        with self.mounted("hf://datasets/o/n") as root:
            self.assertEqual(files_of(root), self.files)

    def test_folders_revisions_and_repositories_without_an_owner(self):
        _, url = self.stack.enter_context(store(Hub, self.files))
        self.configure(endpoints={"hf": url + "hub"})
        deep = {name.removeprefix("deep/"): data for name, data in self.files.items()
                if name.startswith("deep/")}
        for place, files in {"hf://datasets/o/n/deep": deep,
                             "hf://datasets/o/n@main/deep/er": {"x": b"x"},
                             "hf://datasets/o/n@refs%2Fconvert%2Fparquet": self.files,
                             "hf://datasets/o/n@refs/convert/parquet/deep": deep,
                             "hf://datasets/squad": self.files,
                             "hf://datasets/squad@main/deep": deep}.items():
            with self.subTest(place), self.mounted(place) as root:
                self.assertEqual(files_of(root), files)


if __name__ == "__main__":
    raise SystemExit(main())
