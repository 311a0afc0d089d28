# SPDX-License-Identifier: Apache-2.0
"""Profiles in the formats of before profile.proto, made by hand.
LEGACY: name → bytes. Shapes: what google/pprof's legacy readers accept."""
import struct

LEGACY = {}

MAPS = """
MAPPED_LIBRARIES:
00400000-00500000 r-xp 00000000 08:01 1234   /usr/bin/server
7f0000000000-7f0000200000 r-xp 00001000 08:01 99 /lib/libc.so.6
7f0000200000-7f0000300000 rw-p 00001000 08:01 99 /lib/libc.so.6
7ffff0000000-7ffff0002000 r-xp 00000000 00:00 0 [vdso]
"""
BRIEF = """
--- Memory map: ---
  build=/opt/build
  40000-80000: $build/bin/tool (@1000) abcdef12
  0x400000-0x500000: $build/bin/main
  7f0000000000-7f0000200000: /lib/libm.so (@0)
  ffffffff600000-ffffffff601000: [vsyscall]
"""
# where a row of dashes must end the samples
DASHED = MAPS.replace("MAPPED_LIBRARIES:", "--- Memory map: ---")


def text(name, body, maps=MAPS):
    LEGACY[name + ".txt"] = (body + maps).encode()


HEAP_ROWS = """
  1: 512 [ 3: 1536] @ 0x400100 0x400200 0x400300
  10: 40960 [ 20: 81920] @ 0x400110 0x400200 0x400300
  4: 4194304 [ 9: 9437184] @ 0x7f0000000123 0x400222 0x400300
  0: 0 [ 5: 80] @ 0x400155
"""
HEAP_ROWS_PLAIN = """
  1: 512 [ 1: 512] @ 0x400100 0x400200 0x400300
# a comment
  10: 40960 [ 10: 40960] @ 0x400110 0x400200 0x400300
  2: 64 [ 2: 64] @
"""
for kind in ("heap_v2/524288", "heapz_v2/1048576", "heap/2097152",
             "heapprofile", "heapz", "heap_v2", "heap_v2/1", "heap_v2/0"):
    name = kind.replace("/", "-").replace("_", "-")
    text("heap-%s" % name,
         "heap profile: 15: 4235776 [ 37: 9520720] @ %s%s" % (kind, HEAP_ROWS))
    text("heap-same-%s" % name,
         "heap profile: 11: 41472 [ 11: 41472] @ %s%s" %
         (kind, HEAP_ROWS_PLAIN), BRIEF)
text("heap-no-maps", "heap profile: 1: 5 [ 0: 0] @ heapprofile\n"
     "1: 5 [0: 0] @ 0x10 0x20\n", "")
text("heap-bad-row", "heap profile: 1: 5 [ 0: 0] @ heapprofile\n"
     "1: 5 [0: 0] 0x10 0x20\n", "")
text("heap-count-zero", "heap profile: 1: 5 [ 0: 0] @ heapprofile\n"
     "0: 5 [0: 0] @ 0x10 0x20\n", "")
text("heap-big-number", "heap profile: 1: 5 [ 0: 0] @ heapprofile\n"
     "99999999999999999999: 5 [0: 0] @ 0x10 0x20\n", "")
text("heap-big-address", "heap profile: 1: 5 [ 0: 0] @ heapprofile\n"
     "1: 5 [0: 0] @ 0x10000000000000000 0x20\n", "")
text("heap-negative", "heap profile: 1: 5 [ 0: 0] @ heapprofile\n"
     "-1: -5 [0: 0] @ 0x10 0x20\n3: 12 [ 1: 4] @ 0x10 0x30\n", "")
text("growth", "heap profile: 2: 2097152 [ 2: 2097152] @ growthz\n"
     "1: 1048576 [ 1: 1048576] @ 0x400100 0x400200\n"
     "1: 1048576 [ 1: 1048576] @ 0x400110 0x400200\n")
text("growth-short", "heap profile: 1: 10 [ 1: 10] @ growth\n"
     "1: 10 [ 1: 10] @ 0x400100\n", BRIEF)
text("fragmentation", "heap profile: 2: 100 [ 2: 100] @ fragmentationz\n"
     "1: 60 [ 1: 60] @ 0x400100 0x400200\n1: 40 [ 1: 40] @ 0x400101\n")

CONTENTION_ROWS = """
  100000 12 @ 0x400100 0x400200 0x400300
 2000000 3 @ 0x400110 0x400200
# comment
 5 1 @ 0x7f0000000123 0x400222
"""
for first in ("--- contentionz 1 ---", "--- mutex:", "--- contention:"):
    for i, head in enumerate((
            "", "cycles/second = 2500000000\n",
            "cycles/second = 3000000000\nsampling period = 100\n",
            "sampling period = 10\nms since reset = 5000\n"
            "discarded samples = 7\n", "strange = 4\n", "format = java\n",
            "cycles/second = x\n", "sampling period = 0x10\n")):
        name = "".join(c for c in first if c.isalpha())
        text("contention-%s-%d" % (name, i),
             first + "\n" + head.rstrip("\n") + CONTENTION_ROWS,
             DASHED if i % 2 else BRIEF)
text("contention-libraries", "--- contention:" + CONTENTION_ROWS)

