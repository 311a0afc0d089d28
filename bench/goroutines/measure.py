#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The measurements of bench/goroutines.sh; see there."""
import ctypes
import os
import re
import statistics
import subprocess
import sys
import time
import urllib.request

WORK, LASTGASP, COUNT = sys.argv[1], sys.argv[2], int(sys.argv[3])
ROUNDS = int(os.environ.get("ROUNDS", "9"))
ONLY = os.environ.get("ONLY", "many full binary delve").split()
FLOOR = os.path.join(WORK, "floor")
STACK_TOP_BYTES = 2048  # a stack of 8 frames needs less
BINARY_BYTES = 500_000_000
CENSUS = ["goroutines", "--census"]
GROUPED = ["goroutines"]
FULL = ["goroutines", "--full"]


def no_huge_pages():
    """Else the kernel joins pages meanwhile, and RSS grows by nobody's hand."""
    ctypes.CDLL(None).prctl(41, 1, 0, 0, 0)  # PR_SET_THP_DISABLE


class Program:
    """bench/goroutines, parked."""

    def __init__(self, count, depth=5, binary="goroutines"):
        self.binary = os.path.join(WORK, binary)
        self.process = subprocess.Popen(
            [self.binary, "-n", str(count), "-depth", str(depth)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            preexec_fn=no_huge_pages)
        self.url = self.process.stdout.readline().split()[1]
        self.pid = str(self.process.pid)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait()

    def symbol(self, name):
        text = subprocess.run(["nm", "-S", self.binary], check=True, text=True,
                              capture_output=True).stdout
        found = re.search(rf"^(\w+) (\w+) \w {re.escape(name)}$", text, re.M)
        return int(found.group(1), 16), int(found.group(2), 16)

    def floor(self, mode, *more):
        allgs, g = self.symbol("runtime.allgs")[0], self.symbol("runtime.g0")[1]
        return [mode, self.pid, str(allgs), str(g), *map(str, more)]

    def memory(self):
        with open(f"/proc/{self.pid}/stat", encoding="utf-8") as f:
            stat = f.read().rsplit(")", 1)[1].split()
        return {"rss_bytes": int(stat[21]) * 4096, "minor": int(stat[7]),
                "major": int(stat[9])}


def floor(*argv):
    """(seconds, bytes, peak KiB) of floor."""
    done = subprocess.run([FLOOR, *argv], check=True, text=True,
                          capture_output=True)
    took, size, peak = map(int, done.stdout.split())
    return took / 1e9, size, peak


def ours(*argv):
    return floor("run", LASTGASP, *argv)


def in_turns(works):
    """{name: [results]}: each once a round, so that the machine's moods meet
    all alike; a first round warms up and is not kept."""
    out = {name: [] for name in works}
    for n in range(ROUNDS + 1):
        for name, work in works.items():
            result = work()
            if n:
                out[name].append(result)
    return {name: (statistics.median(r[0] for r in results),
                   max(r[2] for r in results))
            for name, results in out.items()}


def row(*cells):
    print("| " + " | ".join(cells) + " |", flush=True)


def compared(name, floor_s, mine_s, goal):
    row(name, f"{floor_s * 1000:.0f} ms", f"{mine_s * 1000:.0f} ms",
        f"{mine_s / floor_s:.2f} ×", goal)


def own_profile(program):
    before = program.memory()["rss_bytes"]
    began = time.monotonic()
    with urllib.request.urlopen(
            f"http://{program.url}/debug/pprof/goroutine", timeout=600) as r:
        size = len(r.read())
    took = time.monotonic() - began
    return took, size, program.memory()["rss_bytes"] - before


def pauses(pid):
    """{freeze: pause in ns} as lastgasp tells it."""
    out = {}
    for freeze in ("never", "auto", "always"):
        done = subprocess.run(
            [LASTGASP, "goroutines", pid, "--freeze", freeze, "--json"],
            capture_output=True, text=True, check=True)
        found = re.search(r'"pause_ns":\s*(\d+)', done.stdout[:100000]
                          + done.stdout[-100000:])
        out[freeze] = int(found.group(1)) if found else None
    return out


def many():
    with Program(COUNT) as program:
        before = program.memory()
        out = in_turns({
            "g": lambda: floor(*program.floor("g")),
            "census": lambda: ours(*CENSUS, program.pid),
            "stacks": lambda: floor(*program.floor("stacks",
                                                   STACK_TOP_BYTES)),
            "grouped": lambda: ours(*GROUPED, program.pid)})
        after = program.memory()
        pause = pauses(program.pid)
        own_s, own_bytes, own_rss = own_profile(program)
    print(f"\n{COUNT:,} parked goroutines, 8 frames each; "
          f"{before['rss_bytes'] / 1e9:.2f} GB; medians of {ROUNDS} rounds "
          f"in turns:\n")
    row("work", "floor", "lastgasp", "ratio", "goal")
    row("---", "---", "---", "---", "---")
    compared("census", out["g"][0], out["census"][0], "2 ×")
    compared("8 frames, symbolised, grouped, printed", out["stacks"][0],
             out["grouped"][0], "4 ×")
    row("the same, beside the program's own profile over HTTP",
        f"{own_s * 1000:.0f} ms", f"{out['grouped'][0] * 1000:.0f} ms",
        f"{own_s / out['grouped'][0]:.1f} × faster", "8 × faster")
    grown = {k: after[k] - before[k] for k in after}
    row("in the target: RSS, minor, major faults", f"own profile: "
        f"{own_rss / 1e6:+.0f} MB, {own_bytes} bytes of it sent",
        f"{grown['rss_bytes']:+d} bytes, {grown['minor']:+d}, "
        f"{grown['major']:+d}", "", "0")
    for freeze, ns in pause.items():
        row(f"pause, --freeze {freeze}", f"{out['g'][0] * 1000:.0f} ms",
            "not told" if ns is None else f"{ns / 1e6:.2f} ms", "",
            "0" if freeze == "never" else "1 ×")
    row("our peak memory, census", "", f"{out['census'][1] / 1024:.0f} MiB",
        "", "64 MiB + result")
    row("our peak memory, grouped", "", f"{out['grouped'][1] / 1024:.0f} MiB",
        "", "64 MiB + result")
    return {name: out[name][0] for name in out}


def full():
    """Every frame of every stack, printed for each goroutine."""
    for depth, name in ((5, "8 frames"), (40, "43 frames")):
        with Program(100000, depth) as program:
            out = in_turns({
                "floor": lambda: floor(*program.floor("stacks", 1 << 20)),
                "full": lambda: ours(*FULL, program.pid)})
        compared(f"full stacks of 100,000, {name} each", out["floor"][0],
                 out["full"][0], "4 ×")
        row("our peak memory, full", "", f"{out['full'][1] / 1024:.0f} MiB",
            "", "64 MiB + result")


GENERATED = """package main

//go:noinline
func f{n}(a, b int) int {{
    if a > b {{
        return f{next}(b, a-{n}) + {n}
    }}
    defer func() {{ sink += a * {n} }}()
    for i := range b {{
        sink += i ^ {n}
    }}
    return sink
}}
"""


def big_binary():
    """bench/goroutines with many functions more, and what is left to 500 MB as
    an embedded file: a function table to search and pages to leave alone."""
    folder = os.path.join(WORK, "big")
    if os.path.exists(os.path.join(WORK, "big-binary")):
        return
    os.makedirs(folder)
    functions = 60000
    source = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                          "main.go")
    with open(source, encoding="utf-8") as f:
        text = f.read()
    text = text.replace('\t"flag"\n', '\t_ "embed"\n\t"flag"\n').replace(
        "func main() {\n", "//go:embed ballast\nvar ballast string\n"
        "var sink int\n\nfunc main() {\n\tif len(os.Args) > 90 { f0(1, "
        "len(ballast)) }\n", 1)
    write(folder, "main.go", text)
    write(folder, "go.mod", "module goroutines\n\ngo 1.22\n")
    for part in range(60):
        numbers = range(part * functions // 60, (part + 1) * functions // 60)
        write(folder, f"f{part}.go", "package main\n" + "".join(
            GENERATED.format(n=n, next=(n + 1) % functions).split("\n", 1)[1]
            for n in numbers))
    with open(os.path.join(folder, "ballast"), "wb") as f:
        for _ in range(BINARY_BYTES // 1_000_000 - 35):
            f.write(os.urandom(1_000_000))
    subprocess.run(["go", "build", "-buildvcs=false", "-ldflags=-s -w", "-o",
                    os.path.join(WORK, "big-binary"), "."], cwd=folder,
                   check=True, env=dict(os.environ, GOWORK="off", GOFLAGS="",
                                        CGO_ENABLED="0"))


def write(folder, name, text):
    with open(os.path.join(folder, name), "w", encoding="utf-8") as f:
        f.write(text)


def binary():
    big_binary()
    path = os.path.join(WORK, "big-binary")
    with Program(10, binary="big-binary") as program:
        out = in_turns({
            "whole": lambda: floor("whole", path),
            "nothing": lambda: ours("--version"),
            "ours": lambda: ours(*FULL, program.pid)})
    size = os.path.getsize(path) / 1e6
    compared(f"first goroutine of a stripped {size:.0f} MB binary, beside "
             "reading it whole", out["whole"][0], out["ours"][0], "0.05 ×")
    row("of which: a lastgasp that does nothing", "",
        f"{out['nothing'][0] * 1000:.1f} ms", "", "")


def delve_list(count, command):
    with Program(count) as program:
        began = time.monotonic()
        subprocess.run(
            [os.environ["DLV"], "attach", program.pid,
             "--allow-non-terminal-interactive=true",
             "--check-go-version=false"],
            input=command + "\nexit\nn\n", text=True, check=True,
            capture_output=True, timeout=900)
        return time.monotonic() - began


def delve(ours_s):
    """Linear in the goroutines (tried up to 500,000): extrapolated."""
    if not os.environ.get("DLV"):
        row("delve's list", "delve cannot be had here", "", "", "")
        return
    for what, command in (("census", "goroutines"),
                          ("grouped", "goroutines -t 8")):
        few, more = (delve_list(n, command) for n in (10000, 100000))
        whole = few + (more - few) / 90000 * (COUNT - 10000)
        row(f"delve: {command}; 10,000 {few:.1f} s, 100,000 {more:.1f} s; "
            f"extrapolated to {COUNT:,}", f"{whole:.0f} s",
            f"{ours_s[what] * 1000:.0f} ms" if what in ours_s else "",
            f"{whole / ours_s[what]:.0f} × faster" if what in ours_s else "",
            "1000 × faster" if what == "census" else "")


def main():
    ours_s = many() if "many" in ONLY else {}
    if "full" in ONLY:
        full()
    if "binary" in ONLY:
        binary()
    if "delve" in ONLY:
        delve(ours_s)


main()
