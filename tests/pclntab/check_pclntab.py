#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares our reader of Go's function table with what a program's own runtime
says of the same counters (program/main.go): names, files, lines, inlined calls.

    check_pclntab.py DUMP [GOTOOLCHAIN…]

DUMP is the program made of dump_pclntab.c. Without a toolchain: the go command
on the PATH as it is, offline. Exit 77 (skipped) when there is none.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile

PROGRAM = os.path.join(os.path.dirname(os.path.abspath(__file__)), "program")
# Fewer would mean that the program or the reader lost its functions.
MIN_COUNTERS = 20000


def build(folder, env, flags):
    binary = os.path.join(folder, "program")
    minor = int(re.search(r"go1\.(\d+)", subprocess.run(
        ["go", "env", "GOVERSION"], cwd="/", env=env, check=True,
        capture_output=True, text=True).stdout)[1])
    ldflags = "-checklinkname=0" if minor >= 23 else ""
    source = os.path.join(folder, "source")
    shutil.copytree(PROGRAM, source)
    # By file: Go 1.19 out of the module cache cannot build a folder.
    subprocess.run(["go", "build", f"-ldflags={ldflags}", *flags, "-o", binary,
                    "main.go"], cwd=source, env=env, check=True)
    return binary, minor


def symbols(binary):
    """text=… gofunc=… for the dumper, of the symbol table."""
    names = {"runtime.text": "text", "go:func.*": "gofunc",
             "go.func.*": "gofunc"}
    out = subprocess.run(["nm", binary], check=True, capture_output=True,
                         text=True).stdout
    return [f"{names[name]}={value}" for value, _, name in
            (line.split(None, 2) for line in out.splitlines()
             if line.count(" ") >= 2 and line[0] != " ")
            if name in names]


def shown(name):
    """As funcNameForPrint shows it: type arguments in dots."""
    return re.sub(r"\[.*\]", "[...]", name)


def frames(line):
    return [tuple(f.rsplit("|", 2)) for f in line.rstrip("\n").split("\t")[1:]]


def same(want, got, first_name):
    """first_name: what lies at offset 0 of the names, which the runtime takes
    for "no name" (Go 1.27: runtime/symtab.go funcname) and we do not."""
    got = list(got)
    for index, (name, file, line) in enumerate(want):
        while index < len(got) and got[index][0].startswith("~") and \
                shown(got[index][0][1:]) != shown(name):
            del got[index]
        if index >= len(got):
            return False
        ours = got[index][0].lstrip("~")
        if got[index][1:] != (file, line) or \
                (shown(ours) != shown(name) and ours != first_name):
            return False
    return all(name.startswith("~") for name, _, _ in got[len(want):])


def check(dump, toolchain, flags=()):
    env = dict(os.environ, GOPROXY="off", GOFLAGS="-mod=mod",
               GOTOOLCHAIN=toolchain or "local")
    with tempfile.TemporaryDirectory() as folder:
        binary, minor = build(folder, env, flags)
        want = subprocess.run([binary], check=True, capture_output=True,
                              text=True).stdout
        got = subprocess.run([dump, binary, str(minor), *symbols(binary)],
                             input=want, check=True, capture_output=True,
                             text=True).stdout
    want, got = want.splitlines(), got.splitlines()
    first_name = frames(got[0])[-1][0] if got else ""
    bad = [(w, g) for w, g in zip(want, got)
           if not same(frames(w), frames(g), first_name)]
    for w, g in bad[:5]:
        print(f"runtime: {w}\nours:    {g}\n")
    inlined = sum(w.count("\t") - 1 for w in want)
    print(f"go1.{minor}: {len(want)} counters, {inlined} inlined calls, "
          f"{len(bad)} differ")
    return not bad and len(want) == len(got) and len(want) >= MIN_COUNTERS


def main():
    if shutil.which("go") is None:
        print("no go command on the PATH")
        return 77
    dump, *toolchains = sys.argv[1:]
    return 0 if all([check(dump, t) for t in toolchains or [""]]) else 1


sys.exit(main())
