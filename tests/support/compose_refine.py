#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Composes a small download of the shape of refine.bio's: one zip.

usage: compose_refine.py ARCHIVE [--genes N] [--samples N]
"""

import argparse
import io
import json
import random
import zipfile

ACCESSION = "SRP000001"


def names(count):
    return [f"SRR{number:07}" for number in range(count)]


def matrix(genes, samples, seed=1):
    """Tab-separated: a header, then a gene a line; most values are nothing."""
    numbers = random.Random(seed)
    text = io.StringIO()
    text.write("\t".join(["Gene", *names(samples)]) + "\n")
    for gene in range(genes):
        values = ("0.0" if numbers.random() < 0.6 else f"{numbers.expovariate(1):.15f}"
                  for _ in range(samples))
        text.write("\t".join([f"ENSG{gene:011}", *values]) + "\n")
    return text.getvalue()


def sample(name):
    return {"refinebio_accession_code": name, "refinebio_age": "",
            "refinebio_organism": "HOMO_SAPIENS", "refinebio_annotations": [],
            "refinebio_sex": "female", "refinebio_title": f"sample {name}"}


def metadata(samples):
    about = {"accession_code": ACCESSION, "title": "A composed experiment",
             "technology": "RNA-SEQ", "organisms": ["HOMO_SAPIENS"],
             "sample_accession_codes": names(samples), "pubmed_id": "",
             "source_first_published": "2024-01-01T00:00:00",
             "submitter_institution": "nowhere"}
    return json.dumps({
        "aggregate_by": "EXPERIMENT", "created_at": "2024-09-19T14:14:41",
        "experiments": {ACCESSION: about}, "num_experiments": 1, "num_samples": samples,
        "quant_sf_only": False, "quantile_normalized": True, "scale_by": "NONE",
        "samples": {name: sample(name) for name in names(samples)}}, indent=4, sort_keys=True)


def table(samples):
    """As the csv module writes it: lines end in CR LF."""
    keys = ["refinebio_accession_code", "experiment_accession", "refinebio_organism",
            "refinebio_sex"]
    lines = ["\t".join(keys)]
    lines += ["\t".join([name, ACCESSION, "HOMO_SAPIENS", "female"]) for name in names(samples)]
    return "".join(line + "\r\n" for line in lines)


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("archive")
    parser.add_argument("--genes", type=int, default=4000)
    parser.add_argument("--samples", type=int, default=60)
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    with zipfile.ZipFile(arguments.archive, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"{ACCESSION}/", "")
        archive.writestr("README.md", "A composed download.\n")
        archive.writestr("LICENSE.TXT", "Nobody's data.\n")
        archive.writestr("aggregated_metadata.json", metadata(arguments.samples))
        archive.writestr(f"{ACCESSION}/{ACCESSION}.tsv",
                         matrix(arguments.genes, arguments.samples))
        archive.writestr(f"{ACCESSION}/metadata_{ACCESSION}.tsv", table(arguments.samples))


if __name__ == "__main__":
    main()
