"""What the provisioning peers know of Access, from the environment that `fedsim up provisioning -- COMMAND` gives.

The way there, proxy and authority, stands in the environment too (`tests/peers/proxy`), where every library looks for it.
"""

import os

URL = os.environ["FEDSIM_ACCESS_URL"]
TOKEN_URL = f"{URL}/SAAS/auth/oauthtoken"
CLASSIC = f"{URL}/SAAS/jersey/manager/api/scim"
SCIM2 = f"{URL}/usergroup/t/{URL.removeprefix('https://').split('.')[0]}/scim/v2"
CLIENT, SECRET = "OktaSCIM", os.environ["FEDSIM_CLIENT_OKTASCIM_SECRET"]


def token():
    import requests

    wish = {"grant_type": "client_credentials", "scope": "admin"}
    answer = requests.post(TOKEN_URL, data=wish, auth=(CLIENT, SECRET), timeout=20)
    answer.raise_for_status()
    return answer.json()["access_token"]


def wants(told, condition, seen=""):
    """Says what holds, or ends with what was seen instead."""
    if not condition:
        raise SystemExit(f"does not hold: {told}\n{seen}")
    print(f"  {told}", flush=True)


def refused(told, error, act):
    """Says what is refused, in the library's own kind of error, or ends."""
    try:
        seen = act()
    except error as e:
        return wants(f"{told}: {str(e)[:90]}", True)
    wants(told, False, seen)
