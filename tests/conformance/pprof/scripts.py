# SPDX-License-Identifier: Apache-2.0
"""What is typed into the interactive shell."""

LINES = (
    "top", "top5", "top 3", "top10 -cum", "top -cum 2", "top main", "text 4",
    "top main -runtime", "top -main", "tree", "tree 5", "peek main", "peek .",
    "traces", "tags", "tags tenant", "tags -bytes", "raw", "comments",
    "list main", "dot", "dot 5", "callgrind", "top >out.txt", "top > out.txt",
    "tree 3 main -leaf >out.txt", "proto > out.pb", "topproto >out.pb",
    "svg >out.svg", "top >", "peek", "list", "nonsense", "top x(", "10",
    "weblist main >out.html", "disasm main", "TOP", " top ", "top\t3",
    "png > out.png", "top 0", "top -1", "top 99999999999", "top5cum",
    "tree -cum", "traces main", "top main work", "top -a -b", "top --cum",
    "peek main 3", "list main -runtime", "eog", "web", "help", "help top",
    "help focus", "help nothing", "o", "options", "quit extra", ":", "",
    "# comment", "// comment", "top10 main", "text10", "tags5", "peek5 main",
)
SETTINGS = (
    "focus=main", "ignore=runtime", "hide=a", "show=main|work", "cum",
    "flat", "sort=cum", "sort=flat", "sort=odd", "lines", "files",
    "functions", "addresses", "filefunctions", "granularity=lines",
    "granularity=odd", "nodecount=3", "nodecount=x", "nodecount=",
    "nodefraction=0.2", "edgefraction=.1", "unit=ms", "unit=kb",
    "sample_index=0", "sample_index=1", "sample_index=x", "sample_index=99",
    "sample_index", "inuse_space", "alloc_objects", "total_cpu", "mean_cpu",
    "samples", "cpu", "delay", "mean", "mean=false", "mean=0", "trim=false",
    "trim=maybe", "trim", "compact_labels=false", "call_tree", "call_tree=1",
    "relative_percentages", "noinlines", "noinlines=f", "showcolumns=true",
    "drop_negative=true", "divide_by=2", "divide_by=0", "tagfocus=blue",
    "tagignore=red", "tagshow=tenant", "taghide=bytes", "tagroot=tenant",
    "tagleaf=request", "focus=main //: why", "focus = work ", "focus=",
    "focus", "unit", "nothing=3", "output=out.txt", "source_path=p",
    "trim_path=/src", "normalize=true", "intel_syntax=true", "prune_from=b",
    "show_from=main", "cum=true", "cum=false", "lines=0", "functions=true",
    "focus=a=b", "=3", "focus=" + "x" * 100,
)
ENDS = ("", "quit\n", "exit\n", "q\ntop\n", "top")


def scripts(rng, profiles):
    """(profile, what is typed)"""
    for line in LINES:
        yield rng.choice(profiles), line + "\n"
    for setting in SETTINGS:
        yield (rng.choice(profiles),
               "%s\n%s\n%s\n" % (setting, rng.choice(("top", "tree", "traces")),
                                 rng.choice(LINES[:12])))
    for _ in range(120):
        lines = [rng.choice(SETTINGS if rng.random() < 0.5 else LINES[:30])
                 for _ in range(rng.randrange(2, 9))]
        lines.insert(rng.randrange(len(lines)), "top")
        yield rng.choice(profiles), "\n".join(lines) + "\n" + rng.choice(ENDS)
    for line in ("top\n", "top\r\n", "tree\n", "o\ntop\n"):
        for name in ("all-zero.pb", "no-samples.pb", "no-functions.pb",
                     "heap.pb", "labels.pb"):
            yield name, line
