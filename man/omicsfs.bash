# SPDX-License-Identifier: MIT
# Completion of omicsfs(1) for bash.

_omicsfs_sources() {
  "${1:-omicsfs}" sources --json 2>/dev/null |
    sed -n 's/^ *{"name": "\([^"]*\)".*/\1/p'
}

# The entries below the directory that the word has reached so far.
_omicsfs_places() {
  local program=$1 word=$2 directory
  if [[ $word != */* ]]; then
    _omicsfs_sources "$program" | sed 's|$|/|'
    return
  fi
  directory=${word%/*}
  "$program" ls "$directory" 2>/dev/null | sed "s|^|${directory//|/\\|}/|"
}

_omicsfs_reply() {
  local word=$1 line
  COMPREPLY=()
  while IFS= read -r line; do
    [[ $line == "$word"* ]] && COMPREPLY+=("$line")
  done
}

_omicsfs() {
  local word=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
  local program=${COMP_WORDS[0]} command='' index
  local settings='--config --state-dir --cache-dir --cache-limit --keep-free
    --passthrough --base-url --help'

  for ((index = 1; index < COMP_CWORD; ++index)); do
    case ${COMP_WORDS[index]} in
      mount | umount | refresh | add | remove | find | facets | sources | ls | cache | manifest)
        command=${COMP_WORDS[index]}
        break
        ;;
    esac
  done

  case $previous in
    -o | --output)
      if [[ $command == manifest ]]; then
        mapfile -t COMPREPLY < <(compgen -f -- "$word")
      fi
      return
      ;;
    --config | --log)
      mapfile -t COMPREPLY < <(compgen -f -- "$word")
      return
      ;;
    --state-dir | --cache-dir)
      mapfile -t COMPREPLY < <(compgen -d -- "$word")
      return
      ;;
    --passthrough)
      mapfile -t COMPREPLY < <(compgen -W 'true false' -- "$word")
      return
      ;;
    --by)
      mapfile -t COMPREPLY < <(compgen -W 'experiment species all' -- "$word")
      return
      ;;
    --scale)
      mapfile -t COMPREPLY < <(compgen -W 'none minmax standard robust' -- "$word")
      return
      ;;
    --cache-limit | --keep-free | --base-url | --sha1 | --id | --email)
      return
      ;;
  esac

  case $command:$word in
    :*)
      mapfile -t COMPREPLY < <(compgen -W \
        "mount umount refresh add remove find facets sources ls cache manifest --version $settings" -- "$word")
      ;;
    mount:-*)
      mapfile -t COMPREPLY < <(compgen -W \
        "-f --foreground -v --verbose -o --refresh --log $settings" -- "$word")
      ;;
    mount:*)
      mapfile -t COMPREPLY < <(compgen -W "$(_omicsfs_sources "$program")" \
        -- "$word"; compgen -d -- "$word"; compgen -f -X '!*.zip' -- "$word"
        compgen -f -X '!*.npz' -- "$word"
        compgen -f -X '!*.@(json|jsonl|ndjson|txt|tsv|xml)?(.gz)' -- "$word")
      ;;
    manifest:-*)
      mapfile -t COMPREPLY < <(compgen -W "-o --output $settings" -- "$word")
      ;;
    manifest:*)
      if [[ $previous == manifest ]]; then
        mapfile -t COMPREPLY < <(compgen -W 'check make from' -- "$word")
      else
        mapfile -t COMPREPLY < <(compgen -f -- "$word")
      fi
      ;;
    add:-*)
      mapfile -t COMPREPLY < <(compgen -W "--sha1 --id --rna-seq --by --scale --no-quantile-normalize --email
        --accept-terms $settings" -- "$word")
      ;;
    add:*)
      if [[ $previous == add ]]; then
        mapfile -t COMPREPLY < <(compgen -W 'refine-bio manifest' -- "$word")
      else
        mapfile -t COMPREPLY < <(
          compgen -W "compendium dataset experiment" -- "$word"
          compgen -d -- "$word"
          compgen -f -X '!*.zip' -- "$word")
      fi
      ;;
    remove:-*)
      mapfile -t COMPREPLY < <(compgen -W "$settings" -- "$word")
      ;;
    remove:*)
      if [[ $previous == remove ]]; then
        mapfile -t COMPREPLY < <(compgen -W 'refine-bio manifest' -- "$word")
      else
        mapfile -t COMPREPLY < <(compgen -f -- "$word")
      fi
      ;;
    find:-*)
      mapfile -t COMPREPLY < <(compgen -W "--kind --paths --tsv --json --count $settings" \
        -- "$word")
      ;;
    facets:-*)
      mapfile -t COMPREPLY < <(compgen -W "--json $settings" -- "$word")
      ;;
    find:* | facets:*)
      mapfile -t COMPREPLY < <(compgen -W "$(_omicsfs_sources "$program")" \
        -- "$word")
      ;;
    umount:-*)
      mapfile -t COMPREPLY < <(compgen -W '-l --lazy --help' -- "$word")
      ;;
    umount:*)
      mapfile -t COMPREPLY < <(compgen -d -- "$word")
      ;;
    refresh:-*)
      mapfile -t COMPREPLY < <(compgen -W "--allow-empty $settings" -- "$word")
      ;;
    refresh:*)
      mapfile -t COMPREPLY < <(compgen -f -W "$(_omicsfs_sources "$program")" \
        -- "$word")
      ;;
    ls:-*)
      mapfile -t COMPREPLY < <(compgen -W "-l --json $settings" -- "$word")
      ;;
    ls:*)
      _omicsfs_reply "$word" < <(_omicsfs_places "$program" "$word")
      [[ ${COMPREPLY[*]} == */ ]] && compopt -o nospace
      ;;
    sources:* | cache:*)
      mapfile -t COMPREPLY < <(compgen -W \
        "$([[ $command == cache ]] && echo status) --json $settings" -- "$word")
      ;;
  esac
}

complete -F _omicsfs omicsfs
