#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The measurements of bench/pprof.sh; see there."""
import os
import resource
import statistics
import subprocess
import sys

WORK, LASTGASP, PEER = sys.argv[1:4]
LASTGASP = os.path.abspath(LASTGASP)
ROUNDS = int(os.environ.get("ROUNDS", "9"))
PEER_ROUNDS = int(os.environ.get("PEER_ROUNDS", "1"))
ONLY = os.environ.get("ONLY", "big small merge").split()
PARTS = 200
FUNCTION = r"handle437$"  # peek and list: one that is often there


def path(name):
    return os.path.join(WORK, name)


def generate(shape, name, seed=0):
    if not os.path.exists(path(name)):
        subprocess.run([path("generate"), shape, path(name), str(seed)],
                       check=True)
    return path(name)


def cpu():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def cost(*argv):
    """(seconds, peak MiB, seconds of CPU) of one run; floor.c costs next to
    nothing itself."""
    before = cpu()
    done = subprocess.run([path("floor"), "run", *argv], text=True,
                          capture_output=True, cwd=WORK, check=True,
                          env={**os.environ, "TZ": "UTC", "HOME": WORK})
    took, _, peak = done.stdout.split()
    return int(took) / 1e9, int(peak) / 1024, cpu() - before


def in_turns(works, rounds):
    """{name: (median seconds, greatest MiB, median CPU)}; a first round is not
    kept."""
    out = {name: [] for name in works}
    for n in range(rounds + 1):
        for name, argv in works.items():
            result = cost(*argv)
            if n:
                out[name].append(result)
    return {name: (statistics.median(r[0] for r in results),
                   max(r[1] for r in results),
                   statistics.median(r[2] for r in results))
            for name, results in out.items()}


def peer(argv):
    runs = [cost(PEER, *argv) for _ in range(PEER_ROUNDS)]
    return statistics.median(r[0] for r in runs), max(r[1] for r in runs)


def row(*cells):
    print("| " + " | ".join(cells) + " |", flush=True)


def ms(seconds):
    return "%.0f" % (seconds * 1e3) if seconds > 0.1 else "%.2f" % (seconds *
                                                                    1e3)


def kept(ok):
    return "" if ok else " **missed**"


HEAD = ("work", "bare inflate, ms", "lastgasp, ms", "of the floor", "goal",
        "CPU, ms", "MB", "goal", "peer, s / MB", "faster")


def head():
    row(*HEAD)
    row(*["---"] * len(HEAD))


def table(works, floor_argv, faster):
    """works: (name, arguments, times the floor, MB, whether the peer has it).
    The first is to be so many times faster than the peer."""
    todo = {name: [LASTGASP, "pprof", *argv] for name, argv, *_ in works}
    result = in_turns({"floor": [path("inflate"), *floor_argv], **todo},
                      ROUNDS)
    floor, _, floor_cpu = result["floor"]
    for name, argv, times, mib, has_peer in works:
        took, peak, used = result[name]
        cells = [name, ms(floor), ms(took), "%.2f ×" % (took / floor),
                 "%g ×%s" % (times, kept(took <= times * floor))
                 if times else "", "%s beside %s" % (ms(used), ms(floor_cpu)),
                 "%.0f" % peak,
                 "%d%s" % (mib, kept(peak <= mib)) if mib else ""]
        if has_peer and PEER_ROUNDS:
            theirs, their_peak = peer(argv)
            ok = name != works[0][0] or took * faster <= theirs
            cells += ["%.2f / %.0f" % (theirs, their_peak),
                      "%.0f ×%s" % (theirs / took, kept(ok))]
        else:
            cells += ["", ""]
        row(*cells)


def big():
    one = generate("big", "big.pb.gz")
    two = generate("big", "big2.pb.gz", 1)
    print("\n%.0f MB gz, 400,000 samples × 40 frames:\n" %
          (os.path.getsize(one) / 1e6))
    head()
    table([("`-top`", ["-top", one], 2, 350, True),
           ("`-diff_base` of two", ["-top", "-diff_base", two, one], 4, 700,
            True),
           ("`-dot`", ["-dot", one], 3, 0, True),
           ("`-peek`", ["-peek=" + FUNCTION, one], 3, 0, True),
           ("`-list`", ["-list=" + FUNCTION, one], 3, 0, True),
           ("`-flame`", ["-flame", "-output=" + path("flame.html"), one], 3, 0,
            False)], [one], 80)


def small():
    one = generate("small", "small.pb.gz")
    print("\n%.2f MB gz; work is what comes beyond the start of the same "
          "program:\n" % (os.path.getsize(one) / 1e6))
    runs = in_turns({"inflate": [path("inflate"), one],
                     "inflate start": [path("inflate")],
                     "top": [LASTGASP, "pprof", "-top", one],
                     "start": [LASTGASP, "--version"]}, 10 * ROUNDS)
    took, floor = runs["top"][0], runs["inflate"][0]
    work = took - runs["start"][0]
    floor_work = floor - runs["inflate start"][0]
    theirs = statistics.median(cost(PEER, "-top", one)[0]
                               for _ in range(ROUNDS if PEER_ROUNDS else 1))
    row("work", "bare inflate, ms", "lastgasp, ms", "of the floor", "goal",
        "peer, ms", "faster")
    row(*["---"] * 7)
    row("`-top`, whole process", ms(floor), ms(took), "%.2f ×" %
        (took / floor), "", ms(theirs), "%.0f × (goal 20%s)" %
        (theirs / took, kept(took * 20 <= theirs)))
    row("`-top`, work", ms(floor_work), ms(work), "%.2f ×" %
        (work / floor_work), "2 ×%s" % kept(work <= 2 * floor_work), "", "")


def merge():
    parts = [generate("part", "part%d.pb.gz" % i, i) for i in range(PARTS)]
    print("\nprofiles of 1 MB merged:\n")
    head()
    for count in (PARTS // 4, PARTS // 2, PARTS):
        table([("%d" % count, ["-top", *parts[:count]], 0, 0,
                count == PARTS)], parts[:count], 50)


for name, work in (("big", big), ("small", small), ("merge", merge)):
    if name in ONLY:
        work()
