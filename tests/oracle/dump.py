# SPDX-License-Identifier: Apache-2.0
"""Goroutines as text (debug=2), read for comparison: arguments and offsets
are left out, everything else is kept."""
import re
from dataclasses import dataclass, field

HEADER = re.compile(r"^goroutine (\d+)(?: gp=\S+ m=\S+(?: mp=\S+)?)? \[(.*)$")
PLACE = re.compile(r"^\t(.*):(\d+)(?: \+0x[0-9a-f]+)?(?: .*)?$")
ELIDED = re.compile(r"^\.\.\.(\d+|additional) frames elided\.\.\.$")
PARENT = re.compile(r" in goroutine (\d+)$")
UNAVAILABLE = "\tgoroutine running on other thread; stack unavailable"
MINUTES = re.compile(r"^(\d+) minutes$")


@dataclass
class Goroutine:
    id: int
    state: str = ""        # with "(scan)", "(durable)", "(leaked)"
    minutes: int = 0
    locked: bool = False
    extra: tuple = ()      # bubbles and what else the header says
    labels: str = ""
    frames: list = field(default_factory=list)   # (function, file, line)
    elided: tuple = None                         # (at, count or None)
    created: tuple = None                        # (function, file, line)
    parent: int = 0
    unavailable: bool = False                    # its stack


def without_arguments(text):
    """main.(*T).f[...](0x1, {0x2, ...}) -> main.(*T).f[...]"""
    if not text.endswith(")"):
        return text
    depth = 0
    for at in range(len(text) - 1, -1, -1):
        depth += (text[at] == ")") - (text[at] == "(")
        if depth == 0:
            return text[:at]
    return text


def end_of_state(text):
    """Where the bracket of the header closes: labels of Go 1.26 are within,
    quoted, and may hold brackets."""
    quoted, at = False, 0
    while at < len(text):
        c = text[at]
        if quoted and c == "\\":
            at += 1
        elif c == '"':
            quoted = not quoted
        elif c == "]" and not quoted:
            return at
        at += 1
    return len(text)


def read_header(g, text):
    end = end_of_state(text)
    inside, behind = text[:end], text[end + 1:]
    g.labels = behind.rstrip(":").strip()
    at = inside.find(" labels:{")
    if at >= 0:
        g.labels = inside[at + 1:]
        inside = inside[:at]
    parts = inside.split(", ")
    g.state = parts[0]
    for part in parts[1:]:
        minutes = MINUTES.match(part)
        if minutes:
            g.minutes = int(minutes.group(1))
        elif part == "locked to thread":
            g.locked = True
        else:
            g.extra += (part,)


def read_body(g, lines):
    at = 0
    while at < len(lines):
        line = lines[at]
        place = PLACE.match(lines[at + 1]) if at + 1 < len(lines) else None
        where = (place.group(1), int(place.group(2))) if place else ("", 0)
        if line == UNAVAILABLE:
            g.unavailable = True
            at += 1
            continue
        elided = ELIDED.match(line)
        if elided:
            n = elided.group(1)
            g.elided = (len(g.frames), None if n == "additional" else int(n))
            at += 1
            continue
        if line.startswith("created by "):
            name = line[len("created by "):]
            parent = PARENT.search(name)
            if parent:
                g.parent = int(parent.group(1))
                name = name[:parent.start()]
            g.created = (name,) + where
        else:
            g.frames.append((without_arguments(line),) + where)
        at += 2 if place else 1


def parse(text):
    """[Goroutine] in order of the text."""
    out, body = [], []
    for line in text.split("\n"):
        header = HEADER.match(line)
        if header:
            if out:
                read_body(out[-1], body)
            out.append(Goroutine(int(header.group(1))))
            read_header(out[-1], header.group(2))
            body = []
        elif line:
            body.append(line)
    if out:
        read_body(out[-1], body)
    return out


def frames_equal(theirs, ours, old):
    """Ours may hold the frames that the runtime left out, and elides as Go does
    since 1.21: 50, a count, 50. Before that the runtime stops at 100, those
    that it does not show included, and says so or not."""
    if theirs.frames == ours.frames and theirs.elided == ours.elided:
        return True
    if theirs.elided is None and not (old and len(theirs.frames) > 90):
        return False
    at, count = theirs.elided or (len(theirs.frames), None)
    if ours.elided is not None:
        both = min(at, ours.elided[0])
        return count is None and ours.frames[:both] == theirs.frames[:both]
    tail = len(theirs.frames) - at
    if count is not None and len(ours.frames) != len(theirs.frames) + count:
        return False
    return (ours.frames[:at] == theirs.frames[:at] and
            (tail == 0 or ours.frames[-tail:] == theirs.frames[at:]))


def label_words(text):
    """The labels of Go 1.26 and of 1.27, in one form."""
    text = re.sub(r"\\u([0-9a-f]{4})", lambda m: chr(int(m.group(1), 16)),
                  text)
    return re.sub(r'"((?:[A-Za-z0-9./_])*)"', r"\1",
                  text.removeprefix("labels:"))


def differences(theirs, ours, old=False):
    """What of one goroutine differs, as lines. old: written by Go 1.20 or
    older."""
    out = []
    if theirs.labels and label_words(theirs.labels) != label_words(ours.labels):
        out.append(f"labels: {theirs.labels} are told as {ours.labels}")
    for name in ("state", "locked", "extra", "created", "parent",
                 "unavailable"):
        a, b = getattr(theirs, name), getattr(ours, name)
        if a != b:
            out.append(f"{name}: {a!r} is told as {b!r}")
    # ours was taken a moment before or behind theirs
    if abs(theirs.minutes - ours.minutes) > 1 or (
            (theirs.minutes == 0) != (ours.minutes == 0) and
            max(theirs.minutes, ours.minutes) > 1):
        out.append(f"minutes: {theirs.minutes} are told as {ours.minutes}")
    if not frames_equal(theirs, ours, old):
        out.append("frames:" + frame_lines(theirs, ours))
    return out


def frame_lines(theirs, ours):
    text = f" {len(theirs.frames)} are told as {len(ours.frames)}"
    for at in range(max(len(theirs.frames), len(ours.frames))):
        a = theirs.frames[at] if at < len(theirs.frames) else None
        b = ours.frames[at] if at < len(ours.frames) else None
        if a != b:
            return text + f"; [{at}] {a} is told as {b}"
    return text + f"; elided {theirs.elided} is told as {ours.elided}"


def compare(theirs, ours, aside=(), old=False):
    """Lines on what differs between two dumps; aside: ids not compared; old:
    theirs is of Go 1.20 or older."""
    a = {g.id: g for g in theirs if g.id not in aside}
    b = {g.id: g for g in ours if g.id not in aside}
    out = [f"goroutine {i} [{a[i].state}] is missing: {a[i].frames[:3]}"
           for i in sorted(a.keys() - b.keys())]
    out += [f"goroutine {i} [{b[i].state}] is not of the program's own dump: "
            f"{b[i].frames[-1:]}" for i in sorted(b.keys() - a.keys())]
    for i in sorted(a.keys() & b.keys()):
        out += [f"goroutine {i} {line}" for line in differences(a[i], b[i], old)]
    if len(theirs) != len({g.id for g in theirs}):
        out.append("the program's own dump has an id twice")
    if len(ours) != len({g.id for g in ours}):
        out.append("an id is told twice")
    return out
