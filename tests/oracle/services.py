#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Real services, as Debian packages and strips them, under load: what lastgasp
reads of them beside what their own endpoints say, and whether reading harms
them. One TAP line per service and question.

    services.py [--only prometheus,caddy] [--snapshots 1000] [--lastgasp PATH]
                [--work DIR]

Packages are downloaded and unpacked, not installed: no daemon is started but
ours, on loopback, with its data in a temporary folder.
"""
import argparse
import glob
import http.client
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

sys.dont_write_bytecode = True

import dump
import pprof
from run import (ROOT, Failed, Report, attempt, lastgasp, read_dump,
                 snapshot)

ROUNDS = 5        # comparisons; a goroutine may move in some
MOVES = 3         # so often and never otherwise is no move
LOADERS = 4       # threads that ask
THINK_S = 0.004   # of a loader between two requests
START_S = 60


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def write(path, text):
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)
    return path


class Service:
    """name, package; command(folder) sets self.port and what else it needs."""
    package = binary = ""
    pprof_path = "/debug/pprof/"

    def __init__(self):
        self.port, self.second = free_port(), free_port()
        self.pprof_port = self.port

    def request(self, loader, n):
        """One request of a loader: (method, path, body)."""
        raise NotImplementedError

    def talk(self, loader, stop, tally):
        connection = http.client.HTTPConnection("127.0.0.1", self.port,
                                                timeout=20)
        n = 0
        while not stop.is_set():
            n += 1
            began = time.monotonic()
            method, path, body = self.request(loader, n)
            try:
                connection.request(method, path, body)
                answer = connection.getresponse()
                answer.read()
                good = answer.status < 400
            except (OSError, http.client.HTTPException):
                connection.close()
                good = False
            tally.note(good, time.monotonic() - began)
            time.sleep(THINK_S)
        connection.close()


class Prometheus(Service):
    package, binary = "prometheus", "usr/bin/prometheus"

    def command(self, folder):
        config = write(os.path.join(folder, "p.yml"), f"""
global: {{scrape_interval: 1s}}
scrape_configs:
  - job_name: self
    static_configs: [{{targets: ["127.0.0.1:{self.port}"]}}]
