"""A volume with a snapshot, and one that is offered to whoever has its key."""

from tests.laws.volume_scenarios import CINDER, NEWEST, available, with_snapshot
from tests.support.cloud import Client


def volume_stage(admin: Client) -> None:
    """Furnish block storage in a cloud that has a host."""
    with_snapshot(admin)
    body = {"transfer": {"volume_id": available(admin), "name": "gift"}}
    assert admin.post(CINDER, "/v3/volume-transfers", json=body, headers=NEWEST).status_code == 202
