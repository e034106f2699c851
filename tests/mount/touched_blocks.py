# SPDX-License-Identifier: MIT
"""Which blocks of a file a program reads, as the kernel saw it ask."""

import os
import re
import subprocess
import tempfile

BLOCK = 64 << 10
CALLS = "openat,open,dup,dup2,close,read,pread64,lseek"
LINE = re.compile(r"^\d+\s+(\w+)\((.*)\)\s+= (-?\d+)")


def read_calls(trace, path):
    """(offset, bytes) of each read of `path` in a trace, in order."""
    places = {}  # of the descriptors that are open on it
    for line in trace:
        found = LINE.match(line)
        if not found or int(found[3]) < 0:
            continue
        call, words, result = found[1], found[2], int(found[3])
        if call in ("open", "openat"):
            if f'"{path}"' in words:
                places[result] = 0
            continue
        descriptor = int(words.split(",")[0])
        if descriptor not in places:
            continue
        if call == "close":
            del places[descriptor]
        elif call == "lseek":
            places[descriptor] = result
        elif call == "read":
            yield places[descriptor], result
            places[descriptor] += result
        elif call == "pread64":
            yield int(words.split(",")[-1]), result


def touched_blocks(words, path):
    """The numbers of the blocks of `path` that the program `words` reads."""
    with tempfile.NamedTemporaryFile("r") as trace:
        subprocess.run(["strace", "-f", "-s", "4096", "-e", "trace=" + CALLS, "-o", trace.name,
                        *words], check=True, stdout=subprocess.DEVNULL, timeout=240)
        calls = list(read_calls(trace, os.fspath(path)))
    return {block for at, count in calls if count > 0
            for block in range(at // BLOCK, (at + count - 1) // BLOCK + 1)}
