# SPDX-License-Identifier: Apache-2.0
"""Runs one command line of one of the two programs and keeps what the oracle
answered."""
import hashlib
import os
import pickle
import re
import shutil
import sqlite3
import subprocess
import threading
import zlib

import server

# Stands for Graphviz: both programs get the same picture back, with the text
# that they sent in it.
DOT = """#!/bin/sh
case $1 in
-Tsvg)
    echo '<?xml version="1.0" encoding="UTF-8" standalone="no"?>'
    echo '<svg width="100pt" height="90pt"'
    echo ' viewBox="0.00 0.00 100.00 90.00">'
    echo '<g id="graph0" class="graph" transform="scale(1 1) rotate(0)">'
    echo '<!--'; /bin/cat; echo '--></g></svg>' ;;
*) echo "$@"; exec /bin/cat ;;
esac
"""
FRAME = re.compile(rb'<script.*?</script>\n?|<style>.*?</style>\n?|'
                   rb'<g id="viewport"[^>]*>|\s+viewBox="[^"]*"', re.S)
END = re.compile(rb"(\s|</g>)*</svg>\s*$")
LIMIT_S = 120  # one run: beyond it something hangs


class Folder:
    """Where the programs run: p/ has the profiles, bin/ the tools."""

    def __init__(self, path, profiles):
        self.path = os.path.abspath(path)
        self.hashes = {}
        for name in ("p", "bin", "home", "tmp"):
            os.makedirs(os.path.join(self.path, name), exist_ok=True)
        for name, data in profiles.items():
            self.add(name, data)
        dot = os.path.join(self.path, "bin", "dot")
        with open(dot, "w") as f:
            f.write(DOT)
        os.chmod(dot, 0o755)
        self.address = server.start(os.path.join(self.path, "p"))
        self.local = threading.local()
        self.lock = threading.Lock()
        self.count = 0

    def add(self, name, data):
        self.hashes[name] = hashlib.sha256(data).hexdigest()
        path = os.path.join(self.path, "p", name)
        with open(path, "wb") as f:
            f.write(data)

    def here(self):
        """This thread's folder, the same path for both programs."""
        if not hasattr(self.local, "path"):
            with self.lock:
                self.count += 1
                self.local.path = os.path.join(
                    self.path, "run-%d-%d" % (os.getpid(), self.count))
            os.makedirs(self.local.path)
            os.symlink(os.path.join(self.path, "p"),
                       os.path.join(self.local.path, "p"))
        return self.local.path

    def env(self, case):
        env = {"PATH": os.path.join(self.path, "bin"), "TZ": "UTC",
               "HOME": os.path.join(self.path, "home"),
               "PPROF_TMPDIR": os.path.join(self.path, "tmp")}
        env.update(case.env)
        return env

    def run(self, command, case):
        """(exit status, stdout, {file written: its bytes}, stderr)"""
        here = self.here()
        args = [a.replace("{HTTP}", self.address) for a in case.args]
        text = None if case.stdin is None else case.stdin.encode()
        try:
            done = subprocess.run(
                list(command) + args, cwd=here, env=self.env(case),
                input=b"" if text is None else text, capture_output=True,
                timeout=LIMIT_S)
            status, out, err = done.returncode, done.stdout, done.stderr
        except subprocess.TimeoutExpired as gone:
            status, out, err = "hangs", gone.stdout or b"", b""
        files = written(here)
        return (status, neutral(out, here),
                {name: neutral(files[name], here) for name in files}, err)

    def leave(self):
        """Removes the folders of its threads."""
        for n in range(self.count):
            shutil.rmtree(os.path.join(self.path, "run-%d-%d" %
                                       (os.getpid(), n + 1)))


def neutral(data, here):
    """Without what differs from run to run: where it was."""
    return inflated(data).replace(here.encode(), b"{HERE}")


def inflated(data):
    """Two compressors need not agree on bytes; what is in them must."""
    if data[:2] != b"\x1f\x8b":
        return data
    try:
        return b"gzip:" + zlib.decompress(data, 31)
    except zlib.error:
        return data


def written(here):
    files = {}
    for entry in os.scandir(here):
        if entry.name == "p":
            continue
        with open(entry.path, "rb") as f:
            files[entry.name] = f.read()
        os.unlink(entry.path)
    return files


def by_design(data):
    """The frame that lets a picture be moved and the look of a page are our
    own: what Graphviz made must be equal, and that there is a page."""
    if data.lstrip().startswith(b"<!DOCTYPE html>"):
        return b"a page"
    if b"<svg " in data[:1000]:
        return END.sub(b"</svg>", FRAME.sub(b"", data))
    return data


def answer(result):
    """What is compared: stderr is each program's own."""
    status, out, files = result[:3]
    return (status, by_design(out),
            {name: by_design(data) for name, data in files.items()})


def digest(result):
    return hashlib.sha256(repr(answer(result)).encode()).hexdigest()[:10]


class Oracle:
    """cmd/pprof, each answer kept on disk: a list of different results, the
    first one first, and how often it was asked."""

    def __init__(self, path, folder, store):
        self.path, self.folder = path, folder
        with open(path, "rb") as f:
            self.id = hashlib.sha256(f.read()).hexdigest()
        self.db = sqlite3.connect(store, check_same_thread=False,
                                  isolation_level=None, timeout=300)
        self.db.execute("create table if not exists answers"
                        "(key text primary key, asked int, results blob)")
        self.lock = threading.Lock()

    def key(self, case):
        parts = [self.id, case.line()]
        parts += [self.folder.hashes.get(n, "") for n in case.profiles()]
        return hashlib.sha256("\0".join(parts).encode(
            "utf-8", "surrogateescape")).hexdigest()

    def ask(self, case, times):
        """The different answers of so many runs."""
        key = self.key(case)
        with self.lock:
            row = self.db.execute("select asked, results from answers "
                                  "where key = ?", (key,)).fetchone()
        asked, results = (row[0], pickle.loads(zlib.decompress(row[1]))) \
            if row else (0, [])
        if asked >= times:
            return results
        while asked < times:
            result = self.folder.run([self.path], case)
            if answer(result) not in [answer(r) for r in results]:
                results.append(result)
            asked += 1
        with self.lock:
            self.db.execute("replace into answers values (?, ?, ?)",
                            (key, asked, zlib.compress(pickle.dumps(results))))
        return results
