#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A portal of the shape of ENCODE's, and the store that it redirects to.

usage: fake_portal.py FILES [--graph FILE] [--saved DIR] [--lifetime S] [--rate N]
                      [--throttle N] [--retry-after S]

Prints its url once it listens. FILES is a directory: FILES/ENCFF001AAA.bed.gz
is /files/ENCFF001AAA/@@download/ENCFF001AAA.bed.gz, which redirects to a signed
url below /s3/ that is good for S seconds, and GET of which alone is signed for.
/search/ streams the objects of the graph FILE (a JSON array, or an object with
@graph) that have what the query asks for. DIR may hold files.txt, metadata.tsv
and report.tsv, the answers to /batch_download/, /metadata/ and /report.tsv.

More than N requests of the portal in a second get 429. The first N of
--throttle get 403, with a Retry-After where one is set. What is asked for is
noted at /.control/log; /.control/expire ends all signed urls that there are.
"""

import argparse
import datetime
import hashlib
import http.server
import json
import pathlib
import re
import socketserver
import threading
import time
import urllib.parse
import zlib

DEFAULT_LIMIT = 25
# Parameters of a search that choose no objects.
NO_FILTERS = {"type", "format", "limit", "field", "frame", "from", "sort"}
PAGES = {"/batch_download/": ("files.txt", "text/plain"),
         "/metadata/": ("metadata.tsv", "text/tsv"),
         "/report.tsv": ("report.tsv", "text/tsv")}


class State:
    def __init__(self, options):
        self.options = options
        self.lock = threading.Lock()
        self.generation = 0
        self.throttled = 0
        self.log, self.recent = [], []
        self.graph = load_graph(options.graph)

    def arrived(self, method, path):
        """Notes a request; its status is to follow."""
        entry = {"method": method, "path": path, "at": time.monotonic(), "status": 0}
        with self.lock:
            self.log.append(entry)
        return entry

    def refusal(self):
        """The status that a request of the portal is refused with, if it is."""
        with self.lock:
            now = time.monotonic()
            self.recent = [at for at in self.recent if at > now - 1] + [now]
            if len(self.recent) > self.options.rate:
                return 429
            self.throttled += 1
            return 403 if self.throttled <= self.options.throttle else None

    def signature(self):
        return f"x{self.generation}"

    def file_of(self, key):
        """The file at a key of the store, which has folders before the name."""
        path = self.options.files / pathlib.PurePosixPath(key).name
        return path if path.is_file() and ".." not in key else None


def load_graph(path):
    if path is None:
        return []
    graph = json.loads(path.read_text())
    return graph["@graph"] if isinstance(graph, dict) else graph


def value_at(item, dotted):
    for key in dotted.split("."):
        item = item.get(key) if isinstance(item, dict) else None
    return item


def has(item, dotted, wanted):
    value = value_at(item, dotted)
    values = value if isinstance(value, list) else [value]
    return value is not None and ("*" in wanted or any(str(one) in wanted for one in values))


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "nginx/1.18.0"
    disable_nagle_algorithm = True
    state = None
    entry = None

    def log_message(self, *_):
        pass

    def log_request(self, code="-", size="-"):
        if self.entry is not None:
            self.entry["status"] = int(code)

    def answer(self, status, body, kind="application/json", headers=()):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def missing(self):
        self.answer(404, {"@type": ["HTTPNotFound", "Error"], "status": "error", "code": 404,
                          "title": "Not Found", "description":
                          "The resource could not be found.", "detail": self.path})

    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        if url.path.startswith("/.control/"):
            self.entry = None
            self.control(url.path)
            return
        self.entry = self.state.arrived(self.command, self.path)
        if url.path.startswith("/s3/"):
            self.serve_store(url)
        else:
            self.serve_portal(url)

    do_HEAD = do_GET

    def control(self, path):
        if path == "/.control/log":
            with self.state.lock:
                log = [dict(entry) for entry in self.state.log]
            self.answer(200, log)
        elif path == "/.control/expire":
            self.state.generation += 1
            self.answer(200, {})
        else:
            self.missing()

    def serve_portal(self, url):
        refused = self.state.refusal()
        if refused:
            wait = 1 if refused == 429 else self.state.options.retry_after
            self.answer(refused, b"<html>too many requests</html>", "text/html",
                        [("Retry-After", str(wait))] if wait else [])
            return
        download = re.fullmatch(r"/files/([^/]+)/@@download/([^/]+)", url.path)
        if download:
            self.download(download[1], download[2], url)
        elif url.path == "/search/":
            self.search(url)
        elif url.path in PAGES and self.state.options.saved:
            name, kind = PAGES[url.path]
            self.answer(200, (self.state.options.saved / name).read_bytes(), kind)
        else:
            self.missing()

    def download(self, title, name, url):
        path = self.state.file_of(urllib.parse.unquote(name))
        if path is None or not path.name.startswith(title + "."):
            self.missing()
            return
        until = int(time.time() + self.state.options.lifetime)
        location = (f"http://{self.headers['Host']}/s3/2021/06/23/{path.name}"
                    f"?response-content-disposition=attachment%3B%20filename%3D{path.name}"
                    f"&AWSAccessKeyId=ASIA&Signature={self.state.signature()}&Expires={until}")
        if urllib.parse.parse_qs(url.query).get("soft") == ["True"]:
            end = datetime.datetime.fromtimestamp(until, datetime.timezone.utc)
            self.answer(200, {"@type": ["SoftRedirect"], "location": location,
                              "expires": end.isoformat()})
            return
        self.answer(307, b"<html><head><title>307 Temporary Redirect</title></head></html>",
                    "text/html", [("Location", location)])

    def is_valid(self, query):
        return (query.get("Signature") == self.state.signature()
                and int(query.get("Expires", 0)) > time.time())

    def serve_store(self, url):
        query = dict(urllib.parse.parse_qsl(url.query))
        signed = "Signature" in query
        path = self.state.file_of(url.path.removeprefix("/s3/"))
        if signed and (self.command == "HEAD" or not self.is_valid(query)):
            self.answer(403, b"<Error><Code>AccessDenied</Code>"
                             b"<Message>Request has expired</Message></Error>",
                        "application/xml")
        elif path is None:
            self.answer(404, b"<Error><Code>NoSuchKey</Code></Error>", "application/xml")
        else:
            self.send_object(path.read_bytes())

    def send_object(self, data):
        etag = '"' + hashlib.md5(data).hexdigest() + '"'
        headers = [("ETag", etag), ("Accept-Ranges", "bytes")]
        kind = "binary/octet-stream"
        if self.headers.get("If-Match", etag) != etag:
            self.answer(412, b"", kind)
            return
        match = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        if not match:
            self.answer(200, data, kind, headers)
            return
        first = int(match[1])
        last = min(int(match[2] or len(data) - 1), len(data) - 1)
        if first > last:
            self.answer(416, b"", kind, [("Content-Range", f"bytes */{len(data)}")])
            return
        self.answer(206, data[first:last + 1], kind,
                    headers + [("Content-Range", f"bytes {first}-{last}/{len(data)}")])

    def search(self, url):
        query = urllib.parse.parse_qs(url.query)
        found = [item for item in self.state.graph
                 if all(has(item, key, wanted) for key, wanted in query.items()
                        if key not in NO_FILTERS)]
        if not found:
            self.answer(404, {"@id": self.path, "@type": ["Search"], "title": "Search",
                              "total": 0, "notification": "No results found", "@graph": []})
            return
        limit = query.get("limit", [str(DEFAULT_LIMIT)])[0]
        shown = found if limit == "all" else found[:int(limit)]
        self.stream(self.pieces_of(len(found), shown))

    def pieces_of(self, total, items):
        head = json.dumps({"@id": self.path, "@type": ["Search"], "title": "Search",
                           "total": total, "notification": "Success", "facets": [],
                           "filters": [], "columns": {}, "@graph": []})
        yield head[:-2].encode()
        for number, item in enumerate(items):
            yield (b"," if number else b"") + json.dumps(item).encode()
        yield b"]}"

    def stream(self, pieces):
        """Chunked, and compressed for who takes it."""
        packs = "gzip" in self.headers.get("Accept-Encoding", "")
        self.send_response(200)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Transfer-Encoding", "chunked")
        if packs:
            self.send_header("Content-Encoding", "gzip")
        self.end_headers()
        packer = zlib.compressobj(wbits=31) if packs else None
        for piece in pieces:
            self.send_chunk(packer.compress(piece) if packer else piece)
        self.send_chunk(packer.flush() if packer else b"")
        self.wfile.write(b"0\r\n\r\n")

    def send_chunk(self, data):
        if data:
            self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    request_queue_size = 256


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", type=pathlib.Path)
    parser.add_argument("--graph", type=pathlib.Path)
    parser.add_argument("--saved", type=pathlib.Path)
    parser.add_argument("--lifetime", type=float, default=36 * 3600)
    parser.add_argument("--rate", type=int, default=10)
    parser.add_argument("--throttle", type=int, default=0)
    parser.add_argument("--retry-after", type=int, default=0)
    Handler.state = State(parser.parse_args())
    server = Server(("127.0.0.1", 0), Handler)
    print(f"http://127.0.0.1:{server.server_address[1]}/", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
