"""Runs of newman and what they have to report; run by `peer` inside `fedsim up provisioning`."""

import json
import os
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))
from access import SECRET, URL, wants

POSTMAN = pathlib.Path("docs/postman")
COLLECTION = POSTMAN / "provisioning.postman_collection.json"
ENVIRONMENT = POSTMAN / "fedsim.postman_environment.json"
REPORT = pathlib.Path(os.environ["FEDSIM_DIR"]) / "newman.json"
SENTENCE = "this is the shared secret of step 1 and NOT a token: use the bearer token that step 2 answers."
STEPS = [folder["name"] for folder in json.loads(COLLECTION.read_text())["item"]]
BEARER = [step for step in STEPS if step.startswith(("Step 3", "Step 4", "Step 5"))]

MANAGER = "/SAAS/jersey/manager/api"
MEDIA = "application/vnd.vmware.horizon.manager."
# What the sources know of: the article, VMware's published API with its samples, and the tables of Okta's SCIM client.
KNOWN = {
    ("POST", "/SAAS/API/1.0/REST/auth/system/login", "application/json"),
    ("POST", f"{MANAGER}/oauth2clients", f"{MEDIA}oauth2client+json"),
    ("DELETE", f"{MANAGER}/oauth2clients/ID", None),
    ("POST", "/SAAS/auth/oauthtoken", None),  # a form, which newman says by itself
    ("GET", "/SAAS/API/1.0/REST/auth/token", None),
    ("POST", f"{MANAGER}/connectormanagement/directoryconfigs", f"{MEDIA}connector.management.directory.other+json"),
    ("GET", f"{MANAGER}/connectormanagement/directoryconfigs", None),
    ("DELETE", f"{MANAGER}/connectormanagement/directoryconfigs/ID", None),
} | {
    (method, f"{MANAGER}/scim/{what}{one}", "application/json" if method in ("POST", "PATCH") else None)
    for what in ("Users", "Groups")
    for method, one in (("GET", ""), ("POST", ""), ("GET", "/ID"), ("PATCH", "/ID"), ("DELETE", "/ID"))
}


def asked(execution):
    """Method, path with what is an id in it, and media type of what was sent."""
    request = execution["request"]
    path = request["url"]["path"]
    if len(path) > 2 and path[-2] in ("Users", "Groups", "directoryconfigs", "oauth2clients"):
        path = [*path[:-1], "ID"]
    kinds = [h["value"] for h in request["header"] if h["key"].lower() == "content-type"]
    return request["method"], "/" + "/".join(path), kinds[0] if kinds else None


def newman(*options):
    command = ["newman", "run", COLLECTION, "-e", ENVIRONMENT, "--color", "off", "--reporters", "cli,json"]
    command += ["--reporter-json-export", REPORT, *options]
    done = subprocess.run(command, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr, json.loads(REPORT.read_text())["run"]


def whole():
    code, told, run = newman("--iteration-count", "2")
    stats = {what: (run["stats"][what]["total"], run["stats"][what]["failed"]) for what in ("requests", "assertions")}
    wants(f"the collection runs twice as it is: {stats}", code == 0 and not run["failures"], told)
    wants("every step is in it", all(f"❏ {step}" in told for step in STEPS), told)
    to = {".".join(execution["request"]["url"]["host"]) for execution in run["executions"]}
    wants("it speaks with Access alone", to == {URL.removeprefix("https://")}, to)
    unknown = {asked(execution) for execution in run["executions"]} - KNOWN
    wants("it asks for nothing that the sources do not have", not unknown, unknown)


def secret():
    for folder in BEARER:
        code, told, run = newman("--folder", folder, "--env-var", f"token={SECRET}")
        answers = [execution["response"]["code"] for execution in run["executions"]]
        ended = code == 1 and answers == [401]
        wants(f"with the secret as the token, {folder.split(':')[0]} ends at its first request", ended, told)
        wants("and says so", SENTENCE in " ".join(told.split()), told)
    code, told, run = newman("--folder", BEARER[0])
    wants("without any token it says so", code == 1 and "there is no token: run step 2 first." in told, told)
    wrong = ("--env-var", "clientId=OktaSCIM", "--env-var", "clientSecret=not the secret")
    code, told, run = newman("--folder", STEPS[1], *wrong)
    wants("with a wrong secret step 2 fails", code == 1 and "401" in told, told)


whole()
secret()
print("peer ran: newman with the collection")
