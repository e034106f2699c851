#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Mounts of servers that limit their requests, answer late, or sent wrong bytes.

No verdict depends on how fast the machine is: a slow one only waits longer.

usage: servers_test.py OMICSFS ORIGIN
"""

import collections
import concurrent.futures
import contextlib
import gzip
import hashlib
import http.server
import json
import os
import pathlib
import random
import tempfile
import threading
import time
import unittest

from harness import main, mounted_words, wait_until

READERS = 8
SMALL = {f"{number}.bin": bytes([number]) * 1000 for number in range(READERS)}
LARGE = random.Random(1).randbytes(12_000_000)  # it comes by more than one request
FILES = {**SMALL, "large": LARGE}
PLAIN = random.Random(2).randbytes(300_000)  # no digest tells its bytes from others
PACKAGE = json.dumps({"resources": [
    {"name": name, "path": name, "bytes": len(data),
     "hash": "sha256:" + hashlib.sha256(data).hexdigest()}
    for name, data in FILES.items()] + [
        {"name": "plain", "path": "plain", "bytes": len(PLAIN)}]}).encode()


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers as its server's `behave` says, else with the file."""

    protocol_version = "HTTP/1.1"
    wbufsize = 65536  # a head and a small body leave together

    def log_message(self, *_):
        pass

    def answer(self, status, body=b"", headers=()):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):  # pylint: disable=invalid-name
        name = self.path.removeprefix("/")
        refusal = self.server.behave(name)
        if refusal:
            return self.answer(refusal[0], headers=refusal[1:])
        if name == "datapackage.json":
            return self.answer(200, PACKAGE)
        data = self.server.sent.get(name) or {**FILES, "plain": PLAIN}[name]
        first, last = (int(part) for part in
                       self.headers["Range"].removeprefix("bytes=").split("-"))
        if self.server.send_part:
            return self.server.send_part(self, data, first, last)
        return self.answer(206, data[first:last + 1], [
            ("Content-Range", f"bytes {first}-{last}/{len(data)}")])

    def answer_in_chunks(self, body, headers):
        """Without a Content-Length."""
        self.send_response(206)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for begin in range(0, len(body), 10_000):
            chunk = body[begin:begin + 10_000]
            self.wfile.write(b"%x\r\n%b\r\n" % (len(chunk), chunk))
        self.wfile.write(b"0\r\n\r\n")


