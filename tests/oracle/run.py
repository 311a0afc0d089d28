#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The oracle matrix: programs that know what they are, built by every Go in
every way, read from outside by lastgasp, and compared with what they say of
themselves. One TAP line per cell and question.

    run.py                    a short form: two versions, three kinds
    run.py --all              every Go version, every kind, cores too
    run.py --versions 1.22.12,1.27.4 --kinds pie,cgo   some of it

    --lastgasp PATH   the program (build/lastgasp)
    --work DIR        binaries and what was written (build/oracle)
    --keep            leave what each cell wrote
    --cores, --minutes   with cores; with waits of more than a minute
    --self            the programs beside themselves: is the oracle steady?
"""
import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import time

sys.dont_write_bytecode = True

import churn
import dump
import pprof
import programs
import stats

ROOT = os.path.dirname(os.path.dirname(programs.HERE))
SHORT = (["1.20.14", "1.27.4"], ["default", "stripped", "pie"])
PATIENCE_S = 120  # for one command of ours; a hang must not hang the suite
CHURN_ROUNDS = 8
SHOWN = 12        # lines of what differs


class Report:
    def __init__(self):
        self.count = self.failed = 0

    def line(self, name, differences):
        self.count += 1
        bad = bool(differences)
        self.failed += bad
        print(f"{'not ok' if bad else 'ok'} {self.count} - {name}", flush=True)
        for text in differences[:SHOWN]:
            print("#   " + text.replace("\n", "\n#   "))
        if len(differences) > SHOWN:
            print(f"#   … {len(differences) - SHOWN} more")

    def skip(self, name, reason):
        self.count += 1
        print(f"ok {self.count} - {name} # skip {reason}", flush=True)


class Failed(Exception):
    pass


def lastgasp(options, *argv, fine=(0,)):
    """stdout; Failed when it does not end well."""
    try:
        done = subprocess.run([options.lastgasp, *argv], capture_output=True,
                              timeout=PATIENCE_S, stdin=subprocess.DEVNULL,
                              check=False)
    except subprocess.TimeoutExpired:
        raise Failed(f"lastgasp {' '.join(argv)}: nothing after "
                     f"{PATIENCE_S} s") from None
    if done.returncode not in fine:
        raise Failed(f"lastgasp {' '.join(argv)}: status {done.returncode}: "
                     + done.stderr.decode(errors="replace")[-1500:])
    return done.stdout.decode(errors="replace")


def snapshot(options, source, out, *more):
    shutil.rmtree(out, ignore_errors=True)
    lastgasp(options, "snapshot", str(source), "--out", out, *more)
    return out


def read_dump(path):
    with open(path, encoding="utf-8", errors="backslashreplace") as f:
        return dump.parse(f.read())


def attempt(report, name, question):
    """A line of the report: question() gives lines on what differs."""
    try:
        report.line(name, question())
    except (Failed, OSError, ValueError, KeyError, IndexError) as error:
        report.line(name, [f"{type(error).__name__}: {error}"])


def main_stack(key):
    """Is this the stack of the goroutine that takes the profile?"""
    return any(f == "main.main" for f, _, _ in key[0]) and not any(
        "func" in f for f, _, _ in key[0])


def a_thread(key):
    """Nothing was allocated since the last collection, so that the heap of now
    is that of then; but for threads that the runtime started meanwhile."""
    return any(f in ("runtime.allocm", "runtime.newm") for f, _, _ in key[0])


def compare_profiles(target, taken, name, skip=lambda key: False):
    theirs = pprof.read(target.own(f"own.{name}.pb.gz"))
    out = pprof.compare(theirs, pprof.read(
        os.path.join(taken, f"{name}.pb.gz")), skip)
    published = os.path.join(taken, f"{name}-gc.pb.gz")
    if os.path.exists(published):
        out += pprof.compare(theirs, pprof.read(published))
    return out


def main_is_there(target, taken):
    """Goroutine 1 stands in its read, which the program cannot dump."""
    ours = read_dump(os.path.join(taken, "goroutines.txt"))
    one = [g for g in ours if g.id == 1]
    if len(one) != 1:
        return ["goroutine 1 is missing"]
    names = [f for f, _, _ in one[0].frames]
    out = []
    if one[0].state != "syscall":
        out.append(f"goroutine 1: syscall is told as {one[0].state!r}")
    if names[-1:] != ["main.main"] or "syscall.read" not in names:
        out.append(f"goroutine 1 stands in {names}")
    return out


def compare_goroutine_profiles(target, taken, version):
    """Theirs is cut: at 32 frames, 128 since Go 1.23."""
    theirs = pprof.read(target.own("own.goroutine.pb.gz"))
    ours = pprof.read(os.path.join(taken, "goroutine.pb.gz"))
    depth = 128 if programs.minor(version) >= 23 else 32
    return pprof.compare(theirs.cut(depth), ours.cut(depth), main_stack)


def compare_goroutines(target, taken, version):
    return dump.compare(
        read_dump(target.own("own.goroutines.txt")),
        read_dump(os.path.join(taken, "goroutines.txt")), aside=(1,),
        old=programs.minor(version) < 21)


def compare_folders(one, other, aside=(), only=None):
    """A core's snapshot beside the live one."""
    out = dump.compare(read_dump(os.path.join(one, "goroutines.txt")),
                       read_dump(os.path.join(other, "goroutines.txt")), aside)
    for name in only or ("heap", "block", "mutex"):
        path = os.path.join(one, f"{name}.pb.gz")
        if os.path.exists(path):
            # the core is the later one: contention may have grown in it
            out += [f"{name}: {line}" for line in pprof.compare(
                pprof.read(os.path.join(other, f"{name}.pb.gz")),
                pprof.read(path))]
    return out


