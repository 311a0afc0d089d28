# SPDX-License-Identifier: Apache-2.0
"""Profiles made by hand, each for one odd thing. MADE: name → bytes."""
import gzip
import zlib

from proto import Profile, field_bytes, field_int, varint

MADE = {}
HEAP = (("alloc_objects", "count"), ("alloc_space", "bytes"),
        ("inuse_objects", "count"), ("inuse_space", "bytes"))
MAX = (1 << 63) - 1


def made(function):
    """Registers what function makes, by its name: .pb, or .pb.gz when the
    name says so."""
    name = function.__name__.replace("_", "-") + ".pb"
    value = function()
    if isinstance(value, Profile):
        value = value.encode()
    MADE[name] = value
    return function


def basic(types=(("samples", "count"), ("cpu", "nanoseconds")), scale=10000000,
          file="/usr/bin/svc"):
    p = Profile(types)
    m = p.mapping(file=file, build_id="abcd1234")
    rows = [("main.main@10;main.serve@22;main.work@31", 7),
            ("main.main@10;main.serve@23;net/http.(*conn).serve@180;"
             "bytes.Index@9", 3),
            ("main.main@11;main.serve@22;main.work@33;runtime.mallocgc@700", 5),
            ("main.main@11;main.loop@41;main.loop@41;main.loop@42;"
             "main.leaf@50", 11),
            ("runtime.gcBgMarkWorker@1200;runtime.gcDrain@1100", 2),
            ("main.main@10;main.serve@22", 1)]
    for i, (stack, value) in enumerate(rows):
        ids = p.stack(stack, "/src/svc/main.go", m)
        values = [value * (i + 1) * (scale if t[1] != "count" else 1)
                  for t in types]
        p.sample(ids, values)
    p.time(1700000000123456789)
    p.duration(30 * 10**9)
    p.period("cpu", "nanoseconds", 10000000)
    return p


@made
def cpu():
    return basic()


@made
def cpu_plain_gz():
    return gzip.compress(basic().encode(), mtime=0)


@made
def cpu_two_members():
    raw = basic().encode()
    return (gzip.compress(raw[:200], mtime=0) +
            gzip.compress(raw[200:], mtime=0))


@made
def cpu_gz_in_gz():
    return gzip.compress(gzip.compress(basic().encode(), mtime=0), mtime=0)


@made
def cpu_zlib():
    return zlib.compress(basic().encode())


@made
def cpu_trailing_zeros():
    return gzip.compress(basic().encode(), mtime=0) + bytes(64)


@made
def cpu_trailing_text():
    return gzip.compress(basic().encode(), mtime=0) + b"trailing"


@made
def cpu_unpacked():
    p = Profile()
    p.packed = False
    p.stack("a;b;c")
    p.sample("a;b;c", [1, 10**9]).sample("a;b", [2, 5 * 10**8])
    p.comment("one", "two")
    return p


@made
def cpu_unknown_fields():
    p = basic()
    p.tail += (field_int(77, 5) + field_bytes(78, b"later") +
               varint(79 << 3 | 1) + bytes(8) + varint(80 << 3 | 5) + bytes(4))
    return p


@made
def cpu_twice():
    """Two messages one after the other are one message to a decoder."""
    return basic().encode() * 2


@made
def heap():
    p = Profile(HEAP)
    m = p.mapping(file="/usr/bin/shop")
    for i, stack in enumerate((
            "main.main@9;main.cache@20;main.put@30",
            "main.main@9;main.cache@21;main.put@30;runtime.makeslice@100",
            "main.main@10;main.read@44;io.ReadAll@700",
            "net/http.(*conn).serve@1;main.handle@60;encoding/json.Marshal@160;"
            "encoding/json.(*encodeState).string@999",
            "main.main@9;main.cache@20;main.put@30")):
        n = (i + 1) * 13
        for size in (48, 1024 * (i + 1), 3 << 20):
            p.sample(p.stack(stack, "/src/shop/main.go", m),
                     [n * 3, n * 3 * size, n * (i % 2), n * (i % 2) * size],
                     [("bytes", size, 0)])
    p.drop(r"runtime\..*")
    p.keep(r"runtime\.panic")
    p.period("space", "bytes", 524288)
    p.time(1700000100000000000)
    p.default_type("inuse_space")
    return p


