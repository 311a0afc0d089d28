# SPDX-License-Identifier: Apache-2.0
"""More of made.py: profiles that are damaged or contradict themselves."""
import gzip

from made import MADE, Profile, basic, made
from proto import field_bytes, field_int, varint

RAW = basic().encode()
GZ = gzip.compress(RAW, mtime=0)

MADE["bad-empty.pb"] = b""
MADE["bad-one-byte.pb"] = b"\n"
MADE["bad-zeros.pb"] = bytes(100)
MADE["bad-ff.pb"] = b"\xff" * 100
MADE["bad-html.pb"] = b"<html><body>404 page not found</body></html>\n"
MADE["bad-text.pb"] = b"this is no profile\n" * 3
MADE["bad-gz-of-nothing.pb"] = gzip.compress(b"", mtime=0)
MADE["bad-gz-header.pb"] = GZ[:8]
MADE["bad-gz-half.pb"] = GZ[:len(GZ) // 2]
MADE["bad-gz-crc.pb"] = GZ[:-8] + b"\0\0\0\0" + GZ[-4:]
MADE["bad-gz-size.pb"] = GZ[:-1] + b"\x7f"
MADE["bad-gz-byte.pb"] = GZ[:60] + bytes([GZ[60] ^ 0x55]) + GZ[61:]
for cut in (1, 2, 3, 10, 50, 77, 150, 300, 500, len(RAW) - 1):
    MADE["bad-cut-%d.pb" % min(cut, 999)] = RAW[:cut]
for at in (0, 1, 5, 40, 90, 180, 333, 480, 600):
    MADE["bad-flip-%d.pb" % at] = (RAW[:at] + bytes([RAW[at] ^ 0xA5]) +
                                   RAW[at + 1:])
MADE["bad-varint.pb"] = RAW + varint(9 << 3) + b"\xff" * 11
MADE["bad-long-length.pb"] = RAW + varint(4 << 3 | 2) + varint(1 << 40)
MADE["bad-group.pb"] = RAW + varint(4 << 3 | 3)
MADE["bad-wire.pb"] = RAW + varint(12 << 3 | 5) + b"1234"
MADE["bad-second-time.pb"] = RAW + field_int(9, 5)
MADE["bad-field-zero.pb"] = RAW + b"\0\0"


@made
def bad_string_zero():
    p = basic()
    p.strings = {"not empty": 0, **{k: v for k, v in p.strings.items() if v}}
    return p


@made
def bad_string_index():
    return Profile((("samples", 4000), ("cpu", "ns"))).sample("a", [1, 2])


@made
def bad_string_negative():
    return Profile((("samples", -1), ("cpu", "ns"))).sample("a", [1, 2])


@made
def bad_no_strings():
    p = Profile()
    p.strings = {}
    return p


@made
def bad_location_id():
    return Profile().sample([77], [1, 2])


@made
def bad_location_zero():
    p = Profile()
    p.location([(p.function("a"), 1)], number=0)
    return p.sample([0], [1, 2])


@made
def bad_location_twice():
    p = Profile()
    f = p.function("a")
    p.location([(f, 1)], number=5)
    p.location([(f, 2)], number=5)
    return p.sample([5], [1, 2])


@made
def bad_function_id():
    p = Profile()
    return p.sample([p.location([(99, 1)])], [1, 2])


@made
def bad_function_zero():
    p = Profile()
    p.function("zero", number=0)
    return p.sample([p.location([(0, 1)])], [1, 2])


@made
def bad_function_twice():
    p = Profile()
    p.function("one", number=3)
    p.function("two", number=3)
    return p.sample([p.location([(3, 1)])], [1, 2])


@made
def bad_mapping_zero():
    p = Profile()
    p.mapping(number=0)
    return p.sample("a;b", [1, 2])


@made
def bad_mapping_twice():
    p = Profile()
    p.mapping(number=2)
    p.mapping(number=2, file="/x")
    return p.sample("a;b", [1, 2])


@made
def bad_values_few():
    return Profile().sample("a;b", [1])


@made
def bad_values_many():
    return Profile().sample("a;b", [1, 2, 3])


@made
def bad_values_none():
    return Profile().sample("a;b", [])


@made
def ids_far():
    p = Profile()
    f = p.function("far", number=1 << 60)
    location = p.location([(f, 1)], p.mapping(number=1 << 50), 5,
                          number=(1 << 63) + 7)
    return p.sample([location, location], [1, 2])


@made
def line_odd():
    p = Profile()
    f = p.function("f", "/src/f.go", -3)
    for line in (-1, 0, 1 << 31, (1 << 63) - 1):
        p.sample([p.location([(f, line)])], [1, 10])
    return p


@made
def label_without_key():
    p = Profile()
    return p.sample("a;b", [1, 2], [("", "v"), ("", 5, ""), ("k", 0, 0)])


@made
def drop_all():
    p = Profile()
    p.sample("a;b", [1, 10]).sample("c", [2, 20])
    p.drop(".*")
    return p


def many_strings():
    p = Profile()
    for i in range(3000):
        p.text("unused %d" % i)
    return p.sample("a;b", [1, 2])


MADE["strings-unused.pb"] = many_strings().encode()
MADE["nested-twice.pb"] = Profile().sample("a;b", [1, 2]).encode() + \
    field_bytes(11, field_int(1, 1) + field_int(1, 2)) + field_int(12, 5)
