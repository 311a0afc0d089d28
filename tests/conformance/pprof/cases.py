# SPDX-License-Identifier: Apache-2.0
"""The matrix: which command lines are tried. Profiles lie in p/ of the folder
that both programs run in; everything drawn is drawn from fixed seeds."""
import random
import shlex

import errors
import scripts
from options import GRANULARITY, OPTIONS, REGEXES

TEXT = ("-top", "-tree", "-peek", "-traces", "-raw", "-tags", "-comments",
        "-text")
GRAPHS = ("-dot", "-callgrind", "-proto", "-topproto")
SOURCE = ("-list", "-weblist", "-disasm")
TAGGED = ("labels", "numeric-", "many-tags", "odd-label", "random-", "heap",
          "go-cpu-labels", "duplicates")  # profiles with something in -tags
PICTURES = ("-png", "-pdf", "-ps", "-gif", "-svg")
WITH_REGEX = ("-peek", "-list", "-weblist", "-disasm")


class Case:
    """One command line. env: beside the harness's own; section: where it
    comes from; local: needs what only a full run has."""

    def __init__(self, section, args, stdin=None, env=None):
        self.section, self.args = section, list(args)
        self.stdin, self.env = stdin, dict(env or {})

    def line(self):
        words = ["%s=%s" % (k, shlex.quote(v)) for k, v in self.env.items()]
        words += ["pprof"] + [shlex.quote(a) for a in self.args]
        if self.stdin is not None:
            words.append("<<< " + shlex.quote(self.stdin))
        return " ".join(words).replace("\n", "\\n")

    def profiles(self):
        """Names of those of its files that are profiles."""
        return [a.split("=")[-1][2:] for a in self.args if "p/" in a]


def report(rng, name):
    """Options of a report, with something to match where it needs that."""
    if name not in WITH_REGEX:
        return [name]
    args = ["%s=%s" % (name, rng.choice(REGEXES))]
    return args + ["-output=out.html"] if name == "-weblist" else args


def plain(profiles):
    """Every profile, every report, no options."""
    rng = random.Random("plain")
    for name in profiles:
        bad = name.startswith("bad-")
        for kind in TEXT[:6] if bad else TEXT + GRAPHS + SOURCE:
            args = report(rng, kind)
            if kind in WITH_REGEX:
                args[0] = kind + "=."
            yield Case("plain", args + ["p/" + name])


def single(profiles):
    """Every option with every text report, on profiles drawn for each."""
    rng = random.Random("single")
    tagged = [n for n in profiles if n.startswith(TAGGED)]
    for option in OPTIONS:
        for kind in TEXT + GRAPHS + SOURCE[:1]:
            if kind == "-comments" and rng.random() < 0.7:
                continue  # it hardly ever has anything to say
            name = rng.choice(tagged if kind == "-tags" or
                              option[0].startswith("-tag") else profiles)
            yield Case("single", report(rng, kind) + list(option) +
                       ["p/" + name])


def drawn(profiles, count, seed="drawn"):
    """Two to four options at once."""
    rng = random.Random(seed)
    kinds = TEXT[:6] + GRAPHS + SOURCE[:1] + TEXT[:2]
    for _ in range(count):
        args = report(rng, rng.choice(kinds))
        for option in rng.sample(OPTIONS, rng.choice((2, 2, 3, 4))):
            args += option
        yield Case("drawn", args + ["p/" + rng.choice(profiles)])


PAIRS = (("heap.pb", "heap-later.pb"), ("heap-later.pb", "heap.pb"),
         ("cpu.pb", "cpu-other.pb"), ("cpu.pb", "cpu.pb"),
         ("negative.pb", "cancelling.pb"), ("labels.pb", "many-tags.pb"),
         ("cpu.pb", "types-seconds.pb"), ("cpu.pb", "types-swapped.pb"),
         ("cpu.pb", "types-more.pb"), ("cpu.pb", "heap.pb"),
         ("time-hours.pb", "time-zero.pb"), ("time-zero.pb", "time-ms.pb"),
         ("time-far.pb", "time-ms.pb"), ("period-wall.pb", "period-none.pb"),
         ("period-empty.pb", "period-none.pb"), ("comments.pb", "cpu.pb"),
         ("all-zero.pb", "cpu.pb"), ("no-samples.pb", "cpu.pb"),
         ("huge-values.pb", "huge-values.pb"), ("cpu.pb", "bad-cut-50.pb"),
         ("bad-empty.pb", "bad-text.pb"), ("cpu.pb", "missing.pb"),
         ("no-functions.pb", "no-functions.pb"), ("wide.pb", "deep.pb"),
         ("no-functions.pb", "no-mappings.pb"), ("inlines.pb", "inlines.pb"),
         ("odd-mappings.pb", "odd-mappings.pb"), ("columns.pb", "folded.pb"),
         ("cpu-no-file.pb", "cpu.pb"), ("numeric-labels.pb",
                                        "numeric-labels.pb"),
         ("cpu-32le.prof", "cpu-64be.prof"), ("period-big.pb", "cpu.pb"),
         ("heap-heap-v2-524288.txt", "heap-heapprofile.txt"),
         ("duplicates.pb", "zero-samples.pb"), ("ids-far.pb", "cpu.pb"),
         ("unit-time-seconds.pb", "unit-time-ms.pb"),
         ("unit-space-MB.pb", "unit-space-bytes.pb"),
         ("unit-work-widgets.pb", "unit-time-ms.pb"),
         ("frames-dropped.pb", "frames-bad-regex.pb"),
         ("random-05.pb", "random-05.pb"), ("random-06.pb", "random-12.pb"),
         ("random-03.pb", "random-09.pb"), ("random-01.pb", "random-33.pb"))


