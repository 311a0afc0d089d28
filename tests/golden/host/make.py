#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the hand-made roots of this folder: machines with cgroup v2 and a
container on v1, in the forms in which the kernel prints their files. v1-vm is
a copy of a real machine (Linux 6.18) made by lg_process_save and
lg_cgroup_save, and is not touched. Then bless what the readers make of them:
LG_BLESS=1 meson test host_golden."""
import os
import shutil

HERE = os.path.dirname(os.path.abspath(__file__))
ID = "3f2a9c0d1e5b48a7963f2a9c0d1e5b48a7963f2a9c0d1e5b48a7963f2a9c0d1e"
MIB = 1 << 20


def status(name, pid, rss_mib, threads):
    anon = rss_mib * 1024 * 3 // 4
    return (f"Name:\t{name}\nUmask:\t0022\nState:\tS (sleeping)\nTgid:\t{pid}\n"
            f"Pid:\t{pid}\nPPid:\t1\nFDSize:\t64\n"
            f"VmPeak:\t 1300000 kB\nVmSize:\t 1290000 kB\n"
            f"VmHWM:\t {rss_mib * 1024 + 100} kB\nVmRSS:\t {rss_mib * 1024} kB\n"
            f"RssAnon:\t {anon} kB\nRssFile:\t {rss_mib * 1024 - anon} kB\n"
            f"RssShmem:\t       0 kB\nVmData:\t   90000 kB\nVmStk:\t     132 kB\n"
            f"VmPTE:\t     400 kB\nVmSwap:\t       0 kB\nThreads:\t{threads}\n"
            f"SigCgt:\tfffffffd7fc1feff\n")


def stat(name, pid, threads, start):
    return (f"{pid} ({name}) S 1 {pid} {pid} 0 -1 4194560 1000 0 3 0 4200 800 0 0 "
            f"20 0 {threads} 0 {start} 1320960000 5120 18446744073709551615 1 1 0 0\n")


LIMITS = ("Limit                     Soft Limit           Hard Limit           Units     \n"
          "Max open files            1024                 524288               files     \n")
MEMINFO = ("MemTotal:        8039136 kB\nMemFree:         1200000 kB\n"
           "MemAvailable:    3000000 kB\nSwapTotal:             0 kB\nSwapFree:              0 kB\n")


class Root:
    def __init__(self, name):
        self.path = os.path.join(HERE, name, "root")
        shutil.rmtree(self.path, ignore_errors=True)
        self.put("proc/meminfo", MEMINFO)
        self.put("proc/uptime", "9000.25 17000.50\n")
        self.put("proc/stat", "cpu  1 2 3 4\nbtime 1789000000\nprocesses 99\n")

    def put(self, path, text):
        full = os.path.join(self.path, path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "w") as f:
            f.write(text)

    def process(self, pid, name, cgroup, rss_mib, args, threads=9, score=680, adj=0, fds=""):
        p = f"proc/{pid}/"
        self.put(p + "status", status(name, pid, rss_mib, threads))
        self.put(p + "stat", stat(name, pid, threads, 800000))
        self.put(p + "comm", name + "\n")
        self.put(p + "cmdline", "".join(a + "\0" for a in args))
        self.put(p + "limits", LIMITS)
        self.put(p + "oom_score", f"{score}\n")
        self.put(p + "oom_score_adj", f"{adj}\n")
        self.put(p + "cgroup", cgroup)
        self.put(p + "fds.txt", fds or "0\t/dev/null\n1\tpipe\n2\tpipe\n")

    def v2(self, path, usage_mib, top=False, **limits):
        d = "sys/fs/cgroup" + path + "/"
        if not top:
            for name, value in limits.items():
                self.put(d + "memory." + name.replace("_", "."), f"{value}\n")
            self.put(d + "memory.current", f"{usage_mib * MIB}\n")
            for name in ("max", "high", "swap.max"):
                if name.replace(".", "_") not in limits:
                    self.put(d + "memory." + name, "max\n")
            self.put(d + "memory.swap.current", "0\n")
            self.put(d + "memory.peak", f"{usage_mib * MIB + 4096}\n")
            self.put(d + "memory.events",
                     "low 0\nhigh 7\nmax 41\noom 2\noom_kill 1\noom_group_kill 0\n")
            self.put(d + "memory.pressure",
                     "some avg10=1.50 avg60=0.20 avg300=0.00 total=250000\n"
                     "full avg10=0.75 avg60=0.10 avg300=0.00 total=120000\n")
            if "oom_group" not in limits:
                self.put(d + "memory.oom.group", "0\n")
        self.put(d + "memory.stat",
                 f"anon {usage_mib * MIB // 2}\nfile {usage_mib * MIB // 4}\n"
                 f"kernel {usage_mib * MIB // 8}\nkernel_stack 147456\npagetables 409600\n"
                 f"percpu 960\nsock 4096\nvmalloc 0\nshmem 4096\nfile_mapped 2097152\n"
                 f"file_dirty 0\ninactive_file {usage_mib * MIB // 8}\n"
                 f"active_file {usage_mib * MIB // 16}\nslab 1200000\n")
        self.put(d + "cgroup.procs", "")


V2_MOUNTS = ("22 27 0:21 / /proc rw,nosuid - proc proc rw\n"
             "30 23 0:26 / /sys/fs/cgroup rw,nosuid,nodev,noexec,relatime shared:9 - cgroup2 cgroup2 rw,nsdelegate,memory_recursiveprot\n")


def k8s():
    r = Root("v2-k8s")
    uid = "d8b1a3f2_5c6e_4f70_9a1b_2c3d4e5f6071"
    slices = "/kubepods.slice/kubepods-burstable.slice"
    pod = f"{slices}/kubepods-burstable-pod{uid}.slice"
    box = f"{pod}/cri-containerd-{ID}.scope"
    r.put("proc/self/mountinfo", V2_MOUNTS)
    r.process(4242, "consumer", f"0::{box}\n", 200, ["/app/consumer", "-v"],
              score=1266, adj=900,
              fds="0\t/dev/null\n" + "".join(
                  f"{i}\tTCP 10.1.2.3:{30000 + i * 7} → 10.1.9.9:5432 ESTABLISHED\n"
                  for i in range(3, 13)))
    r.process(4300, "sidecar", f"0::{box}\n", 20, ["/sidecar"], adj=900, score=1250)
    r.process(900, "kubelet", "0::/system.slice/kubelet.service\n", 90, ["/usr/bin/kubelet"],
              adj=-999, score=1)
    r.v2("", 0, top=True)
    r.v2("/kubepods.slice", 900, max=6000 * MIB)
    r.v2(slices, 800)
    r.v2(pod, 240, max=300 * MIB)
    r.v2(box, 230, max=256 * MIB, oom_group=1)
    r.put("sys/fs/cgroup" + box + "/cgroup.procs", "4242\n4300\n")
    r.v2("/system.slice", 400)
    r.v2("/system.slice/kubelet.service", 100)


def systemd():
    r = Root("v2-systemd")
    unit = "/system.slice/file-watcher.service"
    r.put("proc/self/mountinfo", V2_MOUNTS)
    r.process(7100, "file-watcher", f"0::{unit}\n", 180, ["/usr/bin/file-watcher"],
              fds="".join(f"{i}\t/var/lib/watch/part-{i:05}\n" for i in range(3, 203)))
    r.process(7, "weird) S 1 (x", "0::/init.scope\n", 2, ["x"], adj=-1000, score=0)
    r.v2("", 0, top=True)
    r.v2("/system.slice", 600, high=1500 * MIB)
    r.v2(unit, 190, max=512 * MIB, high=200 * MIB, swap_max=0)
    r.put("sys/fs/cgroup" + unit + "/cgroup.procs", "7100\n")
    r.v2("/init.scope", 3)


def docker():
    """Seen from inside: the mount's root is the container's cgroup."""
    r = Root("v1-docker")
    r.put("proc/self/mountinfo",
          "900 880 0:60 / /proc rw - proc proc rw\n"
          f"910 905 0:33 /docker/{ID} /sys/fs/cgroup/memory ro,nosuid master:15 - cgroup cgroup rw,memory\n"
          f"911 905 0:34 /docker/{ID} /sys/fs/cgroup/pids ro,nosuid master:16 - cgroup cgroup rw,pids\n")
    r.process(1, "find-all", f"5:pids:/docker/{ID}\n4:memory:/docker/{ID}\n", 100, ["/find-all"])
    d = "sys/fs/cgroup/memory/"
    for name, value in {
            "limit_in_bytes": 128 * MIB, "usage_in_bytes": 120 * MIB,
            "max_usage_in_bytes": 128 * MIB, "failcnt": 17,
            "memsw.limit_in_bytes": 256 * MIB, "memsw.usage_in_bytes": 121 * MIB,
            "kmem.usage_in_bytes": 3 * MIB, "use_hierarchy": 1}.items():
        r.put(d + "memory." + name, f"{value}\n")
    r.put(d + "memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n")
    # A parent that is not mounted here has the lower limit.
    r.put(d + "memory.stat",
          f"cache {20 * MIB}\nrss {97 * MIB}\nhierarchical_memory_limit {100 * MIB}\n"
          f"hierarchical_memsw_limit {200 * MIB}\ntotal_cache {20 * MIB}\ntotal_rss {97 * MIB}\n"
          f"total_shmem 4096\ntotal_dirty 0\ntotal_inactive_file {15 * MIB}\ntotal_active_file {4 * MIB}\n")
    r.put(d + "cgroup.procs", "1\n")


k8s()
systemd()
docker()
