#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Builds with gcov, runs the tests and prints the lines they reach. Fails below
# 90 % of the lines of catalog and fetch.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

cmake --preset coverage >/dev/null
cmake --build --preset coverage
# Counts of earlier runs would hide what this one does not reach.
find build/coverage -name '*.gcda' -delete
ctest --preset coverage --output-on-failure -j"$(nproc)"
/usr/bin/python3 scripts/line_coverage.py build/coverage --least 90 catalog fetch
