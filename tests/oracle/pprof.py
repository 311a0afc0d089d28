# SPDX-License-Identifier: Apache-2.0
"""Profiles (profile.proto), decoded by hand for comparison."""
import gzip
import os
import sys
from collections import defaultdict

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "../support"))
from protobuf import fields, read_varint  # noqa: E402


def signed(value):
    return value - (1 << 64) if value >> 63 else value


def numbers(value):
    """A repeated integer field, packed or not."""
    if isinstance(value, int):
        return [value]
    out, at = [], 0
    while at < len(value):
        number, at = read_varint(value, at)
        out.append(number)
    return out


def message(data):
    out = defaultdict(list)
    for number, value, _ in fields(data):
        out[number].append(value)
    return out


def one(msg, number, default=0):
    return msg[number][-1] if msg.get(number) else default


class Profile:
    """samples: {(frames, labels): [values]}; frames leaf first, each (function,
    file, line)."""

    def __init__(self, data):
        if data[:2] == b"\x1f\x8b":
            data = gzip.decompress(data)
        top = message(data)
        self.strings = [s.decode("utf-8", "backslashreplace") for s in top[6]]
        text = self.strings.__getitem__
        self.types = [(text(one(t, 1)), text(one(t, 2)))
                      for t in map(message, top[1])]
        period = message(one(top, 11, b""))
        self.period = (text(one(period, 1)), text(one(period, 2)),
                       one(top, 12))
        self.default_type = text(one(top, 14))
        self.time = one(top, 9)
        self.mappings = [message(m) for m in top[3]]
        self.functions = {one(f, 1): f for f in map(message, top[5])}
        self.locations = {}
        for loc in map(message, top[4]):
            self.locations[one(loc, 1)] = self.lines(loc)
        self.samples = {}
        for sample in map(message, top[2]):
            self.add(sample)

    def lines(self, loc):
        out = []
        for line in map(message, loc[4]):
            f = self.functions[one(line, 1)]
            out.append((self.strings[one(f, 2)], self.strings[one(f, 4)],
                        signed(one(line, 2))))
        return out or [(f"0x{one(loc, 3):x}", "", 0)]

    def add(self, sample):
        ids = [i for value in sample[1] for i in numbers(value)]
        values = [signed(v) for value in sample[2] for v in numbers(value)]
        frames = tuple(f for i in ids for f in self.locations[i])
        labels = []
        for label in map(message, sample[3]):
            value = (self.strings[one(label, 2)] if one(label, 2)
                     else signed(one(label, 3)))
            labels.append((self.strings[one(label, 1)], value))
        self.count(frames, tuple(sorted(labels, key=str)), values)

    def count(self, frames, labels, values):
        old = self.samples.get((frames, labels))
        self.samples[frames, labels] = (
            [a + b for a, b in zip(old, values)] if old else values)

    def cut(self, depth):
        """As if no stack had been deeper."""
        whole, self.samples = self.samples, {}
        for (frames, labels), values in whole.items():
            self.count(frames[:depth], labels, values)
        return self

    def mapping_files(self):
        return [(self.strings[one(m, 5)], self.strings[one(m, 6)])
                for m in self.mappings]


def read(path):
    with open(path, "rb") as f:
        return Profile(f.read())


def describe(key):
    frames, labels = key
    text = " < ".join(f"{f}:{line}" for f, _, line in frames[:6])
    return text + (f" {labels}" if labels else "")


def runtime_lock(key):
    """Contention of the runtime's own locks: it goes on while they write."""
    return key[0] and key[0][0][0].startswith("runtime.")


def nearest(key, others):
    """Of others, the stack that goes longest along with this one, and the
    frame where they part."""
    best, at = None, -1
    for other in others:
        n = 0
        while n < min(len(key[0]), len(other[0])) and key[0][n] == other[0][n]:
            n += 1
        if n > at:
            best, at = other, n
    if best is None:
        return ""
    return (f"; nearest of theirs: {len(best[0])} frames for "
            f"{len(key[0])}, [{at}] {best[0][at:at + 1]} is told as "
            f"{key[0][at:at + 1]}; labels {best[1]}")


def compare(theirs, ours, skip=lambda key: False):
    """Lines on what differs; skip: samples not compared. Nor are those of
    zeros only: the runtime tells of each bucket, also of those that it made
    for the profile that it is writing."""
    out = []
    if theirs.types != ours.types:
        out.append(f"sample types {theirs.types} are told as {ours.types}")
    if theirs.period != ours.period:
        out.append(f"period {theirs.period} is told as {ours.period}")
    # none means the last
    if ours.default_type not in (theirs.default_type or theirs.types[-1][0],
                                 theirs.default_type):
        out.append(f"default type {theirs.default_type!r} is told as "
                   f"{ours.default_type!r}")
    a = {k: v for k, v in theirs.samples.items() if any(v) and not skip(k)}
    b = {k: v for k, v in ours.samples.items() if any(v) and not skip(k)}
    contended = theirs.types[:1] == [("contentions", "count")]
    for k in a:
        if contended and runtime_lock(k):
            if k in b and any(y > x for x, y in zip(a[k], b[k])):
                out.append(f"{a[k]} is told as more, {b[k]}: {describe(k)}")
        elif k not in b:
            out.append(f"missing: {a[k]} {describe(k)}")
        elif a[k] != b[k]:
            out.append(f"{a[k]} is told as {b[k]}: {describe(k)}")
    out += [f"not theirs: {b[k]} {describe(k)}"
            f"{nearest(k, [o for o in a if o not in b])}"
            for k in b if k not in a]
    return out + mapping_differences(theirs, ours)


def mapping_differences(theirs, ours):
    """Of the program itself. Without a GNU build id theirs has none, and ours
    may have Go's own (which has slashes)."""
    if not theirs.mappings or not ours.mappings:
        return []
    a, b = theirs.mapping_files()[0], ours.mapping_files()[0]
    if a == b or (a[0] == b[0] and not a[1] and "/" in b[1]):
        return []
    return [f"mapping {a} is told as {b}"]
