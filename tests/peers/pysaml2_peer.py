"""pysaml2 as a service provider behind our Okta, and as an identity provider before our app.

    pysaml2_peer.py request CONFIG            -> {"url", "id"}
    pysaml2_peer.py consume CONFIG ID < response (base64)  -> {"name", "attributes"}
    pysaml2_peer.py answer CONFIG < SAMLRequest (as in the query, decoded)  -> response (base64)
"""
import base64
import json
import shutil
import sys

from saml2 import BINDING_HTTP_POST, BINDING_HTTP_REDIRECT
from saml2.client import Saml2Client
from saml2.config import IdPConfig, SPConfig
from saml2.saml import NAMEID_FORMAT_UNSPECIFIED, NameID
from saml2.server import Server
from saml2.xmldsig import DIGEST_SHA256, SIG_RSA_SHA256

step, path = sys.argv[1:3]
with open(path) as file:
    config = json.load(file)
common = {"xmlsec_binary": shutil.which("xmlsec1"), "metadata": {"local": [config["metadata"]]}}


def service_provider():
    sp = {
        "endpoints": {"assertion_consumer_service": [(config["acs"], BINDING_HTTP_POST)]},
        "allow_unsolicited": False,
        "authn_requests_signed": False,
        "want_assertions_signed": True,
        "want_response_signed": True,
    }
    settings = {"entityid": config["sp"], "service": {"sp": sp}, "allow_unknown_attributes": True}
    return Saml2Client(config=SPConfig().load({**common, **settings}))


def identity_provider():
    idp = {
        "endpoints": {"single_sign_on_service": [(config["sso"], BINDING_HTTP_REDIRECT)]},
        "policy": {"default": {"lifetime": {"minutes": 5}}},
    }
    keys = {"key_file": config["key"], "cert_file": config["certificate_file"]}
    return Server(config=IdPConfig().load({**common, **keys, "entityid": config["idp"], "service": {"idp": idp}}))


if step == "request":
    id, sent = service_provider().prepare_for_authenticate(
        entityid=config["idp"], relay_state="/", binding=BINDING_HTTP_REDIRECT
    )
    print(json.dumps({"url": dict(sent["headers"])["Location"], "id": id}))
elif step == "consume":
    response = service_provider().parse_authn_request_response(
        sys.stdin.read(), BINDING_HTTP_POST, {sys.argv[3]: "/"}
    )
    if response is None:
        sys.exit("refused")
    print(json.dumps({"name": response.get_subject().text, "attributes": response.ava}))
else:
    server = identity_provider()
    asked = server.parse_authn_request(sys.stdin.read(), BINDING_HTTP_REDIRECT)
    response = server.create_authn_response(
        identity={},
        userid=config["name"],
        name_id=NameID(format=NAMEID_FORMAT_UNSPECIFIED, text=config["name"]),
        authn={"class_ref": "urn:oasis:names:tc:SAML:2.0:ac:classes:Password", "authn_auth": config["idp"]},
        sign_response=True,
        sign_assertion=True,
        sign_alg=SIG_RSA_SHA256,
        digest_alg=DIGEST_SHA256,
        **server.response_args(asked.message, [BINDING_HTTP_POST]),
    )
    print(base64.b64encode(str(response).encode()).decode())
