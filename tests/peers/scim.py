"""Strangers judge Access's provisioning interfaces over TLS on loopback: PyJWT and authlib the token, scim2-tester SCIM 2.0.

Usage: scim.py FOLDER, the folder that `fedsim up provisioning --dir FOLDER` writes. Exits 1 where a stranger disagrees.
"""

import re
import sys
from pathlib import Path

import httpx2 as httpx
import jwt
from scim2_client.engines.httpx2 import SyncSCIMClient
from scim2_tester import Status, check_server

HOST = "acme.workspaceoneaccess.test"
CLIENT, SECRET = "OktaSCIM", "shared-secret-of-OktaSCIM"


class Loopback(httpx.HTTPTransport):
    """Connects to the port that stands for a host; name and certificate stay the host's."""

    def __init__(self, folder):
        super().__init__(verify=str(folder / "ca.pem"))
        conf = next(folder.glob("*/curl.conf")).read_text()  # any device's: they all know the hosts
        self.ports = dict(re.findall(r'"([^":]+):443:127\.0\.0\.1:(\d+)"', conf))

    def handle_request(self, request):
        host = request.url.host
        request.headers["host"] = host
        request.extensions["sni_hostname"] = host
        request.url = request.url.copy_with(host="127.0.0.1", port=int(self.ports[host]))
        return super().handle_request(request)


def token(client):
    answer = client.post(
        f"https://{HOST}/SAAS/auth/oauthtoken",
        data={"grant_type": "client_credentials", "scope": "admin"},
        auth=(CLIENT, SECRET),
    )
    assert answer.status_code == 200, answer.text
    return answer.json()


def judge_token(client, issued):
    about = client.get(f"https://{HOST}/SAAS/auth/.well-known/openid-configuration").json()
    keys = jwt.PyJWKSet.from_dict(client.get(about["jwks_uri"]).json())
    header = jwt.get_unverified_header(issued["access_token"])
    claims = jwt.decode(
        issued["access_token"],
        keys[header["kid"]],
        algorithms=["RS256"],
        audience=about["token_endpoint"],
        issuer=about["issuer"],
        options={"require": ["exp", "iat", "aud", "iss", "sub", "jti"]},
    )
    assert claims["exp"] - claims["iat"] == issued["expires_in"], claims
    assert claims["cid"] == CLIENT and "admin" in claims["scp"].split(), claims
    print("PyJWT verifies the token by the published keys")


def judge_scim(transport, issued):
    client = httpx.Client(
        transport=transport,
        base_url=f"https://{HOST}/usergroup/t/acme/scim/v2",
        headers={"Authorization": f"Bearer {issued['access_token']}"},
    )
    results = check_server(SyncSCIMClient(client))
    wrong = [r for r in results if r.status not in (Status.SUCCESS, Status.COMPLIANT, Status.ACCEPTABLE)]
    for result in wrong:
        print(f"{result.status.name} {result.title} {getattr(result, 'resource_type', '')}: {result.reason}")
    print(f"scim2-tester: {len(results) - len(wrong)} of {len(results)} checks pass")
    return not wrong and len(results) > 100


def main():
    transport = Loopback(Path(sys.argv[1]))
    client = httpx.Client(transport=transport)
    issued = token(client)
    judge_token(client, issued)
    refused = client.get(f"https://{HOST}/usergroup/t/acme/scim/v2/Users", headers={"Authorization": f"Bearer {SECRET}"})
    assert refused.status_code == 401, "the secret is no token"
    sys.exit(0 if judge_scim(transport, issued) else 1)


main()
