#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Keeps the house in order: which room may include which, and how long a
function and a file may be (docs/ARCHITECTURE.md, CONTRIBUTING.md).

    check-includes.py ROOT           status 1 and a line per violation
    check-includes.py --self-test    that every kind of violation is noticed
"""
import os
import re
import sys
import tempfile

ROOMS = {
    "base": "",
    "evidence": "base",
    "decode": "base evidence",
    "target": "base evidence decode",
    "sources": "base evidence decode target",
    "diagnose": "base evidence",
    "report": "base evidence diagnose",
    "store": "base evidence diagnose",
    "record": "base evidence sources diagnose store",
    "serve": "base evidence diagnose report store",
}
MAX_FUNCTION_LINES = 80
MAX_FILE_LINES = 800
# What only the machine's own rooms may touch: a decoder or a rule that opens
# files, or asks the clock, is in the wrong room.
PURE = ("evidence", "decode", "diagnose")
MACHINE = re.compile(r"\b(?:fopen|open|openat|popen|socket|fork|execv[pe]*|"
                     r"clock_gettime|gettimeofday|time)\s*\(")
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.MULTILINE)
OUTSIDE = re.compile(r"\.\./shared\b|/work/shared\b")
TEXT = (".c", ".h", ".py", ".sh", ".bats", ".bash", ".build", ".md", ".go",
        ".json", ".txt")
SKIP_FOLDERS = {".git", ".ci-cache", "node_modules"}


def without_comments(text):
    """Comments and strings become blanks; the lines stay where they are."""
    def blank(match):
        return re.sub(r"[^\n]", " ", match.group(0))
    return re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"', blank, text,
                  flags=re.DOTALL)


def functions(code):
    """[(first line of the body, lines of the body)]: in this house's form a
    function's braces stand alone in the first column."""
    start = None
    for number, line in enumerate(code.splitlines(), 1):
        if line.rstrip() == "{":
            start = number
        elif line.startswith("}") and start is not None:
            yield start, number - start + 1
            start = None


def check_include(room, target):
    if "/" not in target:
        return None  # a neighbour in the same folder
    other = target.split("/")[0]
    if other == room:
        return None
    if other not in ROOMS:
        return 'includes "%s", which is not in a room' % target
    if other not in ROOMS[room].split():
        return 'includes "%s": %s may include %s' % (
            target, room, ROOMS[room] or "no other room")
    return None


def check_source(path, room, text):
    code = without_comments(text)
    if room is not None:
        if room not in ROOMS:
            yield "src/%s is not a room of the house" % room
            return
        for match in INCLUDE.finditer(text):
            fault = check_include(room, match.group(1))
            if fault:
                yield "%d: %s" % (text.count("\n", 0, match.start(1)) + 1,
                                  fault)
        if room in PURE:
            for match in MACHINE.finditer(code):
                yield "%d: %s touches the machine: %s" % (
                    code.count("\n", 0, match.start()) + 1, room,
                    match.group(0).rstrip("( \t") + "()")
    lines = text.count("\n")
    if lines > MAX_FILE_LINES:
        yield "%d lines; at most %d" % (lines, MAX_FILE_LINES)
    for start, length in functions(code):
        if length > MAX_FUNCTION_LINES:
            yield "%d: a function of %d lines; at most %d" % (
                start, length, MAX_FUNCTION_LINES)


def check_tree(root):
    """[(path, fault)]"""
    faults = []
    for folder, folders, files in os.walk(root):
        place = os.path.relpath(folder, root).split(os.sep)
        folders[:] = [name for name in folders if name not in SKIP_FOLDERS and
                      not (place == ["."] and name.startswith("build"))]
        for name in sorted(files):
            path = os.path.normpath(os.path.join(*place, name))
            if not name.endswith(TEXT) and "." in name:
                continue
            if path == os.path.join("tests", "check-includes.py"):
                continue
            with open(os.path.join(root, path), encoding="utf-8",
                      errors="replace") as file:
                text = file.read()
            if OUTSIDE.search(text):
                faults.append((path, "names a folder outside of the "
                                     "repository"))
            if place[0] == "src" and name.endswith((".c", ".h")):
                room = place[1] if len(place) > 1 else None
                faults += [(path, fault)
                           for fault in check_source(path, room, text)]
    return faults


GOOD = """#include "base/error.h"
#include "goroutines.h"
/* "open(" in a comment or a string is no call: open("x") */
static int good(void)
{
    return reopen(") open(");
}
"""
BAD = [
    ("src/base/a.c", '#include "evidence/goroutines.h"\n', "may include"),
    ("src/evidence/a.h", '#  include "decode/elf.h"\n', "may include"),
    ("src/diagnose/a.c", '#include "store/store.h"\n', "may include"),
    ("src/report/a.c", '#include "sources/host.h"\n', "may include"),
    ("src/serve/a.c", '#include "record/session.h"\n', "may include"),
    ("src/decode/a.c", '#include "cmd/cmd.h"\n', "not in a room"),
    ("src/kitchen/a.c", "int x;\n", "not a room"),
    ("src/diagnose/a.c", "void f(void)\n{\n    fopen (p, m);\n}\n",
     "touches the machine"),
    ("src/cmd_x.c", "void f(void)\n{\n" + "    x();\n" * 80 + "}\n",
     "a function of 82 lines"),
    ("src/base/a.c", "int x;\n" * 801, "801 lines"),
    ("tests/a.py", "open('../" + "shared/x')\n", "outside of the repository"),
]


def self_test():
    failed = 0
    for path, text, expected in [("src/decode/a.c", GOOD, None)] + BAD:
        with tempfile.TemporaryDirectory() as root:
            full = os.path.join(root, path)
            os.makedirs(os.path.dirname(full))
            with open(full, "w", encoding="utf-8") as file:
                file.write(text)
            said = [fault for _, fault in check_tree(root)]
        right = not said if expected is None else (
            len(said) == 1 and expected in said[0])
        if not right:
            failed += 1
            print("%s: expected %s, got %s" % (path, expected, said))
    return failed


def main(arguments):
    if len(arguments) != 1:
        sys.exit(__doc__)
    if arguments[0] == "--self-test":
        sys.exit(1 if self_test() else 0)
    faults = check_tree(arguments[0])
    for path, fault in faults:
        print("%s:%s%s" % (path, "" if fault[0].isdigit() else " ", fault))
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main(sys.argv[1:])
