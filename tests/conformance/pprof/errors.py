# SPDX-License-Identifier: Apache-2.0
"""Command lines that are wrong, odd or no report at all."""

CPU = "p/cpu.pb"
HEAP = "p/heap.pb"


def lines():
    for args in (
            [], ["-h"], ["-help"], ["--help"], ["-top"], ["-nonsense", CPU],
            ["-top", "p/missing.pb"], ["p/missing.pb"], ["-top", "p"],
            ["-top", "-tree", CPU], ["-top", "-peek=main", CPU],
            ["-list=a", "-peek=b", CPU], ["-cum", "-flat", "-top", CPU],
            ["-files", "-lines", "-top", CPU], ["-sort=cum", "-top", CPU],
            ["-granularity=lines", "-top", CPU], ["-top=maybe", CPU],
            ["-nodecount=x", "-top", CPU], ["-nodecount", "-top", CPU],
            ["-nodecount=1e3", "-top", CPU], ["-nodecount=", "-top", CPU],
            ["-nodecount=99999999999999999999", "-top", CPU],
            ["-nodecount=0x10", "-top", CPU], ["-nodecount=1_0", "-top", CPU],
            ["-nodecount=010", "-top", CPU], ["-nodefraction=x", "-top", CPU],
            ["-nodefraction=0x1p-4", "-top", CPU], ["-nodefraction=", CPU],
            ["-nodefraction=1_0.5", "-top", CPU], ["-trim=2", "-top", CPU],
            ["-nodefraction=1e400", "-top", CPU], ["-trim=", "-top", CPU],
            ["-divide_by=0", "-top", CPU], ["-divide_by=0", "-raw", CPU],
            ["-divide_by=x", "-top", CPU], ["-focus=(", "-top", CPU],
            ["-ignore=[", "-top", CPU], ["-hide=*", "-top", CPU],
            ["-show=a**", "-top", CPU], ["-show_from=(?<n>", "-top", CPU],
            ["-prune_from=\\", "-top", CPU], ["-tagfocus=(", "-top", CPU],
            ["-tagignore=a=(", "-top", CPU], ["-tagshow=)", "-top", CPU],
            ["-taghide=x{2,1}", "-top", CPU], ["-focus=a{1001}", "-top", CPU],
            ["-focus=\\8", "-top", CPU], ["-focus=(?=a)", "-top", CPU],
            ["-focus=\\Z", "-top", CPU], ["-focus=[[:foo:]]", "-top", CPU],
            ["-focus=(?P<name>main)", "-top", CPU], ["-peek=(", CPU],
            ["-list=*", CPU], ["-peek=", CPU], ["-peek", CPU],
            ["-peek", "main", CPU], ["-list=nothing", CPU],
            ["-disasm=nothing", CPU], ["-disasm=main", CPU],
            ["-disasm=0x400100", "p/no-functions.pb"], ["-disasm=.", CPU],
            ["-weblist=main", CPU], ["-weblist=nothing", CPU],
            ["-web", CPU], ["-gv", CPU], ["-eog", CPU], ["-evince", CPU],
            ["-kcachegrind", CPU], ["-http=:0", "-top", CPU],
            ["-no_browser", "-top", CPU], ["-no_browser", CPU],
            ["-normalize", "-top", CPU], ["-base=", "-top", CPU],
            ["-base=p/missing.pb", "-top", CPU],
            ["-diff_base=p/bad-text.pb", "-top", CPU],
            ["-base=" + CPU, "-diff_base=" + CPU, "-top", CPU],
            ["-top", CPU, "p/missing.pb"], ["-top", "p/missing.pb", CPU],
            ["-top", "p/missing.pb", "p/missing2.pb"],
            ["-top", CPU, "-cum"], ["-top", CPU, "-nonsense"],
            ["-top", "--", CPU], ["--", CPU], ["-", CPU], ["-top", "-"],
            ["-top", "-top", CPU], ["--top", CPU], ["---top", CPU],
            ["-top", "-=x", CPU], ["-=", CPU], ["-top", "-cum=", CPU],
            ["-seconds=x", "-top", CPU], ["-timeout=-4", "-top", CPU],
            ["-output=/nonexistent/out", "-top", CPU],
            ["-output=p", "-top", CPU], ["-output=out.txt", "-proto", CPU],
            ["-output=", "-top", CPU], ["-sample_index=", "-top", HEAP],
            ["-sample_index=5", "-top", HEAP], ["-mean", "-top", "p/one-type.pb"],
            ["-sample_index=-1", "-top", HEAP], ["-tagfocus=1kb:x", "-top", HEAP],
            ["-tagfocus=99999999999999999999", "-top", HEAP],
            ["-tagfocus=1:2:3", "-top", HEAP], ["-tagfocus=:", "-top", HEAP],
            ["-tagfocus=,", "-top", HEAP], ["-tagfocus==", "-top", HEAP],
            ["-symbolize=a:b:c", "-top", CPU], ["-top", "/usr/bin/env", CPU],
            ["-top", "p/names-go.pb", CPU], ["-top", "0123abcd", CPU],
            ["-top", "https+bad://x/y"], ["-top", "http://"],
            ["-top", "file:///nothing"], ["-top", ""], ["", CPU],
            ["-comments", "-add_comment=x", CPU], ["-raw", "-proto", CPU],
            ["-inuse_space", "-top", CPU], ["-total_delay", "-top", HEAP],
            ["-mean_delay", "-top", "p/contention.pb"],
            ["-version"], ["version"], ["-top", CPU, CPU, CPU, CPU],
            ["-unit", "-top", CPU], ["-focus", "-top", CPU],
            ["-trim", "false", "-top", CPU], ["-cum", "true", CPU],
            ["-nodecount=5", "-h", CPU], ["-top", "-h"],
            ["-top", "-nodecount=-0", CPU], ["-top", "-nodefraction=+.5", CPU],
            ["-top", "-divide_by=.5e1", CPU], ["-top", "-divide_by=1e-400", CPU],
            ["-top", "-divide_by=infinity", CPU], ["-top", "-trim=TRUE", CPU],
            ["-top", "-trim=tRUE", CPU], ["-top", "-cum=yes", CPU]):
        yield args, None, {}


