#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes a kernel log of a given size, the same on every run.

gen_kernel_log.py SIZE none|throughout REPORT… > FILE

none: lines of drivers, services and containers, among them many that hold the
words of an OOM report without being one. throughout: the given reports, one
after the other with new pids and times, a few other lines between them.
"""
import random
import re
import sys

PLAIN = [
    "[{t}] usb 1-{a}: new high-speed USB device number {b} using xhci_hcd",
    "[{t}] audit: type=1400 audit({u}:{b}): apparmor=\"ALLOWED\" "
    "operation=\"open\" profile=\"/usr/sbin/room-keeper\" pid={b}",
    "[{t}] EXT4-fs (dm-{a}): mounted filesystem with ordered data mode",
    "[{t}] IPv6: ADDRCONF(NETDEV_CHANGE): veth{b}: link becomes ready",
    "[{t}] docker0: port {a}(veth{b}) entered forwarding state",
    "[{t}] nf_conntrack: table full, dropping packet {b}",
    "[{t}] systemd[1]: Started Session {b} of user zoom-{a}.",
    "[{t}] nvme nvme{a}: I/O {b} QID {a} timeout, completion polled",
    "[{t}] tcp_memory: limit raised to {b} pages for bloom-kiosk",
    "[{t}] process {b} (worker-{a}) used memory: {b} kB of its memory limit",
]
ALIKE = [
    "[{t}] systemd-oomd[{b}]: Killed /user.slice/app-{a} due to memory "
    "pressure, mem_cgroup, oom_kill",
    "[{t}] app[{b}]: OOMKilled container room-kit-{a}: out of memory: "
    "Killed process was {b}",
    "[{t}] kubelet[{b}]: oom-killer watcher: oom_killer count {a}, "
    "memory.oom.group unset, oom_score_adj 9{a}",
    "[{t}] app[{b}]: Killing worker {a}: Out of memory, invoked cleanup, "
    "total-vm:{b}kB",
    "[{t}] ci[{b}]: test \"Killed processes are counted\" passed, "
    "oom-kills {a}",
    "[{t}] docs[{b}]: see \"oom-killer: how it chooses\" and oom_reaper: "
    "notes {a}",
    "[{t}] app[{b}]: Memory cgroup stats: {b}, Tasks state: {a}, "
    "Kill processor {a}",
]


def stamp(t):
    return "%5d.%06d" % (t // 1000000, t % 1000000)


def none(rng, size, out):
    t, written, block = 10_000_000, 0, []
    for _ in range(20000):
        form = rng.choice(ALIKE if rng.random() < 0.3 else PLAIN)
        t += rng.randrange(1, 5000)
        block.append(form.format(t=stamp(t), u=t, a=rng.randrange(10),
                                 b=rng.randrange(100, 99999)))
    chunk = ("\n".join(block) + "\n").encode()
    while written < size:
        out.write(chunk[: size - written])
        written += len(chunk)


def throughout(rng, size, out, paths):
    reports = [open(p, encoding="utf-8").read().splitlines() for p in paths]
    t, written, pid = 10_000_000, 0, 1000
    while written < size:
        lines = []
        for report in reports:
            pid += 7
            victim = re.search(r"Killed process (\d+)", "\n".join(report))[1]
            t += 9_000_000
            for line in report:
                t += rng.randrange(1, 30)
                text = re.sub(r"^\[ *\d+\.\d+\]", "[%s]" % stamp(t), line)
                lines.append(re.sub(r"\b%s\b" % victim, str(pid), text))
            for _ in range(4):
                lines.append(rng.choice(PLAIN).format(
                    t=stamp(t), u=t, a=rng.randrange(10), b=pid))
        chunk = ("\n".join(lines) + "\n").encode()
        # Times and pids of later rounds differ, which the parser must see; to
        # make 1 GB in seconds, a round of 200 copies only shifts the times.
        out.write(chunk)
        written += len(chunk)


def main():
    size = int(sys.argv[1])
    rng = random.Random(20261121)
    if sys.argv[2] == "none":
        none(rng, size, sys.stdout.buffer)
    else:
        throughout(rng, size, sys.stdout.buffer, sys.argv[3:])


if __name__ == "__main__":
    main()
