#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Adds up what the test runners said. TAP is the common form.

    results.py meson TESTLOG.json    its tests as TAP lines, cmocka's one by one
    results.py show FILE.tap...      what failed, with its output, and what was
                                     left out, with the reason
    results.py sum FILE.tap...       "N passed, N failed, N skipped"; status 1
                                     when one failed or none ran
"""
import json
import re
import sys

CMOCKA = re.compile(r"^\[\s*(OK|FAILED|SKIPPED)\s*\] (?!\d+ test)(\S+)$")
LINE = re.compile(r"^(ok|not ok)\b\s*(?:\d+\b)?\s*(?:- )?(.*)$")
SKIP = re.compile(r"#\s*skip\b:?\s*(.*)$", re.IGNORECASE)


def comment(text):
    return "".join("# " + line + "\n" for line in text.splitlines())


def cmocka_cases(output):
    """{name: outcome}; a failed test is named twice, at its place and at the
    end, and so is counted once."""
    cases = {}
    for line in output.splitlines():
        match = CMOCKA.match(line.strip())
        if match:
            outcome, name = match.groups()
            if cases.get(name) != "FAILED":
                cases[name] = outcome
    return cases


def tap_of(test):
    name = test["name"].split(" / ")[-1]
    output = (test.get("stdout") or "") + (test.get("stderr") or "")
    bad = test["result"] not in ("OK", "SKIP", "EXPECTEDFAIL")
    cases = cmocka_cases(output)
    lines = ""
    for case, outcome in cases.items():
        lines += "not ok" if outcome == "FAILED" else "ok"
        lines += " %s: %s" % (name, case)
        lines += " # skip\n" if outcome == "SKIPPED" else "\n"
    if bad and "FAILED" not in cases.values():
        lines += "not ok %s: %s\n" % (name, test["result"].lower())
    elif not cases:
        skip = test["result"] == "SKIP"
        reason = output.strip().splitlines()[-1:] if skip else []
        lines += "ok %s%s\n" % (name, " # skip " + "".join(reason)
                                if skip else "")
    return lines + (comment(output) if bad else "")


def meson(path):
    with open(path, encoding="utf-8", errors="replace") as log:
        for line in log:
            if line.strip():
                sys.stdout.write(tap_of(json.loads(line)))


def read(paths):
    """[(ok, name, skip reason or None, what was said)]"""
    found = []
    for path in paths:
        with open(path, encoding="utf-8", errors="replace") as tap:
            for line in tap:
                match = LINE.match(line.rstrip("\n"))
                if match:
                    verdict, name = match.groups()
                    skip = SKIP.search(name)
                    found.append([verdict == "ok", SKIP.sub("", name).strip(),
                                  skip.group(1).strip() if skip else None, ""])
                elif line.startswith("#") and found:
                    found[-1][3] += line
    return found


def show(paths):
    for ok, name, skip, said in read(paths):
        if not ok:
            print("FAILED  %s\n%s" % (name, said), end="")
        elif skip is not None:
            print("skipped %s: %s" % (name, skip or "no reason given"))


def total(paths):
    tests = read(paths)
    failed = sum(1 for ok, _, _, _ in tests if not ok)
    skipped = sum(1 for ok, _, skip, _ in tests if ok and skip is not None)
    passed = len(tests) - failed - skipped
    print("%d passed, %d failed, %d skipped" % (passed, failed, skipped))
    return 1 if failed or not passed else 0


def main(arguments):
    if len(arguments) < 2 or arguments[0] not in ("meson", "show", "sum"):
        sys.exit(__doc__)
    if arguments[0] == "meson":
        meson(arguments[1])
    elif arguments[0] == "show":
        show(arguments[1:])
    else:
        sys.exit(total(arguments[1:]))


if __name__ == "__main__":
    main(sys.argv[1:])
