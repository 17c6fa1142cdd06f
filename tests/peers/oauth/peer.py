"""OAuth clients and a verifier of tokens; run by `peer` inside `fedsim up provisioning`."""

import base64
import hashlib
import hmac
import json
import pathlib
import sys
import time

import jwt
import requests
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session as Authlib
from cryptography.hazmat.primitives.asymmetric import rsa
from oauthlib.oauth2 import BackendApplicationClient, InvalidClientError
from requests_oauthlib import OAuth2Session as RequestsOauthlib

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))
from access import CLASSIC, CLIENT, SECRET, TOKEN_URL, URL, refused, wants

USERS = f"{CLASSIC}/Users?startIndex=1&count=2"
YEAR = 525600 * 60


def authlib():
    def session(secret, how):
        return Authlib(CLIENT, secret, scope="admin", token_endpoint_auth_method=how)

    for how in ("client_secret_basic", "client_secret_post"):
        asked = session(SECRET, how)
        issued = asked.fetch_token(TOKEN_URL, grant_type="client_credentials")
        wants(f"authlib gets a bearer token for a year ({how})", issued["token_type"] == "Bearer" and issued["expires_in"] == YEAR, issued)
        seen = asked.get(USERS)
        wants("and reads the users with it", seen.status_code == 200 and seen.json()["totalResults"] >= 2, seen.text)
    wrong = session("not the secret", "client_secret_basic")
    refused("authlib is told of a wrong secret", OAuthError, lambda: wrong.fetch_token(TOKEN_URL, grant_type="client_credentials"))
    print("peer ran: authlib gets a token")


def requests_oauthlib():
    def asked(secret):
        session = RequestsOauthlib(client=BackendApplicationClient(client_id=CLIENT, scope="admin"))
        return session, session.fetch_token(TOKEN_URL, client_id=CLIENT, client_secret=secret)

    session, issued = asked(SECRET)
    wants("requests-oauthlib gets a bearer token", issued["token_type"] == "Bearer" and issued["scope"] == ["admin"], issued)
    seen = session.get(USERS)
    wants("and reads the users with it", seen.status_code == 200, seen.text)
    refused("requests-oauthlib is told of a wrong secret", InvalidClientError, lambda: asked("not the secret"))
    print("peer ran: requests-oauthlib gets a token")
    return issued["access_token"]


def confused(kid, body):
    """HS256 with the published key as its secret, which PyJWT itself does not sign."""
    pem = requests.get(f"{URL}/SAAS/API/1.0/REST/auth/token?attribute=publicKey&format=pem", timeout=20).content
    encode = lambda what: base64.urlsafe_b64encode(what).rstrip(b"=").decode()
    signed = encode(json.dumps({"alg": "HS256", "kid": kid}).encode()) + "." + body
    return f"{signed}.{encode(hmac.new(pem, signed.encode(), hashlib.sha256).digest())}"


def pyjwt(token):
    about = requests.get(f"{URL}/SAAS/auth/.well-known/openid-configuration", timeout=20).json()
    keys = jwt.PyJWKClient(about["jwks_uri"])

    def read(token):
        must = {"require": ["exp", "iat", "aud", "iss", "sub", "jti"]}
        key = keys.get_signing_key_from_jwt(token)
        return jwt.decode(token, key, algorithms=["RS256"], audience=TOKEN_URL, issuer=about["issuer"], options=must)

    claims = read(token)
    wants("PyJWT verifies the token by the published keys", claims["cid"] == CLIENT, claims)
    # A second for the clock that goes on between the two.
    lasts = claims["exp"] - claims["iat"] == YEAR and abs(claims["iat"] - time.time()) < 60
    wants("it was issued now, for a year, for scope admin", lasts and "admin" in claims["scp"].split(), claims)
    head, body, signature = token.split(".")
    other = ("B" if signature[9] == "A" else "A").join([signature[:9], signature[10:]])
    refused("PyJWT refuses a changed signature", jwt.InvalidSignatureError, lambda: read(f"{head}.{body}.{other}"))

    kid = jwt.get_unverified_header(token)["kid"]
    own = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    forged = {
        "the same claims, signed with PyJWT's own key": jwt.encode(claims, own, "RS256", {"kid": kid}),
        "the same claims, not signed": jwt.encode(claims, None, "none"),
        "the same claims, with the public key as a shared one": confused(kid, body),
        "the shared secret": SECRET,
    }
    for told, wrong in forged.items():
        seen = requests.get(USERS, headers={"Authorization": f"Bearer {wrong}"}, timeout=20)
        wants(f"Access takes no token that is {told}", seen.status_code == 401, seen.text)
    print("peer ran: PyJWT verifies the token by JWKS")


authlib()
pyjwt(requests_oauthlib())