@made
def heap_later():
    p = Profile(HEAP)
    m = p.mapping(file="/usr/bin/shop")
    for i, stack in enumerate((
            "main.main@9;main.cache@20;main.put@30",
            "main.main@9;main.index@55;main.put@31",
            "main.main@10;main.read@44;io.ReadAll@700")):
        p.sample(p.stack(stack, "/src/shop/main.go", m),
                 [100, 100 << 12, 60, 60 << 12 << i], [("bytes", 4096, 0)])
    p.period("space", "bytes", 524288)
    p.time(1700000400000000000)
    p.default_type("inuse_space")
    return p


@made
def negative():
    p = Profile()
    for i, stack in enumerate(("a;b;c", "a;b;d", "a;e", "f;g", "a;b;c;h")):
        value = (i - 2) * 7
        p.sample(stack, [value, value * 10**6])
    return p


@made
def zero_samples():
    p = Profile()
    p.sample("a;b", [0, 0]).sample("a;c", [3, 30]).sample("d", [0, 9])
    return p


@made
def all_zero():
    return Profile().sample("a;b", [0, 0])


@made
def cancelling():
    p = Profile()
    p.sample("a;b", [5, 500]).sample("a;b", [-5, -500]).sample("a;c", [2, 20])
    return p


@made
def no_samples():
    return Profile()


@made
def no_types():
    return Profile(())


@made
def one_type():
    p = Profile((("goroutine", "count"),))
    p.sample("main;wait", [12]).sample("main;poll;wait", [30])
    p.period("goroutine", "count", 1)
    return p


@made
def duplicates():
    p = Profile()
    for _ in range(4):
        p.sample("a;b;c", [2, 2000])
        p.sample("a;b;c", [1, 1000], [("k", "v")])
    return p


@made
def empty_stacks():
    p = Profile()
    p.sample([], [5, 5000]).sample("a;b", [1, 1000]).sample([], [2, 1])
    return p


@made
def no_functions():
    p = Profile()
    m = p.mapping(file="/opt/gone/server", build_id="ffee")
    lib = p.mapping(0x7f0000000000, 0x7f0000100000, 0x1000, "/lib/libc.so.6",
                    flags=())
    top = p.location((), m, 0x400100)
    for i in range(5):
        mid = p.location((), lib, 0x7f0000000100 + 32 * i)
        p.sample([p.location((), m, 0x400200 + 64 * i), mid, top],
                 [i + 1, (i + 1) * 1000])
    return p


@made
def no_mappings():
    p = Profile()
    for i in range(4):
        p.sample([p.location((), 0, 0x10 << i), p.location((), 0, 0x99)],
                 [i, i * 100])
    return p


@made
def address_zero():
    p = Profile()
    p.sample([p.location()], [1, 10])
    p.sample([p.location((), p.mapping(file="/bin/x"))], [2, 10])
    return p


@made
def missing_mapping():
    p = Profile()
    p.sample([p.location([(p.function("lost"), 3)], 99, 0x1234)], [1, 10])
    return p


@made
def odd_mappings():
    p = Profile()
    files = ("[vdso]", "//anon", "/dev/zero", "", "linux-vdso.so.1",
             "/path/with space/bin name", "relative/bin", "[stack]",
             "/memfd:jit (deleted)", "/anon_hugepage", "C:\\prog\\a.exe",
             "http://host/x", "[kernel.kallsyms]_text", "/bin/a(deleted)")
    for i, file in enumerate(files):
        start = 0x10000 * (i + 1)
        m = p.mapping(start, start + 0x8000, i * 0x100, file,
                      "" if i % 2 else "id%d" % i, (i % 3 == 0,))
        p.sample([p.location((), m, start + 0x123),
                  p.location([(p.function("f%d" % (i % 4)), i)], m,
                             start + 0x200)], [i + 1, 1000 * i])
    return p


