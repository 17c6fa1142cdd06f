"""python3-saml as a service provider behind our Okta.

    python3_saml.py request CONFIG            -> {"url", "id"}
    python3_saml.py consume CONFIG ID < response (base64)  -> {"name", "attributes"}
"""
import json
import sys

from onelogin.saml2.auth import OneLogin_Saml2_Auth

step, path = sys.argv[1:3]
with open(path) as file:
    config = json.load(file)
settings = {
    "strict": True,
    "sp": {"entityId": config["sp"], "assertionConsumerService": {"url": config["acs"]}},
    "idp": {
        "entityId": config["idp"],
        "singleSignOnService": {"url": config["sso"]},
        "x509cert": config["certificate"],
    },
    "security": {
        "wantMessagesSigned": True,
        "wantAssertionsSigned": True,
        "rejectUnsolicitedResponsesWithInResponseTo": True,
        "rejectDeprecatedAlgorithm": True,
    },
}
host, _, rest = config["acs"].removeprefix("https://").partition("/")
request = {"https": "on", "http_host": host, "script_name": "/" + rest, "get_data": {}, "post_data": {}}
if step == "request":
    auth = OneLogin_Saml2_Auth(request, old_settings=settings)
    url = auth.login(return_to="/")
    print(json.dumps({"url": url, "id": auth.get_last_request_id()}))
else:
    request["post_data"]["SAMLResponse"] = sys.stdin.read()
    auth = OneLogin_Saml2_Auth(request, old_settings=settings)
    auth.process_response(request_id=sys.argv[3])
    if auth.get_errors():
        sys.exit(f"refused: {auth.get_last_error_reason()}")
    print(json.dumps({"name": auth.get_nameid(), "attributes": auth.get_attributes()}))
