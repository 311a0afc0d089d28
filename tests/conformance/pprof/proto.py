# SPDX-License-Identifier: Apache-2.0
"""Writes profile.proto (google/pprof proto/profile.proto), odd things too.

Everything is by number as in the format: ids are what the caller says or the
next ones, indexes into the string table are made here unless given as ints.
"""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "../../support"))
from protobuf import field_bytes, field_int, fields, varint  # noqa: E402


class Profile:
    def __init__(self, types=(("samples", "count"), ("cpu", "nanoseconds"))):
        self.strings = {"": 0}
        self.parts = {number: [] for number in (1, 2, 3, 4, 5)}
        self.tail = b""  # fields 7 and on
        self.packed = True
        self.count = {3: 0, 4: 0, 5: 0}
        self.frames = {}
        for kind, unit in types:
            self.type(kind, unit)

    def text(self, text):
        """Index in the string table; an int stands for itself."""
        if isinstance(text, int):
            return text
        return self.strings.setdefault(text, len(self.strings))

    def value_type(self, kind, unit):
        return field_int(1, self.text(kind)) + field_int(2, self.text(unit))

    def type(self, kind, unit):
        self.parts[1].append(self.value_type(kind, unit))

    def next_id(self, number, given):
        self.count[number] += 1
        return self.count[number] if given is None else given

    def mapping(self, start=0x400000, limit=0x800000, offset=0, file="",
                build_id="", flags=(1, 1, 1, 1), number=None):
        number = self.next_id(3, number)
        data = (field_int(1, number) + field_int(2, start) +
                field_int(3, limit) + field_int(4, offset) +
                field_int(5, self.text(file)) +
                field_int(6, self.text(build_id)))
        for i, flag in enumerate(flags):
            data += field_int(7 + i, int(flag))
        self.parts[3].append(data)
        return number

    def function(self, name, file="", start=0, system=None, number=None):
        number = self.next_id(5, number)
        system = name if system is None else system
        self.parts[5].append(
            field_int(1, number) + field_int(2, self.text(name)) +
            field_int(3, self.text(system)) + field_int(4, self.text(file)) +
            field_int(5, start))
        return number

    def location(self, lines=(), mapping=0, address=0, folded=False,
                 number=None):
        """lines: (function, line[, column]), inlined callee first"""
        number = self.next_id(4, number)
        data = (field_int(1, number) + field_int(2, mapping) +
                field_int(3, address))
        for line in lines:
            data += field_bytes(4, b"".join(
                field_int(i + 1, part) for i, part in enumerate(line)))
        self.parts[4].append(data + field_int(5, int(folded)))
        return number

    def frame(self, name, file="", line=0, mapping=0, address=0, start=0):
        """A location with one line, the same one for the same arguments."""
        key = (name, file, line, mapping, address, start)
        if key not in self.frames:
            function = self.frames.get((name, file, start))
            if function is None:
                function = self.function(name, file, start)
                self.frames[name, file, start] = function
            self.frames[key] = self.location([(function, line)], mapping,
                                             address)
        return self.frames[key]

    def stack(self, text, file="main.go", mapping=0):
        """"main;work:12;leaf": root first, as collapsed stacks are"""
        ids = []
        for part in reversed(text.split(";")):
            name, _, line = part.rpartition("@")
            if not name:
                name, line = line, "0"
            ids.append(self.frame(name, file, int(line), mapping))
        return ids

    def numbers(self, number, values):
        if self.packed:
            if not values:
                return b""
            return field_bytes(number, b"".join(map(varint, values)))
        return b"".join(field_int(number, v, True) for v in values)

    def sample(self, locations, values, labels=()):
        """labels: (key, text) or (key, number, unit)"""
        if isinstance(locations, str):
            locations = self.stack(locations)
        data = self.numbers(1, locations) + self.numbers(2, values)
        for label in labels:
            inner = field_int(1, self.text(label[0]))
            if len(label) == 2:
                inner += field_int(2, self.text(label[1]))
            else:
                inner += (field_int(3, label[1]) +
                          field_int(4, self.text(label[2])))
            data += field_bytes(3, inner)
        self.parts[2].append(data)
        return self

    def drop(self, regex):
        self.tail += field_int(7, self.text(regex))

    def keep(self, regex):
        self.tail += field_int(8, self.text(regex))

    def time(self, ns):
        self.tail += field_int(9, ns)

    def duration(self, ns):
        self.tail += field_int(10, ns)

    def period(self, kind, unit, period):
        self.tail += field_bytes(11, self.value_type(kind, unit))
        self.tail += field_int(12, period)

    def comment(self, *comments):
        self.tail += self.numbers(13, [self.text(c) for c in comments])

    def default_type(self, kind):
        self.tail += field_int(14, self.text(kind))

    def doc_url(self, url):
        self.tail += field_int(15, self.text(url))

    def encode(self):
        out = b""
        for number in (1, 2, 3, 4, 5):
            out += b"".join(field_bytes(number, d) for d in self.parts[number])
        for text in self.strings:
            out += field_bytes(6, text if isinstance(text, bytes)
                               else text.encode("utf-8", "surrogateescape"))
        return out + self.tail


def without_symbols(raw):
    """The same profile with addresses only."""
    out = b""
    for number, value, whole in fields(raw):
        if number == 5:
            continue
        if number in (3, 4):
            drop = (7, 8, 9, 10) if number == 3 else (4,)
            whole = field_bytes(number, b"".join(
                f[2] for f in fields(value) if f[0] not in drop))
        out += whole
    return out
