#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Composes files as ENCODE has them, and a search that tells of them.

usage: compose_encode_files.py DIR --base-url URL

Puts into DIR an experiment's alignments, peaks with an index, and the track of
another one; prints the search's answer, whose urls are below URL.
"""

import argparse
import hashlib
import json
import os
import pathlib
import subprocess

PEAKS = 60_000
READS = 60_000


def run(*words, **options):
    subprocess.run(words, check=True, timeout=240, **options)


def compose_bam(path):
    """Reads on two chromosomes, sorted, and the index."""
    lines = ["@HD\tVN:1.6\tSO:coordinate", "@SQ\tSN:chr1\tLN:3000000", "@SQ\tSN:chr2\tLN:3000000"]
    half = READS // 2
    for number in range(READS):
        bases = "".join("ACGT"[(number * 7 + base * base) % 4] for base in range(90))
        qualities = "".join(chr(40 + (number * 31 + base * 17) % 30) for base in range(90))
        lines.append(f"r{number}\t0\tchr{number // half + 1}\t{number % half * 97 + 1}\t60\t90M\t*\t"
                     f"0\t0\t{bases}\t{qualities}")
    run("samtools", "view", "-b", "-o", str(path), "-", input="\n".join(lines) + "\n", text=True)
    run("samtools", "index", str(path))


def compose_peaks(path):
    """A bed.gz and its index."""
    plain = path.with_suffix("")
    with open(plain, "w", encoding="ascii") as out:
        for number in range(PEAKS):
            out.write(f"chr1\t{number * 50}\t{number * 50 + 40}\tpeak{number * 7919 % 60013}\t"
                      f"{number % 1000}\n")
    run("bgzip", str(plain))
    run("tabix", "-p", "bed", str(path))


def compose_track(path):
    import pyBigWig  # pylint: disable=import-outside-toplevel
    track = pyBigWig.open(str(path), "w")
    track.addHeader([("chr1", 3_000_000), ("chr2", 3_000_000)])
    for chromosome in ("chr1", "chr2"):
        starts = list(range(0, 2_900_000, 20))
        track.addEntries([chromosome] * len(starts), starts, ends=[start + 20 for start in starts],
                         values=[float(start * 7919 % 1000) / 7 for start in starts])
    track.close()


def file_object(path, base_url, dataset, **more):
    """What the portal tells of a file of ours."""
    identity = path.name.split(".")[0]
    return {"@id": f"/files/{identity}/", "accession": identity, "status": "released",
            "dataset": dataset, "file_size": path.stat().st_size,
            "md5sum": hashlib.md5(path.read_bytes()).hexdigest(),
            "href": f"/files/{identity}/@@download/{path.name}",
            "date_created": "2021-06-23T11:04:10+00:00",
            "cloud_metadata": {"url": base_url + path.name}, **more}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("directory", type=pathlib.Path)
    parser.add_argument("--base-url", required=True)
    options = parser.parse_args()
    names = {"bam": "ENCFF001AAA.bam", "bed": "ENCFF003AAA.bed.gz", "bigWig": "ENCFF005AAA.bigWig"}
    paths = {kind: options.directory / name for kind, name in names.items()}
    compose_bam(paths["bam"])
    compose_peaks(paths["bed"])
    compose_track(paths["bigWig"])
    indexes = {"ENCFF002AAA.idx": ("bam", ".bai"), "ENCFF004AAA.idx": ("bed", ".tbi")}
    what = {"assay_title": "TF ChIP-seq", "target": {"label": "CTCF"}, "assembly": "GRCh38",
            "biosample_ontology": {"term_name": "K562", "organ_slims": ["blood"]}}
    graph = []
    for kind, output in (("bam", "alignments"), ("bed", "IDR thresholded peaks"),
                         ("bigWig", "signal p-value")):
        dataset = f"/experiments/ENCSR000{'BBB' if kind == 'bigWig' else 'AAA'}/"
        graph.append(file_object(paths[kind], options.base_url, dataset, file_format=kind,
                                 output_type=output, **what))
    for name, (kind, suffix) in indexes.items():
        path = options.directory / name
        os.rename(f"{paths[kind]}{suffix}", path)
        graph.append(file_object(path, options.base_url, "/experiments/ENCSR000AAA/",
                                 file_format="idx", output_type="index", **what,
                                 index_of=[f"/files/{names[kind].split('.')[0]}/"]))
    print(json.dumps({"@type": ["Search"], "total": len(graph), "@graph": graph}))


if __name__ == "__main__":
    main()