text("threadz", """--- threadz 1 ---

--- Thread 7f1 (name: main/100) stack: ---
  PC: 0x400100
    0x400200
    0x400300
--- Thread 7f2 (name: w/1/101) stack: ---
    [same as previous thread]
--- Thread 7f3 (name: io/102) stack: ---
    0x400110 0x400200
    0x400300
""", DASHED)
text("threadz-libraries", """--- threadz 1 ---

--- Thread 7f1 (name: main/100) stack: ---
    0x400100
""")
text("threadz-none", """--- threadz 1 ---

---- no stack trace for some ----
""")
text("thread-direct", """--- Thread 7f1 (name: main/100) stack: ---
    0x400100
    0x4000ff
    0x400300
""", BRIEF)
text("thread-bad", "--- threadz 1 ---\n--- Thread zz (name: x) ---\n")

COUNT_ROWS = """
3 @ 0x401000 0x402000 0x403000
#	0x400fff	main.wait+0x3f	/src/main.go:10

1 @ 0x401000 0x402001
2 @ 0x409000
"""
for kind in ("goroutine", "threadcreate", "heap", "my.custom/profile"):
    text("count-" + kind.replace("/", "-"),
         "%s profile: total 6%s" % (kind, COUNT_ROWS), "")
text("count-maps", "goroutine profile: total 6" + COUNT_ROWS, DASHED)
text("count-comment", "# leading\n\ngoroutine profile: total 6" + COUNT_ROWS, "")
text("count-bad", "goroutine profile: total 6\nx @ 0x10\n")
text("count-no-address", "goroutine profile: total 1\n1 @\n", "")
text("count-upper", "goroutine profile: total 1\n1 @ 0xAB\n", "")
text("count-section", "goroutine profile: total 1\n1 @ 0x10\n--- rest\n7 @\n")

JAVA_PLACES = """
 0x00000001 com.example.Main.main (Main.java:10)
 0x00000002 com.example.Work.run (Work.java:-1)
 0x00000003 libjvm_alloc (/usr/lib/jvm/libjvm.so)
 0x00000004 GC
 0x00000005 generated stub/JIT
 0x00000006 com.example.Main.main (Other.java:12)
 0x00000009 unused (X.java:1)
"""
JAVA_ROWS = """
 1048576 2 @ 0x1 0x2 0x6
 4096 1 @ 0x3 0x2
 64 4 @ 0x4
 10 1 @ 0x5 0x1
"""
text("java-heap", "--- heapz 1 ---\nformat = java\nresolution = bytes\n" +
     JAVA_ROWS + JAVA_PLACES, "")
text("java-contention", "--- contentionz 1 ---\nformat = java\n"
     "resolution = microseconds\nsampling period = 100\n"
     "ms since reset = 6000\n" + JAVA_ROWS + JAVA_PLACES, "")
text("java-heap-zero", "--- heapz 1 ---\nformat = java\nresolution = bytes\n"
     " 5 0 @ 0x1\n" + JAVA_PLACES, "")
text("java-heap-format", "--- heapz 1 ---\nformat = c\n" + JAVA_ROWS, "")
text("java-no-places", "--- heapz 1 ---\nformat = java\nresolution = bytes\n" +
     JAVA_ROWS, "")


def words(order, values):
    return b"".join(struct.pack(order, v) for v in values)


STACKS = ((5, (0x400100, 0x400201, 0x400301)), (3, (0x400110, 0x400201)),
          (2, (0x7f0123, 0x400222, 0x400301)), (1, (0x400155,)),
          (7, (0x400200, 0x400200, 0x400301)))


def binary_cpu(order, kind=0, period=10000, stacks=STACKS, end=True):
    out = words(order, (0, 3, kind, period, 0))
    for count, stack in stacks:
        out += words(order, (count, len(stack)) + stack)
    return out + (words(order, (0, 1, 0)) if end else b"")


SAME = tuple((1, (0x400100 + i, 0x400777, 0x400888, 0x400300))
             for i in range(40))
for name, order in (("32le", "<I"), ("32be", ">I"), ("64le", "<Q"),
                    ("64be", ">Q")):
    cpu = binary_cpu(order)
    LEGACY["cpu-%s.prof" % name] = cpu + MAPS.encode()
    LEGACY["cpu-%s-brief.prof" % name] = cpu + BRIEF.encode()
    LEGACY["cpu-%s-bare.prof" % name] = cpu
    LEGACY["cpu-%s-handler.prof" % name] = binary_cpu(order, stacks=SAME)
    LEGACY["cpu-%s-no-end.prof" % name] = binary_cpu(order, end=False)
    LEGACY["cpu-%s-cut.prof" % name] = cpu[:-5]
    LEGACY["cpu-%s-cut-more.prof" % name] = cpu[:40]
    LEGACY["cpu-%s-none.prof" % name] = binary_cpu(order, stacks=())
    LEGACY["cpu-%s-java.prof" % name] = binary_cpu(
        order, 1, stacks=((5, (1, 2, 6)), (2, (3, 2)), (9, (4,)))) + \
        JAVA_PLACES.encode()
LEGACY["cpu-deep.prof"] = words("<Q", (0, 3, 0, 100, 0, 1, 1 << 60, 5))
