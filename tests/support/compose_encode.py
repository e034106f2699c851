#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Composes a catalogue of the shape of ENCODE's, of any size.

usage: compose_encode.py --files N [--form manifest|search|array] [--seed S]
                         [--store URL] > FILE

The terms are invented but for the commonest; how many there are of each kind,
and how often each comes, is as in the catalogue of April 2025: 28 files an
experiment, 59 assays, 816 biosamples, 27 formats.
"""

import argparse
import bisect
import hashlib
import itertools
import json
import random
import sys

ASSAYS = ["TF ChIP-seq", "Histone ChIP-seq", "total RNA-seq", "DNase-seq", "polyA plus RNA-seq",
          "eCLIP", "ATAC-seq", "small RNA-seq", "snRNA-seq", "intact Hi-C", "microRNA-seq",
          "WGBS", "RRBS", "CRISPR screen", "shRNA RNA-seq", "long read RNA-seq"]
BIOSAMPLES = ["K562", "HepG2", "GM12878", "A549", "H1", "MCF-7", "liver", "heart",
              "naive thymus-derived CD4-positive, alpha-beta T cell"]
TARGETS = ["CTCF", "H3K4me3", "H3K27ac", "H3K27me3", "H3K36me3", "H3K4me1", "H3K9me3", "POLR2A",
           "EP300", "RAD21"]
# The extension, how often, and the mean of the size's logarithm.
FORMATS = {"bam": (".bam", 22, 21.5), "fastq": (".fastq.gz", 18, 21), "bigWig": (".bigWig", 20, 19),
           "bed": (".bed.gz", 18, 13), "bigBed": (".bigBed", 12, 13), "tsv": (".tsv", 5, 16),
           "hic": (".hic", 1, 23), "tar": (".tar.gz", 1, 20), "gff": (".gff.gz", 1, 14),
           "txt": (".txt.gz", 1, 12), "idat": (".idat", 1, 15)}
OUTPUTS = {"bam": ["alignments", "unfiltered alignments"], "fastq": ["reads"],
           "bigWig": ["signal p-value", "fold change over control", "signal of unique reads"],
           "bed": ["peaks", "IDR thresholded peaks", "pseudoreplicated peaks"],
           "bigBed": ["peaks", "IDR thresholded peaks"], "tsv": ["gene quantifications"]}
CATEGORIES = {"fastq": "raw data", "bam": "alignment", "bigWig": "signal", "bed": "annotation",
              "bigBed": "annotation", "tsv": "quantification"}
ASSEMBLIES = (["GRCh38"] * 44 + ["hg19"] * 26 + ["mm10"] * 20 + ["mm9"] * 4 + ["dm6"] * 3 +
              ["ce10"] * 2 + ["GRCm39"])
LABS = ["Bradley Bernstein, Broad", "Michael Snyder, Stanford", "Richard Myers, HAIB",
        "ENCODE Processing Pipeline"] + [f"Lab {number}, Institute" for number in range(68)]
COLUMNS = ["accession", "status", "file_format", "file_type", "assembly", "award.rfa", "s3_uri",
           "azure_uri", "cloud_metadata.url", "dataset", "lab.@id", "output_type",
           "output_category", "file_size", "date_created", "md5sum", "cloud_metadata.md5sum_base64",
           "replicate_libraries", "analysis_step_version.analysis_step.name"]


def many(first, what, count):
    return first + [f"{what} {number}" for number in range(len(first), count)]


class Frequent:
    """Chooses from a list whose n-th comes 1/n times as often as its first."""

    def __init__(self, items):
        self.items = items
        self.sums = list(itertools.accumulate(1 / (n + 1) for n in range(len(items))))

    def choose(self, chance):
        return self.items[bisect.bisect(self.sums, chance.random() * self.sums[-1])]


def accession(prefix, number):
    """ENCFF000AAA, …: digits and letters, each number another."""
    letters = number % 17576
    return (f"{prefix}{number // 17576 % 1000:03d}{chr(65 + letters // 676)}"
            f"{chr(65 + letters // 26 % 26)}{chr(65 + letters % 26)}")


def files(count, seed, store):
    """File objects, with the members that a search tells."""
    chance = random.Random(seed)
    assays = Frequent(many(ASSAYS, "assay", 59))
    biosamples = Frequent(many(BIOSAMPLES, "tissue", 816))
    targets = Frequent(many(TARGETS, "TF", 1900))
    formats, weights = list(FORMATS), [one[1] for one in FORMATS.values()]
    step = 7919  # so that accessions come in no order
    for number in range(count):
        if number % 28 == 0:
            dataset = accession("ENCSR", number // 28)
            assay, biosample = assays.choose(chance), biosamples.choose(chance)
            target = targets.choose(chance) if "ChIP" in assay or assay == "eCLIP" else None
            lab = chance.choice(LABS)
        name = accession("ENCFF", number * step % 17_576_000)
        kind = chance.choices(formats, weights)[0]
        extension, _, scale = FORMATS[kind]
        md5 = hashlib.md5(name.encode()).hexdigest()
        day = f"{2011 + number % 14}/{number % 12 + 1:02d}/{number % 28 + 1:02d}"
        key = f"{day}/{md5[:8]}-{md5[8:12]}-4{md5[13:16]}-8{md5[17:20]}-{md5[20:]}/{name}{extension}"
        one = {"@id": f"/files/{name}/", "@type": ["File", "Item"], "accession": name,
               "status": "archived" if number % 50 == 0 else "released",
               "dataset": f"/experiments/{dataset}/", "assay_title": assay,
               "assay_term_name": assay.split(" ")[-1], "output_type":
               chance.choice(OUTPUTS.get(kind, ["other"])),
               "output_category": CATEGORIES.get(kind, "reference"), "file_format": kind,
               "file_type": kind,
               "href": f"/files/{name}/@@download/{name}{extension}",
               "biosample_ontology": {"term_name": biosample, "classification": "cell line",
                                      "organ_slims": ["blood", "bodily fluid"]},
               "simple_biosample_summary": f"male adult ({number % 90} years)",
               "biological_replicates": [number % 2 + 1], "technical_replicates":
               [f"{number % 2 + 1}_1"], "file_size": int(chance.lognormvariate(scale, 1)) + 1,
               "md5sum": md5, "date_created": f"{day.replace('/', '-')}T16:46:18.670068+00:00",
               "award": {"rfa": f"ENCODE{number % 3 + 2}"}, "lab": {"title": lab},
               "donors": [f"/human-donors/{accession('ENCDO', number // 280)}/"],
               "cloud_metadata": {"url": f"{store}{key}"}, "s3_uri": f"s3://encode-public/{key}"}
        if target is not None:
            one["target"] = {"label": target}
        if kind != "fastq":
            one["assembly"] = ASSEMBLIES[number // 28 % 100]
            one["derived_from"] = [f"/files/{accession('ENCFF', (number + 1) * step % 17_576_000)}/"]
        if kind in ("bigWig", "bed"):
            one["preferred_default"] = number % 3 == 0
        yield one


def write_manifest(out, rows):
    out.write("\t".join(COLUMNS) + "\n")
    for one in rows:
        path = one["s3_uri"].removeprefix("s3://encode-public/")
        cells = {**one, "award.rfa": one["award"]["rfa"],
                 "azure_uri": f"https://store.example/dataset/{path}?sv=2019-10-10&si=prod",
                 "cloud_metadata.url": one["cloud_metadata"]["url"], "lab.@id": "/labs/lab/",
                 "replicate_libraries": '"[""/libraries/ENCLB559KDF/""]"'}
        out.write("\t".join(str(cells.get(column, "")) for column in COLUMNS) + "\n")


def write_json(out, rows, begin, end):
    out.write(begin)
    for index, one in enumerate(rows):
        out.write((",\n" if index else "") + json.dumps(one))
    out.write(end)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--files", type=int, required=True)
    parser.add_argument("--form", choices=["manifest", "search", "array"], default="manifest")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--store", default="https://encode-public.s3.amazonaws.com/")
    options = parser.parse_args()
    rows = files(options.files, options.seed, options.store)
    if options.form == "manifest":
        write_manifest(sys.stdout, rows)
    elif options.form == "search":
        write_json(sys.stdout, rows, '{"@type": ["Search"], "@graph": [', "]}\n")
    else:
        write_json(sys.stdout, rows, "[", "]\n")


if __name__ == "__main__":
    main()
