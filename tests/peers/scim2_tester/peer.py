"""scim2-tester as a library; run by `peer` inside `fedsim up provisioning`."""

import pathlib
import sys

import httpx2
from scim2_client.engines.httpx2 import SyncSCIMClient
from scim2_tester import Status, check_server

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))
from access import SCIM2, token, wants

client = httpx2.Client(base_url=SCIM2, headers={"Authorization": f"Bearer {token()}"})
results = check_server(SyncSCIMClient(client))
wrong = [r for r in results if r.status not in (Status.SUCCESS, Status.COMPLIANT, Status.ACCEPTABLE)]
seen = "\n".join(f"{r.status.name} {r.title} {getattr(r, 'resource_type', '')}: {r.reason}" for r in wrong)
wants(f"{len(results) - len(wrong)} of {len(results)} checks pass", not wrong and len(results) > 100, seen)
print("peer ran: scim2-tester")
