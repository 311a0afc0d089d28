# SPDX-License-Identifier: Apache-2.0
"""A server of profiles, good and bad ones, and of symbols for addresses.
{HTTP} in a case's arguments stands for its host and port."""
import http.server
import os
import re
import threading


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    root = "."

    def log_message(self, *_):
        pass

    def answer(self, status, body, headers=()):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        path = self.path.split("?")[0]
        name = os.path.basename(path)
        special = {
            "profile": "cpu.pb", "heap": "heap.pb", "bare": "no-functions.pb",
            "goroutine": "count-goroutine.txt", "cut": "bad-cut-150.pb",
        }
        if name == "moved":
            return self.answer(302, b"", [("Location", "/debug/pprof/heap")])
        if name == "refused":
            return self.answer(500, b"profiling is off\n", [
                ("X-Go-Pprof", "1"),
                ("Content-Type", "text/plain; charset=utf-8")])
        file = os.path.join(self.root, special.get(name, name))
        if name == "seconds":  # tells what was asked for
            file = os.path.join(self.root, "cpu.pb" if "seconds=7" in self.path
                                else "heap.pb")
        if not name or not os.path.isfile(file):
            return self.answer(404, b"404 page not found\n")
        with open(file, "rb") as f:
            return self.answer(200, f.read())

    def do_POST(self):
        size = int(self.headers.get("Content-Length", "0"))
        asked = re.findall(rb"0x[0-9a-f]+", self.rfile.read(size))
        if not self.path.startswith("/debug/pprof/symbol"):
            return self.answer(404, b"no symbols\n")
        return self.answer(200, b"num_symbols: 1\n" + b"".join(
            b"%s\tsymbol.at.%s\n" % (a, a) for a in asked))


class Server(http.server.ThreadingHTTPServer):
    def handle_error(self, *_):
        """A client that hangs up is none of ours."""


def start(root):
    """Serves the profiles in root until the process ends; its address."""
    Handler.root = root
    server = Server(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return "127.0.0.1:%d" % server.server_port
