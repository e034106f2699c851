# SPDX-License-Identifier: MIT
"""Where the bytes come from: a server near by, or one that is far away."""

import contextlib
import shutil
import socket

from bench import child, trees

# httpfs2 wants Accept-Ranges in every answer, where nginx leaves it out of a 206.
NGINX = """
daemon off; worker_processes 2; pid {work}/nginx.pid; user root;
error_log {work}/nginx-error.log;
events {{ worker_connections 1024; }}
http {{ log_format bench "$body_bytes_sent"; access_log {work}/nginx.log bench;
  sendfile on; types {{ }} keepalive_requests 1000000;
  add_header Accept-Ranges bytes;
  client_body_temp_path {work}/t1; proxy_temp_path {work}/t2;
  fastcgi_temp_path {work}/t3; uwsgi_temp_path {work}/t4; scgi_temp_path {work}/t5;
  server {{ listen 127.0.0.1:{port}; root {root}; index no-such-page; autoindex on; }} }}
"""


class Lan:
    """nginx on the loopback interface."""

    name = "LAN"
    releases = [trees.RELEASE]

    def __init__(self, url, log):
        self.url, self.log = url, log

    def bytes_sent(self):
        """Of all requests that are over."""
        with open(self.log, encoding="ascii") as lines:
            return sum(int(line) for line in lines)

    def depth(self):
        """Not known: nginx does not say when a request arrived."""
        return None


class Million(Lan):
    """The same server's releases of a million files."""

    name = "1M"
    releases = trees.MILLION_RELEASES

    def __init__(self, near):
        super().__init__(f"{near.url}{trees.MILLION}/", near.log)


@contextlib.contextmanager
def stopped_at_the_end(daemon):
    try:
        yield daemon
    finally:
        daemon.process.terminate()
        daemon.stop(patience_s=10)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def answers(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextlib.contextmanager
def lan(bucket, work):
    port = free_port()
    settings = work / "nginx.conf"
    settings.write_text(NGINX.format(work=work, port=port, root=bucket.root))
    program = shutil.which("nginx", path="/usr/sbin:/usr/bin")
    words = [program, "-c", settings, "-e", work / "nginx-error.log"]
    with stopped_at_the_end(child.Daemon(words, work / "nginx-out.log")):
        child.wait_for(lambda: answers(port), "nginx to listen")
        yield Lan(f"http://127.0.0.1:{port}/", work / "nginx.log")


class Wan:
    """Our own origin: 30 ms before each answer, 40 MB/s a connection."""

    name = "WAN"
    releases = [trees.RELEASE]
    DELAY_MS = 30
    BYTES_A_S = 40_000_000

    def __init__(self, url, log):
        self.url, self.log = url, log

    def _columns(self, number):
        with open(self.log, encoding="utf-8") as lines:
            return [int(line.split()[number]) for line in lines]

    def bytes_sent(self):
        return sum(self._columns(-3))

    def depth(self):
        """The most requests until now of which each waited for the one before."""
        return max(self._columns(-1), default=0)


@contextlib.contextmanager
def wan(bucket, work, programs):
    log, port = work / "wan.log", work / "wan.port"
    words = [programs / "omicsfs-origin", "--root", bucket.root, "--delay-ms", Wan.DELAY_MS,
             "--bandwidth", Wan.BYTES_A_S, "--port-file", port, "--log", log]
    with stopped_at_the_end(child.Daemon(words, work / "wan-out.log")):
        child.wait_for(lambda: port.exists() and port.read_text().strip(), "the origin to listen")
        yield Wan(f"http://127.0.0.1:{port.read_text().strip()}/", log)
