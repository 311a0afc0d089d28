# SPDX-License-Identifier: Apache-2.0
"""What only a machine with Go and a module cache has: the oracle, programs/
built by several Go versions and what they write, google/pprof's test data."""
import gzip
import os
import random
import subprocess

import cases as matrix
from proto import field_bytes, fields, without_symbols

HERE = os.path.dirname(os.path.abspath(__file__))
ORACLE_GO = "1.27.4"
VERSIONS = ("1.18.10", "1.21.13", "1.24.13", "1.27.4")
GOOGLE = "github.com/google/pprof@v0.0.0-20221118152302-e6195bd50e26"


def go(version, *args, cwd=HERE, **env):
    return subprocess.run(
        ["go", *args], cwd=cwd, check=True, text=True, capture_output=True,
        env={**os.environ, "GOTOOLCHAIN": "go" + version, "GOFLAGS": "",
             "GOWORK": "off", **env}).stdout.strip()


def build_oracle(work):
    path = os.path.abspath(os.path.join(work, "oracle-pprof"))
    if not os.path.exists(path):
        root = go(ORACLE_GO, "env", "GOROOT")
        go(ORACLE_GO, "build", "-mod=vendor", "-o", path, "./pprof",
           cwd=os.path.join(root, "src/cmd"))
    return path


def build_program(version, out, *flags):
    if not os.path.exists(out):
        go(version, "build", *flags, "-o", out, ".",
           cwd=os.path.join(HERE, "programs"), CGO_ENABLED="0")


def program_profiles(work, version):
    """{name: bytes} of what a program built by that Go writes of itself."""
    folder = os.path.abspath(os.path.join(work, "programs", version))
    program = os.path.join(folder, "conformance")
    if not os.path.exists(os.path.join(folder, "cpu-labels.pb.gz")):
        os.makedirs(folder, exist_ok=True)
        build_program(version, program)
        subprocess.run([program, folder], check=True)
    out = {}
    for name in sorted(os.listdir(folder)):
        if name.endswith((".pb.gz", ".txt")):
            with open(os.path.join(folder, name), "rb") as f:
                out["go%s-%s" % (version, name)] = f.read()
    return out


def unsymbolised(profiles):
    out = {}
    for name, data in profiles.items():
        if name.endswith((".pb.gz")) and "before" not in name:
            raw = without_symbols(gzip.decompress(data))
            out[name.replace(".pb.gz", "-bare.pb")] = raw
    return out


def moved(data, path):
    """A profile without symbols whose binary lies elsewhere by now."""
    out = b""
    for number, value, whole in fields(data):
        if number == 6 and value == path.encode():
            whole = field_bytes(6, b"/gone/bin/conformance")
        out += whole
    return out


def lend_go(folder):
    """The oracle has a disassembler for Go in it; ours asks `go tool objdump`
    of the same version."""
    path = os.path.join(folder.path, "bin", "go")
    with open(path, "w") as f:
        f.write("#!/bin/sh\nGOTOOLCHAIN=local GOFLAGS= exec %s/bin/go \"$@\"\n" %
                go(ORACLE_GO, "env", "GOROOT"))
    os.chmod(path, 0o755)


def google_data():
    """Every small file of the module's testdata folders."""
    try:
        go(ORACLE_GO, "mod", "download", GOOGLE, cwd="/")
        cache = go(ORACLE_GO, "env", "GOMODCACHE", cwd="/")
    except (subprocess.CalledProcessError, OSError):
        return {}
    out = {}
    for part in ("profile", "internal/report", "internal/driver",
                 "internal/proftest", "fuzz"):
        folder = os.path.join(cache, GOOGLE, part, "testdata")
        if not os.path.isdir(folder):
            continue
        for name in sorted(os.listdir(folder)):
            path = os.path.join(folder, name)
            if os.path.isfile(path) and os.path.getsize(path) < 2000000:
                with open(path, "rb") as f:
                    out["data-%s-%s" % (part.split("/")[-1], name)] = f.read()
    return out


def symbols(folder, work, bare):
    """Addresses only: symbolised from the binaries that wrote them."""
    rng = random.Random("symbols")
    kinds = ("-top", "-tree", "-traces", "-raw", "-list=main", "-top -lines",
             "-top -files", "-peek=store", "-dot", "-disasm=grow")
    for name in bare:
        for mode in ("local", "fastlocal", "none", "force", "remote"):
            yield matrix.Case("symbols", rng.choice(kinds).split() + [
                "-symbolize=" + mode, "p/" + name])
    for version in VERSIONS:
        place = os.path.abspath(os.path.join(work, "programs", version))
        binary = os.path.join(place, "conformance")
        for name in bare:
            if not name.startswith("go%s-" % version):
                continue
            lost = name.replace("-bare", "-moved")
            folder.add(lost, moved(bare[name], binary))
            for kind in rng.sample(kinds, 3):
                yield matrix.Case("symbols", kind.split() + ["p/" + lost],
                                  env={"PPROF_BINARY_PATH": place})
            yield matrix.Case("symbols", [rng.choice(kinds).split()[0], binary,
                                          "p/" + lost])
            yield matrix.Case("symbols", ["-top", "p/" + lost])


def cases(folder, work):
    lend_go(folder)
    programs, bare = {}, {}
    for version in VERSIONS:
        made = program_profiles(work, version)
        programs.update(made)
        bare.update(unsymbolised(made))
    data = google_data()
    for group in (programs, bare, data):
        for name, content in group.items():
            folder.add(name, content)
    profiles = {n for n in data if not n.startswith("data-driver-pprof.")}
    everything = [*programs, *bare, *sorted(profiles)]
    yield from matrix.plain(everything)
    rich = [n for n in [*programs, *sorted(profiles)] if "txt" not in n]
    yield from matrix.drawn(rich, 1200)
    yield from matrix.granular(rich[::3])
    pairs = [("go%s-heap.pb.gz" % v, "go%s-heap-before.pb.gz" % v)
             for v in VERSIONS]
    pairs += [("go1.27.4-heap.pb.gz", "go1.18.10-heap.pb.gz"),
              ("go1.27.4-cpu.pb.gz", "go1.24.13-cpu-labels.pb.gz"),
              ("go1.21.13-mutex.pb.gz", "go1.21.13-block.pb.gz"),
              ("go1.21.13-heap-bare.pb", "go1.21.13-heap.pb.gz"),
              ("go1.27.4-heap.txt", "go1.27.4-heap-before.txt")]
    yield from matrix.several(pairs)
    yield from symbols(folder, work, bare)
