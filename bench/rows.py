# SPDX-License-Identifier: MIT
"""The rows of the table, in order."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Row:
    workload: str  # that measures it
    key: str
    label: str
    more_is_better: bool = True
    plotted: str = ""  # its name in the plot, if it is there


def _random(workload, state):
    for block in (4, 64):
        for jobs in (1, 4):
            key = f"{state} random {block} KiB x{jobs}"
            plural = "" if jobs == 1 else "s"
            yield Row(workload, key, f"{state} random {block} KiB, {jobs} job{plural}, reads/s",
                      plotted=f"{state} random {block} KiB" if jobs == 1 else "")
            if state == "cold":
                yield Row(workload, f"{key} fetched", "– bytes fetched a byte asked", False)


ROWS = [
    Row("sequential", "cold sequential", "cold sequential, MB/s", plotted="cold sequential, LAN"),
    Row("sequential", "cold sequential CPU", "– processor seconds a GiB", False,
        plotted="processor time of it"),
    Row("sequential", "warm sequential", "warm from the disk cache, MB/s",
        plotted="warm, disk cache"),
    Row("sequential", "warm sequential CPU", "– processor seconds a GiB", False),
    Row("sequential", "page cache sequential", "from the page cache, MB/s",
        plotted="warm, page cache"),
    Row("sequential far", "cold sequential, WAN", "cold sequential, WAN, MB/s",
        plotted="cold sequential, WAN"),
    *_random("random", "cold"),
    *_random("sequential", "warm"),
    Row("first", "first 4 KiB, LAN", "first 4 KiB of a cold file, new mount, ms", False,
        plotted="first 4 KiB, LAN"),
    Row("first far", "first 4 KiB, WAN", "– WAN, ms", False, plotted="first 4 KiB, WAN"),
    Row("files", "8 readers, 64 files", "8 readers, 64 cold files of 5 MB, MB/s",
        plotted="8 readers, 64 cold files"),
    Row("readers", "two readers", "two readers of one cold file, MB/s together"),
    Row("readers", "two readers fetched", "– bytes fetched a byte of the file", False),
    Row("h5py", "h5py, LAN", "h5py, 100 random rows of a gzip'd matrix, s", False,
        plotted="h5py, 100 rows, LAN"),
    Row("h5py", "h5py, LAN fetched", "– MB fetched", False),
    Row("h5py far", "h5py, WAN", "– WAN, s", False, plotted="h5py, 100 rows, WAN"),
    Row("h5py far", "h5py, WAN fetched", "– WAN, MB fetched", False),
    Row("h5py far", "h5py, WAN depth", "– WAN, requests that waited for one another", False),
    Row("find", "find cold", "find -ls of {tree} files, cold, entries/s",
        plotted="find of {tree} files, cold"),
    Row("find", "find again", "– again"),
    Row("ls", "ls -l cold", "ls -l of one directory of {tree}, cold, s", False,
        plotted="ls -l of {tree} in one directory"),
    Row("ls", "ls -l again", "– again", False),
    Row("ls deep", "ls -lR cold", "ls -lR of {tree} files, cold, s", False),
    Row("ls deep", "ls -lR again", "– again", False),
    Row("stat", "stat cold", "stat of {tree} files, random, 4 jobs, cold, /s",
        plotted="stat of {tree} files, cold"),
    Row("stat", "stat again", "– again"),
    Row("first", "mount, LAN", "mount answers, ms", False),
    Row("million", "million mount", "– with {million} files, ms", False),
    Row("million", "million find", "– find -ls of them, cold, entries/s"),
    Row("streams", "peak memory, 64 streams", "server's peak memory, 64 streams, MiB", False),
]


def keys_of(workload):
    return [row.key for row in ROWS if row.workload == workload]
