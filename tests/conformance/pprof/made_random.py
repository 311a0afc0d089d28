# SPDX-License-Identifier: Apache-2.0
"""Profiles drawn from a seed: call graphs with everything at once."""
import random

from proto import Profile

TYPES = ((("samples", "count"), ("cpu", "nanoseconds")),
         (("alloc_objects", "count"), ("alloc_space", "bytes"),
          ("inuse_objects", "count"), ("inuse_space", "bytes")),
         (("contentions", "count"), ("delay", "nanoseconds")),
         (("events", "count"),), (("work", "widgets"), ("time", "ms")))
PACKAGES = ("main", "net/http", "runtime", "example.com/shop/cart",
            "encoding/json", "os")
KEYS = (("tenant", ("blue", "red", "green")),
        ("request", ("GET /a", "GET /b", "POST /c", "GET /a?x=1")),
        ("thread", tuple("worker-%d" % i for i in range(12))))


def make_functions(rng, p, count):
    ids = []
    for i in range(count):
        package = rng.choice(PACKAGES)
        name = rng.choice(("%s.f%d", "%s.(*T).m%d", "%s.New[...]%d",
                           "%s.run.func%d")) % (package, i)
        file = "/src/%s/%s.go" % (package, "abc"[i % 3])
        ids.append(p.function(name, rng.choice((file, file, file, "")),
                              rng.choice((0, 1, 10 * i))))
    return ids


def make_locations(rng, p, functions, mappings, count):
    ids = []
    for i in range(count):
        lines = [(rng.choice(functions), rng.randrange(1, 40))
                 for _ in range(rng.choice((1, 1, 1, 1, 2, 3)))]
        if rng.random() < 0.03:
            lines = []
        mapping = rng.choice(mappings)
        ids.append(p.location(lines, mapping, 0x400000 + 16 * i,
                              rng.random() < 0.02))
    return ids


def make_labels(rng):
    out = []
    for key, values in KEYS:
        if rng.random() < 0.4:
            out.append((key, rng.choice(values)))
    if rng.random() < 0.4:
        out.append(("bytes", 1 << rng.randrange(24), 0))
    if rng.random() < 0.1:
        out.append(("latency", rng.randrange(5000), "ms"))
    return out


def make(seed, samples=120):
    rng = random.Random(seed)
    types = rng.choice(TYPES)
    p = Profile(types)
    mappings = [p.mapping(0x400000, 0x402000, 0, "/usr/bin/random", "aa%d" %
                          seed), p.mapping(0x402000, 0x500000, 0x2000,
                                           "/lib/lib.so", "", (1,)), 0]
    functions = make_functions(rng, p, rng.choice((8, 30, 90)))
    locations = make_locations(rng, p, functions, mappings,
                               rng.choice((20, 80, 300)))
    callees = {i: rng.sample(locations, 3) for i in locations}
    for _ in range(rng.choice((5, 40, samples))):
        stack = [rng.choice(locations[:4])]
        for _ in range(rng.randrange(1, 18)):
            stack.append(rng.choice(callees[stack[-1]]))
        values = [rng.randrange(1, 1 << rng.choice((4, 12, 24, 36)))
                  for _ in types]
        if seed % 5 == 4 and rng.random() < 0.3:
            values = [-v for v in values]
        p.sample(stack[::-1], values,
                 make_labels(rng) if seed % 3 else ())
    p.time(1700000000 * 10**9 + seed)
    p.duration(10**9 * seed)
    p.period(types[-1][0], types[-1][1], 100 + seed)
    if seed % 4 == 1:
        p.drop(r"runtime\..*")
    if seed % 4 == 2:
        p.comment("made from seed %d" % seed)
    return p.encode()


RANDOM = {"random-%02d.pb" % seed: make(seed) for seed in range(40)}
