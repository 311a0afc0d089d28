# SPDX-License-Identifier: Apache-2.0
"""The programs of the matrix: how they are built, run and asked."""
import os
import resource
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))
VERSIONS = ["1.18.10", "1.19.13", "1.20.14", "1.21.13", "1.22.12", "1.23.12",
            "1.24.9", "1.25.4", "1.26.11", "1.27.4"]
# What a kind of binary is built with, and what its zoo is told: the options
# vary with the kind so that each is met without a cell of its own. "own": the
# module says the toolchain's own language version, which changes defaults.
KINDS = {
    "default": {"cgo": 0, "build": [], "own": True,
                "zoo": [], "env": {"GODEBUG": "tracebacklabels=1"}},
    "stripped": {"cgo": 0, "build": ["-ldflags=-s -w"], "own": False,
                 "zoo": ["-rate", "4096"], "env": {}},
    "pie": {"cgo": 0, "build": ["-buildmode=pie", "-ldflags=-s -w"],
            "own": False, "zoo": ["-flushed=false", "-rate", "100000"],
            "env": {}},
    "cgo": {"cgo": 1, "build": [], "own": True,
            "zoo": ["-rate", "1", "-heap", "2"], "env": {}},
    "external": {"cgo": 1, "own": False, "zoo": ["-profiles=false"],
                 "build": ["-tags=nocgocode",
                           "-ldflags=-linkmode=external -s -w"],
                 "env": {}},
    "cgo-pie": {"cgo": 1, "own": False, "zoo": [],
                "build": ["-buildmode=pie", "-ldflags=-s -w"], "env": {}},
}


def minor(version):
    return int(version.split(".")[1])


def timers_of_channels_count(version, kind):
    """Are timers that only a channel knows among the runtime's? Since Go 1.23
    not, while nobody waits; up to 1.26 an old module's language brings the old
    ways back (asynctimerchan)."""
    return minor(version) < 23 or (minor(version) < 27
                                   and not KINDS[kind]["own"])


def go_mod(version, work):
    """Another go.mod than the module's own: that of the toolchain."""
    path = os.path.join(work, f"go1.{minor(version)}.mod")
    with open(path, "w", encoding="utf-8") as f:
        f.write(f"module oracle\n\ngo 1.{minor(version)}\n")
    return path


def newest_source():
    return max(os.path.getmtime(os.path.join(folder, name))
               for folder, _, names in os.walk(os.path.join(HERE, "programs"))
               for name in names)


def build(program, version, kind, work):
    """The binary's path; CalledProcessError with the compiler's output."""
    out = os.path.join(work, f"{program}-{version}-{kind}")
    if os.path.exists(out) and os.path.getmtime(out) > newest_source():
        return out
    how = KINDS[kind]
    argv = ["go", "build", "-buildvcs=false", *how["build"], "-o", out]
    if how["own"]:
        argv += ["-modfile", go_mod(version, work)]
    # goindex: Go 1.19 finds no package of its own when it lies in the module
    # cache, unless its index is off. GOFLAGS: unknown to old toolchains.
    env = dict(os.environ, GOFLAGS="", GOWORK="off", GODEBUG="goindex=0",
               GOTOOLCHAIN="go" + version, CGO_ENABLED=str(how["cgo"]))
    subprocess.run(argv + ["./" + program], env=env, check=True, text=True,
                   cwd=os.path.join(HERE, "programs"), capture_output=True)
    os.utime(out)
    return out


def allow_core():
    resource.setrlimit(resource.RLIMIT_CORE,
                       (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


class Target:
    """A running zoo or bare, between its words."""

    def __init__(self, argv, folder, env):
        self.folder = folder
        self.errors = open(os.path.join(folder, "stderr"), "wb")
        self.process = subprocess.Popen(
            argv, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=self.errors, preexec_fn=allow_core,
            env=dict(os.environ, GOTRACEBACK="crash", **env))
        self.pid = self.process.pid

    def wait_for(self, word):
        line = self.process.stdout.readline().decode().strip()
        if line != word:
            raise RuntimeError(f"the target said {line!r} instead of {word!r}: "
                               + self.stderr()[-2000:])

    def stderr(self):
        with open(self.errors.name, encoding="utf-8",
                  errors="replace") as f:
            return f.read()

    def ask(self):
        self.process.stdin.write(b"\n")
        self.process.stdin.flush()
        self.wait_for("done")

    def own(self, name):
        return os.path.join(self.folder, name)

    def cost(self):
        """Its memory and its page faults."""
        with open(f"/proc/{self.pid}/stat", encoding="utf-8") as f:
            stat = f.read().rsplit(")", 1)[1].split()
        return {"rss_pages": int(stat[21]), "minor_faults": int(stat[7]),
                "major_faults": int(stat[9])}

    def end(self):
        try:
            self.process.stdin.close()
        except OSError:
            pass
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
        self.errors.close()
