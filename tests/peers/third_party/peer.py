"""pysaml2 as an identity provider with a page of its own; `peer` runs it.

    peer.py DIR metadata     what `fedsim up --idp` reads
    peer.py DIR sign-in      inside `fedsim up`: serves, and walks sign-ins
"""

import base64
import http.server
import os
import pathlib
import shutil
import ssl
import sys
import threading
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))
from saml2 import BINDING_HTTP_POST, BINDING_HTTP_REDIRECT
from saml2.config import IdPConfig
from saml2.metadata import entity_descriptor
from saml2.saml import NAMEID_FORMAT_UNSPECIFIED, NameID
from saml2.server import Server
from saml2.xmldsig import DIGEST_SHA256, SIG_RSA_SHA256

from browser import Browser, wants

ENTITY, SSO = "https://idp.test/metadata", "https://idp.test/sso"
folder, step = pathlib.Path(sys.argv[1]), sys.argv[2]


def settings(**more):
    idp = {
        "endpoints": {"single_sign_on_service": [(SSO, BINDING_HTTP_REDIRECT)]},
        "policy": {"default": {"lifetime": {"minutes": 5}}},
        # Access signs its requests; only such are answered.
        "want_authn_requests_signed": True,
    }
    keys = {"key_file": str(folder / "saml.key"), "cert_file": str(folder / "saml.pem")}
    common = {"entityid": ENTITY, "service": {"idp": idp}, "xmlsec_binary": shutil.which("xmlsec1")}
    return IdPConfig().load({**common, **keys, **more})


class Page(http.server.BaseHTTPRequestHandler):
    """Signs in whoever comes, as the person that `who` names."""

    who = "alice@acme.test"
    server_side = None

    def do_GET(self):
        query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(self.path).query))
        server = Page.server_side
        asked = server.parse_authn_request(
            query["SAMLRequest"], BINDING_HTTP_REDIRECT, query.get("RelayState"), query.get("SigAlg"), query.get("Signature")
        )
        arguments = server.response_args(asked.message, [BINDING_HTTP_POST])
        response = server.create_authn_response(
            identity={},
            userid=Page.who,
            name_id=NameID(format=NAMEID_FORMAT_UNSPECIFIED, text=Page.who),
            authn={"class_ref": "urn:oasis:names:tc:SAML:2.0:ac:classes:Password", "authn_auth": ENTITY},
            sign_response=True,
            sign_assertion=True,
            sign_alg=SIG_RSA_SHA256,
            digest_alg=DIGEST_SHA256,
            **arguments,
        )
        form = server.apply_binding(
            BINDING_HTTP_POST, str(response), arguments["destination"], query.get("RelayState"), response=True
        )
        text = form["data"].encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_):
        pass


def serve():
    Page.server_side = Server(config=settings(metadata={"local": [os.environ["FEDSIM_ACCESS_SP_METADATA"]]}))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(folder / "tls.pem", folder / "tls.key")
    server.socket = tls.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_address[1]


def sign_in():
    port = serve()

    def tab():
        return Browser("alices-iphone", hosts={"idp.test": f"127.0.0.1:{port}"}, trust=[folder / "tls.pem"])

    def to_access(action):
        return "/SAAS/auth/saml/response" in action

    app = os.environ["FEDSIM_APP_SALESFORCE_URL"] + "/"
    browser = tab()
    held = browser.open(app, to_access)
    wants("pysaml2 answers Access's signed request", to_access(held.form.action or ""), held)
    stranger = tab()
    stranger.open(app, to_access)
    refused = stranger.go_on(stranger.submit(held))
    wants("Access refuses an answer to another request", "saml/in-response-to" in refused.body, refused)
    xml = base64.b64decode(held.form.fields["SAMLResponse"])
    assert b"alice@acme.test" in xml
    forged = base64.b64encode(xml.replace(b"alice@acme.test", b"bob@acme.test")).decode()
    refused = browser.go_on(browser.submit(held, SAMLResponse=forged))
    wants("and a forged one", "saml/signature-invalid" in refused.body, refused)
    home = browser.go_on(browser.submit(held))
    wants("the right one signs alice in at Access, Okta and the app", home.page == "app/home" and "alice@acme.test" in home.text, home)
    Page.who = "mallory@acme.test"
    unknown = tab().open(app)
    wants("somebody whom Access does not know is not let in", unknown.page != "app/home", unknown)
    print("peer ran: pysaml2 before Access")


if step == "metadata":
    print(entity_descriptor(settings()))
else:
    sign_in()
