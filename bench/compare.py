#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Times the same reads through omicsfs and its peers, on one origin in one run.

usage: compare.py OMICSFS [--runs N] [--mebibytes N]

Serves a bucket by nginx on the loopback interface and prints a table of medians
with the ratio of each to omicsfs. Every byte that is read is compared.
"""

import argparse
import contextlib
import hashlib
import json
import os
import pathlib
import platform
import random
import shutil
import signal
import socket
import statistics
import subprocess
import tempfile
import time

TIMEOUT_S = 120
PATH = "metadata/BENCH/20240101/table.csv"
RANDOM_READS = 500

NGINX = """
daemon off; worker_processes 2; pid {work}/nginx.pid; user root;
error_log {work}/error.log;
events {{ worker_connections 1024; }}
http {{ log_format bytes "$body_bytes_sent"; access_log {work}/access.log bytes;
  sendfile on; types {{ }} client_body_temp_path {work}/t1; proxy_temp_path {work}/t2;
  fastcgi_temp_path {work}/t3; uwsgi_temp_path {work}/t4; scgi_temp_path {work}/t5;
  server {{ listen 127.0.0.1:{port}; root {bucket}; autoindex on; }} }}
"""


def run(*words, **options):
    return subprocess.run(words, check=True, timeout=TIMEOUT_S, stdout=subprocess.DEVNULL,
                          **options)


def is_mounted(path):
    return any(line.split()[1] == str(path) for line in open("/proc/mounts"))


def wait_for(condition):
    deadline = time.monotonic() + TIMEOUT_S
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError("it does not come up")
        time.sleep(0.005)


def drop_page_cache():
    os.sync()
    pathlib.Path("/proc/sys/vm/drop_caches").write_text("1")


@contextlib.contextmanager
def nginx(bucket, work):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    (work / "nginx.conf").write_text(NGINX.format(work=work, port=port, bucket=bucket))
    program = shutil.which("nginx", path="/usr/sbin:/usr/bin")
    server = subprocess.Popen([program, "-c", str(work / "nginx.conf"),
                               "-e", str(work / "error.log")])
    try:
        def listens():
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", port)) == 0
        wait_for(listens)
        yield f"http://127.0.0.1:{port}/"
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(TIMEOUT_S)


def compose(bucket, mebibytes):
    """A release of one file; returns the file's bytes."""
    noise = random.Random(1)
    content = b"".join(noise.randbytes(1 << 20) for _ in range(mebibytes))
    (bucket / PATH).parent.mkdir(parents=True)
    (bucket / PATH).write_bytes(content)
    entry = {"version": "20240101", "relative_path": PATH, "url": "http://localhost/" + PATH,
             "size": len(content), "file_hash": hashlib.md5(content).hexdigest()}
    place = {"version": "20240101", "relative_path": "metadata/BENCH/20240101",
             "url": "", "view_link": "", "total_size": len(content)}
    manifest = {"version": "20240101", "resource_uri": "s3://bench/",
                "directory_listing": {"BENCH": {"directories": {"metadata": place}}},
                "file_listing": {"BENCH": {"metadata": {"table": {"files": {"csv": entry}}}}}}
    release = bucket / "releases" / "20240101"
    release.mkdir(parents=True)
    (release / "manifest.json").write_text(json.dumps(manifest))
    return content


class Ours:
    name = "omicsfs"

    def __init__(self, program, url):
        self.program, self.url = program, url

    def mount(self, work, root):
        config = work / "config.json"
        config.write_text(json.dumps({
            "state_dir": str(work / "state"),
            "cache": {"dir": str(work / "cache"), "limit": "50G", "keep_free": "100M"},
            "sources": {"abc-atlas": {"base_url": self.url, "releases": ["20240101"]}}}))
        run(self.program, "--config", str(config), "mount", "abc-atlas", str(root))

    def unmount(self, root):
        run(self.program, "umount", str(root))


class InForeground:
    """A peer that serves its mount until it is unmounted."""

    def mount(self, work, root):
        self.process = subprocess.Popen(self.words(work, root), stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)
        wait_for(lambda: is_mounted(root) or self.process.poll() is not None)
        if not is_mounted(root):
            raise OSError("its mount ended at once")

    def unmount(self, root):
        run("fusermount3", "-u", str(root))
        self.process.wait(TIMEOUT_S)


class Rclone(InForeground):
    name = "rclone, cache full"

    def __init__(self, url):
        self.url = url

    def words(self, work, root):
        return ["rclone", "mount", ":http:", str(root), "--http-url", self.url,
                "--vfs-cache-mode", "full", "--cache-dir", str(work / "cache"), "--read-only"]


class Httpdirfs(InForeground):
    name = "httpdirfs, cache"

    def __init__(self, url):
        self.url = url

    def words(self, work, root):
        (work / "cache").mkdir(exist_ok=True)
        return ["httpdirfs", "-f", "--cache", "--cache-location", str(work / "cache"),
                self.url, str(root)]