ERRORS = list(lines())
for text in ("\\Qa.b\\E", "a{,2}", "a{2}{3}", "(?s).", "(?U)a+", "(?i-s:a)",
             "\\bmain\\b", "\\x{41}", "\\x41", "\\p{Greek}", "\\PL", "\\pN",
             "[[:alpha:]]+", "[^[:space:]]", "\\Amain", "main\\z", "a|", "|a",
             "()", "(|a)*", "a*?", "a+?b", "\\d+\\s*", "[\\d\\-]", "\\C",
             "(?:)", "^$", "^*", "$^", "[]a]", "[a", "[z-a]", "\\_", "\\é",
             "(?P=n)", "a{1000}", "(a{500}){3}", "x{0}", "(?i)ſ", "K", "\\07",
             "\\141", "[\\141]", "\\e", "\\a\\f\\t", "(?z)", "(?i", "(?m)^b",
             "\\pZ", "[\\pL\\d]", "[^\\n]", "日本", "\\x{110000}", "+", "?a",
             "((((((((((a))))))))))", "a++", "a**", "a{2}?", "\\Q(", "\\E",
             "[--a]", "[a-\\d]", "[[.a.]]", "{", "a{", "a{1", "a{1,", "a{,1}",
             "a{2,1}", "(?<name>a)", "(?#c)a", "\xff", "\\B", "\\G"):
    ERRORS.append((["-top", "-focus=" + text, "p/names-cxx.pb"], None, {}))
    ERRORS.append((["-peek=" + text, "p/wide.pb"], None, {}))
ERRORS.append((["-top", "p/cpu.pb"], None, {"PPROF_TMPDIR": "/proc/nothing"}))
ERRORS.append((["-top", "p/no-functions.pb"], None,
               {"PPROF_BINARY_PATH": "p:/nothing"}))