@contextlib.contextmanager
def server_that(behave, sent=None, send_part=None):
    """Sends what `sent` holds in place of some files, and parts by `send_part`."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.behave = behave
    server.sent = sent or {}
    server.send_part = send_part
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/datapackage.json"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextlib.contextmanager
def mount_of(url, **network):
    with tempfile.TemporaryDirectory() as work:
        work = pathlib.Path(work)
        config = work / "config.json"
        config.write_text(json.dumps({
            "state_dir": str(work / "state"), "cache": {"dir": str(work / "cache")},
            "network": {"timeout_s": 600, **network}}))
        environment = {**os.environ, "no_proxy": "*", "XDG_CONFIG_HOME": str(work),
                       "XDG_RUNTIME_DIR": str(work)}
        with mounted_words(["--config", str(config), url], work / "mnt", environment) as root:
            yield root


class StrictLimit:
    """Serves so many files a second, and refuses all else with `refusal`."""

    def __init__(self, per_second, refusal):
        self.per_second, self.refusal = per_second, refusal
        self.lock, self.served = threading.Lock(), collections.deque()
        self.refused = 0

    def __call__(self, name):
        if not name.endswith(".bin"):
            return None
        with self.lock:
            now = time.monotonic()
            while self.served and self.served[0] <= now - 1:
                self.served.popleft()
            if len(self.served) < self.per_second:
                self.served.append(now)
                return None
            self.refused += 1
            return self.refusal


class BusyServers(unittest.TestCase):
    def test_eight_readers_of_a_strict_server_get_no_error(self):
        for refusal in ((429,), (503,), (429, ("Retry-After", "1"))):
            limit = StrictLimit(2, refusal)
            with self.subTest(refusal=refusal), server_that(limit) as url, \
                    mount_of(url, retries=0) as root, \
                    concurrent.futures.ThreadPoolExecutor(READERS) as readers:
                read = readers.map(lambda name, root=root: (root / name).read_bytes(), SMALL)
                self.assertEqual(dict(zip(SMALL, read)), SMALL)

    def test_a_server_that_says_when_its_limit_ends_is_waited_for(self):
        for header in (("Retry-After", "1"), ("RateLimit", '"resolvers";r=0;t=1'),
                       ("RateLimit", "limit=5, remaining=0, reset=1"),
                       ("RateLimit-Reset", "1"), ("X-RateLimit-Reset", "1")):
            refusals = [(429, header)] * 3

            def behave(name, refusals=refusals):
                return refusals.pop() if name.endswith(".bin") and refusals else None

            with self.subTest(header=header), server_that(behave) as url, \
                    mount_of(url, retries=0) as root:
                self.assertEqual((root / "1.bin").read_bytes(), FILES["1.bin"])
                self.assertEqual(refusals, [])

    def test_a_pause_over_the_deadline_of_a_read_fails_it_at_once(self):
        asked = []

        def behave(name):
            asked.append(name)
            return (429, ("RateLimit-Reset", "3000")) if name.endswith(".bin") else None

        with server_that(behave) as url, mount_of(url) as root:
            with self.assertRaises(OSError):
                (root / "1.bin").read_bytes()
            with self.assertRaises(OSError):
                (root / "2.bin").read_bytes()
            self.assertNotIn("2.bin", asked)

    def test_a_first_byte_may_come_later_than_a_stall(self):
        """That of a file, and that of a document of a refresh."""
        stall_s = 1

        # A slow machine only makes it later. Nothing can stall after that: the
        # answer comes in one piece.
        def behave(_name):
            time.sleep(stall_s + 1)

        with server_that(behave) as url, \
                mount_of(url, stall_s=stall_s, first_byte_s=600, retries=0) as root:
            self.assertEqual((root / "1.bin").read_bytes(), FILES["1.bin"])


def wait_until_dropped(path):
    wait_until(lambda: os.getxattr(path, "user.omicsfs.cached_bytes") == b"0",
               f"the end of {path}, whose digest is wrong")


class WrongBytes(unittest.TestCase):
    def test_a_file_that_is_opened_again_after_a_bad_digest_has_no_old_page(self):
        """The kernel drops its pages of a file that was dropped."""
        sent = {"large": b"?" + LARGE[1:]}
        with server_that(lambda name: None, sent) as url, mount_of(url) as root:
            with contextlib.suppress(OSError):  # the check comes when it may
                (root / "large").read_bytes()
            wait_until_dropped(root / "large")
            sent.clear()
            self.assertTrue((root / "large").read_bytes() == LARGE)


class OddParts(unittest.TestCase):
    """Answers of status 206 whose body may be another than the part that was asked for."""

    def read(self, send_part, sent=None):
        """None where the file cannot be read."""
        with server_that(lambda name: None, sent, send_part) as url, \
                mount_of(url, retries=0) as root, (root / "plain").open("rb") as file:
            try:
                file.seek(100_000)
                return file.read(1000)
            except OSError:
                return None

    def test_a_part_without_a_length_is_taken_where_it_is_whole(self):
        def exact(handler, data, first, last):
            handler.answer_in_chunks(data[first:last + 1], [
                ("Content-Range", f"bytes {first}-{last}/{len(data)}")])
        self.assertEqual(self.read(exact), PLAIN[100_000:101_000])

    def test_the_whole_object_as_a_part_is_refused(self):
        def whole(handler, data, first, last):
            handler.answer_in_chunks(data, [
                ("Content-Range", f"bytes {first}-{last}/{len(data)}")])
        # Also where the first byte is asked for, and so what follows is right.
        self.assertIsNone(self.read(whole, {"plain": PLAIN[50_000:] + PLAIN[:50_000]}))

    def test_a_part_that_is_encoded_on_its_way_is_refused(self):
        def encoded(handler, data, first, last):
            handler.answer_in_chunks(gzip.compress(data[first:last + 1]), [
                ("Content-Range", f"bytes {first}-{last}/{len(data)}"),
                ("Content-Encoding", "gzip")])
        self.assertIsNone(self.read(encoded))

    def test_an_object_of_untold_length_must_end_where_the_manifest_says(self):
        def untold(handler, data, first, last):
            last = min(last, len(data) - 1)
            handler.answer(206, data[first:last + 1],
                           [("Content-Range", f"bytes {first}-{last}/*")])
        self.assertEqual(self.read(untold), PLAIN[100_000:101_000])
        self.assertIsNone(self.read(untold, {"plain": PLAIN[::-1] + b"decoded"}))


if __name__ == "__main__":
    raise SystemExit(main())
