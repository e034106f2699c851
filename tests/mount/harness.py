# SPDX-License-Identifier: MIT
"""What the tests by real programs share: servers, and a mount.

Whoever imports it is called with the programs OMICSFS and ORIGIN.
"""

import contextlib
import hashlib
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import time
import unittest

OMICSFS, ORIGIN = (os.path.abspath(path) for path in sys.argv[1:3])
HERE = pathlib.Path(__file__).resolve().parent
# When a test gives up on what never comes. A slow machine only waits longer.
TIMEOUT_S = 240

NGINX_CONFIG = """
daemon off; worker_processes 2; pid {work}/nginx.pid; user root;
error_log {work}/nginx-error.log;
events {{ worker_connections 256; }}
http {{
  access_log {work}/nginx-access.log; sendfile on; types {{ }}
  client_body_temp_path {work}/t1; proxy_temp_path {work}/t2;
  fastcgi_temp_path {work}/t3; uwsgi_temp_path {work}/t4; scgi_temp_path {work}/t5;
  server {{ listen 127.0.0.1:{port}{tls}; root {bucket}; autoindex on; }}
}}
"""


def run(*words, **options):
    return subprocess.run(words, check=True, timeout=TIMEOUT_S, **options)


def output_of(*words, **options):
    return run(*words, stdout=subprocess.PIPE, text=True, **options).stdout


@contextlib.contextmanager
def process(*words, **options):
    """A server of ours, ended by its pid."""
    server = subprocess.Popen(words, **options)
    try:
        yield server
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(TIMEOUT_S)


@contextlib.contextmanager
def own_origin(bucket, work):
    with process(ORIGIN, "--root", bucket, stdout=subprocess.PIPE, text=True) as server:
        with server.stdout:
            yield server.stdout.readline().strip()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until_it_listens(port, server):
    def listens():
        if server.poll() is not None:
            raise RuntimeError("nginx does not listen")
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0
    wait_until(listens, "nginx")


TLS_CONFIG = """ ssl http2; server_name localhost;
    ssl_certificate {work}/cert.pem; ssl_certificate_key {work}/key.pem"""


def make_certificate(work):
    """A certificate for localhost that nobody trusts but who is told to."""
    run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
        "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
        "-keyout", str(work / "key.pem"), "-out", str(work / "cert.pem"),
        stderr=subprocess.DEVNULL)


@contextlib.contextmanager
def nginx(bucket, work, tls="", port=None):
    port = port or free_port()
    config = work / "nginx.conf"
    config.write_text(NGINX_CONFIG.format(
        work=work, port=port, bucket=bucket, tls=tls.format(work=work)))
    nginx_path = shutil.which("nginx", path="/usr/sbin:/usr/bin:/sbin:/bin")
    with process(nginx_path, "-c", str(config), "-e", str(work / "nginx-error.log")) as server:
        wait_until_it_listens(port, server)
        yield f"https://localhost:{port}/" if tls else f"http://127.0.0.1:{port}/"


def wait_until(condition, what="what is waited for"):
    """Until it holds. How long that takes decides nothing but when to give up."""
    deadline = time.monotonic() + TIMEOUT_S
    while not condition():
        if time.monotonic() > deadline:
            raise RuntimeError(f"{what} never came to be")
        time.sleep(0.01)


def serves(process, mount):
    """Whether the process is one that was started to mount there."""
    try:
        return str(mount).encode() in process.joinpath("cmdline").read_bytes().split(b"\0")
    except OSError:  # it has ended
        return False


def wait_until_served_by_nobody(mount):
    """Until what was read is on disk: umount returns before that."""
    wait_until(lambda: not any(serves(process, mount)
                               for process in pathlib.Path("/proc").glob("[0-9]*")),
               f"the end of the process of {mount}")


@contextlib.contextmanager
def mounted_words(words, mount, environment):
    """A mount of what `words` name, unmounted at the end."""
    mount.mkdir()
    run(OMICSFS, "mount", *words, str(mount), env=environment)
    try:
        yield mount
    finally:
        run(OMICSFS, "umount", str(mount), env=environment)
        wait_until_served_by_nobody(mount)


def md5_of(path):
    return hashlib.md5(pathlib.Path(path).read_bytes()).hexdigest()


def main():
    """Runs the tests of the program; 77 where nothing can be mounted."""
    if not os.access("/dev/fuse", os.R_OK | os.W_OK):
        print("skipped: /dev/fuse is missing")
        return 77
    program = unittest.main(argv=sys.argv[:1], exit=False)
    return 0 if program.result.wasSuccessful() else 1
