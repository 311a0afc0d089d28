# SPDX-License-Identifier: Apache-2.0
"""What can be said of a snapshot of a program that never stands still."""
import os
import re

import programs

SOURCE = os.path.join(programs.HERE, "programs", "churn", "main.go")
CALLER = {"main.a": ("main.c", "main.worker"), "main.b": ("main.a",),
          "main.c": ("main.b",), "main.leaf": ("main.a", "main.b", "main.c")}
OF_WORKER = re.compile(r"^main\.(a|b|c|leaf|worker)$")


def call_lines():
    """{function: the line that says CALL}"""
    out, function = {}, ""
    with open(SOURCE, encoding="utf-8") as f:
        for number, line in enumerate(f, 1):
            found = re.match(r"func (\w+)\(", line)
            if found:
                function = "main." + found.group(1)
            if line.rstrip().endswith("// CALL"):
                out[function] = number
    return out


def frame_faults(frames, lines):
    """Of one stack, leaf first. What is above the program's own frames is the
    library's and the runtime's."""
    own = [i for i, f in enumerate(frames) if OF_WORKER.match(f[0])]
    if not own:
        return []
    out = []
    if own != list(range(own[0], len(frames))):
        out.append("foreign frames between: "
                   + str([f[0] for f in frames[own[0]:]
                          if not OF_WORKER.match(f[0])][:3]))
    for i in own[:-1]:
        name, caller = frames[i][0], frames[i + 1]
        if caller[0] not in CALLER.get(name, ()):
            out.append(f"{name} called by {caller[0]}")
        elif name != "main.leaf" and caller[2] != lines[caller[0]]:
            out.append(f"{name} called in line {caller[2]} of {caller[0]}")
    return out


def faults(dump):
    """(lines on what cannot be, goroutines, whole stacks)"""
    out, lines, whole, workers = [], call_lines(), 0, 0
    for g in dump:
        if g.id == 1 or not g.created or "main." not in g.created[0]:
            continue
        workers += 1
        names = [f for f, _, _ in g.frames]
        if g.elided:
            at = g.elided[0]
            parts = [g.frames[:at], g.frames[at:]]
        else:
            parts = [g.frames]
        for part in parts:
            out += [f"goroutine {g.id} [{g.state}]: {text}"
                    for text in frame_faults(part, lines)]
        if names and names[-1] in ("main.worker", "main.main.gowrap1",
                                   "main.worker.gowrap1",
                                   "main.main.func1", "runtime.goexit"):
            whole += 1
        elif not g.unavailable and not g.elided:
            out.append(f"goroutine {g.id} [{g.state}] ends in {names}")
    if len({g.id for g in dump}) != len(dump):
        out.append("an id is told twice")
    return out, workers, whole
