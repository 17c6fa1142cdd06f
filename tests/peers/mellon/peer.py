"""Signs in to Apache with mod_auth_mellon behind fedsim's Okta; run by `peer` inside `fedsim up`."""

import base64
import os
import pathlib
import shutil
import socket
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))
from browser import Browser, wants

APP = "https://crm.test/"
here, folder = pathlib.Path(__file__).parent, pathlib.Path(sys.argv[1])


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def set_up():
    (folder / "htdocs").mkdir()
    (folder / "htdocs/index.html").write_text("<main>The CRM.</main>")
    shutil.copy(os.environ["FEDSIM_APP_SALESFORCE_METADATA"], folder / "okta.xml")
    make = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=crm.test"
    files = ["-addext", "subjectAltName=DNS:crm.test", "-keyout", "tls.key", "-out", "tls.pem"]
    subprocess.run(make.split() + files, cwd=folder, check=True, capture_output=True)
    shutil.chown(folder / "sp.key", group="www-data") if os.getuid() == 0 else None
    os.chmod(folder / "sp.key", 0o640)


def apache(port):
    modules = next(p for p in ("/usr/lib/apache2/modules", "/usr/lib64/httpd/modules") if os.path.isdir(p))
    environment = {**os.environ, "DIR": str(folder), "PORT": str(port), "MODULES": modules}
    command = ["apache2", "-d", str(folder), "-f", str(here.resolve() / "httpd.conf"), "-DFOREGROUND"]
    server = subprocess.Popen(command, env=environment)
    for _ in range(500):
        if server.poll() is not None:
            sys.exit(f"Apache does not start: {(folder / 'error.log').read_text()[-2000:]}")
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return server
        except OSError:
            try:
                server.wait(timeout=0.02)
            except subprocess.TimeoutExpired:
                pass
    sys.exit("Apache does not listen")


def walk(port):
    def tab(device):
        return Browser(device, hosts={"crm.test": f"127.0.0.1:{port}"}, trust=[folder / "tls.pem"])

    def to_the_app(action):
        return action.startswith(APP)

    browser = tab("alices-iphone")
    held = browser.open(APP, to_the_app)
    wants("Okta answers Apache's request with a response for its consumer", to_the_app(held.form.action or ""), held)
    stranger = tab("alices-iphone").submit(held)
    wants("another browser cannot use that response", stranger.status >= 400, stranger)
    another = tab("alices-iphone")
    page = another.open(APP, to_the_app)
    xml = base64.b64decode(page.form.fields["SAMLResponse"]).replace(b"alice@acme.test", b"mallory@acme.test")
    forged = another.submit(page, SAMLResponse=base64.b64encode(xml).decode())
    wants("Apache refuses a forged one", forged.status >= 400, forged)
    home = browser.go_on(browser.submit(held))
    wants("the phone's own browser is signed in", (home.status, home.text) == (200, "The CRM."), home)
    wants("as alice", home.headers["X-Signed-In"] == "alice@acme.test", home.headers)
    wants("on a trusted device", home.headers["X-Device-Trusted"] == "TRUSTED", home.headers)
    again = browser.submit(held)
    wants("a response is good once", again.status >= 400, again)
    unmanaged = tab("bobs-iphone")
    page = unmanaged.open(APP)
    wants("an unmanaged phone has to sign in at Okta", page.page == "okta/sign-in", page)
    page = unmanaged.go_on(unmanaged.submit(page, username="bob@acme.test", password="battery staple"))
    wants("and is told to enrol", page.page == "okta/enrolment", page)


set_up()
port = free_port()
server = apache(port)
try:
    walk(port)
finally:
    server.terminate()
    server.wait()
print("peer ran: mod_auth_mellon behind our Okta")
