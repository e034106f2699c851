# SPDX-License-Identifier: MIT
"""What every workload stands on: an origin, its files, our load programs."""

import contextlib
import dataclasses
import json
import os
import pathlib
import shutil
import tempfile

from bench import bucket, child
from bench.contestants import is_mounted


class WrongBytes(Exception):
    """What was read is not what is published."""


@dataclasses.dataclass
class Ground:
    bucket: bucket.Bucket
    origin: object
    programs: pathlib.Path  # where ours were built
    work: pathlib.Path

    @property
    def scale(self):
        return self.bucket.scale

    def truth(self, name):
        return self.bucket.root / name

    def load(self, mount, order, names, **flags):
        """Reads files of a mount; what read_load prints."""
        limit_s = flags.setdefault("limit_s", 30)
        pairs = [path for name in names for path in (mount.path(name), self.truth(name))]
        words = [f"--{key.replace('_', '-')}={value}" for key, value in flags.items()]
        done = child.run([self.programs / "bench" / "read_load", "--order", order, *words, *pairs],
                         patience_s=limit_s + 60)
        if done.returncode == 3:
            raise WrongBytes(done.stderr.strip())
        if done.returncode != 0:
            raise OSError(done.stderr.strip())
        return json.loads(done.stdout)

    @contextlib.contextmanager
    def place(self):
        """A directory for one contestant's cache, removed at the end."""
        place = pathlib.Path(tempfile.mkdtemp(dir=self.work))
        try:
            yield place
        finally:
            if not is_mounted(place / "mnt"):
                shutil.rmtree(place, ignore_errors=True)

    def fetched(self):
        """Bytes that the origin has sent until now, once it is quiet."""
        last = -1
        while last != (sent := self.origin.bytes_sent()):
            last = sent
            with contextlib.suppress(child.TookTooLong):
                child.wait_for(lambda: False, "", patience_s=0.1)
        return sent


def warm_memory():
    """Touches as much free memory as a workload fills. A virtual machine's host
    may give it its memory page by page, when that is first used: whoever comes
    first would pay for all."""
    with open("/proc/meminfo", encoding="ascii") as lines:
        free = {line.split(":")[0]: int(line.split()[1]) << 10 for line in lines}
    touched = b"x" * min(5 << 29, free["MemAvailable"] // 2)
    del touched


def drop_page_cache(place=None):
    """Also of what was written below `place`: dirty pages would stay."""
    for path in place.rglob("*") if place else ():
        if path.is_file() and "mnt" not in path.parts:
            with open(path, "rb") as file:
                os.fsync(file.fileno())
    pathlib.Path("/proc/sys/vm/drop_caches").write_text("3", encoding="ascii")
    warm_memory()
