#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Composes a small bucket of GenomeKit's shape: two assemblies, two annotations.

usage: compose_genomekit.py DIR [--bases N]
"""

import argparse
import pathlib
import pickle
import random
import struct

MAGIC_2BIT = 0x1A412743
MAGIC_ANNOTATION = b"\xba\xed\x16\x00"  # version 22
# Two bits a base, the first in the highest.
BASES = "TCAG"
ASSEMBLIES = ("demo1", "demo2.p1")
ANNOTATIONS = {"gencode.vD1": "demo1", "gencode.vD2.basic": "demo2.p1"}


def chromosomes(bases, seed):
    """Sequences by name: with unknown bases at the start, and soft-masked ones."""
    numbers = random.Random(seed)
    found = {}
    for name, length in (("chr1", bases), ("chr2", bases // 3 + 1), ("chrM", 1001)):
        plain = "".join(numbers.choices("ACGT", k=length))
        unknown, masked = length // 20, length // 5
        found[name] = ("N" * unknown + plain[unknown:masked] + plain[masked:2 * masked].lower()
                       + plain[2 * masked:])
    return found


def blocks(text, chosen):
    """Starts and sizes of the runs of characters that are `chosen`."""
    starts, sizes = [], []
    before = False
    for place, character in enumerate(text):
        now = chosen(character)
        if now and not before:
            starts.append(place)
            sizes.append(0)
        if now:
            sizes[-1] += 1
        before = now
    return [len(starts), *starts, *sizes]


def packed(text):
    codes = [BASES.find(character) if character in BASES else 0 for character in text.upper()]
    codes += [0] * (-len(codes) % 4)
    return bytes(codes[at] << 6 | codes[at + 1] << 4 | codes[at + 2] << 2 | codes[at + 3]
                 for at in range(0, len(codes), 4))


def two_bit(sequences):
    """A .2bit file of version 0, as UCSC describes the format."""
    at = 16 + sum(1 + len(name) + 4 for name in sequences)
    index, records = b"", b""
    for name, text in sequences.items():
        index += struct.pack("<B", len(name)) + name.encode() + struct.pack("<I", at + len(records))
        head = [len(text), *blocks(text, lambda c: c == "N"), *blocks(text, str.islower), 0]
        records += struct.pack(f"<{len(head)}I", *head) + packed(text)
    return struct.pack("<4I", MAGIC_2BIT, 0, len(sequences), 0) + index + records


def compose(directory, bases=200_000):
    """Puts the bucket's files into `directory`."""
    directory.mkdir(exist_ok=True)
    for seed, assembly in enumerate(ASSEMBLIES):
        sequences = chromosomes(bases, seed)
        (directory / f"{assembly}.2bit").write_bytes(two_bit(sequences))
        (directory / f"{assembly}.chrom.sizes").write_text(
            "".join(f"{name}\t{len(text)}\n" for name, text in sequences.items()))
        (directory / f"{assembly}.chromAlias.txt").write_text(
            "# ucsc\tassembly\tgenbank\n"
            + "".join(f"{name}\t{name[3:]}\tCM{seed}{name[3:]}\n" for name in sequences))
    for seed, (annotation, assembly) in enumerate(ANNOTATIONS.items()):
        (directory / f"{annotation}.cfg").write_text(f"refg={assembly}\n")
        (directory / f"{annotation}.v22.dganno").write_bytes(
            MAGIC_ANNOTATION + random.Random(seed).randbytes(bases * 2))
        (directory / f"appris.{annotation}.v7.pkl").write_bytes(
            pickle.dumps([[seed, None], [1, 0], [[0, 1]]], protocol=2))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("directory", type=pathlib.Path)
    parser.add_argument("--bases", type=int, default=200_000)
    options = parser.parse_args()
    compose(options.directory, options.bases)


if __name__ == "__main__":
    main()
