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
    to = {execution["request"]["url"]["host"] and ".".join(execution["request"]["url"]["host"]) for execution in run["executions"]}
    wants("it speaks with Access alone", to == {URL.removeprefix("https://")}, to)


def secret():
    for folder in BEARER:
        code, told, run = newman("--folder", folder, "--env-var", f"token={SECRET}")
        answers = [execution["response"]["code"] for execution in run["executions"]]
        ended = code == 1 and answers == [401]
        wants(f"with the secret as the token, {folder.split(':')[0]} ends at its first request", ended, told)
        wants("and says so", SENTENCE in " ".join(told.split()), told)
    code, told, run = newman("--folder", BEARER[0])
    wants("without any token it says so", code == 1 and "there is no token: run step 2 first." in told, told)
    asked = ("--folder", STEPS[1], "--env-var", "clientId=OktaSCIM", "--env-var", "clientSecret=not the secret")
    code, told, run = newman(*asked)
    wants("with a wrong secret step 2 fails", code == 1 and "401" in told, told)


whole()
secret()
print("peer ran: newman with the collection")
