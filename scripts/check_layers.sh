#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Proves from the #includes that fs stands on fetch, fetch on catalog and
# catalog on nothing of ours, and that each foreign library stays behind its
# few files.
set -euo pipefail
cd "${1:-$(dirname "${BASH_SOURCE[0]}")/..}"

failures=0

complain() {
  printf 'layers: %s\n' "$*" >&2
  failures=$((failures + 1))
}

# Lines "file:#include ..." of the folder $1 that match the pattern $2.
includes() {
  grep -rHE "^[[:space:]]*#[[:space:]]*include[[:space:]]+$2" "$1" \
    --include='*.h' --include='*.cc' || true
}

# Folder $1 includes, of ours, only what the folders $2 ("a|b") hold.
check_layer() {
  local line
  while IFS= read -r line; do
    [[ -z $line ]] || complain "$1 may include only ($2): $line"
  done < <(includes "$1" '"' | grep -vE "include[[:space:]]+\"($2)/" || true)
}

# Header $1 (a pattern) is included by at most $3 files, all in folder $2. The
# null source does not count: it is FUSE alone, for the real one to be measured
# against.
check_library() {
  local file files
  mapfile -t files < <(
    for folder in catalog fetch fs tests bench; do
      includes "$folder" "[<\"]$1[>\"]" | cut -d: -f1
    done | grep -vx bench/null_source.cc | sort -u
  )
  for file in "${files[@]}"; do
    [[ $file == "$2"/* ]] || complain "$file includes $1; only $2 may"
  done
  if ((${#files[@]} > $3)); then
    complain "$1 is included by more than $3 files: ${files[*]}"
  fi
}

check_layer catalog 'catalog'
check_layer fetch 'catalog|fetch'
check_layer fs 'catalog|fetch|fs'

check_library 'fuse_lowlevel\.h' fs 2
check_library 'curl/[a-z]+\.h' fetch 2
check_library 'sqlite3\.h' catalog 2
check_library 'pugixml\.hpp' catalog 2
check_library 'nlohmann/[a-z_]+\.hpp' catalog 2

if ((failures > 0)); then
  exit 1
fi
echo "layers: as they should be"
