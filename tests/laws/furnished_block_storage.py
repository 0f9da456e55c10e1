"""A volume that found no place, and the message that says so."""

from tests.laws.volume_scenarios import CINDER, NEWEST, shown
from tests.support.cloud import Client
from tests.support.hosts import eventually

MORE_THAN_THERE_IS_GB = 2_000_000


def message_stage(admin: Client, project_id: str) -> None:
    """Have something fail in block storage after its request was accepted."""
    no_limit = {"quota_set": {"gigabytes": -1, "volumes": -1}}
    assert admin.put(CINDER, f"/v3/os-quota-sets/{project_id}", json=no_limit).status_code == 200
    wanted = {"volume": {"size": MORE_THAN_THERE_IS_GB}}
    answer = admin.post(CINDER, "/v3/volumes", json=wanted, headers=NEWEST)
    assert answer.status_code == 202, answer.text
    path = f"/v3/volumes/{answer.json()['volume']['id']}"
    eventually(lambda: shown(admin, path)["status"] == "error")