""")
        return [f"--config.file={config}", f"--storage.tsdb.path={folder}/d",
                f"--web.listen-address=127.0.0.1:{self.port}"]

    def request(self, loader, n):
        query = ("up", "rate(go_memstats_alloc_bytes_total%5B1m%5D)",
                 "%7Bjob%3D%22self%22%7D", "count(go_goroutines)")[n % 4]
        return "GET", f"/api/v1/query?query={query}", None


class Etcd(Service):
    package, binary = "etcd-server", "usr/bin/etcd"

    def command(self, folder):
        url = f"http://127.0.0.1:{self.port}"
        peer = f"http://127.0.0.1:{self.second}"
        return ["--name=x", f"--data-dir={folder}/d", "--enable-pprof",
                "--unsafe-no-fsync", f"--listen-client-urls={url}",
                f"--advertise-client-urls={url}",
                f"--listen-peer-urls={peer}",
                f"--initial-advertise-peer-urls={peer}",
                f"--initial-cluster=x={peer}", "--log-level=error"]

    def request(self, loader, n):
        key = '"key":"%s"' % ("YWJj", "YWJk", "eHl6")[n % 3]
        if n % 3:
            return "POST", "/v3/kv/range", "{" + key + "}"
        return "POST", "/v3/kv/put", "{" + key + ',"value":"dmFsdWU="}'


class VictoriaMetrics(Service):
    package, binary = "victoria-metrics", "usr/bin/victoria-metrics"

    def command(self, folder):
        return [f"-storageDataPath={folder}/d",
                f"-httpListenAddr=127.0.0.1:{self.port}",
                "-memory.allowedPercent=5"]

    def request(self, loader, n):
        if n % 2:
            lines = "".join(f'm{i}{{loader="{loader}"}} {n}\n'
                            for i in range(50))
            return "POST", "/api/v1/import/prometheus", lines
        return "GET", "/api/v1/query?query=sum(m1)", None


class Caddy(Service):
    package, binary = "caddy", "usr/bin/caddy"

    def command(self, folder):
        self.pprof_port = self.second
        write(os.path.join(folder, "page.txt"), "a line\n" * 500)
        config = write(os.path.join(folder, "Caddyfile"), f"""
{{
    admin 127.0.0.1:{self.second}
    auto_https off
}}
http://127.0.0.1:{self.port} {{
    encode gzip
    respond /x* "{"hello " * 200}"
    file_server /* browse
    root * {folder}
}}
""")
        return ["run", "--adapter", "caddyfile", "--config", config]

    def request(self, loader, n):
        return "GET", ("/x1", "/", "/page.txt")[n % 3], None


class Nats(Service):
    package, binary = "nats-server", "usr/sbin/nats-server"

    def command(self, folder):
        self.pprof_port = self.second
        return ["-a", "127.0.0.1", "-p", str(self.port),
                "--profile", str(self.second), "-js", "-sd", folder + "/d"]

    def talk(self, loader, stop, tally):
        with socket.create_connection(("127.0.0.1", self.port), 20) as s:
            lines = s.makefile("rb")
            lines.readline()
            s.sendall(b'CONNECT {"verbose":false}\r\nSUB t.%d 1\r\n' % loader)
            while not stop.is_set():
                began = time.monotonic()
                try:
                    s.sendall(b"PUB t.%d 5\r\nhello\r\nPING\r\n" % loader)
                    while True:
                        line = lines.readline()
                        if not line or line.startswith(b"PONG"):
                            break
                except OSError:
                    line = b""
                tally.note(bool(line), time.monotonic() - began)
                if not line:
                    return
                time.sleep(THINK_S)


SERVICES = {"prometheus": Prometheus, "etcd": Etcd, "nats-server": Nats,
            "victoria-metrics": VictoriaMetrics, "caddy": Caddy}


class Tally:
    def __init__(self):
        self.lock = threading.Lock()
        self.good = self.bad = 0
        self.took = []

    def note(self, good, seconds):
        with self.lock:
            self.good += good
            self.bad += not good
            self.took.append(seconds)

    def quantiles(self):
        took = sorted(self.took) or [0]
        return [1000 * took[int(len(took) * q)] for q in (0.5, 0.99)] + [
            1000 * took[-1]]


class Load:
    """Requests from LOADERS threads, for as long as the block lasts."""

    def __init__(self, service):
        self.tally, self.stop = Tally(), threading.Event()
        self.threads = [threading.Thread(
            target=service.talk, args=(i, self.stop, self.tally))
            for i in range(LOADERS)]

    def __enter__(self):
        for t in self.threads:
            t.start()
        return self.tally

    def __exit__(self, *_):
        self.stop.set()
        for t in self.threads:
            t.join()


def unpack(service, work):
    """The unpacked package's binary."""
    root = os.path.join(work, "debs", service.package)
    path = os.path.join(root, service.binary)
    if not os.path.exists(path):
        os.makedirs(root, exist_ok=True)
        subprocess.run(["apt-get", "-q", "download", service.package],
                       cwd=root, check=True, capture_output=True)
        deb, = glob.glob(os.path.join(root, "*.deb"))
        subprocess.run(["dpkg", "-x", deb, root], check=True)
        os.unlink(deb)
    return path


def sections(binary):
    return subprocess.run(["readelf", "-SW", binary], check=True, text=True,
                          capture_output=True).stdout


def is_stripped(binary):
    names = sections(binary)
    return [f"it has {name}" for name in (".symtab", ".debug_info",
                                          ".zdebug_info") if name in names]


def own(service, what):
    url = f"http://127.0.0.1:{service.pprof_port}{service.pprof_path}{what}"
    with urllib.request.urlopen(url, timeout=30) as answer:
        return answer.read()


def wait_until_up(service, process):
    end = time.monotonic() + START_S
    while time.monotonic() < end:
        if process.poll() is not None:
            raise RuntimeError(f"{service.package} ended by itself")
        try:
            own(service, "goroutine?debug=1")
            with socket.create_connection(("127.0.0.1", service.port), 1):
                return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError(f"{service.package} does not answer")


def text_dump(data):
    return {g.id: g for g in dump.parse(data.decode("utf-8",
                                                    "backslashreplace"))}


class Goroutines:
    """Ours between two of theirs, some rounds: a goroutine that stands the
    same in both of theirs stands so in ours, unless it serves the load and
    came back meanwhile: then not in each of several rounds."""

    def __init__(self):
        self.right, self.wrong, self.rounds = set(), {}, []

    def round(self, service, options, pid, folder):
        first = text_dump(own(service, "goroutine?debug=2"))
        taken = snapshot(options, pid, folder)
        second = text_dump(own(service, "goroutine?debug=2"))
        ours = {g.id: g for g in
                read_dump(os.path.join(taken, "goroutines.txt"))}
        stable = [i for i in first.keys() & second.keys()
                  if not dump.differences(first[i], second[i], True)
                  and first[i].state not in ("running", "runnable")]
        moved = 0
        for i in stable:
            differs = (dump.differences(first[i], ours[i], True) if i in ours
                       else ["is missing"])
            moved += bool(differs)
            if differs:
                self.wrong.setdefault(i, []).append("; ".join(differs))
            else:
                self.right.add(i)
        strange = [i for i in ours if i not in first and i not in second
                   and i < max(first)
                   and not ours[i].frames[-1:][0][0].startswith("runtime.")]
        self.rounds.append((len(first), len(ours), len(stable), moved))
        return strange

    def differences(self):
        return [f"goroutine {i}, {len(self.wrong[i])} times: {self.wrong[i][0]}"
                for i in sorted(self.wrong.keys() - self.right)
                if len(self.wrong[i]) >= MOVES]


def goroutine_rounds(service, options, pid, folder):
    rounds = Goroutines()
    for _ in range(ROUNDS):
        strange = rounds.round(service, options, pid, folder)
    print("#   (theirs, ours, standing still, of these moved): "
          + " ".join(map(str, rounds.rounds)))
    return rounds.differences() + [f"goroutine {i} is nobody's"
                                   for i in strange]


def heap_round(service, options, pid, folder):
    """What is the same in both of theirs is so in ours; counts of what was
    allocated lie between."""
    first = pprof.Profile(own(service, "heap"))
    path = os.path.join(folder, "published.pb.gz")
    lastgasp(options, "heap", str(pid), "--sites", "--published", "--out", path)
    second = pprof.Profile(own(service, "heap"))
    # as published, like theirs; a snapshot's are fresher
    ours = pprof.read(path).samples
    out, same = [], 0
    for key, values in first.samples.items():
        then = second.samples.get(key)
        if not any(values) or then is None:
            continue
        mine = ours.get(key)
        if mine is None:
            out.append(f"missing: {values} {pprof.describe(key)}")
        elif then == values and mine != values:
            out.append(f"{values} is told as {mine}: {pprof.describe(key)}")
        elif not values[0] <= mine[0] <= then[0]:
            out.append(f"{values[0]}..{then[0]} allocated are told as "
                       f"{mine[0]}: {pprof.describe(key)}")
        same += then == values
    for key, values in ours.items():
        if any(values) and key not in second.samples:
            out.append(f"not theirs: {values} {pprof.describe(key)}")
    print(f"#   sites: {len(first.samples)} theirs, {len(ours)} ours, "
          f"{same} did not change")
    return out


def many_snapshots(service, options, process, folder):
    out, taken_ms = [], []
    with Load(service) as idle:
        time.sleep(2)  # the load alone, to compare with
    with Load(service) as tally:
        for n in range(options.snapshots):
            began = time.monotonic()
            try:
                snapshot(options, process.pid, folder)
            except Failed as failed:
                out.append(f"snapshot {n}: {failed}")
            taken_ms.append(1000 * (time.monotonic() - began))
            if process.poll() is not None:
                return out + [f"the target ended after snapshot {n}: "
                              f"{process.returncode}"]
    taken_ms.sort()
    print(f"#   {options.snapshots} snapshots, median "
          f"{taken_ms[len(taken_ms) // 2]:.0f} ms, longest "
          f"{taken_ms[-1]:.0f} ms; {tally.good} requests answered, "
          f"{tally.bad} not; ms at median/99 %/most: "
          + " ".join(f"{q:.1f}" for q in tally.quantiles())
          + " (without: " + " ".join(f"{q:.1f}" for q in idle.quantiles())
          + ")")
    if tally.bad:
        out.append(f"{tally.bad} requests were not answered")
    with open(f"/proc/{process.pid}/status", encoding="utf-8") as f:
        if "TracerPid:\t0\n" not in f.read():
            out.append("the target is still traced")
    return out


def run_service(name, options, report):
    service = SERVICES[name]()
    binary = unpack(service, options.work)
    attempt(report, f"{name} is stripped", lambda: is_stripped(binary))
    folder = tempfile.mkdtemp(prefix="lastgasp-service-")
    with open(os.path.join(folder, "log"), "wb") as log:
        process = subprocess.Popen([binary, *service.command(folder)],
                                   cwd=folder, stdout=log, stderr=log,
                                   env=dict(os.environ, HOME=folder))
    try:
        wait_until_up(service, process)
        taken = os.path.join(folder, "taken")
        with Load(service):
            attempt(report, f"{name} goroutines", lambda: goroutine_rounds(
                service, options, process.pid, taken))
            attempt(report, f"{name} heap", lambda: heap_round(
                service, options, process.pid, taken))
        attempt(report, f"{name} {options.snapshots} snapshots under load",
                lambda: many_snapshots(service, options, process, taken))
    except RuntimeError as error:
        with open(os.path.join(folder, "log"), errors="replace",
                  encoding="utf-8") as log:
            report.line(f"{name} runs", [str(error), log.read()[-2000:]])
    finally:
        process.terminate()
        process.wait()
        shutil.rmtree(folder, ignore_errors=True)


def main(argv):
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--only", default=",".join(SERVICES))
    parser.add_argument("--snapshots", type=int, default=1000)
    parser.add_argument("--lastgasp",
                        default=os.path.join(ROOT, "build", "lastgasp"))
    parser.add_argument("--work",
                        default=os.path.join(ROOT, "build", "oracle"))
    options = parser.parse_args(argv)
    os.makedirs(options.work, exist_ok=True)
    report = Report()
    for name in options.only.split(","):
        try:
            run_service(name, options, report)
        except subprocess.CalledProcessError as error:
            report.skip(name, f"cannot be had here: {error}")
    print(f"1..{report.count}")
    print(f"# {report.count - report.failed} of {report.count} hold")
    return 1 if report.failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
