#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Opens a page of -weblist in a real browser: its lines and sums are those of
-list, a click and Enter show and hide the code of a line.

    source_page.py PAGE LIST
"""
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "lib"))
from browser import Browser  # noqa: E402

READ = """[...document.querySelectorAll('h2')].map(h => {
  const table = h.nextElementSibling.nextElementSibling.nextElementSibling;
  return [h.textContent, [...table.querySelectorAll('tbody:not(.asm) tr')].map(
    r => [...r.cells].slice(0, 3).map(c => c.textContent))];
})"""
OPEN = "document.querySelectorAll('tbody.asm:not([hidden])').length"
GROW = """[...document.querySelectorAll('tr.live')].find(
  r => r.cells[3].textContent.includes('page())'))"""


def same(got, want, what):
    if got != want:
        raise SystemExit("%s: %r instead of %r" % (what, got, want))


def listed(text):
    """{function: {line: (flat, cum)}} of lines that have samples."""
    found, lines = {}, {}
    for row in text.splitlines():
        head = re.match(r"ROUTINE =+ (.*) in ", row)
        if head:
            lines = found.setdefault(head.group(1), {})
        line = re.match(r" *(\S+) +(\S+) +(\d+):", row)
        if line and line.group(2) != ".":
            lines[line.group(3)] = line.group(2)
    return found


def main():
    with open(sys.argv[2], encoding="utf-8") as f:
        want = listed(f.read())
    with Browser() as browser:
        page = browser.open(sys.argv[1])
        got = {name: {line: cum for line, _, cum in lines if cum != "."}
               for name, lines in page.eval(READ)}
        same(got, want, "lines with samples")
        same(page.eval(OPEN), 0, "code that is open at first")
        page.eval(GROW + ".id = 'grow'; 0")
        page.click("#grow")
        same(page.eval(OPEN), 1, "code that is open after a click")
        code = page.eval("document.getElementById('grow').parentNode"
                         ".nextElementSibling.innerText")
        for part in ("CALL runtime.", "make([]byte, 1<<16)", "grow.go:5"):
            if part not in code:
                raise SystemExit("no %s in\n%s" % (part, code))
        page.eval("document.getElementById('grow').focus(); 0")
        page.key("Enter")
        same(page.eval(OPEN), 0, "code that is open after Enter")
        page.click("#all")
        same(page.eval(OPEN), page.eval(
            "document.querySelectorAll('tr.live').length"), "all code")
        same(page.errors(), [], "errors of the page")


main()
