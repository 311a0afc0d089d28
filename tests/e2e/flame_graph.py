#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Opens flame graphs in a real browser, clicks, searches, and reads the numbers
off them: they are those of `lastgasp pprof -top` on the same profile.

    flame_graph.py LASTGASP CASE      cases: page, difference, picture
"""
import os
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "lib"))
from browser import Browser  # noqa: E402

STACKS = """main.main;shop/api.list;shop/store.All;encoding/json.Unmarshal 600
main.main;shop/api.list;shop/store.All 200
main.main;shop/api.list;fmt.Sprintf 30
main.main;shop/cache.Put;shop/store.All 90
main.main;shop/api.quote 20
runtime.gcBgMarkWorker 60
"""
BEFORE = """main.main;shop/api.list;shop/store.All;encoding/json.Unmarshal 100
main.main;shop/api.list;shop/store.All 200
main.main;shop/api.list;fmt.Sprintf 130
main.main;shop/old.Handler 50
runtime.gcBgMarkWorker 60
"""


def same(got, want, what):
    if got != want:
        raise SystemExit("%s: %r instead of %r" % (what, got, want))


class Case:
    def __init__(self, lastgasp, folder):
        self.lastgasp, self.folder = lastgasp, folder
        self.now = self.put("now.folded", STACKS)
        self.before = self.put("before.folded", BEFORE)

    def put(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w") as f:
            f.write(text)
        return path

    def pprof(self, *args):
        return subprocess.run([self.lastgasp, "pprof", *args], check=True,
                              stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL).stdout.decode()

    def flame(self, name, *args):
        path = os.path.join(self.folder, name)
        self.pprof("-flame", "-output=" + path, *args)
        return path

    def top(self, *args):
        """cum by function, as -top has it."""
        rows = {}
        for line in self.pprof("-top", "-nodecount=0", "-nodefraction=0",
                               *args).splitlines():
            m = re.match(r" *(\S+) +\S+% +\S+% +(\S+) +\S+%  (.+)", line)
            if m:
                rows[m[3].replace(" (inline)", "")] = (m[1], m[2])
        return rows


def frame(name):
    return ".f[data-name=%s]" % ('"' + name + '"')


def facts(page, name):
    page.point_at(frame(name))
    return page.eval("document.getElementById('detail').textContent")


def page(case, browser):
    top = case.top(case.now)
    p = browser.open(case.flame("flame.html", case.now))
    same(p.eval("document.querySelectorAll('[src],link').length"), 0,
         "things that the page loads")
    # Every function that stands once in the graph says what top says.
    for name in ("main.main", "shop/api.list", "encoding/json.Unmarshal",
                 "shop/cache.Put", "fmt.Sprintf"):
        text = facts(p, name)
        if "\n%s (" % top[name][1] not in text:
            raise SystemExit("%s: %r does not say %s" % (name, text, top[name]))
    # Widths are shares.
    all_wide = p.box(frame("all"))[2]
    same(round(p.box(frame("shop/api.list"))[2] / all_wide, 2), 0.83,
         "width of shop/api.list")
    # A click zooms: the frame takes the whole width, others leave.
    p.click(frame("shop/api.list"))
    same(round(p.box(frame("shop/api.list"))[2] / all_wide, 3), 1.0,
         "width when zoomed")
    same(p.eval("document.querySelectorAll('%s').length"
                % frame("shop/cache.Put")), 0, "frames beside, when zoomed")
    p.key("Escape")
    same(round(p.box(frame("shop/api.list"))[2] / all_wide, 2), 0.83,
         "width after Escape")
    # Search: what matched, its sum without counting a stack twice.
    p.key("/")
    p.write("store|json")
    same(p.eval("document.getElementById('said').textContent"),
         "matched 890 (89.00%) in 3 frames", "what the search says")
    same(p.eval("document.querySelectorAll('.f.hit').length"), 3, "marked")
    p.key("Escape")
    same(p.eval("document.querySelectorAll('.f.hit').length"), 0,
         "marked after Escape")
    # Sandwich: store.All with both of its callers, and what it calls.
    p.click(frame("shop/store.All"), "right")
    callers = p.eval("[...document.querySelectorAll('#callers .f')]"
                     ".map(e => e.dataset.name).sort().join()")
    same(callers, "main.main,main.main,shop/api.list,shop/cache.Put,"
         "shop/store.All", "callers")
    same(p.eval("document.querySelectorAll('#callees .f').length"), 2, "callees")
    text = p.eval("document.querySelector('#callees .f').title")
    if "\n%s (89.00%%)" % top["shop/store.All"][1] not in text:
        raise SystemExit("sandwich: %r" % text)
    p.key("Escape")
    # The keyboard: down to the widest, to its right neighbour, zoom.
    for key in ("ArrowDown", "ArrowDown", "ArrowRight", "Enter"):
        p.key(key)
    same(p.eval("document.querySelector('.f.at').dataset.name"),
         "shop/cache.Put", "where the keys led")
    p.key("Escape")
    # Turned over: the root is at the bottom.
    root, leaf = p.box(frame("all"))[1], p.box(frame("shop/api.list"))[1]
    p.key("i")
    if not (root < leaf and p.box(frame("all"))[1] >
            p.box(frame("shop/api.list"))[1]):
        raise SystemExit("it does not turn over")
    same(p.errors(), [], "errors of the page")


def difference(case, browser):
    args = ("-diff_base=" + case.before, case.now)
    top = case.top(*args)
    p = browser.open(case.flame("difference.html", *args))
    # 700 more for json, 100 less for Sprintf: as top has them.
    for name, sign in (("encoding/json.Unmarshal", "+"), ("fmt.Sprintf", "")):
        text = facts(p, name)
        if "\n%s%s (" % (sign, top[name][1]) not in text:
            raise SystemExit("%s: %r does not say %s" % (name, text, top[name]))
    same(facts(p, "encoding/json.Unmarshal").split("\n")[1],
         "+500 (92.59%)   now 600   before 100", "growth")
    for name, mark in (("shop/cache.Put", "new"), ("shop/old.Handler", "gone")):
        if not facts(p, name).endswith(mark):
            raise SystemExit("%s is not marked as %s" % (name, mark))
        p.box(frame(name) + "." + mark)

    def hue(name):
        r, g, b = map(int, re.findall(r"\d+", p.eval(
            "getComputedStyle(document.querySelector(%r)).backgroundColor"
            % frame(name)))[:3])
        return "grey" if abs(r - b) < 16 else "orange" if r > b else "blue"
    same([hue(n) for n in ("encoding/json.Unmarshal", "fmt.Sprintf",
                           "runtime.gcBgMarkWorker")],
         ["orange", "blue", "grey"], "colours")
    same(p.eval("document.getElementById('legend').hidden"), False, "legend")
    # Widths: the larger of both sides, so both fit.
    wide = p.box(frame("fmt.Sprintf"))[2]
    same(round(p.box(frame("encoding/json.Unmarshal"))[2] / wide, 1),
         round(600 / 130, 1), "widths")
    same(p.errors(), [], "errors of the page")


def picture(case, browser):
    p = browser.open(case.flame("flame.svg", case.now))
    same(p.eval("document.documentElement.tagName"), "svg", "root element")
    title = ("[...document.querySelectorAll('g.f')].find(g => g.dataset.name "
             "=== %r).querySelector('title').textContent")
    top = case.top(case.now)
    text = p.eval(title % "shop/api.list")
    if "\n%s (83.00%%)" % top["shop/api.list"][1] not in text:
        raise SystemExit("the picture says %r" % text)
    wide = ("Number([...document.querySelectorAll('g.f')].find(g => "
            "g.dataset.name === %r).querySelector('rect')"
            ".getAttribute('width'))")
    same(round(p.eval(wide % "shop/api.list")), 996, "width")
    p.click("g.f[data-name='shop/api.list']")
    same(round(p.eval(wide % "shop/api.list")), 1200, "width when zoomed")
    p.key("Escape")
    same(round(p.eval(wide % "shop/api.list")), 996, "width after Escape")
    same(p.errors(), [], "errors of the picture")


def main(lastgasp, name):
    with tempfile.TemporaryDirectory() as folder, Browser() as browser:
        {"page": page, "difference": difference, "picture": picture}[name](
            Case(lastgasp, folder), browser)


main(*sys.argv[1:])
