# SPDX-License-Identifier: MIT
"""Trees of many names: on the disk, and in manifests."""

import json
import os

RELEASE = "20240101"
DEEP = f"metadata/DEEP/{RELEASE}"  # a hundred directories
FLAT = f"metadata/FLAT/{RELEASE}"  # one
MILLION = "million"                # a release set of its own, in the bucket
MILLION_RELEASES = [f"202402{day:02}" for day in range(1, 11)]


def names_below(tree, count):
    """Names of the files of a tree, relative to it."""
    if tree == FLAT:
        return [f"f{index:06}.bin" for index in range(count)]
    return [f"d{index * 100 // count:02}/f{index:06}.bin" for index in range(count)]


def size_of(index):
    return 1000 + index % 1000


def plant(root, tree, count):
    """Makes the tree's files below `root`; sparse, for nobody reads them."""
    made = set()
    for index, name in enumerate(names_below(tree, count)):
        path = root / tree / name
        if path.parent not in made:
            path.parent.mkdir(parents=True)
            made.add(path.parent)
        os.mknod(path)
        os.truncate(path, size_of(index))


def listing(tree, count):
    """What a manifest says of the tree's files."""
    return {str(index): {"version": RELEASE, "relative_path": f"{tree}/{name}",
                         "size": size_of(index)}
            for index, name in enumerate(names_below(tree, count))}


def manifest(version, places):
    """A manifest of `places`: dataset -> (its path, its files by name)."""
    return {"version": version, "resource_uri": "s3://bench/",
            "directory_listing": {
                name: {"directories": {"metadata": {
                    "version": version, "relative_path": path, "url": "", "view_link": "",
                    "total_size": sum(entry["size"] for entry in files.values())}}}
                for name, (path, files) in places.items()},
            "file_listing": {name: {"metadata": {"all": {"files": files}}}
                             for name, (path, files) in places.items()}}


def write_manifest(root, version, places):
    release = root / "releases" / version
    release.mkdir(parents=True)
    (release / "manifest.json").write_text(json.dumps(manifest(version, places)))


def publish_million(root, count):
    """`count` files in ten releases: one manifest would be too large a document."""
    share = count // len(MILLION_RELEASES)
    for version in MILLION_RELEASES:
        path = f"metadata/MANY/{version}"
        files = {str(index): {"version": version, "size": size_of(index),
                              "relative_path": f"{path}/{name}"}
                 for index, name in enumerate(names_below(DEEP, share))}
        write_manifest(root / MILLION, version, {"MANY": (path, files)})
