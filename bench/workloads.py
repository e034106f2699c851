# SPDX-License-Identifier: MIT
"""What is measured: by name, with what each workload asks of who takes part."""

import dataclasses
import typing

from bench import contestants, listing, reading, slices


@dataclasses.dataclass(frozen=True)
class Workload:
    name: str
    run: typing.Callable  # (ground, contestant) -> pairs of row and figure
    origin: str = "LAN"
    many_files: bool = False
    trees: bool = False    # needs the trees of many names
    million: bool = False  # needs a mount of a million files
    ceiling: bool = False  # FUSE's own ceiling says something here
    curl: bool = False     # a download is a fair answer to it
    disk: bool = True      # the local disk is, too

    def takes(self, contestant):
        if isinstance(contestant, contestants.Curl):
            return self.curl
        if isinstance(contestant, contestants.Disk):
            return self.disk
        if isinstance(contestant, contestants.NullSource):
            return self.ceiling
        if self.million:
            return contestant.shows_a_million
        return not (contestant.one_file and (self.many_files or self.trees))


WORKLOADS = [
    Workload("sequential", reading.sequential, curl=True, ceiling=True),
    Workload("random", reading.random_cold, ceiling=True),
    Workload("first", reading.first_byte, ceiling=True),
    Workload("files", reading.many_files, many_files=True),
    Workload("readers", reading.two_readers, ceiling=True),
    Workload("streams", reading.streams, many_files=True, disk=False),
    Workload("h5py", slices.h5_rows, ceiling=True),
    Workload("find", listing.walk, trees=True),
    Workload("ls", listing.ls_flat, trees=True),
    Workload("ls deep", listing.ls_deep, trees=True),
    Workload("stat", listing.storm, trees=True),
    Workload("million", listing.million, origin="1M", million=True, disk=False),
    Workload("sequential far", reading.sequential_far, origin="WAN", curl=True, disk=False),
    Workload("first far", reading.first_byte, origin="WAN", disk=False),
    Workload("h5py far", slices.h5_rows, origin="WAN", disk=False),
]
