#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Builds the libFuzzer targets and runs each for some seconds on its corpus.
#
# usage: scripts/fuzz.sh [SECONDS [TARGET...]]    60 seconds, all targets
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

seconds=${1:-60}
shift || true

all_targets() {
  sed -n 's/^omicsfs_fuzz(\([a-z0-9_]*\).*/\1/p' tests/fuzz/CMakeLists.txt
}

# New inputs go to build/, which is not committed; crashes too.
run_target() {
  local found=build/fuzz/found/$1
  mkdir -p "$found"
  echo "== $1: $seconds s"
  "build/fuzz/tests/fuzz/fuzz_$1" -max_total_time="$seconds" -timeout=10 \
    -print_final_stats=1 -verbosity=0 -artifact_prefix="$found/" \
    "$found" "tests/fuzz/corpus/$1"
}

mapfile -t targets < <(if (($# > 0)); then printf '%s\n' "$@"; else all_targets; fi)
cmake --preset fuzz >/dev/null
cmake --build --preset fuzz --target "${targets[@]/#/fuzz_}"
for target in "${targets[@]}"; do
  run_target "$target"
done
