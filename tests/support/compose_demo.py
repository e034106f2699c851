#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Composes a small bucket in the layout of the Allen Brain Cell Atlas.

Two releases share most of their files. Everything is made up and depends on
--seed alone (HDF5 files appear only where h5py can be imported), so a test
knows what a mount must show.
"""

import argparse
import gzip
import hashlib
import io
import json
import pathlib
import random

CELL_COUNT = 400
GENE_COUNT = 60
CLASSES = ("01 IT-ET Glut", "05 OB-IMN GABA", "06 CTX-CGE GABA", "30 Astro-Epen")
REGIONS = ("CTX", "HPF", "TH", "MB", "CB")


def csv_text(header, rows):
    """RFC 4180 without quoting: no field here needs it."""
    lines = [",".join(header)]
    lines += [",".join(str(field) for field in row) for row in rows]
    return ("\n".join(lines) + "\n").encode()


class Composer:
    """Makes file contents; calls in the same order give the same bytes."""

    def __init__(self, seed):
        self._random = random.Random(seed)

    def barcode(self):
        return "".join(self._random.choices("ACGT", k=16))

    def cells(self):
        return [
            (
                f"{self.barcode()}-{row:03d}",
                self._random.choice(REGIONS),
                self._random.randrange(len(CLASSES)),
                f"{self._random.uniform(-10, 10):.5f}",
                f"{self._random.uniform(-10, 10):.5f}",
            )
            for row in range(CELL_COUNT)
        ]

    def genes(self):
        return [
            (f"ENSMUSG{self._random.randrange(10**11):011d}", f"Gene{row}")
            for row in range(GENE_COUNT)
        ]

    def volume(self, size):
        """A gzip file of noise; stored, so about `size` bytes long."""
        out = io.BytesIO()
        with gzip.GzipFile(fileobj=out, mode="wb", compresslevel=0, mtime=0) as file:
            file.write(self._random.randbytes(size))
        return out.getvalue()

    def counts(self):
        return [
            [self._random.choice((0, 0, 0, 1, 2, 7)) for _ in range(GENE_COUNT)]
            for _ in range(CELL_COUNT)
        ]


def h5ad(counts, cells, genes, log2):
    """A matrix with its row and column names, or None without h5py."""
    try:
        import h5py
        import numpy
    except ImportError:
        return None
    matrix = numpy.array(counts, dtype="float32")
    out = io.BytesIO()
    with h5py.File(out, "w") as file:
        values = numpy.log2(matrix + 1) if log2 else matrix
        file.create_dataset("X", data=values, chunks=(50, GENE_COUNT), compression="gzip")
        file.create_dataset("obs/cell_label", data=[cell[0].encode() for cell in cells])
        file.create_dataset("var/gene_identifier", data=[gene[0].encode() for gene in genes])
    return out.getvalue()


def cell_files(cells, genes, with_view):
    """The metadata of the cells, as {path below the version: bytes}."""
    header = ("cell_label", "region", "x", "y")
    plain = [(label, region, x, y) for label, region, _, x, y in cells]
    files = {
        "cell_metadata.csv": csv_text(header, plain),
        "gene.csv": csv_text(("gene_identifier", "gene_symbol"), genes),
    }
    if with_view:
        annotated = [(label, region, CLASSES[kind]) for label, region, kind, _, _ in cells]
        files["views/cell_metadata_with_cluster_annotation.csv"] = csv_text(
            ("cell_label", "region", "class"), annotated
        )
    return files


def taxonomy_files():
    rows = [(f"CS-{row:04d}", name) for row, name in enumerate(CLASSES)]
    return {"cluster_annotation_term.csv": csv_text(("label", "name"), rows)}


def compose_datasets(composer, large_bytes):
    """{(kind, directory, version): {path below the version: bytes}}."""
    old, new = "20250301", "20250601"
    cells, genes, counts = composer.cells(), composer.genes(), composer.counts()
    matrices = {
        f"DEMO-10X-{name}.h5ad": h5ad(counts, cells, genes, name == "log2")
        for name in ("log2", "raw")
    }
    matrices = {name: data for name, data in matrices.items() if data is not None}
    lookup = json.dumps({gene: symbol for gene, symbol in genes}, indent=1).encode()
    datasets = {
        ("metadata", "DEMO-10X", old): cell_files(cells, genes, with_view=False),
        ("metadata", "DEMO-10X", new): cell_files(composer.cells(), genes, with_view=True),
        ("expression_matrices", "DEMO-10X", old): matrices,
        ("mapmycells", "DEMO-10X", new): {"gene_lookup.20250601.json": lookup},
        ("metadata", "DEMO-taxonomy", old): taxonomy_files(),
        ("image_volumes", "DEMO-CCF", old): {
            "average_template.nii.gz": composer.volume(large_bytes),
            "annotation.nii.gz": composer.volume(70_000),
        },
    }
    return {key: files for key, files in datasets.items() if files}


def release_selection(datasets, release):
    """The newest version of each (kind, directory) that `release` knows."""
    chosen = {}
    for kind, directory, version in sorted(datasets):
        if version <= release:
            chosen[(directory, kind)] = version
    return chosen


def tag_and_extension(name):
    for extension in ("nii.gz", "geojson", "h5ad", "json", "csv", "h5", "db"):
        if name.endswith("." + extension):
            return name[: -len(extension) - 1], extension
    raise ValueError(f"no known extension: {name}")


def list_file(listing, name, entry):
    """Puts a file's entry where a manifest has it; h5ad files one level down."""
    tag, extension = tag_and_extension(name)
    node = listing
    if extension == "h5ad":
        tag, normalization = tag.rsplit("-", 1)
        node = node.setdefault(tag, {})
        tag = normalization
    node.setdefault(tag, {}).setdefault("files", {})[extension] = entry