def several(pairs):
    """Sources merged, and compared with a base."""
    rng = random.Random("several")
    kinds = TEXT[:6] + GRAPHS[:4]
    for first, second in pairs:
        a, b = "p/" + first, "p/" + second
        for way in ([a, b], ["-base=" + b, a], ["-diff_base=" + b, a],
                    ["-diff_base", b, "-normalize", a], [b, a, b],
                    ["-base", b, "-base", a, a],
                    ["-base=" + b, "-normalize", a, b]):
            for kind in rng.sample(kinds, 3):
                more = rng.choice(OPTIONS) if rng.random() < 0.3 else ()
                yield Case("several", report(rng, kind) + list(more) + way)
    for count in (20, 128, 129, 200):
        yield Case("several", ["-top"] + ["p/cpu.pb", "p/cpu-other.pb"] *
                   (count // 2))


def granular(profiles):
    """Every granularity, with and without inlines, of what shows places."""
    rng = random.Random("granular")
    for name in profiles:
        for kind in ("-top", "-tree", "-traces", "-dot", "-peek"):
            for level in GRANULARITY:
                if rng.random() < 0.4:
                    more = rng.choice(([], ["-noinlines"], ["-cum"],
                                       ["-call_tree"], ["-showcolumns"]))
                    yield Case("granular", report(rng, kind) +
                               [level] + more + ["p/" + name])


def pictures(profiles):
    rng = random.Random("pictures")
    for kind in PICTURES:
        for name in rng.sample(profiles, 40 if kind == "-svg" else 5):
            yield Case("pictures", [kind, "p/" + name])
    for name in rng.sample(profiles, 40):
        yield Case("pictures", report(rng, "-weblist") +
                   list(rng.choice(OPTIONS)) + ["p/" + name])


def shell(profiles):
    for profile, script in scripts.scripts(random.Random("shell"), profiles):
        yield Case("shell", ["p/" + profile], script)


def remote():
    """Over HTTP, by server.py."""
    web = "http://{HTTP}/debug/pprof/"
    for args in ([web + "profile"], [web + "heap"], [web + "goroutine"],
                 [web + "bare"], [web + "cut"], [web + "nothing"],
                 [web + "moved"], [web + "refused"], ["http://{HTTP}"],
                 ["http://{HTTP}/"], ["{HTTP}"], ["{HTTP}/debug/pprof/heap"],
                 ["-seconds=7", web + "seconds"], [web + "seconds"],
                 [web + "seconds?seconds=7"],
                 ["-seconds=3", web + "seconds?seconds=7"],
                 ["-timeout=9", web + "heap"], ["-symbolize=none", web + "bare"],
                 ["-symbolize=remote", web + "bare"],
                 ["-symbolize=local", web + "bare"],
                 ["-symbolize=force", web + "bare"],
                 ["-symbolize=remote:force", web + "heap"],
                 ["http://{HTTP}/other/bare"], ["http://{HTTP}/pprof/heap"],
                 [web + "profile", "p/cpu.pb"], [web + "heap", web + "nothing"],
                 ["-base=" + web + "heap", "p/heap-later.pb"],
                 ["-diff_base=" + web + "refused", "p/heap.pb"],
                 ["https://{HTTP}/debug/pprof/heap"],
                 ["https+insecure://{HTTP}/debug/pprof/heap"],
                 ["http://127.0.0.1:1/debug/pprof/heap"], ["ftp://{HTTP}/heap"],
                 [web + "bare", web + "goroutine"], [web + "heap?debug=1#x"]):
        for kind in ("-top", "-raw", "-traces"):
            yield Case("remote", [kind] + args)
    yield Case("remote", [web + "heap"], "top\ntree 2\n")


def wrong():
    for args, stdin, env in errors.ERRORS:
        yield Case("errors", args, stdin, env)


def fresh(seed, profiles, count):
    """What nobody tried before: another seed, and scripts from it."""
    yield from drawn(profiles, count, "fresh %d" % seed)
    for profile, script in scripts.scripts(random.Random(seed), profiles):
        yield Case("shell", ["p/" + profile], script)


def matrix(rich, every, drawn_count):
    """rich: names of profiles with something in them; every: of all."""
    yield from plain(every)
    yield from single(rich)
    yield from drawn(rich, drawn_count)
    yield from several(PAIRS)
    yield from granular([n for n in rich if not n.startswith("random")] +
                        [n for n in rich if n.startswith("random")][:6])
    yield from pictures(rich)
    yield from shell(rich)
    yield from remote()
    yield from wrong()
