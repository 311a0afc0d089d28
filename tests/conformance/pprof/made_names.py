# SPDX-License-Identifier: Apache-2.0
"""More of made.py: labels, units, names, times."""
from made import HEAP, MADE, MAX, Profile, basic, made

LONG = "example.com/very/long/import/path/of/a/package/that/never/ends"


@made
def labels():
    p = Profile()
    rows = [[("request", "GET /a"), ("tenant", "blue")],
            [("request", "GET /b"), ("tenant", "red"), ("tenant", "blue")],
            [("request", "POST /a")], [], [("tenant", "")],
            [("empty key", "x"), ("", "no key")],
            [("request", "GET /a"), ("request", "GET /a")]]
    for i, row in enumerate(rows):
        p.sample("main;handle;part%d" % (i % 3), [i + 1, (i + 1) * 10**7], row)
    return p


@made
def numeric_labels():
    p = Profile(HEAP[2:])
    rows = [[("bytes", 16, 0)], [("bytes", 1 << 20, 0)],
            [("size", 4, "kilobytes")], [("size", 2048, "bytes")],
            [("size", 3, "")], [("wait", 1500, "ms")], [("wait", 2, "s")],
            [("n", 0, 0)], [("n", 0, "count")], [("n", -5, "count")],
            [("many", 1, ""), ("many", 2, ""), ("many", 3, "bytes")],
            [("alignment", 64, 0), ("request", 128, 0)],
            [("odd", 7, "widgets"), ("odd", 9, "gadgets")],
            [("bytes", MAX, 0)], [("pid", 1234, 0)], [("bytes", 24, "bytes")],
            [("mixed", "text"), ("mixed", 12, "ms")]]
    for i, row in enumerate(rows):
        p.sample("main;alloc;site%d" % (i % 5), [i + 1, (i + 1) << 12], row)
    return p


@made
def many_tags():
    p = Profile()
    for i in range(60):
        p.sample("main;job%d" % (i % 4), [1 + i % 7, 1000 * i],
                 [("id", "job-%02d" % i), ("bytes", 1 << (i % 30), 0),
                  ("shard", str(i % 3))])
    return p


@made
def odd_label_text():
    p = Profile()
    for i, text in enumerate(("tab\there", "new\nline", "quote\"s", "back\\",
                              "ünï", "日本語", "a,b", "k=v", "k:v", "1kb",
                              "<b>", "emoji 🚀", "\x01\x7f", " lead", "%d")):
        p.sample("main;f%d" % (i % 2), [i + 1, 1000],
                 [("label", text), (text, "value")])
    return p


def names(*list_of):
    p = Profile()
    m = p.mapping(file="/usr/bin/names")
    for i, name in enumerate(list_of):
        p.sample([p.frame(name, "/src/n%d.cc" % (i % 3), i, m, 0x400000 + i),
                  p.frame("main", "/src/main.cc", 1, m, 0x500000)],
                 [i + 1, (i + 1) * 1000])
    return p


@made
def names_cxx():
    return names(
        "std::vector<int, std::allocator<int> >::push_back(int const&)",
        "A::operator()(int)", "A::operator<(A const&) const",
        "operator new(unsigned long)", "ns::(anonymous namespace)::f(int)",
        "void f<int>(int)", "decltype(g(0)) h<char>(char)",
        "std::map<std::string, std::vector<int>>::operator[](std::string&&)",
        "B::~B()", "virtual thunk to C::d()", "(anonymous class)::operator()",
        "f(int (*)(char))", "x<y<z>>::w", "a::b::c::d::e::f::g::h(int, char)",
        "lambda::{lambda(int)#1}::operator()(int) const")


@made
def names_mangled():
    return names("_ZN3foo3barEv", "_ZNSt6vectorIiSaIiEE9push_backERKi",
                 "_ZN4core3fmt5write17h0123456789abcdefE",
                 "_RNvC6_123foo3bar", "_RNvNtCs1234_7mycrate3foo3bar",
                 "_Z1fIiEvT_", "_ZZ4mainENKUlvE_clEv", "_Zinvalid", "_ZN",
                 "?f@@YAXXZ", "_ZTV3Foo", "_ZThn8_N1A1fEv", "__Z3fooi",
                 "_ZN12_GLOBAL__N_11fEv", "_ZNK3MapI6StringiEixERKS0_")


@made
def names_rust():
    return names("core::ops::function::FnOnce::call_once{{vtable.shim}}",
                 "<alloc::vec::Vec<T> as core::clone::Clone>::clone",
                 "tokio::runtime::task::raw::poll::h0123456789abcdef",
                 "<T as core::convert::Into<U>>::into",
                 "mycrate::main::{{closure}}", "_$LT$T$GT$::f")


@made
def names_java():
    return names("com.example.Service.handle(Request)",
                 "java.util.HashMap.put(Object, Object)",
                 "com.example.Outer$Inner.<init>(int)",
                 "[Ljava.lang.String;.clone()", "Interpreter", "")


@made
def names_go():
    return names("main.main", "main.(*T).Method", "main.T.Method-fm",
                 "main.main.func1.2", "main.Map[...]", "main.F[go.shape.int]",
                 "main.(*Store[go.shape.string,go.shape.int]).put",
                 "type..eq.main.key", "net/http.(*conn).serve",
                 "example%2ecom/x.F", "gopkg.in/yaml%2ev3.(*parser).parse",
                 "main.G[.<x>].f", "main.H]).g(int)", "runtime.goexit",
                 LONG + "/pkg.(*TypeWithALongName[...]).MethodWithLongName",
                 LONG + ".Function")