def compare_memstats(target, text, version, kind):
    with open(target.own("own.memstats.json"), encoding="utf-8") as f:
        own = json.load(f)
    told = json.loads(text)
    out = stats.compare(own, told)
    wanted = {"timers": own["timers"], "finalizers": own["finalizers"]}
    if programs.timers_of_channels_count(version, kind):
        wanted["timers"] += own["channel_timers"]
    for name, least in wanted.items():
        value = stats.find(stats.flat(told), name)
        # the runtime and the library have a few of their own
        if value is None or not least <= value <= least + 30:
            out.append(f"{name}: {least} are told as {value}")
    return out


def untouched(options, target):
    """Neither memory nor page faults of the target. It is not quite still, its
    own threads may wake: one of three snapshots must find it so."""
    out = []
    for _ in range(3):
        before = target.cost()
        snapshot(options, target.pid, target.own("again"))
        after = target.cost()
        out = [f"{key}: {before[key]} before, {after[key]} after"
               for key in before if after[key] > before[key]]
        if not out:
            break
    return out


def cell_live(options, report, version, kind, target):
    """Everything of a live process; the snapshot's folder, or None."""
    name = f"{version}/{kind}"
    target.wait_for("ready")
    taken = os.path.join(target.folder, "live")
    try:
        snapshot(options, target.pid, taken)
        memory = lastgasp(options, "memstats", str(target.pid), "--json")
    except Failed as failed:
        report.line(f"{name} snapshot", [str(failed)])
        return None
    if options.cores:
        make_gcore(target)
    attempt(report, f"{name} untouched", lambda: untouched(options, target))
    target.ask()
    attempt(report, f"{name} goroutines",
            lambda: compare_goroutines(target, taken, version))
    attempt(report, f"{name} goroutine 1",
            lambda: main_is_there(target, taken))
    attempt(report, f"{name} goroutine profile",
            lambda: compare_goroutine_profiles(target, taken, version))
    attempt(report, f"{name} heap profile",
            lambda: compare_profiles(target, taken, "heap", a_thread))
    if "-profiles=false" not in programs.KINDS[kind]["zoo"]:
        for which in ("block", "mutex"):
            attempt(report, f"{name} {which} profile",
                    lambda w=which: compare_profiles(target, taken, w))
    attempt(report, f"{name} memstats",
            lambda: compare_memstats(target, memory, version, kind))
    return taken


def make_gcore(target):
    subprocess.run(["gcore", "-o", target.own("g"), str(target.pid)],
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                   timeout=300, check=False)


def cell_cores(options, report, name, target, live):
    """A gcore as of the live snapshot, and the core of a crash."""
    gcore = target.own(f"g.{target.pid}")
    attempt(report, f"{name} gcore", lambda: compare_folders(
        live, snapshot(options, gcore, target.own("gcore"))))
    attempt(report, f"{name} cut core", lambda: cut_core(options, gcore))
    again = snapshot(options, target.pid, target.own("last"))
    target.process.send_signal(signal.SIGABRT)
    target.process.wait()
    cores = [f for f in os.listdir(target.folder) if f.startswith("core")]
    if not cores:
        report.skip(f"{name} crash core", "no core was written here")
        return
    attempt(report, f"{name} crash core", lambda: compare_folders(
        again, snapshot(options, target.own(cores[0]), target.own("crash")),
        aside=(1,)))


