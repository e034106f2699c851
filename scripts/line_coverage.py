#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Sums gcov's line counts over a build directory, a folder at a time."""

import argparse
import collections
import gzip
import json
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent


def gcov_reports(build):
    """gcov's JSON documents for every object that a test has run."""
    counts = [str(path.resolve()) for path in build.rglob("*.gcda")]
    with tempfile.TemporaryDirectory() as directory:
        command = ["gcov", "--json-format", "--preserve-paths", *counts]
        subprocess.run(command, cwd=directory, check=True, stdout=subprocess.DEVNULL)
        for report in pathlib.Path(directory).glob("*.json.gz"):
            with gzip.open(report) as file:
                yield json.load(file)


def reached_lines(build):
    """{file below the root: {line: whether any test reached it}}."""
    files = collections.defaultdict(dict)
    for report in gcov_reports(build):
        for entry in report["files"]:
            path = pathlib.Path(report["current_working_directory"], entry["file"])
            if not path.resolve().is_relative_to(ROOT):
                continue
            lines = files[path.resolve().relative_to(ROOT)]
            for line in entry["lines"]:
                number = line["line_number"]
                lines[number] = lines.get(number, False) or line["count"] > 0
    return files


def percentage(lines):
    return 100 * sum(lines) / len(lines) if lines else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("folders", nargs="+", help="folders that --least is asked of")
    parser.add_argument("--least", type=float, default=0, help="per cent")
    arguments = parser.parse_args()
    folders = collections.defaultdict(list)
    for path, lines in sorted(reached_lines(arguments.build).items()):
        folders[path.parts[0]].extend(lines.values())
        if path.parts[0] != "tests":
            print(f"{percentage(list(lines.values())):6.1f} %  {path}")
    for folder, lines in sorted(folders.items()):
        print(f"{percentage(lines):6.1f} %  {folder}: {len(lines)} lines")
    asked = [line for folder in arguments.folders for line in folders[folder]]
    together = percentage(asked)
    print(f"{together:6.1f} %  {' and '.join(arguments.folders)} together")
    if together < arguments.least:
        sys.exit(f"coverage: below {arguments.least} %")


if __name__ == "__main__":
    main()