@made
def inlines():
    p = Profile()
    m = p.mapping(file="/bin/inl")
    names = ["inner", "middle", "outer", "main"]
    f = [p.function(n, "/src/%s.c" % n[0], 5 * i)
         for i, n in enumerate(names)]
    a = p.location([(f[0], 7), (f[1], 17), (f[2], 27)], m, 0x400010)
    b = p.location([(f[3], 99)], m, 0x400020)
    c = p.location([(f[1], 18), (f[2], 27)], m, 0x400030)
    d = p.location([(f[0], 8), (f[0], 9)], m, 0x400040)
    p.sample([a, b], [5, 50]).sample([c, b], [3, 30]).sample([d, a, b], [2, 2])
    p.sample([b], [1, 1])
    return p


@made
def recursion():
    p = Profile()
    p.sample("main;" + ";".join(["fib@3"] * 30), [4, 400])
    p.sample("main;" + ";".join(["even@1", "odd@2"] * 9), [5, 500])
    p.sample("main;" + ";".join(["fib@3", "fib@4"] * 5) + ";leaf", [6, 600])
    return p


@made
def deep():
    p = Profile()
    p.sample(";".join("level%d" % i for i in range(400)), [1, 100])
    p.sample(";".join("level%d" % i for i in range(0, 400, 3)), [2, 300])
    return p


@made
def wide():
    p = Profile()
    for i in range(150):
        p.sample("root;mid%d;leaf%d" % (i % 12, i), [i, i * i * 1000])
    return p


@made
def same_name():
    p = Profile()
    ids = []
    for i in range(6):
        f = p.function("init", "/src/pkg%d/init.go" % (i % 3), i % 2 * 10)
        ids.append(p.location([(f, 10 + i)]))
        p.sample([ids[i], ids[0]], [i + 1, (i + 1) * 10])
    return p


@made
def columns():
    p = Profile()
    f = p.function("calc", "/src/calc.c", 1)
    g = p.function("run", "/src/run.c", 1)
    for i in range(4):
        p.sample([p.location([(f, 10, i + 1)]),
                  p.location([(g, 20, 5), (f, 30, i)])], [i + 1, 100])
    return p


@made
def folded():
    p = Profile()
    f = p.function("merged")
    p.sample([p.location([(f, 1)], folded=True), p.frame("up")], [1, 10])
    p.sample([p.location([(f, 1)]), p.frame("up")], [2, 20])
    return p


@made
def frames_dropped():
    p = Profile()
    p.sample("main;keepme;malloc;brk", [5, 50]).sample("main;free", [2, 20])
    p.sample("main;malloc;keepme;x", [3, 30]).sample("malloc", [9, 90])
    p.drop("malloc|free")
    p.keep("keep.*")
    return p


@made
def frames_bad_regex():
    p = basic()
    p.drop("mal(loc")
    p.keep("[")
    return p


@made
def comments():
    p = basic()
    p.comment("first comment", "second\twith tab", "", "ünïcode ✓")
    p.doc_url("https://example.com/doc")
    return p


@made
def doc_url_bad():
    p = basic()
    p.doc_url("javascript:alert(1)")
    return p


@made
def huge_values():
    p = Profile()
    p.sample("a;b", [MAX, MAX]).sample("a;c", [MAX, 1]).sample("d", [-MAX, 7])
    p.sample("d;e", [-MAX - 1, -MAX - 1])
    return p


@made
def big_values():
    p = Profile((("space", "bytes"),))
    for i in range(1, 62, 4):
        p.sample("root;leaf%d" % i, [1 << i])
    return p


@made
def tiny_share():
    p = Profile()
    p.sample("a;big", [10**18, 10**15]).sample("a;small", [1, 1])
    p.sample("a;less", [10**9, 10**6])
    return p
