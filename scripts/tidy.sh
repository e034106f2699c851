#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Runs clang-tidy, and with it clang's analysis of the lock annotations, over
# what a built preset (asan unless named) compiled of catalog, fetch and fs; with
# --all also of the tests, and deeper. A unit is skipped while all files of ours
# that it is made of, the flags in CMakeLists.txt and .clang-tidy are those of a
# clean run.
#
# usage: scripts/tidy.sh [--all] [PRESET]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

folders='^(build/[a-z]+/)?(catalog|fetch|fs)/'
depth=shallow
if [[ ${1-} == --all ]]; then
  folders=.
  depth=deep
  shift
fi
build=build/${1:-asan}
marks=${XDG_CACHE_HOME:-$HOME/.cache}/omicsfs-tidy

# "unit<TAB>file file ..." of each object that ninja has built: what the
# compiler was given, which in a unity build is a list of sources in the build
# directory, and all files of ours that it read.
units() {
  ninja -C "$build" -t deps | awk -v root="$PWD/" '
    function flush() { if (unit != "") print unit "\t" files; unit = "" }
    /^[^ ].*\.o: #deps/ { flush(); files = ""; fresh = 1; next }
    # Absolute, or relative to the build directory where ccache made it so.
    /^ / {
      file = $1
      if (index(file, root) == 1) file = substr(file, length(root) + 1)
      else if (file ~ /^\.\.\/\.\.\//) file = substr(file, 7)
      else if (file ~ /^\//) next
      else file = build "/" file
      if (fresh) { unit = file; fresh = 0 }
      if (file !~ /^build\//) files = files " " file
    }
    END { flush() }' build="$build" | grep -E "$folders" | sort -u
}

# The name of the mark that says: these very files were clean.
mark_of() {
  # shellcheck disable=SC2086  # a list
  cat .clang-tidy CMakeLists.txt scripts/tidy.sh $1 | sha256sum | cut -d' ' -f1
}

# The analyzer goes to its full depth only with --all: there it takes most of
# the time, of tests four fifths, and those run under the sanitizers.
check_unit() {
  local unit=$1 mark=$2 output
  local checks='clang-diagnostic-thread-safety*,-bugprone-suspicious-include'
  # The compiler's own options are another compiler's.
  local options=(-Wthread-safety -Wno-unknown-warning-option)
  [[ $unit != *tests/* ]] || checks+=',-clang-analyzer-*'
  [[ $depth == deep ]] ||
    options+=(-Xclang -analyzer-config -Xclang mode=shallow)
  if output=$(clang-tidy-14 --quiet -p "$build" "${options[@]/#/--extra-arg=}" \
    --checks="$checks" "$unit" 2>/dev/null); then
    touch "$marks/$mark"
  else
    printf '%s\n' "$output"
    return 1
  fi
}
export -f check_unit
export build marks depth

stale_units() {
  local unit files mark
  while IFS=$'\t' read -r unit files; do
    mark=$depth-$(mark_of "$files")
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
