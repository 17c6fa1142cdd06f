"""The commands of scim2-cli, one after the other; run by `peer` inside `fedsim up provisioning`."""

import json
import os
import pathlib
import re
import subprocess
import sys

from scim2_tester import Status

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))
from access import SCIM2, SECRET, token, wants

NAME = "natasha@okta.acme.test"


def scim2(*command, token):
    environment = {**os.environ, "SCIM_CLI_URL": SCIM2, "SCIM_CLI_HEADERS": f"Authorization: Bearer {token}"}
    done = subprocess.run(["scim2", *command], env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def answer(*command):
    code, told = scim2(*command, token=TOKEN)
    wants(f"scim2 {' '.join(command[:2])}", code == 0, told)
    return json.loads(told) if told.strip() else None


def walk():
    who = ["--user-name", NAME, "--name", '{"givenName": "Natasha", "familyName": "Rostova"}']
    who += ["--emails", json.dumps([{"value": NAME, "primary": True}])]
    who += ["--workspaceuser", '{"domain": "okta.acme.test"}']
    made = answer("create", "user", *who, "--display-name", "Natasha")
    wants("she is active", made["active"] is True and made["userName"] == NAME, made)
    code, told = scim2("create", "user", *who, token=TOKEN)
    wants("and is not created twice", "uniqueness" in told, told)
    found = answer("query", "user", "--filter", f'userName eq "{NAME.upper()}"')
    wants("a filter finds her, whatever the case", [r["id"] for r in found["Resources"]] == [made["id"]], found)
    found = answer("search", "user", "--filter", 'name.familyName sw "Rost"', "--attribute", "userName")
    wants("and a search, with what was asked for", [r.get("displayName") for r in found["Resources"]] == [None], found)
    changed = answer("modify", "user", made["id"], "replace", "name.familyName", "Bezukhova", "replace", "active", "false")
    changed = changed or answer("query", "user", made["id"])
    wants("PATCH renames and deactivates her", changed["name"]["familyName"] == "Bezukhova" and changed["active"] is False, changed)
    answer("replace", "user", "--id", made["id"], *who, "--active", "true")
    seen = answer("query", "user", made["id"])
    whole = seen["name"]["familyName"] == "Rostova" and seen["active"] is True and "displayName" not in seen
    wants("PUT replaces the whole of her", whole, seen)
    group = answer("create", "group", "--display-name", "Moscow", "--members", json.dumps([{"value": made["id"]}]))
    seen = answer("query", "group", group["id"])
    wants("a group has her as member", [m["value"] for m in seen["members"]] == [made["id"]], seen)
    answer("delete", "group", group["id"])
    answer("delete", "user", made["id"])
    code, told = scim2("query", "user", made["id"], token=TOKEN)
    wants("and then she is gone", made["id"] in told or "404" in told, told)


def test():
    code, told = scim2("test", token=TOKEN)
    verdicts = [v for v in re.findall(r"^([A-Z]+) ", told, re.MULTILINE) if v in Status.__members__]
    wrong = [v for v in verdicts if v not in ("SUCCESS", "COMPLIANT", "ACCEPTABLE")]
    wants(f"scim2 test: {len(verdicts)} checks pass", code == 0 and not wrong and len(verdicts) > 100, told)


TOKEN = token()
walk()
test()
code, told = scim2("query", "user", token=SECRET)
wants("the shared secret is no token", code != 0 and "not an access token" in told, told)
print("peer ran: scim2-cli")
