#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""An API of the shape of refine.bio's v1, and the store that it signs urls for.

usage: fake_refine_api.py FILES [--steps N] [--lifetime S] [--rate N]

Prints its url once it listens. FILES is a directory: dataset.zip is what every
dataset becomes after N polls; a compendium is <ORG>_<version>_<time>.zip, or
rnaseq_<ORG>_<version>_<time>.zip. A signed url is good for S seconds. More than
N requests in a second get 429. What is asked for is noted at /log.
"""

import argparse
import hashlib
import http.server
import json
import pathlib
import re
import secrets
import socketserver
import threading
import time
import urllib.parse
import uuid

TERMS = "Use it well."
LIMITS = {"default": 25, "most": 1000}
COMPENDIUM_FILTERS = {"primary_organism__name", "compendium_version", "quant_sf_only",
                      "result__id", "latest_version", "ordering", "limit", "offset"}


class State:
    def __init__(self, options):
        self.options = options
        self.lock = threading.Lock()
        self.tokens, self.datasets, self.signatures = {}, {}, {}
        self.log, self.recent = [], []

    def too_many(self):
        with self.lock:
            now = time.monotonic()
            self.recent = [at for at in self.recent if at > now - 1] + [now]
            return len(self.recent) > self.options.rate

    def sign(self, name):
        """A url path that is good for a while, another one each time."""
        signature = secrets.token_hex(16)
        with self.lock:
            self.signatures[signature] = (name, time.monotonic() + self.options.lifetime)
        return f"/store/{name}?X-Amz-Expires={self.options.lifetime}&X-Amz-Signature={signature}"

    def is_active(self, token):
        return self.tokens.get(token, False)

    def compendia(self):
        found = []
        for number, path in enumerate(sorted(self.options.files.glob("*_*_*.zip"))):
            match = re.fullmatch(r"(rnaseq_)?(.+)_(\d+)_\d+\.zip", path.name)
            if match:
                found.append({
                    "id": number + 1, "primary_organism_name": match[2],
                    "organism_names": [match[2]], "svd_algorithm": "ARPACK",
                    "quant_sf_only": bool(match[1]), "compendium_version": int(match[3]),
                    "computed_file": {"id": 100 + number, "filename": path.name,
                                      **file_facts(path)}})
        return found


def file_facts(path):
    data = path.read_bytes()
    return {"size_in_bytes": len(data), "sha1": hashlib.sha1(data).hexdigest(),
            "s3_bucket": "a-bucket", "s3_key": path.name,
            "created_at": "2020-10-02T00:00:00Z", "last_modified": "2020-10-02T00:00:00Z"}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    state = None

    def log_message(self, *_):
        pass

    def answer(self, status, body, headers=()):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("X-Source-Revision", "v1.0.0")
        self.send_header("Content-Length", str(len(data)))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def refuse(self, kind, message, details=()):
        self.answer(400, {"error_type": kind, "message": message, "details": list(details)})

    def missing(self):
        self.answer(404, {"message": "The requested resource was not found on this server.",
                          "docs": "https://api.refine.bio/", "status_code": 404})

    def handle_one(self, method):
        length = int(self.headers.get("Content-Length") or 0)
        text = self.rfile.read(length)
        url = urllib.parse.urlsplit(self.path)
        with self.state.lock:
            self.state.log.append({"method": method, "path": self.path,
                                   "key": self.headers.get("API-KEY", "")})
        if url.path == "/log":
            self.answer(200, self.state.log)
        elif url.path.startswith("/store/"):
            self.serve_store(url)
        elif self.state.too_many():
            self.answer(429, {"detail": "Request was throttled."}, [("Retry-After", "1")])
        else:
            try:
                body = json.loads(text) if text else {}
            except ValueError:
                self.refuse("invalid_data", "not JSON")
                return
            self.serve_api(method, url, body)

    def do_GET(self):
        self.handle_one("GET")

    def do_POST(self):
        if self.path == "/expire":  # for tests: no signed url is good any more
            self.state.signatures.clear()
            self.answer(200, {})
            return
        self.handle_one("POST")

    def do_PUT(self):
        self.handle_one("PUT")

    def do_HEAD(self):
        # A url that is signed for GET allows nothing else.
        self.answer(403, b"")

    def serve_store(self, url):
        query = dict(urllib.parse.parse_qsl(url.query))
        name, until = self.state.signatures.get(query.get("X-Amz-Signature"), ("", 0))
        if name != url.path.removeprefix("/store/") or time.monotonic() > until:
            self.answer(403, b"<Error><Code>AccessDenied</Code>"
                             b"<Message>Request has expired</Message></Error>",
                        [("Content-Type", "application/xml")])
            return
        data = (self.state.options.files / name).read_bytes()
        match = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        etag = ("ETag", '"' + hashlib.md5(data).hexdigest() + '"')
        if not match:
            self.answer(200, data, [etag])
            return
        first = int(match[1])
        last = min(int(match[2] or len(data) - 1), len(data) - 1)
        self.answer(206, data[first:last + 1],
                    [etag, ("Content-Range", f"bytes {first}-{last}/{len(data)}")])

    def serve_api(self, method, url, body):
        parts = [part for part in url.path.split("/") if part]
        known = {"token": self.token, "dataset": self.dataset, "compendia": self.compendia}
        if len(parts) not in (2, 3) or parts[0] != "v1" or not url.path.endswith("/") \
                or parts[1] not in known:
            self.missing()
            return
        known[parts[1]](method, parts[2] if len(parts) == 3 else None, url, body)

    def token(self, method, name, _url, body):
        tokens = self.state.tokens
        if method == "POST" and name is None:
            name = str(uuid.uuid4())
            tokens[name] = bool(body.get("is_activated"))
            self.answer(201, {"id": name, "is_activated": tokens[name],
                              "terms_and_conditions": TERMS})
        elif method in ("GET", "PUT") and name in tokens:
            if method == "PUT":
                tokens[name] = bool(body.get("is_activated"))
            self.answer(200, {"id": name, "is_activated": tokens[name],
                              "terms_and_conditions": TERMS})
        else:
            self.missing()

    def dataset(self, method, name, _url, body):
        datasets = self.state.datasets
        if method == "POST" and name is None:
            name = str(uuid.uuid4())
            datasets[name] = {"id": name, "polls": 0, "is_processing": False,
                              "is_processed": False, "is_available": False, "success": None,
                              "failure_reason": "", "expires_on": None, "data": {}}
            self.take(datasets[name], body, 201)
        elif name not in datasets:
            self.missing()
        elif method == "PUT":
            self.take(datasets[name], body, 200)
        else:
            self.poll(datasets[name])
            self.answer(200, self.shown(datasets[name]))

    def take(self, dataset, body, status):
        if dataset["is_processed"]:
            self.refuse("bad_request", "You may not update Datasets that have been processed.")
            return
        if body.get("start"):
            if not self.state.is_active(self.headers.get("API-KEY")):
                self.refuse("invalid_token", "You must provide an active API token.")
                return
            if not body.get("email_address"):
                self.refuse("invalid_email", "You must provide an email address.")
                return
            dataset["is_processing"] = True
        if not isinstance(body.get("data"), dict) or not body["data"]:
            self.refuse("invalid_data", "`data` must contain at least one experiment")
            return
        for key in ("data", "aggregate_by", "scale_by", "quantile_normalize"):
            if key in body:
                dataset[key] = body[key]
        self.answer(status, self.shown(dataset))

    def poll(self, dataset):
        if not dataset["is_processing"]:
            return
        dataset["polls"] += 1
        if dataset["polls"] >= self.state.options.steps:
            fails = any(name.startswith("FAIL") for name in dataset["data"])
            dataset.update(is_processing=False, is_processed=True, is_available=not fails,
                           success=not fails, failure_reason="no samples" if fails else "",
                           expires_on="2999-01-01T00:00:00Z")

    def shown(self, dataset):
        shown = {key: value for key, value in dataset.items() if key != "polls"}
        if dataset["is_available"]:
            shown.update(file_facts(self.state.options.files / "dataset.zip"))
            if self.state.is_active(self.headers.get("API-KEY")):
                shown["download_url"] = self.own_url() + self.state.sign("dataset.zip")
        return shown

    def own_url(self):
        return f"http://{self.headers['Host']}"

    def compendia(self, method, name, url, _body):
        query = dict(urllib.parse.parse_qsl(url.query))
        unknown = sorted(set(query) - COMPENDIUM_FILTERS)
        if method != "GET":
            self.missing()
        elif unknown:
            self.refuse("invalid_filters", "You have supplied invalid filters. See `details` "
                        "for a full list.", unknown)
        elif name is not None:
            self.one_compendium(name)
        else:
            self.list_compendia(query, url)

    def one_compendium(self, name):
        for compendium in self.state.compendia():
            if str(compendium["id"]) == name:
                self.answer(200, self.with_url(compendium))
                return
        self.missing()

    def with_url(self, compendium):
        if self.state.is_active(self.headers.get("API-KEY")):
            file = compendium["computed_file"]
            file["download_url"] = self.own_url() + self.state.sign(file["filename"])
        return compendium

    def list_compendia(self, query, url):
        found = self.state.compendia()
        if "primary_organism__name" in query:
            found = [one for one in found
                     if one["primary_organism_name"] == query["primary_organism__name"]]
        if "quant_sf_only" in query:
            wanted = query["quant_sf_only"].lower() == "true"
            found = [one for one in found if one["quant_sf_only"] == wanted]
        if "compendium_version" in query:
            found = [one for one in found
                     if str(one["compendium_version"]) == query["compendium_version"]]
        limit = min(int(query.get("limit", LIMITS["default"])), LIMITS["most"])
        offset = int(query.get("offset", 0))
        more = offset + limit < len(found)
        following = urllib.parse.urlencode({**query, "limit": limit, "offset": offset + limit})
        self.answer(200, {"count": len(found),
                          "next": f"{self.own_url()}{url.path}?{following}" if more else None,
                          "previous": None,
                          "results": [self.with_url(one)
                                      for one in found[offset:offset + limit]]})


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", type=pathlib.Path)
    parser.add_argument("--steps", type=int, default=2)
    parser.add_argument("--lifetime", type=float, default=3600)
    parser.add_argument("--rate", type=int, default=10)
    Handler.state = State(parser.parse_args())
    server = Server(("127.0.0.1", 0), Handler)
    print(f"http://127.0.0.1:{server.server_address[1]}/", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