def cut_core(options, path):
    """A core that ends in the middle: an answer or a reason, no crash."""
    os.truncate(path, os.path.getsize(path) * 3 // 5)
    lastgasp(options, "snapshot", path, "--out", path + ".cut",
             fine=(0, 1, 3, 5))
    return []


def start(options, program, version, kind, name, *more):
    how = programs.KINDS[kind]
    binary = programs.build(program, version, kind, options.work)
    folder = os.path.join(options.work, "cells", name.replace("/", "-"))
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    argv = ([binary, "-dir", folder, *how["zoo"], *more] if program == "zoo"
            else [binary] if program == "churn" else [binary, folder])
    # zoo's -runnable keeps its P only as long as no signal takes it
    godebug = (how["env"].get("GODEBUG", "") + ",asyncpreemptoff=1").lstrip(",")
    env = {"GODEBUG": godebug} if "-runnable" in more else how["env"]
    return programs.Target(argv, folder, env)


def finish(options, target):
    target.end()
    if not options.keep:
        shutil.rmtree(target.folder, ignore_errors=True)


def run_zoo(options, report, version, kind):
    name = f"{version}/{kind}"
    target = start(options, "zoo", version, kind, name)
    try:
        live = cell_live(options, report, version, kind, target)
        if options.cores and live:
            cell_cores(options, report, name, target, live)
    finally:
        finish(options, target)


def run_runnable(options, report, version, kind):
    """Goroutines that never ran, and one that runs: found by its thread."""
    name = f"{version}/{kind}/runnable"
    target = start(options, "zoo", version, kind, name, "-runnable")
    try:
        target.wait_for("ready")
        taken = snapshot(options, target.pid, target.own("live"))
        attempt(report, name, lambda: compare_goroutines(target, taken, version)
                + running_main(taken))
    finally:
        finish(options, target)


def running_main(taken):
    one = [g for g in read_dump(os.path.join(taken, "goroutines.txt"))
           if g.id == 1]
    names = [f for f, _, _ in one[0].frames] if one else []
    if not one or one[0].state != "running":
        return [f"goroutine 1: running is told as {one and one[0].state}"]
    if "main.hold" not in names or names[-1] != "main.main":
        return [f"goroutine 1 runs in {names}"]
    return []


def run_bare(options, report, version, kind):
    """A program whose heap profile the linker left out."""
    name = f"{version}/{kind}/bare"
    target = start(options, "bare", version, kind, name)
    try:
        target.wait_for("ready")
        taken = snapshot(options, target.pid, target.own("live"))
        memory = lastgasp(options, "memstats", str(target.pid), "--json")
        sites = lastgasp(options, "heap", str(target.pid), "--sites",
                         fine=(0, 3))
        target.ask()
        attempt(report, f"{name} goroutines",
                lambda: compare_goroutines(target, taken, version))
        attempt(report, f"{name} memstats",
                lambda: compare_memstats(target, memory, version, kind))
        attempt(report, f"{name} no heap profile", lambda: no_heap(target, taken))
        del sites
    finally:
        finish(options, target)


def no_heap(target, taken):
    with open(target.own("own.memstats.json"), encoding="utf-8") as f:
        if json.load(f)["rate"]:
            return ["the oracle has a heap profile after all"]
    path = os.path.join(taken, "heap.pb.gz")
    samples = pprof.read(path).samples if os.path.exists(path) else {}
    # what was allocated before the runtime switched it off is true
    return [f"it has a sample: {values} {pprof.describe(key)}"
            for key, values in samples.items()
            if all(f != "runtime.schedinit" for f, _, _ in key[0])]


def run_churn(options, report, version, kind):
    """A program in full motion: nothing that is told may be impossible."""
    name = f"{version}/{kind}/churn"
    target = start(options, "churn", version, kind, name)
    try:
        target.wait_for("ready")
        for freeze in ("never", "auto", "always"):
            attempt(report, f"{name} --freeze {freeze}",
                    lambda f=freeze: churn_rounds(options, target, f))
    finally:
        finish(options, target)


def churn_rounds(options, target, freeze):
    out, workers, whole = [], 0, 0
    for _ in range(CHURN_ROUNDS):
        taken = snapshot(options, target.pid, target.own("live"),
                         "--freeze", freeze)
        more, w, n = churn.faults(read_dump(
            os.path.join(taken, "goroutines.txt")))
        out, workers, whole = out + more, workers + w, whole + n
    if target.process.poll() is not None:
        out.append(f"the target ended: {target.process.returncode}")
    # those that run, or went on moving, lack their stacks, and it is said
    least = {"always": 0.98, "auto": 0.6, "never": 0.2}[freeze]
    if workers < 100 * CHURN_ROUNDS or whole < least * workers:
        out.append(f"{whole} of {workers} stacks are whole")
    return out


def run_self(options, report, version, kind):
    """The oracle itself: a program that is asked twice says the same twice,
    and allocated nothing between its collections and our snapshot."""
    name = f"{version}/{kind}/self"
    target = start(options, "zoo", version, kind, name)
    try:
        target.wait_for("ready")
        target.ask()
        first = target.own("first")
        os.makedirs(first)
        for own in os.listdir(target.folder):
            if own.startswith("own."):
                shutil.copy(target.own(own), os.path.join(first, own[4:]))
        target.ask()
        attempt(report, name, lambda: says_the_same(target, first, version))
    finally:
        finish(options, target)


def says_the_same(target, first, version):
    with open(os.path.join(first, "memstats.json"), encoding="utf-8") as f:
        own = json.load(f)
    out = compare_goroutines(target, first, version)
    for name in ("goroutine", "heap", "block", "mutex"):
        out += [f"{name}: {line}" for line in
                compare_profiles(target, first, name, main_stack)]
    for key in stats.EXACT if own["flushed"] else ():
        # a thread that the runtime started meanwhile is a few objects
        moved = abs(own["after"][key] - own["before"][key])
        if moved > (8 if key in stats.COUNTS else 32768):
            out.append(f"{key}: {own['before'][key]}, then "
                       f"{own['after'][key]}")
    return out


def guarded(report, name, work, *arguments):
    try:
        work(*arguments)
    except subprocess.CalledProcessError as error:
        report.line(f"{name} build", [error.stderr or str(error)])
    except (Failed, RuntimeError, OSError) as error:
        report.line(f"{name} ran", [str(error)])


def run_matrix(options, report):
    for version in options.versions:
        for kind in options.kinds:
            name = f"{version}/{kind}"
            if options.self:
                guarded(report, name, run_self, options, report, version, kind)
                continue
            guarded(report, name, run_zoo, options, report, version, kind)
            if kind in ("default", "pie", "cgo"):
                guarded(report, name + "/runnable", run_runnable, options,
                        report, version, kind)
            if kind in ("default", "pie", "cgo"):
                guarded(report, name + "/churn", run_churn, options, report,
                        version, kind)
            if kind in ("default", "stripped", "pie"):
                guarded(report, name + "/bare", run_bare, options, report,
                        version, kind)


class Minutes:
    """Targets that wait more than a minute while the matrix goes on."""

    def __init__(self, options):
        self.options, self.targets = options, []
        versions = [options.versions[0], options.versions[-1]]
        for version in versions if options.minutes else []:
            target = start(options, "zoo", version, "default",
                           f"{version}/minutes")
            target.wait_for("ready")
            self.targets.append((version, target, time.monotonic()))

    def finish(self, report):
        for version, target, since in self.targets:
            try:
                # the thing tested is the time itself
                time.sleep(max(0, since + 66 - time.monotonic()))
                guarded(report, f"{version}/minutes", self.one, report,
                        version, target)
            finally:
                finish(self.options, target)

    def one(self, report, version, target):
        taken = snapshot(self.options, target.pid, target.own("live"))
        target.ask()
        attempt(report, f"{version}/minutes goroutines",
                lambda: compare_goroutines(target, taken, version) + self.told(taken))

    @staticmethod
    def told(taken):
        ours = read_dump(os.path.join(taken, "goroutines.txt"))
        waiting = [g for g in ours if g.minutes >= 1]
        return [] if len(waiting) > 20 else [
            f"only {len(waiting)} wait for minutes"]


def options_of(argv):
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--versions")
    parser.add_argument("--kinds")
    parser.add_argument("--lastgasp",
                        default=os.path.join(ROOT, "build", "lastgasp"))
    parser.add_argument("--work", default=os.path.join(ROOT, "build",
                                                       "oracle"))
    parser.add_argument("--self", action="store_true")
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--cores", action="store_true")
    parser.add_argument("--minutes", action="store_true")
    options = parser.parse_args(argv)
    options.lastgasp = os.path.abspath(options.lastgasp)
    options.work = os.path.abspath(options.work)
    short = not options.all
    options.versions = (options.versions.split(",") if options.versions
                        else SHORT[0] if short else programs.VERSIONS)
    options.kinds = (options.kinds.split(",") if options.kinds
                     else SHORT[1] if short else list(programs.KINDS))
    options.cores |= options.all
    options.minutes |= options.all and not options.self
    return options


def main(argv):
    options = options_of(argv)
    os.makedirs(options.work, exist_ok=True)
    report = Report()
    minutes = Minutes(options)
    try:
        run_matrix(options, report)
    finally:
        minutes.finish(report)
    print(f"1..{report.count}")
    print(f"# {report.count - report.failed} of {report.count} hold")
    return 1 if report.failed or not report.count else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
