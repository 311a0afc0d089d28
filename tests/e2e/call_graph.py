#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Opens call graphs (-svg) in a real browser: what is drawn can be read (text
inside its box, boxes and labels apart, lines beside them), its numbers are
those of `lastgasp pprof -top`, and it zooms, moves, lights up and finds.

    call_graph.py LASTGASP CASE      cases: own, graphviz
"""
import os
import random
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "lib"))
from browser import Browser  # noqa: E402

# Boxes and texts as the browser lays them out, at their own size: fonts of less
# than a pixel have no shape.
READ = """(() => {
  const svg = document.documentElement, all = svg.viewBox.baseVal;
  svg.setAttribute('width', all.width);
  svg.setAttribute('height', all.height);
  const box = e => { const r = e.getBBox(); return [r.x, r.y, r.width, r.height] };
  const drawn = {
    nodes: [...document.querySelectorAll('g.node')].map(g => ({
      key: g.dataset.key, title: g.querySelector('title').textContent,
      rect: box(g.querySelector('rect')), text: box(g.querySelector('text'))})),
    edges: [...document.querySelectorAll('g.edge')].map(g => {
      const line = g.querySelector('path'), length = line.getTotalLength();
      const points = [];
      for (let i = 0; i <= 200; i++) {
        const p = line.getPointAtLength(length * i / 200);
        points.push([p.x, p.y]);
      }
      return {key: g.dataset.key, label: box(g.querySelector('text')), points};
    })};
  svg.setAttribute('width', '100%');
  svg.setAttribute('height', '100%');
  return drawn;
})()"""


def same(got, want, what):
    if got != want:
        raise SystemExit("%s: %r instead of %r" % (what, got, want))


def stacks():
    """Random walks through calls between functions with names of all lengths;
    some calls lead back."""
    rng = random.Random(20261121)
    names = ["main.main"] + [
        "example.com/shop/%s.(*%s).%s%d" % (
            rng.choice(("cart", "store", "checkout")),
            rng.choice(("Server", "T", "VeryLongTypeNameOfAGenerator")),
            rng.choice(("Get", "Do", "ProcessAllTheItems")), i)
        for i in range(100)]
    calls = {name: [names[min(max(0, i + rng.randrange(-4, 20)), 100)]
                    for _ in range(3)] for i, name in enumerate(names)}
    lines = []
    for _ in range(400):
        stack = ["main.main"]
        for _ in range(rng.randrange(2, 16)):
            stack.append(rng.choice(calls[stack[-1]]))
        lines.append("%s %d" % (";".join(stack), rng.randrange(1, 1000)))
    return "\n".join(lines) + "\n"


class Case:
    def __init__(self, lastgasp, folder, path):
        self.lastgasp, self.folder, self.path = lastgasp, folder, path
        self.profile = os.path.join(folder, "calls.folded")
        with open(self.profile, "w") as f:
            f.write(stacks())

    def pprof(self, *args):
        return subprocess.run(
            [self.lastgasp, "pprof", *args, self.profile], check=True,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            env={**os.environ, "PATH": self.path}).stdout.decode()

    def svg(self):
        out = os.path.join(self.folder, "calls.svg")
        with open(out, "w") as f:
            f.write(self.pprof("-svg"))
        return out

    def cum(self):
        """cum by function, as -top has it."""
        rows = {}
        for line in self.pprof("-top", "-nodefraction=0").splitlines():
            m = re.match(r" *\S+ +\S+% +\S+% +(\S+) +\S+%  (.+)", line)
            if m:
                rows[m[2].replace(" (inline)", "")] = m[1]
        return rows


def overlap(a, b, slack=0.0):
    return (a[0] < b[0] + b[2] - slack and b[0] < a[0] + a[2] - slack and
            a[1] < b[1] + b[3] - slack and b[1] < a[1] + a[3] - slack)


def inside(inner, outer):
    return (inner[0] >= outer[0] and inner[1] >= outer[1] and
            inner[0] + inner[2] <= outer[0] + outer[2] and
            inner[1] + inner[3] <= outer[1] + outer[3])


def readable(drawn):
    nodes, edges = drawn["nodes"], drawn["edges"]
    for i, n in enumerate(nodes):
        if not inside(n["text"], n["rect"]):
            raise SystemExit("text outside its box: %r" % n)
        for other in nodes[i + 1:]:
            if overlap(n["rect"], other["rect"]):
                raise SystemExit("boxes overlap: %r %r" % (n, other))
    for i, e in enumerate(edges):
        for n in nodes:
            if overlap(e["label"], n["rect"]):
                raise SystemExit("a label on a box: %r %r" % (e["key"], n))
            x, y, w, h = n["rect"]
            if n["key"] in e["key"].split("->"):
                continue
            for px, py in e["points"]:
                if x < px < x + w and y < py < y + h:
                    raise SystemExit("%s crosses %r" % (e["key"], n))
        for other in edges[i + 1:]:
            if overlap(e["label"], other["label"], 1):
                raise SystemExit("labels overlap: %s %s" % (e["key"],
                                                            other["key"]))


def view(page):
    return [round(float(n), 2) for n in page.eval(
        "document.documentElement.getAttribute('viewBox')").split()]


def wheel(page, by):
    page.call("Input.dispatchMouseEvent", type="mouseWheel", x=300, y=300,
              deltaX=0, deltaY=by)


def moves(page):
    """Wheel, arrows, 0 and dragging."""
    home = view(page)
    wheel(page, -400)
    page.eval("new Promise(r => requestAnimationFrame(() => r()))")
    near = view(page)
    if not near[2] < home[2] * 0.7:
        raise SystemExit("the wheel does not zoom: %r %r" % (home, near))
    page.key("ArrowRight")
    if not view(page)[0] > near[0]:
        raise SystemExit("an arrow does not move")
    page.key("0")
    same(view(page), home, "the whole picture")
    for kind, x in (("mousePressed", 200), ("mouseMoved", 260),
                    ("mouseReleased", 260)):
        page.call("Input.dispatchMouseEvent", type=kind, x=x, y=5,
                  button="left", buttons=1, clickCount=1)
    if not view(page)[0] < home[0]:
        raise SystemExit("dragging does not move")
    page.key("0")


def lights_up(page, node, degree):
    """A node lights up with its neighbours; a click keeps that."""
    page.click(node)
    page.call("Input.dispatchMouseEvent", type="mouseMoved", x=1, y=1)
    same(page.eval("document.querySelectorAll('g.edge.on').length"), degree,
         "lit edges")
    page.key("Escape")
    same(page.eval("document.querySelectorAll('.on').length"), 0,
         "lit after Escape")


def finds(page, pattern, count):
    page.eval("window.prompt = () => %r" % pattern)
    page.key("/")
    same(page.eval("document.querySelectorAll('g.node.on').length"), count,
         "found")
    page.key("Escape")


def own(lastgasp, folder, browser):
    case = Case(lastgasp, folder, folder)  # no dot on this PATH
    page = browser.open(case.svg())
    drawn = page.eval(READ)
    same(len(drawn["nodes"]), 80, "boxes")
    readable(drawn)
    cum = case.cum()
    for n in drawn["nodes"]:
        name, _, value = n["title"].rpartition(" (")
        same(value, cum[name] + ")", "cum of " + name)
    moves(page)
    same(page.eval("document.querySelectorAll('[src],[href],link').length"), 0,
         "things that the picture loads")
    degree = sum("N1" in e["key"].split("->") for e in drawn["edges"])
    lights_up(page, "g.node[data-key=N1]", degree)
    finds(page, r"\(\*T\)", sum("(*T)" in n["title"] for n in drawn["nodes"]))
    same(page.errors(), [], "exceptions")


def graphviz(lastgasp, folder, browser):
    case = Case(lastgasp, folder, os.environ["PATH"])
    page = browser.open(case.svg())
    same(page.eval("document.querySelectorAll('g.node').length") - 1, 80,
         "boxes without the legend")
    moves(page)
    degree = page.eval(
        "[...document.querySelectorAll('g.edge > title')].filter(t =>"
        " t.textContent.split('->').includes('N1')).length")
    # Ids are no help: Graphviz gives the legend the one that pprof gives N1.
    page.eval("[...document.querySelectorAll('g.node')].find(g =>"
              " g.querySelector('title').textContent === 'N1').dataset.n = 1")
    lights_up(page, "g.node[data-n]", degree)
    finds(page, r"main\.main", 1)
    same(page.errors(), [], "exceptions")


def main():
    with tempfile.TemporaryDirectory() as folder, Browser() as browser:
        {"own": own, "graphviz": graphviz}[sys.argv[2]](
            os.path.abspath(sys.argv[1]), folder, browser)


if __name__ == "__main__":
    main()
