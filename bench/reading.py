# SPDX-License-Identifier: MIT
"""Workloads that read bytes. Each is a generator of (row, figure)."""

import contextlib
import time

from bench import bucket, child, contestants
from bench.ground import WrongBytes, drop_page_cache

MIB = 1 << 20
GIB = 1 << 30


def rate(load):
    return load["bytes"] / 1e6 / load["seconds"]


def per_s(load):
    return load["reads"] / load["seconds"]


@contextlib.contextmanager
def fresh(ground, contestant, name=bucket.BIG):
    """A mount with nothing cached anywhere but at the origin."""
    drop_page_cache()
    with ground.place() as place, contestant.mounted(ground.origin, place, name) as mount:
        yield mount


def wait_until_verified(mount):
    """Passthrough begins once the published digest was found right."""
    def verified():
        done = child.run(["getfattr", "--only-values", "-n", "user.omicsfs.verified",
                          mount.path(bucket.BIG)])
        return done.stdout.strip() in ("yes", "1", "true")
    child.wait_for(verified, "the digest to be checked")


def download(ground, curl, name=bucket.BIG):
    """MB/s of a download to the disk."""
    size = ground.truth(name).stat().st_size
    drop_page_cache()
    with ground.place() as place:
        target = place / "download"
        words = curl.words(ground.origin.url + name, size, target)
        started = time.perf_counter()
        child.must_run(words)
        seconds = time.perf_counter() - started
        pieces = sorted(place.glob("download.0*")) or [target]
        same = child.run(["bash", "-c", 'cat "${@:2}" | cmp - "$1"', "-", ground.truth(name),
                          *pieces])
        if same.returncode != 0:
            raise WrongBytes(same.stdout)
    return size / 1e6 / seconds


def sequential(ground, contestant):
    """Cold, then what the disk cache and the page cache make of it."""
    if isinstance(contestant, contestants.Curl):
        yield "cold sequential", download(ground, contestant)
        return
    drop_page_cache()
    with ground.place() as place:
        with contestant.mounted(ground.origin, place) as mount:
            cpu = mount.daemon.cpu_s() if mount.daemon else 0
            load = ground.load(mount, "sequential", [bucket.BIG])
            yield "cold sequential", rate(load)
            if contestant.ours:
                wait_until_verified(mount)  # which counts as work, if not as time
            if mount.daemon:
                yield "cold sequential CPU", (mount.daemon.cpu_s() - cpu) * GIB / load["bytes"]
        if isinstance(contestant, contestants.Disk):
            # Written just before, as the others' caches are: a disk of a virtual
            # machine reads what it was given last the fastest.
            yield from warm(ground, contestant.copied(place, bucket.BIG), place)
        elif contestant.keeps or not contestant.fetches:
            yield from warm(ground, contestant, place)


def sequential_far(ground, contestant):
    """Cold, for as long as the scale allows: some would take minutes."""
    if isinstance(contestant, contestants.Curl):
        yield "cold sequential, WAN", download(ground, contestant)
        return
    with fresh(ground, contestant) as mount:
        load = ground.load(mount, "sequential", [bucket.BIG], limit_s=ground.scale.wan_limit_s)
        yield "cold sequential, WAN", rate(load)


def warm(ground, contestant, place):
    drop_page_cache(place)
    with contestant.mounted(ground.origin, place) as mount:
        cpu = mount.daemon.cpu_s() if mount.daemon else 0
        load = ground.load(mount, "sequential", [bucket.BIG])
        yield "warm sequential", rate(load)
        if mount.daemon:
            yield "warm sequential CPU", (mount.daemon.cpu_s() - cpu) * GIB / load["bytes"]
        yield "page cache sequential", rate(ground.load(mount, "sequential", [bucket.BIG]))
    for block, jobs in ((4, 1), (4, 4), (64, 1), (64, 4)):
        drop_page_cache(place)
        with contestant.mounted(ground.origin, place) as mount:
            load = ground.load(mount, "random", [bucket.BIG], block=block << 10, jobs=jobs,
                               reads=ground.scale.random_reads * 2,
                               limit_s=ground.scale.limit_s)
            yield f"warm random {block} KiB x{jobs}", per_s(load)


def random_cold(ground, contestant):
    for block, jobs in ((4, 1), (4, 4), (64, 1), (64, 4)):
        before = ground.fetched()
        with fresh(ground, contestant) as mount:
            load = ground.load(mount, "random", [bucket.BIG], block=block << 10, jobs=jobs,
                               reads=ground.scale.random_reads, limit_s=ground.scale.limit_s)
        yield f"cold random {block} KiB x{jobs}", per_s(load)
        if contestant.fetches:
            fetched = ground.fetched() - before
            yield f"cold random {block} KiB x{jobs} fetched", fetched / load["bytes"]


def first_byte(ground, contestant):
    """The first 4 KiB of a file that nobody has read, on a mount just made."""
    times, mounts = [], []
    for index in range(3):
        name = bucket.small(index)
        with fresh(ground, contestant, name) as mount:
            load = ground.load(mount, "first", [name], block=4096)
        times.append(load["seconds"] * 1000)
        mounts.append(mount.answered_s)
    yield f"first 4 KiB, {ground.origin.name}", sorted(times)[1]
    if mount.daemon and ground.origin.name == "LAN":
        yield "mount, LAN", sorted(mounts)[1] * 1000


def many_files(ground, contestant):
    """8 readers of 64 files, each file once."""
    names = [bucket.small(index) for index in range(ground.scale.small_files)]
    with fresh(ground, contestant) as mount:
        yield "8 readers, 64 files", rate(ground.load(mount, "sequential", names, jobs=8))


def two_readers(ground, contestant):
    """Two readers of one file, at once."""
    before = ground.fetched()
    with fresh(ground, contestant) as mount:
        load = ground.load(mount, "sequential", [bucket.BIG] * 2, jobs=2,
                           limit_s=2 * ground.scale.limit_s)
    yield "two readers", rate(load)
    if contestant.fetches:
        yield "two readers fetched", (ground.fetched() - before) / (load["bytes"] / 2)


def streams(ground, contestant):
    """64 files read at once: what the server needs of memory."""
    names = [bucket.small(index) for index in range(ground.scale.small_files)]
    with fresh(ground, contestant) as mount:
        ground.load(mount, "sequential", names, jobs=64)
        yield "peak memory, 64 streams", mount.daemon.peak_mib()
