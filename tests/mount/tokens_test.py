#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tokens that manifests name, and urls that a DRS server tells when bytes are read.

usage: tokens_test.py OMICSFS ORIGIN
"""

import contextlib
import http.server
import json
import os
import pathlib
import subprocess
import tempfile
import threading
import unittest
import urllib.parse

from harness import OMICSFS, main, mounted_words

SECRET = "s3cret-0f-the-lab"


class Server(http.server.BaseHTTPRequestHandler):
    """Notes the headers of each request; `server.answers` makes the answers."""

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
        return self.answer(206, data[int(first):last + 1], ETag='"v"',
                           Content_Range=f"bytes {first}-{last}/{len(data)}")

    def do_GET(self):  # pylint: disable=invalid-name
        self.server.asked.append((self.path, str(self.headers)))
        url = urllib.parse.urlsplit(self.path)
        self.server.answers(self, url.path, url.query)


@contextlib.contextmanager
def serving(answers):
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server) as server:
        server.answers = answers
        server.asked = []
        server.url = f"http://127.0.0.1:{server.server_port}/"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


class Tokens(unittest.TestCase):
    def setUp(self):
        self.stack = contextlib.ExitStack()
        self.addCleanup(self.stack.close)
        self.work = pathlib.Path(self.stack.enter_context(tempfile.TemporaryDirectory()))
        # Nothing of the world's is asked, whatever a test names.
        self.environment = {name: value for name, value in os.environ.items()
                            if not name.lower().endswith("_proxy")}
        self.environment.update(OMICSFS_CONFIG=str(self.work / "config.json"),
                                https_proxy="http://127.0.0.1:1", no_proxy="127.0.0.1")
        self.data = bytes(range(256)) * 4096 * 16
        self.header = f"Bearer {SECRET}"
        self.store = self.stack.enter_context(serving(self.of_the_store))
        self.lab = self.stack.enter_context(serving(self.of_the_lab))
        self.good = "1"  # the signature that the store takes
        self.configure()

    def of_the_lab(self, request, path, _query):
        """Which shows nothing without its token, but what DRS tells."""
        if path.startswith("/drs/"):
            return self.of_drs(request, path.removeprefix("/drs/"))
        if request.headers["Authorization"] != self.header:
            return request.answer(401)
        if path.startswith("/moved/"):
            return request.answer(302, Location=f"{self.store.url}f?sig={self.good}")
        return request.answer_range(self.data) if path == "/f" else request.answer(403)

    def of_drs(self, request, path):
        access = {"url": f"{self.store.url}f?sig={self.good}"}
        if path == "with-headers/access/a":
            access["headers"] = ["Authorization: Basic eDp5"]
        if path == "to-a-file/access/a":
            access["url"] = "file:///etc/passwd"
        if path == "to-a-stranger/access/a":
            access["url"] = "http://127.0.0.2:1/f"
        if path.endswith("/access/a"):
            return request.answer(200, json.dumps(access).encode())
        return request.answer(200, json.dumps({
            "id": path, "size": len(self.data),
            "access_methods": [{"type": "https", "access_id": "a"}]}).encode())

    def of_the_store(self, request, _path, query):
        if query != f"sig={self.good}":
            return request.answer(403)
        return request.answer_range(self.data)

    def configure(self, **rule):
        (self.work / "config.json").write_text(json.dumps({
            "state_dir": str(self.work / "state"),
            "cache": {"dir": str(self.work / "cache"), "limit": "1G", "keep_free": "1M"},
            "network": {"retries": 1, "timeout_s": 20},
            "tokens": {"lab": {"server": self.lab.url, **rule}},
            # Who is at a private address must be named.
            "mirrors": {self.lab.url: [], self.store.url: []}}))

    def manifest(self, **places):
        """A package with a file at each place, which needs the token."""
        package = self.work / "package.json"
        package.write_text(json.dumps({"resources": [
            {"fs:path": path, "bytes": len(self.data),
             "fs:access": [{"url": self.lab.url + place, "token": "lab"}]}
            for path, place in places.items()]}))
        return package

    def mounted(self, word):
        mount = pathlib.Path(tempfile.mkdtemp(dir=self.work)) / "mnt"
        return mounted_words([str(word)], mount, self.environment)

    def call(self, *words, status=0):
        done = subprocess.run([OMICSFS, *[str(word) for word in words]], env=self.environment,
                              text=True, capture_output=True, check=False, timeout=240)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done.stdout + done.stderr

    def told_by(self, root):
        """All that a mount tells, but the files' bytes."""
        told = b""
        for path in [root, *root.rglob("*")]:
            for name in [*os.listxattr(path), "user.omicsfs.urls"]:
                with contextlib.suppress(OSError):
                    told += os.getxattr(path, name)
        for name in ("status.json", "metrics", "errors"):
            with contextlib.suppress(FileNotFoundError):
                told += (root / ".omicsfs" / name).read_bytes()
        return told + (root / "README.txt").read_bytes()

    def check_kept(self, *but):
        """The secret is in no file, but where the user put it."""
        for path in self.work.rglob("*"):
            if path.is_file() and path not in but:
                self.assertNotIn(SECRET.encode(), path.read_bytes(), path)

    def check_store(self):
        for path, headers in self.store.asked:
            self.assertNotIn(SECRET, path + headers)
            self.assertNotIn("authorization", headers.lower())

    def test_the_token_goes_to_its_server_and_to_nobody_else(self):
        self.environment["OMICSFS_TOKEN_LAB"] = SECRET
        package = self.manifest(plain="f", moved="moved/f", denied="denied")
        with self.mounted(package) as root:
            self.assertEqual((root / "plain").read_bytes(), self.data)
            self.assertEqual((root / "moved").read_bytes(), self.data)
            with self.assertRaises(OSError):
                (root / "denied").read_bytes()
            self.assertEqual(os.getxattr(root / "plain", "user.omicsfs.url").decode(),
                             self.lab.url + "f")
            self.assertNotIn(SECRET.encode(), self.told_by(root))
            written = self.work / "from.json"
            self.call("manifest", "from", root, "-o", written)
        resources = {one["fs:path"]: one for one in
                     json.loads(written.read_text())["resources"]}
        self.assertEqual(resources["plain"]["fs:access"],
                         [{"url": self.lab.url + "f", "token": "lab"}])
        self.assertTrue(self.store.asked and self.lab.asked)
        self.check_store()
        self.check_kept()
        with self.mounted(written) as root:
            self.assertEqual((root / "moved").read_bytes(), self.data)

    def test_of_a_file_that_only_the_user_may_read(self):
        self.configure(header="Authorization", scheme="Key")
        self.header = f"Key {SECRET}"
        tokens = self.work / "state" / "tokens"
        tokens.mkdir(parents=True)
        token = tokens / "lab"
        token.write_text(SECRET + "\n")
        token.chmod(0o644)
        package = self.manifest(plain="f")
        with self.mounted(package) as root, self.assertRaises(OSError):
            (root / "plain").read_bytes()
        self.assertEqual(self.lab.asked, [])
        token.chmod(0o600)
        with self.mounted(package) as root:
            self.assertEqual((root / "plain").read_bytes(), self.data)
        self.check_kept(token)

    def test_the_size_is_asked_for_with_it(self):
        self.environment["OMICSFS_TOKEN_LAB"] = SECRET
        package = self.work / "package.json"
        package.write_text(json.dumps({"resources": [
            {"fs:access": [{"url": self.lab.url + "f", "token": "lab"}]}]}))
        with self.mounted(package) as root:
            self.assertEqual((root / "f").stat().st_size, len(self.data))
            self.assertEqual((root / "f").read_bytes(), self.data)

    def test_an_unknown_token_and_a_strangers_server_are_refused(self):
        self.environment["OMICSFS_TOKEN_LAB"] = SECRET
        for url, token, why in ((self.lab.url, "other", "tokens.other.server"),
                                (self.store.url, "lab", "alone by the settings")):
            package = self.work / "package.json"
            package.write_text(json.dumps({"resources": [
                {"fs:path": "a", "bytes": 3, "fs:access": [{"url": url + "f", "token": token}]}]}))
            mount = pathlib.Path(tempfile.mkdtemp(dir=self.work))
            self.addCleanup(subprocess.run, ["umount", "-l", str(mount)], check=False,
                            stderr=subprocess.DEVNULL)  # of a mount that should not be
            told = self.call("mount", package, mount, status=1)
            self.assertIn("/resources/0", told)
            self.assertIn(why, told)
        self.assertEqual(self.lab.asked + self.store.asked, [])

    def test_without_the_token_a_read_fails_and_says_what_to_do(self):
        with self.mounted(self.manifest(plain="f")) as root:
            with self.assertRaises(OSError):
                (root / "plain").read_bytes()
        self.assertIn("OMICSFS_TOKEN_LAB", (self.work / "state" / "omicsfs.log").read_text())
        self.assertEqual(self.lab.asked, [])

    def test_an_access_id_is_asked_for_when_bytes_are_read(self):
        with self.mounted_object("signed") as root:
            with (root / "signed").open("rb", buffering=0) as file:
                self.assertEqual(file.read(100), self.data[:100])
        self.good = "2"  # the first one has expired
        with self.mounted_object("again") as root:
            with (root / "again").open("rb", buffering=0) as file:
                self.assertEqual(file.read(100), self.data[:100])
                self.good = "3"
                self.assertEqual(os.pread(file.fileno(), 100, 15_000_000),
                                 self.data[15_000_000:15_000_100])
        asked = [path for path, _ in self.lab.asked if path == "/drs/again/access/a"]
        self.assertEqual(len(asked), 2, self.lab.asked)

    def mounted_object(self, name):
        """A mount of the manifest that a DRS object is."""
        catalogue = self.lab.url + "drs/" + name
        config = json.loads((self.work / "config.json").read_text())
        config["sources"] = {"manifest": {"catalogue": catalogue}}
        (self.work / "config.json").write_text(json.dumps(config))
        self.call("refresh", "manifest")
        return self.mounted("manifest")

    def test_what_an_access_id_may_not_lead_to(self):
        for name, why in (("with-headers", "headers"), ("to-a-file", "no url"),
                          ("to-a-stranger", "127.0.0.2")):
            with self.mounted_object(name) as root, self.assertRaises(OSError):
                (root / name).read_bytes()
            log = (self.work / "state" / "omicsfs.log").read_text()
            self.assertIn(why, log)
        self.assertEqual(self.store.asked, [])


if __name__ == "__main__":
    raise SystemExit(main())
