"""Chromium through chromedriver's plain HTTP interface (WebDriver); run by `peer` inside `fedsim up`."""

import base64
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))
from browser import of_device, wants

shots = pathlib.Path(sys.argv[1])
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
FLAGS = """--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking
 --disable-component-update --disable-sync --disable-dev-shm-usage --window-size=420,800""".split()


def run(*command, **more):
    subprocess.run(command, check=True, capture_output=True, **more)


def nss(home, device):
    """A certificate store as a managed phone has it: the web authority, and the device's own key."""
    store = home / ".pki/nssdb"
    store.mkdir(parents=True)
    at = f"sql:{store}"
    run("certutil", "-N", "-d", at, "--empty-password")
    run("certutil", "-A", "-d", at, "-n", "web", "-t", "C,,", "-i", os.environ["FEDSIM_CA"])
    if of_device(device, "CERT"):
        pair = ["-in", of_device(device, "CERT"), "-inkey", of_device(device, "KEY")]
        run("openssl", "pkcs12", "-export", *pair, "-name", device, "-passout", "pass:", "-out", str(home / "device.p12"))
        run("pk12util", "-i", str(home / "device.p12"), "-d", at, "-W", "")


class Driver:
    """chromedriver with one session of a device's browser."""

    def __init__(self, device):
        self.home = pathlib.Path(tempfile.mkdtemp())
        nss(self.home, device)
        environment = {**os.environ, "HOME": str(self.home)}
        command = [shutil.which("chromedriver"), "--port=0"]
        self.process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        for line in self.process.stdout:
            if found := re.search(r"started successfully on port (\d+)", line):
                self.base = f"http://127.0.0.1:{found[1]}"
                break
        else:
            sys.exit("chromedriver does not start")
        arguments = FLAGS + [
            f"--user-agent={of_device(device, 'AGENT')}",
            f"--host-resolver-rules={os.environ['FEDSIM_CHROMIUM_RULES']}",
            f"--user-data-dir={self.home}/profile",
        ]
        options = {"args": arguments, "binary": shutil.which("chromium")}
        wish = {"capabilities": {"alwaysMatch": {"browserName": "chrome", "goog:chromeOptions": options}}}
        self.session = f"/session/{self.call('POST', '/session', wish)['sessionId']}"

    def call(self, method, path, body=None):
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(self.base + path, data, {"Content-Type": "application/json"}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            raise SystemExit(f"chromedriver: {path}: {error.read().decode()[:600]}") from None

    def open(self, url):
        self.call("POST", f"{self.session}/url", {"url": url})

    def script(self, text, *arguments):
        return self.call("POST", f"{self.session}/execute/sync", {"script": text, "args": arguments})

    def seen(self):
        """What a person has before her once the pages that submit themselves are through."""
        page = """const main = document.querySelector('main'), form = document.querySelector('form');
            return window.left || document.readyState != 'complete' || (form && form.hasAttribute('data-auto')) ? null :
                [main ? main.dataset.page || '' : '', document.body.innerText, location.href];"""
        until = time.monotonic() + 30
        while time.monotonic() < until:
            try:
                if told := self.script(page):
                    return told
            except SystemExit as gone:  # a page that was just leaving
                if "javascript error" not in str(gone) and "stale" not in str(gone):
                    raise
        raise SystemExit("no page comes to rest")

    def type_and_send(self, **fields):
        self.script("window.left = true")  # gone with this page
        for name, text in fields.items():
            found = self.call("POST", f"{self.session}/element", {"using": "css selector", "value": f"input[name={name}]"})
            self.call("POST", f"{self.session}/element/{found[ELEMENT]}/value", {"text": text})
        button = self.call("POST", f"{self.session}/element", {"using": "css selector", "value": "form button"})
        self.call("POST", f"{self.session}/element/{button[ELEMENT]}/click", {})

    def shoot(self, name):
        png = base64.b64decode(self.call("GET", f"{self.session}/screenshot"))
        (shots / f"{name}.png").write_bytes(png)
        return len(png)

    def end(self):
        try:
            self.call("DELETE", self.session)
        finally:
            self.process.terminate()
            self.process.wait()
            shutil.rmtree(self.home, ignore_errors=True)


def managed():
    browser = Driver("alices-iphone")
    try:
        browser.open(os.environ["FEDSIM_APP_SALESFORCE_URL"] + "/")
        seen = browser.seen()
        browser.shoot("managed")
        wants("Chromium shows the certificate of its store and is signed in", seen[0] == "app/home", seen)
        wants("as alice, on a trusted device", "alice@acme.test" in seen[1] and "NOT_TRUSTED" not in seen[1] and "TRUSTED" in seen[1], seen)
    finally:
        browser.end()


def unmanaged():
    browser = Driver("bobs-iphone")
    try:
        browser.open(os.environ["FEDSIM_APP_SALESFORCE_URL"] + "/")
        seen = browser.seen()
        browser.shoot("unmanaged-sign-in")
        wants("without a certificate Okta asks who it is", seen[0] == "okta/sign-in", seen)
        browser.type_and_send(username="bob@acme.test", password="wrong")
        seen = browser.seen()
        wants("a wrong password is told on the page", seen[0] == "okta/sign-in" and "Unable to sign in" in seen[1], seen)
        browser.type_and_send(username="bob@acme.test", password="battery staple")
        seen = browser.seen()
        browser.shoot("unmanaged-enrolment")
        wants("and the right one leads to the enrolment page", seen[0] == "okta/enrolment", seen)
    finally:
        browser.end()


managed()
unmanaged()
print("peer ran: Chromium with the device's certificate")