@made
def names_odd():
    return names("with space", "tab\tname", "new\nline", "quo\"te", "back\\s",
                 "日本語関数", "naïve", "a;b", "<script>", "&amp;", "%s%d",
                 "x" * 300, "-", "0x1234", "@", "(unknown)", "a.b.c/d/e",
                 b"bad\xffutf8", "..", "/")


@made
def files_odd():
    p = Profile()
    for i, file in enumerate((
            "/src/a.go", "src/a.go", "./a.go", "", "C:\\src\\a.go",
            "/src/sp ace.go", "/proc/self/cwd/x/y.cc", "<autogenerated>",
            "example.com/mod@v1.2.3/f.go", "/usr/local/go/src/runtime/mem.go",
            "_cgo_gotypes.go", "/src/../src/b.go", "日本.go")):
        f = p.function("fn%d" % (i % 7), file, i)
        p.sample([p.location([(f, i)]), p.frame("root", file, 5)],
                 [i + 1, 10 * i])
    return p


@made
def system_names():
    p = Profile()
    for i, (name, system) in enumerate((
            ("pretty", "_Z6prettyv"), ("", "_Z5plainv"), ("same", "same"),
            ("_Z3rawi", "_Z3rawi"), ("short(int)", "_Z5shorti"),
            ("both", ""))):
        p.sample([p.location([(p.function(name, "", 0, system), 1)])],
                 [i + 1, 10])
    return p


def unit(kind, name, values):
    p = Profile((("events", "count"), (kind, name)))
    for i, value in enumerate(values):
        p.sample("main;step%d;part%d" % (i % 3, i), [i + 1, value])
    p.duration(1500000000)
    return p.encode()


SMALL = [3, 50, 999, 12345, 700]
WIDE = [1, 1500, 2500000, 3600 * 10**9, 90 * 10**9, 10**12]
for kind, name, values in (
        ("time", "seconds", SMALL), ("time", "s", SMALL),
        ("time", "ms", SMALL), ("time", "milliseconds", WIDE),
        ("time", "us", WIDE), ("time", "microseconds", SMALL),
        ("time", "μs", SMALL), ("time", "ns", WIDE), ("time", "minutes", SMALL),
        ("time", "hrs", SMALL), ("time", "hours", SMALL),
        ("time", "days", SMALL), ("time", "weeks", SMALL),
        ("time", "years", SMALL), ("space", "bytes", WIDE),
        ("space", "B", WIDE), ("space", "KB", SMALL), ("space", "kib", SMALL),
        ("space", "MB", SMALL), ("space", "GB", SMALL), ("space", "TB", SMALL),
        ("space", "megabytes", SMALL), ("work", "widgets", WIDE),
        ("work", "", SMALL), ("work", "count", WIDE), ("cpu", "GCUs", WIDE),
        ("cpu", "mgcu", SMALL), ("cpu", "n*GCU", SMALL),
        ("cycles", "cycles", WIDE), ("time", "Seconds", SMALL),
        ("time", "sec", SMALL), ("space", "Bytes", SMALL)):
    label = "".join(c if c.isalnum() else "x" for c in name) or "none"
    MADE["unit-%s-%s.pb" % (kind, label)] = unit(kind, name, values)


@made
def default_type():
    p = Profile(HEAP)
    p.sample("a;b", [1, 2, 3, 4]).sample("a;c", [5, 6, 7, 8])
    p.default_type("alloc_space")
    return p


@made
def default_type_unknown():
    p = Profile(HEAP)
    p.sample("a;b", [1, 2, 3, 4])
    p.default_type("nothing")
    return p


@made
def contention():
    p = Profile((("contentions", "count"), ("delay", "nanoseconds")))
    p.sample("main;lock@4;sync.(*Mutex).Lock@9", [10, 123456789])
    p.sample("main;chan@5;runtime.chanrecv1@9", [0, 5000])
    p.sample("main;lock@6;sync.(*Mutex).Lock@9", [3, 10**11])
    p.period("contentions", "count", 1)
    return p


@made
def types_named_alike():
    p = Profile((("cpu", "count"), ("cpu", "nanoseconds"),
                 ("inuse_cpu", "bytes")))
    return p.sample("a;b", [1, 2, 3])


def timed(time, duration, period=("cpu", "nanoseconds", 10)):
    p = Profile()
    p.sample("a;b", [1, 10]).sample("a;c", [2, 20])
    p.time(time)
    p.duration(duration)
    if period:
        p.period(*period)
    return p.encode()


for name, time, duration in (
        ("zero", 0, 0), ("old", 1, 1), ("negative", -10**18, -5),
        ("far", MAX, MAX), ("ms", 1600000000 * 10**9, 1234567),
        ("us", 1500000000 * 10**9, 1500), ("hours", 0, 72 * 3600 * 10**9),
        ("minutes", 5, 125 * 10**9 + 1), ("tenth", 10**18, 10**8)):
    MADE["time-%s.pb" % name] = timed(time, duration)
MADE["period-none.pb"] = timed(0, 0, None)
MADE["period-wall.pb"] = timed(0, 0, ("wall", "seconds", 3))
MADE["period-empty.pb"] = timed(0, 0, ("", "", 0))
MADE["period-big.pb"] = timed(0, 0, ("cpu", "milliseconds", 10**12))
MADE["types-seconds.pb"] = basic((("samples", "count"), ("cpu", "ms")),
                                 5).encode()
MADE["types-swapped.pb"] = basic((("cpu", "nanoseconds"),
                                  ("samples", "count"))).encode()
MADE["types-more.pb"] = basic((("samples", "count"), ("cpu", "nanoseconds"),
                               ("wall", "seconds"))).encode()
MADE["cpu-other.pb"] = basic(scale=3000000, file="/usr/bin/other").encode()
MADE["cpu-no-file.pb"] = basic(file="").encode()
