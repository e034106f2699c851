#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Formats the C++ sources in place; with --check only names those that differ.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

sources() {
  git ls-files -z -- "*.cc" "*.h"
}

case ${1-} in
  '') sources | xargs -0 clang-format-14 -i ;;
  --check) sources | xargs -0 clang-format-14 --dry-run --Werror ;;
  *)
    echo "usage: scripts/format.sh [--check]" >&2
    exit 2
    ;;
esac
