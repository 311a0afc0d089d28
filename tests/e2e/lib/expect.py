#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a target's expect.json asks for, and whether a report says so.

    expect.py get TARGET FIELD         a field: one line per element
    expect.py variant TARGET N         the arguments of its N-th variant
    expect.py end TARGET               the exit status that `run` must have
    expect.py explained TARGET REPORT  the report against expect.json
    expect.py silent REPORT            a healthy run: verdict none

TARGET is a name in tests/targets, or in small or outside there; "-bare" at its
end (the program without net/http/pprof) makes no difference. Status 1 and a line
per difference; the report's own words follow.
"""
import json
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
TARGETS = os.path.join(HERE, "..", "..", "targets")


class Target:
    def __init__(self, name):
        name = name.removesuffix("-bare")
        own = os.path.join(TARGETS, name)
        places = [(own, own)] + [
            (os.path.join(TARGETS, group), os.path.join(TARGETS, group, name))
            for group in ("small", "outside")]
        self.module_folder, folder = next(
            ((module, folder) for module, folder in places
             if os.path.exists(os.path.join(folder, "expect.json"))),
            places[0])
        path = os.path.join(folder, "expect.json")
        with open(path, encoding="utf-8") as file:
            self.expect = json.load(file)

    def line_of(self, place):
        """The one line of the file that ends with its marker."""
        path = os.path.join(self.module_folder, place["file"])
        ending = "// " + place["marker"]
        with open(path, encoding="utf-8") as file:
            lines = [number for number, line in enumerate(file, 1)
                     if line.rstrip().endswith(ending)]
        if len(lines) != 1:
            sys.exit("%s: %d lines end with %s" % (path, len(lines), ending))
        return lines[0]


def same_file(path, expected):
    return path is not None and (
        path == expected or path.endswith("/" + expected))


def place_fault(target, frame, places):
    """None when the frame is one of the places."""
    frame = frame or {}
    for place in places:
        if (frame.get("function") == place["function"] and
                same_file(frame.get("file"), place["file"]) and
                ("marker" not in place or
                 frame.get("line") == target.line_of(place))):
            return None
    asked = ["%s %s%s" % (place["function"], place["file"],
                          ":%d" % target.line_of(place)
                          if "marker" in place else "")
             for place in places]
    return "%s %s:%s instead of %s" % (
        frame.get("function"), frame.get("file"), frame.get("line"),
        " or ".join(asked))


def leaf_fault(target, frame, leaf):
    if "module" not in leaf:
        return place_fault(target, frame, [leaf])
    function = (frame or {}).get("function") or ""
    if any(function.startswith(module) for module in leaf["module"]):
        return None
    return "%s instead of one in %s" % (function, " or ".join(leaf["module"]))


def finding_faults(target, finding, asked):
    faults = []
    if finding.get("cause") not in asked["causes"]:
        faults.append("cause %s instead of %s" % (
            finding.get("cause"), " or ".join(asked["causes"])))
    if asked.get("where"):
        fault = place_fault(target, finding.get("where"), asked["where"])
        faults += ["where: " + fault] if fault else []
    if asked.get("created_by"):
        fault = place_fault(target, finding.get("created_by"),
                            [asked["created_by"]])
        faults += ["created_by: " + fault] if fault else []
    if asked.get("leaf"):
        fault = leaf_fault(target, finding.get("leaf"), asked["leaf"])
        faults += ["leaf: " + fault] if fault else []
    if asked.get("wait"):
        reason = (finding.get("wait") or {}).get("reason")
        waits = asked["wait"]
        waits = waits if isinstance(waits, list) else [waits]
        if reason not in waits:
            faults.append("waits in %s instead of %s" % (
                reason, " or ".join(waits)))
    return faults


def memory_faults(report):
    """The parts add up to what they are parts of, with the rest shown."""
    memory = report.get("memory") or {}
    parts = memory.get("parts") or []
    if any(part.get("bytes") is None or part["bytes"] < 0 for part in parts):
        return ["memory: a part without bytes"]
    return []


def end_faults(end, expect):
    faults = []
    if end.get("kind") != expect["end"]:
        faults.append("end %s instead of %s" % (end.get("kind"),
                                                expect["end"]))
    for field in ("signal", "exit_code"):
        if field in expect and end.get(field) != expect[field]:
            faults.append("end.%s %s instead of %s" % (
                field, end.get(field), expect[field]))
    comm = (end.get("victim") or {}).get("comm") or ""
    if "victim" in expect and not comm.startswith(expect["victim"][:15]):
        faults.append("victim %r instead of %s" % (comm, expect["victim"]))
    return faults


def report_faults(target, report):
    findings = report.get("findings") or []
    asked = target.expect["findings"]
    faults = end_faults(report.get("end") or {}, target.expect)
    faults += memory_faults(report)
    if report.get("schema") != "lastgasp.report/1":
        faults.append("schema %s" % report.get("schema"))
    if not findings:
        return faults + ["no findings"]
    if (report.get("verdict") or {}).get("cause") != findings[0].get("cause"):
        faults.append("the verdict is not the first finding")
    faults += ["findings[0] " + fault for fault in
               finding_faults(target, findings[0], asked[0])]
    if target.expect.get("only") and len(findings) > len(asked):
        faults.append("%d findings instead of %d" % (len(findings),
                                                     len(asked)))
    for other in asked[1:]:
        tried = [finding_faults(target, finding, other)
                 for finding in findings]
        if all(tried):
            faults.append("no finding is the expected %s: %s" % (
                "/".join(other["causes"]),
                "; ".join(min(tried, key=len))))
    return faults


def silent_faults(report):
    cause = (report.get("verdict") or {}).get("cause")
    findings = report.get("findings") or []
    faults = [] if cause == "none" else ["verdict %s instead of none" % cause]
    return faults + ["finding %s: %s" % (f.get("cause"), f.get("title"))
                     for f in findings]


def load(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def finish(faults, report):
    if not faults:
        return
    print("\n".join(faults))
    for finding in report.get("findings") or []:
        where = finding.get("where") or {}
        print("  said: %s, confidence %s, %s %s:%s" % (
            finding.get("title"), finding.get("confidence"),
            where.get("function"), where.get("file"), where.get("line")))
    for other in report.get("not_judged") or []:
        print("  not judged: %s: %s" % (other.get("cause"),
                                        other.get("reason")))
    sys.exit(1)


def print_field(value):
    if isinstance(value, list):
        for element in value:
            print(element)
    elif value is not None:
        print(value)


def main(arguments):
    if len(arguments) == 3 and arguments[0] == "get":
        print_field(Target(arguments[1]).expect.get(arguments[2]))
    elif len(arguments) == 3 and arguments[0] == "variant":
        variants = Target(arguments[1]).expect.get("variants") or []
        print_field(variants[int(arguments[2])])
    elif len(arguments) == 2 and arguments[0] == "end":
        expect = Target(arguments[1]).expect
        print(expect.get("exit_code", 128 + expect.get("signal", 9)))
    elif len(arguments) == 3 and arguments[0] == "explained":
        report = load(arguments[2])
        finish(report_faults(Target(arguments[1]), report), report)
    elif len(arguments) == 2 and arguments[0] == "silent":
        report = load(arguments[1])
        finish(silent_faults(report), report)
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
