#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Runs clang-tidy, and with it clang's analysis of the lock annotations, over
# what a built preset (dev unless named) compiled of catalog, fetch and fs, or
# with --all of the tests too. A unit is skipped while it, the headers of ours
# that it includes, the flags in CMakeLists.txt and .clang-tidy are those of a
# clean run.
#
# usage: scripts/tidy.sh [--all] [PRESET]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

folders='^(catalog|fetch|fs)/'
if [[ ${1-} == --all ]]; then
  folders=.
  shift
fi
build=build/${1:-dev}
marks=${XDG_CACHE_HOME:-$HOME/.cache}/omicsfs-tidy

# "source<TAB>header header ..." of each object ninja has built, ours alone.
units() {
  ninja -C "$build" -t deps | awk -v root="$PWD/" '
    function flush() { if (unit != "") print unit "\t" headers; unit = "" }
    /^[^ ].*\.cc\.o: #deps/ { flush(); fresh = 1; headers = ""; next }
    # Absolute, or relative to the build directory where ccache made it so.
    /^ / && (index($1, root) == 1 || $1 ~ /^\.\.\/\.\.\//) {
      file = index($1, root) == 1 ? substr($1, length(root) + 1) : substr($1, 7)
      if (file ~ /^(build|\.\.)\//) next
      if (fresh) { unit = file; fresh = 0 } else headers = headers " " file
    }
    END { flush() }' | grep -E "$folders" | sort -u
}

# The name of the mark that says: this very content was clean.
mark_of() {
  local unit=$1 headers=$2
  # shellcheck disable=SC2086  # headers is a list
  cat .clang-tidy CMakeLists.txt scripts/tidy.sh "$unit" $headers | sha256sum |
    cut -d' ' -f1
}

# The analyzer's paths through gtest's macros take four fifths of the time of a
# test; tests run under the sanitizers instead.
check_unit() {
  local unit=$1 mark=$2 output checks='clang-diagnostic-thread-safety*'
  [[ $unit != tests/* ]] || checks+=',-clang-analyzer-*'
  if output=$(clang-tidy-14 --quiet -p "$build" --extra-arg=-Wthread-safety \
    --checks="$checks" "$unit" 2>/dev/null); then
    touch "$marks/$mark"
  else
    printf '%s\n' "$output"
    return 1
  fi
}
export -f check_unit
export build marks

stale_units() {
  local unit headers mark
  while IFS=$'\t' read -r unit headers; do
    mark=$(mark_of "$unit" "$headers")
    [[ -e $marks/$mark ]] || printf '%s\n%s\n' "$unit" "$mark"
  done < <(units)
}

mkdir -p "$marks"
[[ -n $(units) ]] || {
  echo "tidy: $build has compiled nothing of ours" >&2
  exit 1
}
mapfile -t stale < <(stale_units)
echo "tidy: $((${#stale[@]} / 2)) units to check"
if ((${#stale[@]} > 0)); then
  # shellcheck disable=SC2016  # expanded by the inner shell
  printf '%s\n' "${stale[@]}" |
    xargs -n2 -P"$(nproc)" bash -c 'check_unit "$1" "$2"' check_unit
fi
