#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Files of a portal that redirects, limits its requests and lets urls expire.

usage: portal_test.py PORTAL_READER

Against tests/support/fake_portal.py, by processes that share one cache.
"""

import contextlib
import hashlib
import json
import os
import pathlib
import random
import signal
import subprocess
import sys
import tempfile
import unittest
import urllib.parse
import urllib.request

READER = os.path.abspath(sys.argv[1])
PORTAL = pathlib.Path(__file__).resolve().parent.parent / "support/fake_portal.py"
PER_SECOND = 10
READERS = 32
TIMEOUT_S = 120


class Portal(unittest.TestCase):
    def setUp(self):
        self.stack = contextlib.ExitStack()
        self.addCleanup(self.stack.close)
        self.work = pathlib.Path(self.stack.enter_context(tempfile.TemporaryDirectory()))
        self.files = self.work / "files"
        self.files.mkdir()
        dice = random.Random(1)
        self.names = []
        for number in range(2 * READERS):
            name = f"ENCFF{number:03}AAA.bigWig"
            (self.files / name).write_bytes(dice.randbytes(300_000))
            self.names.append(name)

    def serve(self, *flags):
        server = subprocess.Popen([sys.executable, str(PORTAL), str(self.files), *flags],
                                  stdout=subprocess.PIPE, text=True)
        self.stack.callback(server.wait)
        self.stack.callback(server.terminate)
        self.stack.callback(server.stdout.close)
        self.url = server.stdout.readline().strip()

    def control(self, what):
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with direct.open(self.url + ".control/" + what) as answer:
            return json.load(answer)

    def line_of(self, name):
        data = (self.files / name).read_bytes()
        address = f"redirect:{self.url}files/{name.split('.')[0]}/@@download/{name}"
        return f"{address} {len(data)} {hashlib.md5(data).hexdigest()}\n"

    def reader(self, names, cache="cache"):
        """A process that reads the first half of each file."""
        server = urllib.parse.urlsplit(self.url).netloc
        process = subprocess.Popen(
            [READER, str(self.work / cache), server, str(PER_SECOND)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.stack.callback(process.wait)
        self.stack.callback(process.kill)
        for pipe in (process.stdin, process.stdout, process.stderr):
            self.stack.callback(pipe.close)
        process.stdin.write("".join(self.line_of(name) for name in names) + "\n")
        process.stdin.flush()
        return process

    def finish(self, process):
        told, errors = process.communicate("go\n", timeout=TIMEOUT_S)
        self.assertEqual(told.strip().splitlines()[-1:], ["failed 0"], errors)
        self.assertEqual(process.returncode, 0, errors)

    def asked(self):
        """Requests of the portal itself."""
        return [entry for entry in self.control("log") if not entry["path"].startswith("/s3/")]

    def check_rate(self, asked):
        times = sorted(entry["at"] for entry in asked)
        worst = max(sum(1 for at in times if last - 1 < at <= last) for last in times)
        self.assertLessEqual(worst, PER_SECOND)
        self.assertNotIn(429, [entry["status"] for entry in asked])

    def lookups_of(self, name):
        return sum(1 for entry in self.asked() if entry["path"].endswith(name))

    def test_readers_of_two_processes_stay_within_the_limit_and_all_read_right(self):
        self.serve()
        first = self.reader(self.names[:READERS])
        second = self.reader(self.names[READERS:])
        self.finish(first)
        self.finish(second)
        asked = self.asked()
        self.assertEqual(len(asked), 2 * READERS)
        self.check_rate(asked)
        store = [entry for entry in self.control("log") if entry["path"].startswith("/s3/")]
        self.assertEqual({entry["method"] for entry in store}, {"GET"})

    def test_urls_that_expire_are_asked_for_anew_once_by_each_process(self):
        self.serve()
        names = self.names[:12]
        processes = [self.reader(names, "cache"), self.reader(names, "cache")]
        for process in processes:
            self.assertEqual(process.stdout.readline(), "half\n")
        before = {name: self.lookups_of(name) for name in names}
        self.control("expire")
        for process in processes:
            self.finish(process)
        self.check_rate(self.asked())
        for name in names:
            self.assertLessEqual(before[name], 2)
            # Whoever came second may have found the bytes in the cache.
            self.assertIn(self.lookups_of(name) - before[name], (1, 2), name)

    def test_a_process_that_is_killed_leaves_nobody_more_requests(self):
        self.serve()
        victim = self.reader(self.names[:READERS])
        while len(self.asked()) < 5:
            pass
        victim.send_signal(signal.SIGKILL)
        self.finish(self.reader(self.names[READERS:READERS + 10]))
        self.check_rate(self.asked())

    def test_a_portal_that_throttles_is_waited_for(self):
        self.serve("--throttle", "3", "--retry-after", "1")
        self.finish(self.reader(self.names[:4]))
        asked = sorted(self.asked(), key=lambda entry: entry["at"])
        self.assertEqual([entry["status"] for entry in asked[:3]], [403] * 3)
        self.check_rate(asked)

    def test_a_lower_limit_than_was_known_of_is_kept_to_when_it_is_told(self):
        self.serve("--rate", "2")
        self.finish(self.reader(self.names[:6]))
        statuses = [entry["status"] for entry in self.asked()]
        self.assertEqual(statuses.count(307), 6)
        self.assertIn(429, statuses)


if __name__ == "__main__":
    program = unittest.main(argv=sys.argv[:1], exit=False)
    sys.exit(0 if program.result.wasSuccessful() else 1)
