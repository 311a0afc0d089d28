# SPDX-License-Identifier: Apache-2.0
"""Memory statistics: ours beside two runtime.ReadMemStats of the program,
between which we read."""

# Counters and gauges that nothing moves while the program stands still.
EXACT = ["Alloc", "HeapAlloc", "TotalAlloc", "Mallocs", "Frees", "HeapObjects",
         "HeapSys", "HeapInuse", "NumGC", "NumForcedGC", "LastGC",
         "PauseTotalNs", "MCacheInuse", "MCacheSys", "MSpanSys",
         "BuckHashSys", "StackSys"]
COUNTS = ["Mallocs", "Frees", "HeapObjects", "NumGC", "NumForcedGC"]
# The scavenger and the runtime's own bookkeeping go on.
NEAR = ["NextGC", "HeapIdle", "HeapReleased", "StackInuse", "MSpanInuse", "GCSys",
        "OtherSys", "Sys"]
SCAVENGED = ["HeapReleased"]
SPAN_BYTES = 8192
UNLIMITED = (1 << 64) - 1
OTHER_NAMES = {"numgc": ["gc"], "numforcedgc": ["forcedgc"],
               "lastgc": ["lastgcunix"], "alloc": ["heapalloc"],
               "pausetotalns": ["pausetotal"]}


def plain(name):
    for suffix in ("_bytes", "_count", "_ns"):
        if name.endswith(suffix):
            name = name[:-len(suffix)]
    return name.replace("_", "").lower()


def flat(value, out=None):
    """{plain name: number} of a JSON document, the first of each name."""
    out = {} if out is None else out
    if isinstance(value, dict):
        for key, item in value.items():
            if isinstance(item, bool):
                continue
            if item == "unlimited":
                item = UNLIMITED
            if isinstance(item, (int, float)):
                out.setdefault(plain(key), item)
            else:
                flat(item, out)
    elif isinstance(value, list):
        for item in value:
            flat(item, out)
    return out


def find(numbers, name):
    for other in OTHER_NAMES.get(name.lower(), [name.lower()]):
        if other in numbers:
            return numbers[other]
    return None


def compare(own, ours, missing_ok=()):
    """Lines on what differs. own: own.memstats.json."""
    out, numbers = [], flat(ours)
    after = own["after"]
    before = own["before"] if own["flushed"] else after
    for name in EXACT + NEAR:
        low = min(before[name], after[name])
        high = max(before[name], after[name])
        value = find(numbers, name)
        if value is None:
            if name not in missing_ok:
                out.append(f"{name}: {high} is not told")
            continue
        slack = 0
        if name in NEAR or not own["flushed"]:
            slack = max(SPAN_BYTES, high // 100)
        if name in SCAVENGED and not own["flushed"]:
            low = 0  # it goes on while nobody looks, and there is no before
        if not low - slack <= value <= high + slack:
            out.append(f"{name}: {low}..{high} is told as {value}")
    return out
