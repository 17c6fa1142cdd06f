"""What python3-saml makes of every response of the attack corpus, in its strict mode, at the second of the corpus.

    cargo test -p attacks --test table -- --ignored      # writes target/attack-corpus
    tests/peers/.venv/bin/python tests/peers/differential.py target/attack-corpus tests/peers/differential.tsv
    UPDATE=1 cargo test -p attacks --test table          # writes docs/attacks.md
"""
import json
import pathlib
import sys
import warnings

warnings.filterwarnings("ignore")
from onelogin.saml2.response import OneLogin_Saml2_Response
from onelogin.saml2.settings import OneLogin_Saml2_Settings
from onelogin.saml2.utils import OneLogin_Saml2_Utils

corpus, out = map(pathlib.Path, sys.argv[1:3])
facts = json.loads((corpus / "corpus.json").read_text())
OneLogin_Saml2_Utils.now = staticmethod(lambda: facts["now"])
settings = OneLogin_Saml2_Settings(
    {
        "strict": True,
        "sp": {"entityId": facts["audience"], "assertionConsumerService": {"url": facts["acs"]}},
        "idp": {
            "entityId": facts["issuer"],
            "singleSignOnService": {"url": "https://acme.okta.test/sso"},
            "x509cert": facts["certificate"],
        },
        "security": {"rejectUnsolicitedResponsesWithInResponseTo": True, "rejectDeprecatedAlgorithm": True, "wantAttributeStatement": False},
    },
    sp_validation_only=False,
)
host = facts["acs"].split("/")[2]
request = {"https": "on", "http_host": host, "script_name": "/" + facts["acs"].split("/", 3)[3], "get_data": {}}


def verdict(encoded):
    try:
        response = OneLogin_Saml2_Response(settings, encoded)
        if not response.is_valid(request, facts["request"], raise_exceptions=True):
            return "refused"
        name = response.get_nameid()
        return "accepted" if name == facts["name"] else f"FORGED {name!r}"
    except Exception as problem:
        if len(sys.argv) > 3:
            print(type(problem).__name__, problem)
        # Whatever it raises, nobody is signed in.
        return "refused"


lines = [f"{name}\t{verdict((corpus / file).read_text())}" for name, file in sorted(facts["files"].items())]
out.write_text("\n".join(lines) + "\n")
print(f"{len(lines)} messages read by python3-saml")
