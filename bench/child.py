# SPDX-License-Identifier: MIT
"""Other programs: run to their end, or kept running. Every wait has an end."""

import contextlib
import os
import subprocess
import time

PATIENCE_S = 60


class TookTooLong(Exception):
    """A program did not do in time what was waited for."""

    def __init__(self, what, patience_s):
        super().__init__(f"{what}: not within {patience_s} s")
        self.patience_s = patience_s


def wait_for(condition, what, patience_s=PATIENCE_S):
    deadline = time.monotonic() + patience_s
    while not condition():
        if time.monotonic() > deadline:
            raise TookTooLong(what, patience_s)
        time.sleep(0.002)


def run(words, patience_s=PATIENCE_S, **options):
    """Runs a program to its end; its exit status and what it printed.

    A program that hangs in the kernel is left behind, not waited for.
    """
    child = subprocess.Popen([str(word) for word in words], stdin=subprocess.DEVNULL,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)
    try:
        output, errors = child.communicate(timeout=patience_s)
    except BaseException as failure:
        child.kill()
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.communicate(timeout=5)
        if isinstance(failure, subprocess.TimeoutExpired):
            raise TookTooLong(words[0], patience_s) from None
        raise
    return subprocess.CompletedProcess(words, child.returncode, output, errors)


def must_run(words, **options):
    """What the program printed; an OSError where it failed."""
    done = run(words, **options)
    if done.returncode != 0:
        raise OSError(f"{words[0]}: {done.stderr.strip()[-300:]}")
    return done.stdout


class Daemon:
    """A program that runs until it is told to stop, and what it has used."""

    def __init__(self, words, log, environment=None):
        with open(log, "ab") as output:
            self.process = subprocess.Popen(
                [str(word) for word in words], stdin=subprocess.DEVNULL, stdout=output,
                stderr=output, env={**os.environ, **(environment or {})}, start_new_session=True)

    def has_ended(self):
        return self.process.poll() is not None

    def ends_within(self, patience_s):
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(patience_s)
        return self.has_ended()

    def cpu_s(self):
        """Processor seconds so far, of all its threads."""
        with open(f"/proc/{self.process.pid}/stat", encoding="ascii") as stat:
            fields = stat.read().rpartition(")")[2].split()
        ticks = sum(int(field) for field in fields[11:15])  # utime stime cutime cstime
        return ticks / os.sysconf("SC_CLK_TCK")

    def peak_mib(self):
        """The most memory that it has held at once (VmHWM)."""
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as status:
            kibibytes = next(line.split()[1] for line in status if line.startswith("VmHWM"))
        return int(kibibytes) / 1024

    def stop(self, patience_s=20):
        """Waits until it ends by itself when `patience_s`, then makes it."""
        for end in (lambda: None, self.process.terminate, self.process.kill):
            end()
            if self.ends_within(patience_s):
                return
            patience_s = 5