def file_entry(version, relative_path, base_url, data):
    return {
        "version": version,
        "relative_path": relative_path,
        "url": base_url + relative_path,
        "size": len(data),
        "file_hash": hashlib.md5(data).hexdigest(),
    }


def directory_entry(version, relative_path, base_url, files):
    return {
        "version": version,
        "relative_path": relative_path,
        "url": f"{base_url}{relative_path}/",
        "view_link": f"{base_url}index.html#{relative_path}/",
        "total_size": sum(len(data) for data in files.values()),
    }


def manifest(datasets, release, base_url):
    directories, listings = {}, {}
    for (directory, kind), version in sorted(release_selection(datasets, release).items()):
        files = datasets[(kind, directory, version)]
        root = f"{kind}/{directory}/{version}"
        kinds = directories.setdefault(directory, {"directories": {}})["directories"]
        kinds[kind] = directory_entry(version, root, base_url, files)
        listing = listings.setdefault(directory, {}).setdefault(kind, {})
        for path, data in files.items():
            name = path.rsplit("/", 1)[-1]
            list_file(listing, name, file_entry(version, f"{root}/{path}", base_url, data))
    return {
        "version": release,
        "resource_uri": "s3://demo-brain-cell-atlas/",
        "directory_listing": directories,
        "file_listing": listings,
    }


def write(path, data):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("directory", type=pathlib.Path)
    parser.add_argument("--base-url", default="http://127.0.0.1/")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--large-bytes", type=int, default=24_000_000)
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    base_url = arguments.base_url.rstrip("/") + "/"
    datasets = compose_datasets(Composer(arguments.seed), arguments.large_bytes)
    for (kind, directory, version), files in datasets.items():
        for path, data in files.items():
            write(arguments.directory / kind / directory / version / path, data)
    for release in ("20250301", "20250601"):
        text = json.dumps(manifest(datasets, release, base_url), indent=4)
        write(arguments.directory / "releases" / release / "manifest.json", text.encode())


if __name__ == "__main__":
    main()
