#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes files as C strings: embed.py OUT.c NAME=FILE…

Each becomes `const char NAME[]`, terminated, and a `const size_t NAME_len`.
The build calls it, so that a page's script is a file that an editor knows.
"""
import sys

WIDTH = 16


def bytes_of(data):
    lines = []
    for at in range(0, len(data), WIDTH):
        lines.append("    " + "".join("%d," % (b - 256 if b > 127 else b) for b in data[at:at + WIDTH]))
    return "\n".join(lines)


def main(out, *pairs):
    parts = ["/* Made by tools/embed.py. */", "#include <stddef.h>", ""]
    for pair in pairs:
        name, path = pair.split("=", 1)
        data = open(path, "rb").read()
        parts.append("extern const char %s[];\nextern const size_t %s_len;"
                     % (name, name))
        parts.append("const char %s[] = {\n%s\n    0};" % (name, bytes_of(data)))
        parts.append("const size_t %s_len = %d;\n" % (name, len(data)))
    open(out, "w").write("\n".join(parts))


main(*sys.argv[1:])
