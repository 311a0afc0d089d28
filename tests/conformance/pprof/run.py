#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares `lastgasp pprof` with cmd/pprof of Go 1.27.4, its oracle: stdout,
files written and exit status on a matrix of profiles, commands and options.

  run.py --lastgasp PROGRAM --work FOLDER           all of it; builds the oracle
  run.py --quick --lastgasp PROGRAM --work FOLDER   by golden.txt: neither Go nor
                                                    the oracle nor a network
  run.py --bless …                                  writes golden.txt anew

An oracle that answers differently when asked again is set aside. What is left
must be identical in 99.5 %, and what differs must have a line in explained.txt.
Prints TAP (one line for each section). Profiles: made.py and its neighbours,
profiles/ (by programs/, committed) and, but for --quick, programs/ built by
several Go versions and google/pprof's test data from the module cache.
"""
import argparse
import collections
import concurrent.futures
import difflib
import hashlib
import os
import re
import sys

import cases
import legacy
import local
import made
import made_bad  # registers its profiles
import made_names  # the same
import made_random
from runner import Folder, Oracle, answer, digest

HERE = os.path.dirname(os.path.abspath(__file__))
WANTED = 0.995
DRAWN = 1500
RARE = 60  # how often it is asked before its only answer is held against us
ASIDE = ("set aside", "set aside, ours among them",
         "set aside, ours in another order")
SHOWN = 12  # differences in full
assert made_bad and made_names


def explanations():
    """[(regex on the command line, regex on each line that differs)]"""
    out = []
    with open(os.path.join(HERE, "explained.txt")) as f:
        for line in f:
            if line.strip() and not line.startswith("#"):
                command, differing, _ = line.strip().split("\t")
                out.append((re.compile(command), re.compile(differing)))
    return out


def committed_profiles():
    folder = os.path.join(HERE, "profiles")
    out = {}
    for name in sorted(os.listdir(folder)):
        with open(os.path.join(folder, name), "rb") as f:
            out[name] = f.read()
    return out


def portable():
    """Profiles that every machine has."""
    return {**made.MADE, **legacy.LEGACY, **made_random.RANDOM,
            **committed_profiles()}


def is_rich(name):
    """Has something that options can act on."""
    return not name.startswith(("bad-", "unit-", "time-", "period-", "data-"))


def portable_cases(profiles):
    every = list(profiles)
    return list(cases.matrix([n for n in every if is_rich(n)], every, DRAWN))


def fresh_cases(folder, seed):
    """Drawn anew, on profiles drawn anew beside the others."""
    names = [n for n in portable() if is_rich(n)]
    for i in range(60):
        name = "random-%d-%02d.pb" % (seed, i)
        folder.add(name, made_random.make(1000 * seed + i))
        names.append(name)
    return list(cases.fresh(seed, names, DRAWN))


def compare(case, folder, ours, oracle):
    """(what, ours, theirs)"""
    theirs = oracle.ask(case, 2)
    mine = folder.run(ours, case)
    if len(theirs) == 1 and answer(mine) == answer(theirs[0]):
        return "identical", mine, theirs
    theirs = oracle.ask(case, 8)
    if len(theirs) == 1:  # seen: 5 of 40 answers were another
        theirs = oracle.ask(case, RARE)
    if len(theirs) == 1:
        return "different", mine, theirs
    if answer(mine) in [answer(r) for r in theirs]:
        return "set aside, ours among them", mine, theirs
    if sorted(text_of(mine)) in [sorted(text_of(r)) for r in theirs]:
        return "set aside, ours in another order", mine, theirs
    return "set aside", mine, theirs


def text_of(result):
    status, out, files, _ = result
    lines = ["exit %s" % status]
    lines += out.decode("utf-8", "backslashreplace").split("\n")
    for name in sorted(files):
        lines.append("file " + name)
        lines += files[name].decode("utf-8", "backslashreplace").split("\n")
    return lines


def differing(mine, theirs):
    """Lines that only one of them wrote."""
    a, b = (collections.Counter(text_of(r)) for r in (mine, theirs))
    return [*(a - b), *(b - a)]


def show(case, mine, theirs, limit=14):
    print("# %s: %s" % (case.section, case.line()))
    lines = list(difflib.unified_diff(text_of(theirs[0]), text_of(mine),
                                      "oracle", "ours", lineterm="", n=1))
    for line in lines[2:limit]:
        print("#   " + line[:150])
    if mine[3] and mine[0] not in (0, theirs[0][0]):
        print("#   stderr: " +
              mine[3].decode("utf-8", "replace").strip()[-200:])


def tap(number, good, name):
    print("%s %d - pprof conformance: %s" % ("ok" if good else "not ok",
                                             number, name))
    return good


class Count:
    def __init__(self, log):
        self.by, self.log = collections.defaultdict(collections.Counter), log
        self.reasons, self.differences = explanations(), []

    def add(self, case, what, mine, theirs):
        if what == "different":
            if self.explained(case, differing(mine, theirs[0])):
                what = "explained"
            else:
                self.differences.append((case, mine, theirs))
        self.by[case.section][what] += 1
        self.log.write("%s\t%s\t%s\n" % (what, case.section, case.line()))

    def explained(self, case, lines):
        return bool(lines) and any(
            command.search(case.line()) and all(map(of.search, lines))
            for command, of in self.reasons)

    def total(self, what):
        return sum(c[what] for c in self.by.values())


def summary(count, shown):
    for case, mine, theirs in count.differences[:shown]:
        show(case, mine, theirs)
    total = sum(sum(c.values()) for c in count.by.values())
    aside = sum(count.total(what) for what in ASIDE)
    compared = total - aside
    share = count.total("identical") / max(compared, 1)
    for i, (section, c) in enumerate(sorted(count.by.items())):
        tap(i + 1, not c["different"], "%s: %s" % (section, ", ".join(
            "%d %s" % (n, what) for what, n in sorted(c.items()))))
    good = tap(len(count.by) + 1, share >= WANTED,
               "%.3f %% identical of %d (%d set aside, of those ours is one of "
               "the answers in %d, one of them in another order in %d; "
               "%d explained, %d different)" %
               (100 * share, compared, aside, count.total(ASIDE[1]),
                count.total(ASIDE[2]), count.total("explained"),
                len(count.differences)))
    print("1..%d" % (len(count.by) + 1))
    return good and not count.differences


def full(args):
    folder = Folder(os.path.join(args.work, "pprof"), portable())
    todo = portable_cases(portable())
    if args.fresh:
        todo = fresh_cases(folder, args.fresh)
    elif not args.portable:
        todo += local.cases(folder, args.work)
    todo = [c for c in todo if re.search(args.only, c.line()) and
            (not args.section or c.section in args.section.split(","))]
    todo = todo[args.skip::args.every]
    oracle = Oracle(args.oracle or local.build_oracle(args.work), folder,
                    os.path.join(args.work, "oracle.db"))
    ours = [os.path.abspath(args.lastgasp), "pprof"]
    if args.prime:
        with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
            list(pool.map(lambda case: oracle.ask(case, 2), todo))
        folder.leave()
        return True
    with open(os.path.join(args.work, "cases.log"), "w") as log:
        count = Count(log)
        with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
            done = pool.map(lambda c: (c, *compare(c, folder, ours, oracle)),
                            todo)
            for case, what, mine, theirs in done:
                count.add(case, what, mine, theirs)
    folder.leave()
    return summary(count, args.show)


def golden_path():
    return os.path.join(HERE, "golden.txt")


def bless(args):
    """What the oracle says without doubt, of every third case."""
    folder = Folder(os.path.join(args.work, "pprof"), portable())
    oracle = Oracle(args.oracle or local.build_oracle(args.work), folder,
                    os.path.join(args.work, "oracle.db"))
    todo = portable_cases(portable())[::3]
    reasons = explanations()
    with open(golden_path(), "w") as f:
        f.write("# Made by run.py --bless: case, exit status and hash of what "
                "cmd/pprof of Go 1.27.4 answers\n")
        for case in todo:
            results = oracle.ask(case, 2)
            if len(results) == 1 and not any(
                    r.search(case.line()) for r, _ in reasons):
                f.write("%s %s %s\n" % (key(case), results[0][0],
                                        digest(results[0])))
    return True


def key(case):
    return hashlib.sha256(case.line().encode()).hexdigest()[:10]


def quick(args):
    folder = Folder(os.path.join(args.work, "quick"), portable())
    with open(golden_path()) as f:
        golden = dict((line.split()[0], line.split()[1:]) for line in f
                      if not line.startswith("#"))
    todo = [c for c in portable_cases(portable()) if key(c) in golden]
    ours = [os.path.abspath(args.lastgasp), "pprof"]
    good, by = True, collections.defaultdict(list)

    def one(case):
        mine = folder.run(ours, case)
        return case, [str(mine[0]), digest(mine)] == golden[key(case)]
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        for case, same in pool.map(one, todo):
            by[case.section].append((case, same))
    folder.leave()
    for i, (section, all_of) in enumerate(sorted(by.items())):
        wrong = [case for case, same in all_of if not same]
        good &= tap(i + 1, not wrong, "%s: %d as the oracle, %d not" %
                    (section, len(all_of) - len(wrong), len(wrong)))
        for case in wrong[:SHOWN]:
            print("# " + case.line())
    print("1..%d" % len(by))
    return good and len(todo) > 1000


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--lastgasp", default="build/lastgasp")
    parser.add_argument("--work", default="build/conformance")
    parser.add_argument("--oracle", help="a cmd/pprof; else it is built")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--bless", action="store_true")
    parser.add_argument("--prime", action="store_true",
                        help="only ask the oracle, for later runs")
    parser.add_argument("--portable", action="store_true",
                        help="only what needs no Go programs")
    parser.add_argument("--fresh", type=int, metavar="SEED",
                        help="instead: drawn anew from this seed")
    parser.add_argument("--only", default="", help="regex on command lines")
    parser.add_argument("--section", default="")
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--skip", type=int, default=0)
    parser.add_argument("--show", type=int, default=SHOWN)
    parser.add_argument("--jobs", type=int, default=2)
    args = parser.parse_args()
    os.makedirs(args.work, exist_ok=True)
    work = bless if args.bless else quick if args.quick else full
    sys.exit(0 if work(args) else 1)


if __name__ == "__main__":
    main()