def read_whole(path, content):
    digest = hashlib.blake2b(digest_size=16)
    started = time.perf_counter()
    with open(path, "rb", buffering=0) as file:
        pieces = iter(lambda: file.read(1 << 20), b"")
        kept = list(pieces)
    seconds = time.perf_counter() - started
    for piece in kept:
        digest.update(piece)
    if digest.digest() != hashlib.blake2b(content, digest_size=16).digest():
        raise ValueError(f"{path}: wrong bytes")
    return len(content) / 1e6 / seconds


def read_randomly(path, content):
    offsets = random.Random(2)
    wrong = 0
    started = time.perf_counter()
    with open(path, "rb", buffering=0) as file:
        for _ in range(RANDOM_READS):
            offset = offsets.randrange(len(content) // 4096) * 4096
            wrong += os.pread(file.fileno(), 4096, offset) != content[offset:offset + 4096]
    seconds = time.perf_counter() - started
    if wrong:
        raise ValueError(f"{path}: {wrong} wrong reads")
    return RANDOM_READS / seconds


def bytes_served(work):
    return sum(int(line) for line in open(work / "access.log"))


def measure(peer, work, content):
    """One run: name of a workload -> figure."""
    figures = {}
    with tempfile.TemporaryDirectory(dir=work) as name:
        own = pathlib.Path(name)
        root = own / "mnt"
        root.mkdir()

        @contextlib.contextmanager
        def mounted():
            peer.mount(own, root)
            try:
                yield root / PATH
            finally:
                peer.unmount(root)

        with mounted() as path:
            before = bytes_served(work)
            figures["cold random 4 KiB, reads/s"] = read_randomly(path, content)
            figures["bytes fetched a byte asked"] = (
                (bytes_served(work) - before) / (RANDOM_READS * 4096))
        shutil.rmtree(own / "cache", ignore_errors=True)
        drop_page_cache()
        with mounted() as path:
            figures["cold sequential, MB/s"] = read_whole(path, content)
        drop_page_cache()
        with mounted() as path:
            figures["warm from the disk cache, MB/s"] = read_whole(path, content)
            figures["from the page cache, MB/s"] = read_whole(path, content)
        drop_page_cache()
        with mounted() as path:
            figures["warm random 4 KiB, reads/s"] = read_randomly(path, content)
    return figures


def measure_disk(bucket, content):
    drop_page_cache()
    figures = {"warm from the disk cache, MB/s": read_whole(bucket / PATH, content)}
    figures["from the page cache, MB/s"] = read_whole(bucket / PATH, content)
    drop_page_cache()
    figures["warm random 4 KiB, reads/s"] = read_randomly(bucket / PATH, content)
    return figures


def measure_curl(url, work, content):
    target = work / "download"
    drop_page_cache()
    started = time.perf_counter()
    run("curl", "-s", "-o", str(target), url + PATH)
    seconds = time.perf_counter() - started
    if target.read_bytes() != content:
        raise ValueError("curl: wrong bytes")
    target.unlink()
    return {"cold sequential, MB/s": len(content) / 1e6 / seconds}


def table(results):
    """Medians as Markdown, each with its ratio to omicsfs."""
    names = list(results)
    ours = {key: statistics.median(run[key] for run in results["omicsfs"])
            for key in results["omicsfs"][0]}
    lines = ["| workload | " + " | ".join(names) + " |",
             "|---" * (len(names) + 1) + "|"]
    for key, own in ours.items():
        cells = []
        for name in names:
            seen = [run[key] for run in results[name] if key in run]
            median = statistics.median(seen) if seen else None
            cells.append("–" if median is None else f"{median:.0f}" if name == "omicsfs" else
                         f"{median:.0f} ({median / own:.2f})")
        lines.append(f"| {key} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def attempt(results, name, action):
    try:
        results.setdefault(name, []).append(action())
    except (ValueError, OSError, subprocess.SubprocessError) as failure:
        print(f"{name}: {failure}", flush=True)
        results.setdefault(name, []).append({})


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("omicsfs")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--mebibytes", type=int, default=256)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        work = pathlib.Path(name)
        bucket = work / "bucket"
        bucket.mkdir()
        content = compose(bucket, options.mebibytes)
        with nginx(bucket, work) as url:
            peers = [Ours(options.omicsfs, url)]
            peers += [Rclone(url)] if shutil.which("rclone") else []
            peers += [Httpdirfs(url)] if shutil.which("httpdirfs") else []
            results = {}
            for _ in range(options.runs):
                for peer in peers:
                    attempt(results, peer.name, lambda: measure(peer, work, content))
                attempt(results, "curl", lambda: measure_curl(url, work, content))
                attempt(results, "ext4 itself", lambda: measure_disk(bucket, content))
    print(f"{platform.machine()}, {os.cpu_count()} processors, Linux {platform.release()}, "
          f"{options.mebibytes} MiB, medians of {options.runs} runs "
          "(in parentheses: the ratio to omicsfs)\n")
    print(table(results))


if __name__ == "__main__":
    main()
