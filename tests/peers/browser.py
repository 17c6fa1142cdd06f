"""A small browser for peers: redirects, cookies per host, forms, auto-posted pages, a device's certificate.

It finds the world in the environment that `fedsim up -- COMMAND` gives. Hosts of a peer's own are added with `hosts`,
their authorities with `trust`.
"""

import html.parser
import http.client
import http.cookies
import os
import socket
import ssl
import urllib.parse


def of_device(name, part):
    return os.environ.get(f"FEDSIM_DEVICE_{name.upper().replace('-', '_')}_{part}")


class Form(html.parser.HTMLParser):
    """The first form of a page, the page's name, whether a browser submits it at once, and the text."""

    def __init__(self, text):
        super().__init__()
        self.action, self.fields, self.auto, self.page, self.text = None, {}, False, "", []
        self.onload = False
        self.feed(text)
        self.text = " ".join(" ".join(self.text).split())

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if tag == "body" and "submit" in attributes.get("onload", ""):
            self.onload = True
        elif tag == "main":
            self.page = attributes.get("data-page", "")
        elif tag == "form" and self.action is None:
            self.action, self.auto = attributes.get("action", ""), self.onload or "data-auto" in attributes
        elif tag == "input" and "name" in attributes:
            self.fields[attributes["name"]] = attributes.get("value", "")

    def handle_data(self, data):
        self.text.append(data)


class Seen:
    def __init__(self, url, status, headers, body):
        self.url, self.status, self.headers = url, status, headers
        self.body = body.decode("utf-8", "replace")
        self.form = Form(self.body)
        self.page, self.text = self.form.page, self.form.text

    def __repr__(self):
        return f"{self.status} {self.url[:100]} {self.page}: {self.text[:300]}"


class Browser:
    """One tab on a device of the world; `certificate` is a pair of files, the device's first profile unless said."""

    def __init__(self, device, certificate=None, hosts=None, trust=()):
        self.agent = of_device(device, "AGENT")
        if certificate is None and of_device(device, "CERT"):
            certificate = (of_device(device, "CERT"), of_device(device, "KEY"))
        self.tls = ssl.create_default_context(cafile=os.environ["FEDSIM_CA"])
        for authority in trust:
            self.tls.load_verify_locations(authority)
        if certificate:
            # Shown where the server asks, which in this world only Access's certificate hosts do.
            self.tls.load_cert_chain(*certificate)
        self.hosts = dict(line.split(":443:", 1) for line in os.environ["FEDSIM_CONNECT_TO"].split())
        self.hosts.update(hosts or {})
        self.cookies = {}

    def request(self, method, url, body=None):
        """One exchange, without following anything."""
        parts = urllib.parse.urlsplit(url)
        address, port = self.hosts[parts.hostname].split(":")
        connection = http.client.HTTPSConnection(parts.hostname, timeout=20, context=self.tls)
        raw = socket.create_connection((address, int(port)), timeout=20)
        connection.sock = self.tls.wrap_socket(raw, server_hostname=parts.hostname)
        headers = {"User-Agent": self.agent, "Accept": "text/html"}
        jar = self.cookies.setdefault(parts.hostname, {})
        if jar:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in jar.items())
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        path = urllib.parse.urlunsplit(("", "", parts.path or "/", parts.query, ""))
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        for line in answer.headers.get_all("Set-Cookie") or []:
            for name, morsel in http.cookies.SimpleCookie(line).items():
                jar[name] = morsel.value
        seen = Seen(url, answer.status, answer.headers, answer.read())
        connection.close()
        return seen

    def open(self, url, hold=lambda form_action: False):
        """Follows redirects and submits what a browser submits at once, but not to an address that `hold` names."""
        return self.go_on(self.request("GET", url), hold)

    def go_on(self, seen, hold=lambda form_action: False):
        for _ in range(20):
            if seen.status in (301, 302, 303, 307):
                seen = self.request("GET", urllib.parse.urljoin(seen.url, seen.headers["Location"]))
            elif seen.form.auto and not hold(seen.form.action):
                seen = self.submit(seen)
            else:
                return seen
        raise SystemExit(f"this goes round in circles: {seen}")

    def submit(self, seen, **typed):
        """Posts the page's form with what a person typed; does not go on from there."""
        return self.post(urllib.parse.urljoin(seen.url, seen.form.action), {**seen.form.fields, **typed})

    def post(self, url, fields):
        return self.request("POST", url, urllib.parse.urlencode(fields))


def wants(told, condition, seen):
    """Says what holds, or ends with what was seen instead."""
    if not condition:
        raise SystemExit(f"does not hold: {told}\n{seen}")
    print(f"  {told}", flush=True)
