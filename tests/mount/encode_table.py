# SPDX-License-Identifier: MIT
"""The 47 columns of a file of ENCODE, computed from its File object."""

import json


def member(thing, path):
    for key in path.split("."):
        if not isinstance(thing, dict) or key not in thing:
            return None
        thing = thing[key]
    return thing


def segment(path):
    return path.split("/")[2] if path else None


def software(one):
    versions = member(one, "analysis_step_version.software_versions")
    if versions is None:
        return None
    return [version["software"]["name"] + ":" + version["version"] for version in versions]


PLAIN = {"accession": "accession", "assay_term_name": "assay_term_name",
         "assay_title": "assay_title", "assay_slims": "replicate.experiment.assay_slims",
         "cell_slims": "biosample_ontology.cell_slims",
         "developmental_slims": "biosample_ontology.developmental_slims",
         "system_slims": "biosample_ontology.system_slims",
         "classification": "biosample_ontology.classification",
         "biosample": "biosample_ontology.term_name",
         "organ_slims": "biosample_ontology.organ_slims",
         "simple_biosample_summary": "simple_biosample_summary",
         "life_stage_age": "replicate.experiment.life_stage_age", "donors": "donors",
         "output_category": "output_category", "output_type": "output_type",
         "target": "target.label", "platform": "platform.term_name", "rfa": "award.rfa",
         "lab": "lab.title"}
SAME = ["file_format", "file_type", "file_format_type", "assembly", "genome_annotation",
        "biological_replicates", "technical_replicates", "index_of", "derived_from",
        "origin_batches", "paired_with", "paired_end", "read_count", "read_length", "run_type",
        "read_length_units", "mapped_read_length", "mapped_run_type", "preferred_default",
        "file_size", "md5sum", "date_created"]


def row(one, portal):
    values = {name: member(one, path) for name, path in PLAIN.items()}
    values |= {name: one.get(name) for name in SAME}
    values["id"] = segment(one["@id"])
    values["experiments"] = segment(one["dataset"])
    values["download_link"] = portal + one["href"]
    values["step_run"] = segment(member(one, "step_run.analysis_step_version"))
    values["file_size_mb"] = round(one["file_size"] / 1024**2)
    values["software"] = software(one)
    return values


def rows(files, portal):
    """By id: what A2 keeps of `files`, File objects."""
    kept = [one for one in files
            if one["status"] == "released" and one["dataset"].startswith("/experiments")]
    return {segment(one["@id"]): row(one, portal) for one in kept}


def cell(value):
    """A value as a table has it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return json.dumps(value) if isinstance(value, list) else str(value)
