# SPDX-License-Identifier: MIT
"""Who is measured: each shows the files of an origin as files."""

import contextlib
import json
import os
import pathlib
import shutil
import time

from bench import bucket, child


class Died(Exception):
    """A contestant's process ended while it was needed."""


def is_mounted(path):
    with open("/proc/mounts", encoding="utf-8") as mounts:
        return any(line.split()[1] == str(path) for line in mounts)


def file_system_of(path):
    """The kind of file system that `path` is on, such as "ext4"."""
    return child.must_run(["findmnt", "-no", "FSTYPE", "-T", path]).strip()


class Mount:
    """Files of an origin below a directory, served by a process of ours."""

    def __init__(self, root, daemon):
        self.root, self.daemon = root, daemon
        self.answered_s = None  # since the program was started

    def path(self, name):
        return self.root / name

    def end(self):
        """Unmounts; by force where the server does not let go."""
        done = None
        with contextlib.suppress(child.TookTooLong):
            done = child.run(["umount", self.root], patience_s=20)
        if done is None or done.returncode != 0:
            self.daemon.process.kill()  # which ends the kernel's wait for it
            with contextlib.suppress(child.TookTooLong):
                child.run(["umount", "-l", self.root], patience_s=10)
        self.daemon.stop()


class Contestant:
    """What a workload asks of everybody; `words` is how the server is started."""

    ours = False
    shows_a_million = False  # files: of that many, nothing but a manifest is there
    one_file = False  # shows just the file it was mounted for
    fetches = True    # from the origin
    keeps = True      # on the disk, what was fetched
    environment = {}

    def prepare(self, origin, place):
        """What is done once and not timed; `place` is empty and lasts."""

    @contextlib.contextmanager
    def mounted(self, origin, place, name=bucket.BIG):
        """A mount with its cache below `place`, which may hold one already."""
        root = place / "mnt"
        root.mkdir(parents=True, exist_ok=True)
        started = time.perf_counter()
        daemon = child.Daemon(self.words(origin, place, root, name), place / "log",
                              self.environment)
        mount = self.seen(root, daemon, name)
        try:
            child.wait_for(lambda: is_mounted(root) or daemon.has_ended(), f"{self.name}'s mount")
            child.must_run(["ls", root])
            mount.answered_s = time.perf_counter() - started
            yield mount
        except OSError as failure:
            if daemon.ends_within(1):
                raise Died(f"{self.name} ended: {failure}") from failure
            raise
        finally:
            mount.end()

    def seen(self, root, daemon, name):
        return Mount(root, daemon)

    def forget(self, place):
        """Drops what was cached below `place`."""
        shutil.rmtree(place / "cache", ignore_errors=True)


class Omicsfs(Contestant):
    name = "omicsfs"
    ours = True
    shows_a_million = True

    def __init__(self, program):
        self.program = program
        self.configs = {}  # by origin

    def prepare(self, origin, place):
        config = self.configs[origin.name] = place / "config.json"
        config.write_text(json.dumps(self.settings(origin, place / "state")))
        child.must_run([self.program, "--config", config, "refresh", "abc-atlas"],
                       patience_s=300)

    @staticmethod
    def settings(origin, state):
        return {"state_dir": str(state),
                "cache": {"limit": "50G", "keep_free": "100M"},
                "sources": {"abc-atlas": {"base_url": origin.url,
                                          "releases": origin.releases}}}

    def words(self, origin, place, root, name):
        return [self.program, "--config", self.configs[origin.name], "--cache-dir", place / "cache",
                "mount", "-f", "abc-atlas", root]


class OmicsfsCopying(Omicsfs):
    """Every read through the daemon: as for a user who is not root."""

    name = "omicsfs, no passthrough"
    shows_a_million = False
    environment = {"OMICSFS_PASSTHROUGH": "false"}

    @staticmethod
    def differs(program):
        """Whether the program knows passthrough at all."""
        done = child.run([program, "sources"],
                         env={**os.environ, **OmicsfsCopying.environment})
        return "OMICSFS_PASSTHROUGH" not in done.stderr


class RcloneFull(Contestant):
    name = "rclone, full"
    flags = ["--vfs-cache-mode", "full"]

    def words(self, origin, place, root, name):
        return ["rclone", "--config", "/dev/null", "mount", ":http:", root, "--http-url",
                origin.url, "--cache-dir", place / "cache", "--read-only", *self.flags]


class RcloneOff(RcloneFull):
    """As its documentation advises for reading through without a disk."""

    name = "rclone, cache off"
    keeps = False
    flags = ["--vfs-cache-mode", "off", "--vfs-read-chunk-size", "4M",
             "--vfs-read-chunk-size-limit", "off", "--buffer-size", "32M", "--no-modtime",
             "--attr-timeout", "1h", "--dir-cache-time", "1000h"]


class Httpdirfs(Contestant):
    name = "httpdirfs"

    def words(self, origin, place, root, name):
        (place / "cache").mkdir(exist_ok=True)
        return ["httpdirfs", "-f", "--no-range-check", "--cache", "--cache-location",
                place / "cache", origin.url, root]


class OneFileMount(Mount):
    def path(self, name):
        return self.root / pathlib.PurePath(name).name


class Httpfs2(Contestant):
    name = "httpfs2"
    one_file = True
    keeps = False

    def words(self, origin, place, root, name):
        return ["httpfs2", "-f", "-c", "/dev/null", origin.url + name, root]

    def seen(self, root, daemon, name):
        return OneFileMount(root, daemon)


class NullSource(Contestant):
    """FUSE's own ceiling: one file in memory, and the least program."""

    name = "FUSE ceiling"
    one_file = True
    fetches = False
    keeps = False

    def __init__(self, program, truth):
        self.program, self.truth = program, truth

    def words(self, origin, place, root, name):
        return [self.program, self.truth / name, root]

    def seen(self, root, daemon, name):
        return OneFileMount(root, daemon)


class Disk(Contestant):
    """The same files on the local file system, where no server is needed."""

    fetches = False
    keeps = False

    def __init__(self, root):
        self.root = root
        self.name = f"{file_system_of(root)} itself"

    @contextlib.contextmanager
    def mounted(self, origin, place, name=bucket.BIG):
        yield Mount(self.root, None)

    def copied(self, place, name):
        """The same with a fresh copy of the file `name` alone, below `place`."""
        copy = place / "copy" / name
        copy.parent.mkdir(parents=True)
        shutil.copyfile(self.root / name, copy)
        return Disk(place / "copy")


class Curl:
    """Downloads; it has no files to show."""

    shows_a_million = False

    def prepare(self, origin, place):
        pass

    def __init__(self, ranges=1):
        self.ranges = ranges
        self.name = "curl" if ranges == 1 else f"curl, {ranges} ranges"

    def words(self, url, size, target):
        if self.ranges == 1:
            return ["curl", "-sS", "-o", target, url]
        settings = target.with_suffix(".curl")
        step = -(-size // self.ranges)
        settings.write_text("\nnext\n".join(
            f'url = "{url}"\nrange = "{start}-{min(start + step, size) - 1}"\n'
            f'output = "{target}.{start:015}"\nsilent\nshow-error'
            for start in range(0, size, step)))
        return ["curl", "--parallel", "--parallel-immediate", "--parallel-max", self.ranges,
                "-K", settings]
