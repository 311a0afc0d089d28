# SPDX-License-Identifier: Apache-2.0
"""Options of reports and values for them, ordinary and odd ones."""

REGEXES = ("main", "runtime", "^main\\.", "serve$", ".", "a", "b|c", "leaf",
           "(?i)MAIN", "\\(\\*", "svc", "go$", "no such thing", "f[0-9]+",
           "T\\)", "\\.m\\d", "net/http", "[a-c]$", "work|put|step", "New",
           "part1", "json", "usr/bin", "^.{4}$", "0x40", "\\pL+")
GRANULARITY = ("-functions", "-filefunctions", "-files", "-lines",
               "-addresses")

VALUES = {
    "nodecount": ("0", "1", "3", "10", "-1", "-7", "1000"),
    "nodefraction": ("0", "0.05", "0.3", "1", "0.99999", "2", "-1", "1e-9",
                     "NaN", "Inf"),
    "edgefraction": ("0", "0.05", "0.5", "1", "3", "-2"),
    "trim": ("false", "true", "0", "T"),
    "unit": ("minimum", "auto", "ms", "us", "ns", "s", "seconds", "minutes",
             "hrs", "days", "bytes", "b", "kb", "KB", "mb", "GB", "tb", "pb",
             "kib", "widgets", "count", "", "μs", "milliseconds", "year",
             "gcu", "week", "min", "micros", "nanosecond", "megabytes"),
    "divide_by": ("2", "0.5", "1000", "1e6", "-2", "3", "0.0001", "Inf",
                  "NaN"),
    "sample_index": ("0", "1", "2", "3", "-1", "99", "cpu", "samples",
                     "inuse_space", "alloc_space", "alloc_objects", "delay",
                     "contentions", "inuse_objects", "nothing", "space",
                     "events", "01", "+1", "cycles"),
    "focus": REGEXES, "ignore": REGEXES, "hide": REGEXES, "show": REGEXES,
    "show_from": REGEXES, "prune_from": REGEXES,
    "tagfocus": ("blue", "tenant=blue", "request", "GET", "16", "16:", ":1kb",
                 "1kb:1mb", "bytes=1024", "bytes=512b:1mb", "red,blue",
                 "tenant=red,blue", "nothing", "key:value", "1500ms", "5s:",
                 "a.*b", "bytes=16,1048576", "size=2kb", "tenant=.*",
                 "=blue", "latency=1s:3s", "wait:1500", "-5", "1:", "0x10",
                 "tenant=blue=x", "bytes=", "16b:2mb,blue", "shard=1"),
    "tagignore": ("blue", "tenant=blue", "16:64", "bytes=:4kb", "GET",
                  "red,blue", "nothing", "shard=0", "1kb", ":100ms"),
    "tagshow": ("tenant", "bytes", "blue", ".", "nothing", "request|thread"),
    "taghide": ("tenant", "bytes", "blue", ".", "nothing", "request|thread"),
    "tagroot": ("tenant", "bytes", "tenant,request", "nothing", "size", ",",
                "tenant,nothing", "thread,tenant,bytes", "many", "latency"),
    "tagleaf": ("tenant", "bytes", "tenant,request", "nothing", "size",
                "shard,id", "wait", "label"),
    "trim_path": ("/src", "/src/svc", "/nothing", "/src/svc:/src/shop",
                  "/src/", "src"),
    "source_path": ("p", "/nothing", "p:/tmp", ""),
    "symbolize": ("none", "local", "fastlocal", "remote", "force",
                  "demangle=none", "demangle=full", "demangle=templates",
                  "demangle=default", "none:force", "local:demangle=full",
                  "nonsense", "", "demangle=odd"),
    "buildid": ("0123abcd", ""),
    "add_comment": ("a comment", "two\nlines", ""),
    "seconds": ("5", "0"),
    "timeout": ("3",),
    "tools": ("/nothing",),
    "output": ("out.txt",),
}
FLAGS = ("cum", "flat", "functions", "filefunctions", "files", "lines",
         "addresses", "noinlines", "showcolumns", "call_tree",
         "drop_negative", "relative_percentages", "compact_labels", "mean",
         "intel_syntax", "all_frames", "inuse_space", "inuse_objects",
         "alloc_space", "alloc_objects", "total_delay", "contentions",
         "mean_delay")
TOGETHER = (
    ("-cum", "-nodecount=3"), ("-focus=main", "-relative_percentages"),
    ("-tagroot=tenant", "-focus=blue"), ("-tagleaf=request", "-lines"),
    ("-hide=main", "-show=."), ("-focus=main", "-focus=work"),
    ("-mean", "-sample_index=1"), ("-mean", "-unit=kb", "-cum"),
    ("-lines", "-trim_path=/src"), ("-files", "-trim_path=/src"),
    ("-addresses", "-noinlines"), ("-lines", "-showcolumns"),
    ("-trim=false", "-unit=auto"), ("-compact_labels", "-nodecount=2"),
    ("-nodefraction=0.2", "-edgefraction=0.3", "-nodecount=5"),
    ("-call_tree", "-nodecount=6"), ("-drop_negative", "-cum"),
    ("-inuse_space", "-alloc_space"), ("-sample_index=0", "-inuse_space"),
    ("--nodecount", "4"), ("--cum=true",), ("-cum=false",), ("-trim=F",),
    ("-compact_labels=1", "-files"), ("-divide_by=1024", "-unit=mb"),
    ("-show_from=work", "-prune_from=leaf"), ("-tagshow=a", "-taghide=b"),
    ("-tagfocus=tenant=blue", "-tagignore=GET", "-cum"),
)

OPTIONS = [("-" + flag,) for flag in FLAGS]
OPTIONS += [("-%s=%s" % (name, value),)
            for name, values in VALUES.items() for value in values]
OPTIONS += list(TOGETHER)
