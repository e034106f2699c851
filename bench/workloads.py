# SPDX-License-Identifier: MIT
"""What is measured: by name, with what each workload asks of who takes part."""

import dataclasses
import typing

from bench import contestants, reading, slices


@dataclasses.dataclass(frozen=True)
class Workload:
    name: str
    run: typing.Callable  # (ground, contestant) -> pairs of row and figure
    origin: str = "LAN"
    many_files: bool = False
    curl: bool = False     # a download is a fair answer to it
    disk: bool = True      # the local disk is, too

    def takes(self, contestant):
        if isinstance(contestant, contestants.Curl):
            return self.curl
        if isinstance(contestant, contestants.Disk):
            return self.disk
        return not (contestant.one_file and self.many_files)


WORKLOADS = [
    Workload("sequential", reading.sequential, curl=True),
    Workload("random", reading.random_cold),
    Workload("first", reading.first_byte),
    Workload("files", reading.many_files, many_files=True),
    Workload("readers", reading.two_readers),
    Workload("streams", reading.streams, many_files=True, disk=False),
    Workload("h5py", slices.h5_rows),
    Workload("sequential far", reading.sequential_far, origin="WAN", curl=True, disk=False),
    Workload("first far", reading.first_byte, origin="WAN", disk=False),
    Workload("h5py far", slices.h5_rows, origin="WAN", disk=False),
]
