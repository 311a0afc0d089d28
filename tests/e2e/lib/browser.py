# SPDX-License-Identifier: Apache-2.0
"""A headless Chromium that a test drives, over the DevTools protocol on a pipe
(no port, no package). Everything waits for an answer of the browser's.

    with Browser() as b:
        page = b.open("/tmp/x.html")
        page.click(".f[data-name='main.main']")
        page.eval("document.title")
"""
import json
import os
import shutil
import subprocess
import tempfile

NAMES = ("chromium", "chromium-browser", "google-chrome")
KEYS = {"Enter": 13, "Escape": 27, "ArrowLeft": 37, "ArrowUp": 38,
        "ArrowRight": 39, "ArrowDown": 40}


class Broken(Exception):
    """The browser said no, or is gone."""


class Browser:
    def __enter__(self):
        program = next(filter(None, map(shutil.which, NAMES)), None)
        if program is None:
            raise Broken("no Chromium: install the package chromium")
        self.home = tempfile.mkdtemp(prefix="lastgasp-browser-")
        ours_read, theirs_write = os.pipe()
        theirs_read, ours_write = os.pipe()

        def give():
            # The browser reads from 3 and writes to 4.
            spare_read = os.dup(theirs_read)
            spare_write = os.dup(theirs_write)
            os.dup2(spare_read, 3)
            os.dup2(spare_write, 4)

        self.process = subprocess.Popen(
            [program, "--headless=new", "--no-sandbox", "--disable-gpu",
             "--disable-dev-shm-usage", "--no-first-run",
             "--remote-debugging-pipe", "--window-size=1280,900",
             "--user-data-dir=" + self.home, "about:blank"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, preexec_fn=give, close_fds=False)
        os.close(theirs_read)
        os.close(theirs_write)
        self.read_fd, self.write_fd = ours_read, ours_write
        self.pending, self.number, self.events = b"", 0, []
        return self

    def __exit__(self, *_):
        try:
            self.call("Browser.close")
        except (Broken, OSError):
            self.process.kill()
        self.process.wait()
        os.close(self.read_fd)
        os.close(self.write_fd)
        shutil.rmtree(self.home, ignore_errors=True)

    def receive(self):
        while b"\0" not in self.pending:
            more = os.read(self.read_fd, 1 << 16)
            if not more:
                raise Broken("the browser ended")
            self.pending += more
        text, self.pending = self.pending.split(b"\0", 1)
        return json.loads(text)

    def call(self, method, session=None, **params):
        self.number += 1
        message = {"id": self.number, "method": method, "params": params}
        if session:
            message["sessionId"] = session
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self.write_fd, data):]
        while True:
            answer = self.receive()
            if answer.get("id") == self.number:
                if "error" in answer:
                    raise Broken("%s: %s" % (method, answer["error"]))
                return answer["result"]
            self.events.append(answer)

    def wait_for(self, session, method):
        while True:
            for i, event in enumerate(self.events):
                if (event.get("method") == method
                        and event.get("sessionId") == session):
                    return self.events.pop(i)["params"]
            self.events.append(self.receive())

    def open(self, path):
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        session = self.call("Target.attachToTarget", targetId=target,
                            flatten=True)["sessionId"]
        page = Page(self, session)
        page.call("Page.enable")
        page.call("Runtime.enable")
        page.call("Emulation.setDeviceMetricsOverride", width=1280, height=900,
                  deviceScaleFactor=1, mobile=False)
        self.events.clear()
        page.call("Page.navigate", url="file://" + os.path.abspath(path))
        self.wait_for(session, "Page.loadEventFired")
        return page


class Page:
    def __init__(self, browser, session):
        self.browser, self.session = browser, session

    def call(self, method, **params):
        return self.browser.call(method, self.session, **params)

    def errors(self):
        """Exceptions that scripts of the page have thrown so far."""
        self.eval("0")
        return [e["params"]["exceptionDetails"]["text"]
                for e in self.browser.events
                if e.get("method") == "Runtime.exceptionThrown"]

    def eval(self, expression):
        result = self.call("Runtime.evaluate", expression=expression,
                           returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in result:
            raise Broken("%s: %s" % (expression, result["exceptionDetails"]))
        return result["result"].get("value")

    def box(self, selector):
        box = self.eval(
            "(() => { const e = document.querySelector(%s); if (!e) return null;"
            " e.scrollIntoView({block: 'nearest'});"
            " const r = e.getBoundingClientRect();"
            " return [r.x, r.y, r.width, r.height]; })()" % json.dumps(selector))
        if box is None:
            raise Broken("nothing on the page is %s" % selector)
        return box

    def click(self, selector, button="left"):
        x, y, w, h = self.box(selector)
        for kind in ("mouseMoved", "mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=x + w / 2,
                      y=y + h / 2, button=button, clickCount=1)

    def point_at(self, selector):
        x, y, w, h = self.box(selector)
        self.call("Input.dispatchMouseEvent", type="mouseMoved", x=x + w / 2,
                  y=y + h / 2)

    def key(self, key):
        code = KEYS.get(key, ord(key.upper()[0]))
        text = {} if key in KEYS and key != "Enter" else {
            "text": "\r" if key == "Enter" else key}
        self.call("Input.dispatchKeyEvent", type="keyDown", key=key,
                  windowsVirtualKeyCode=code, **text)
        self.call("Input.dispatchKeyEvent", type="keyUp", key=key,
                  windowsVirtualKeyCode=code)

    def write(self, text):
        self.call("Input.insertText", text=text)
