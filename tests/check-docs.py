#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Keeps the documents true.

    check-docs.py ROOT     status 1 and a line for each of these:

a rule without a page in docs/causes, or one that its index does not list; a
command without a page in docs/man; a function that docs/ARCHITECTURE.md names
and that is not in src; a link to a file that is not there; a page of docs/man
that scdoc refuses.
"""
import os
import re
import shutil
import subprocess
import sys


def read(*path):
    with open(os.path.join(*path), encoding="utf-8") as file:
        return file.read()


def tree(root, folder, endings):
    for place, _, names in os.walk(os.path.join(root, folder)):
        for name in names:
            if name.endswith(endings):
                yield os.path.join(place, name)


def causes(root):
    """The names that the rules' rows have on the outside."""
    rows = set(re.findall(r"^\s*\{(LG_CAUSE_\w+),",
                          read(root, "src/diagnose/rules.c"), re.MULTILINE))
    names = dict(re.findall(r'\[(LG_CAUSE_\w+)\]\s*=\s*\{?\s*"([a-z-]+)"',
                            read(root, "src/diagnose/finding.c")))
    return sorted(names.get(row, row) for row in rows)


def check_causes(root):
    folder = os.path.join(root, "docs/causes")
    index = read(folder, "README.md")
    for cause in causes(root):
        if not os.path.exists(os.path.join(folder, cause + ".md")):
            yield "docs/causes/%s.md is missing" % cause
        if "(%s.md)" % cause not in index:
            yield "docs/causes/README.md does not list %s" % cause


def commands(root):
    table = read(root, "src/cmd.c").split("lg_commands[]", 1)[1]
    table = table.split("};", 1)[0]
    return re.findall(r"&lg_cmd_(\w+)", table)


def check_commands(root):
    for command in commands(root):
        page = "docs/man/lastgasp-%s.1.scd" % command
        if not os.path.exists(os.path.join(root, page)):
            yield "%s is missing" % page
        elif "lastgasp-%s(1)" % command not in read(
                root, "docs/man/lastgasp.1.scd").replace("*", ""):
            yield "docs/man/lastgasp.1.scd does not name %s" % command


def check_names(root):
    source = "".join(read(path) for path in tree(root, "src", (".c", ".h")))
    known = set(re.findall(r"\blg_\w+", source))
    said = set(re.findall(r"\blg_\w+", read(root, "docs/ARCHITECTURE.md")))
    for name in sorted(said - known):
        yield "docs/ARCHITECTURE.md: there is no %s" % name


def check_links(root):
    pages = [os.path.join(root, name) for name in os.listdir(root)
             if name.endswith(".md")]
    for folder in ("docs", "bench", "tests"):
        pages += tree(root, folder, (".md",))
    for page in pages:
        for link in re.findall(r"\]\(([^)#\s]+)[^)]*\)", read(page)):
            if "://" in link:
                continue
            if not os.path.exists(os.path.join(os.path.dirname(page), link)):
                yield "%s: no file %s" % (os.path.relpath(page, root), link)


def check_pages(root):
    if shutil.which("scdoc") is None:
        return
    for page in tree(root, "docs/man", (".scd",)):
        with open(page, "rb") as text:
            made = subprocess.run(["scdoc"], stdin=text, check=False,
                                  stdout=subprocess.DEVNULL,
                                  stderr=subprocess.PIPE)
        if made.returncode != 0:
            yield "%s: %s" % (os.path.relpath(page, root),
                              made.stderr.decode().strip())


def main(arguments):
    if len(arguments) != 1:
        sys.exit(__doc__)
    root = arguments[0]
    faults = [fault for check in (check_causes, check_commands, check_names,
                                  check_links, check_pages) for fault in check(root)]
    print("\n".join(faults))
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main(sys.argv[1:])
