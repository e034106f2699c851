#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Every test that README.md beside this and SECURITY.md name is there.

usage: table_test.py
"""

import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
# `Suite.Case`, `Suite.*`, `ACase`, `…PartOfACase`, `test_case`; no path, no C++.
NAME = re.compile(r"[\w.*…]+")
LEAST = 80  # names: fewer, and the tables are not read as they should be


def sources():
    return "\n".join(path.read_text()
                     for pattern in ("*.cc", "*.h", "*.py", "CMakeLists.txt")
                     for path in sorted((ROOT / "tests").rglob(pattern)))


def names_in(document):
    """Those in the last cell of each row of a table."""
    for line in document.read_text().splitlines():
        if line.startswith("| "):
            cell = line.rstrip("| ").rsplit(" | ", 1)[-1]
            yield from filter(NAME.fullmatch, re.findall(r"`([^`]+)`", cell))


def main():
    source, count, missing = sources(), 0, []
    for document in (HERE / "README.md", ROOT / "SECURITY.md"):
        for name in names_in(document):
            count += 1
            if not all(part in source for part in re.split(r"[.*…]+", name)):
                missing.append(f"{document.name}: no test {name}")
    print("\n".join(missing) or f"{count} tests are there")
    return 1 if missing or count < LEAST else 0


if __name__ == "__main__":
    sys.exit(main())
