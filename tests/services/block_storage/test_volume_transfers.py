"""Volumes that go from one project to another."""

from collections.abc import Iterator

import pytest
from sqlalchemy import select
from tests.services.block_storage.shelf import CINDER, NEWEST, act, refusal, shown, snapshot, vanishes, volume
from tests.support.cloud import Client, RunningCloud
from tests.support.hosts import simulated_host

from haneul.services.block_storage.volume_transfers.models import transfers

BOTH = pytest.mark.parametrize("base", ["/v3/os-volume-transfer", "/v3/volume-transfers"])
NEWER = "/v3/volume-transfers"


@pytest.fixture(scope="module")
def cinder(cloud: RunningCloud) -> Iterator[Client]:
    with simulated_host(cloud):
        yield cloud.login().with_headers(OpenStack_API_Version=NEWEST)


@pytest.fixture(scope="module")
def gardener(cinder: Client, member: Client) -> Client:
    return member.with_headers(OpenStack_API_Version=NEWEST)


def offered(cinder: Client, volume_id: str, base: str = NEWER, **wanted: object) -> dict[str, str]:
    answer = cinder.post(CINDER, base, json={"transfer": {"volume_id": volume_id, **wanted}})
    assert answer.status_code == 202, answer.text
    found: dict[str, str] = answer.json()["transfer"]
    return found


@BOTH
def test_a_volume_goes_to_who_knows_the_key(cinder: Client, gardener: Client, base: str) -> None:
    volume_id = volume(cinder)
    kept = snapshot(cinder, volume_id)
    offer = offered(cinder, volume_id, base, name=" take it ")
    assert (offer["name"], len(offer["auth_key"])) == ("take it", 16)
    assert shown(cinder, f"/v3/volumes/{volume_id}")["status"] == "awaiting-transfer"
    path = f"{base}/{offer['id']}/accept"
    wrong = gardener.post(CINDER, path, json={"accept": {"auth_key": "0" * 16}})
    assert refusal(wrong) == (
        400,
        f"Invalid auth key: Attempt to transfer {offer['id']} with invalid auth key.",
    )
    accepted = gardener.post(CINDER, path, json={"accept": {"auth_key": offer["auth_key"]}})
    assert (accepted.status_code, accepted.json()["transfer"]["volume_id"]) == (202, volume_id)
    assert shown(gardener, f"/v3/volumes/{volume_id}")["status"] == "available"
    assert shown(gardener, f"/v3/snapshots/{kept}")["status"] == "available"
    assert gardener.post(CINDER, path, json={"accept": {"auth_key": offer["auth_key"]}}).status_code == 404
    assert gardener.get(CINDER, f"{base}/{offer['id']}").status_code == 404


def test_snapshots_may_stay(cinder: Client, gardener: Client) -> None:
    volume_id = volume(cinder)
    kept = snapshot(cinder, volume_id)
    offer = offered(cinder, volume_id, no_snapshots=True)
    assert offer["no_snapshots"] is True
    answer = gardener.post(CINDER, f"{NEWER}/{offer['id']}/accept", json={"accept": {"auth_key": offer["auth_key"]}})
    assert answer.status_code == 202
    assert gardener.get(CINDER, f"/v3/snapshots/{kept}").status_code == 404
    assert shown(cinder, f"/v3/snapshots/{kept}")["volume_id"] == volume_id
    assert refusal(gardener.delete(CINDER, f"/v3/volumes/{volume_id}?cascade=true"))[0] == 400
    assert cinder.delete(CINDER, f"/v3/volumes/{volume_id}?cascade=true").status_code == 202


@BOTH
def test_offers_are_shown_to_who_makes_them_and_withdrawn(cinder: Client, gardener: Client, base: str) -> None:
    volume_id = volume(cinder)
    offer = offered(cinder, volume_id, base, name="mine")
    path = f"{base}/{offer['id']}"
    found = shown(cinder, path)
    assert "auth_key" not in found
    assert (found["accepted"], found["destination_project_id"]) == (False, None)
    assert found["source_project_id"]
    for detail in ("", "/detail"):
        assert [one["id"] for one in cinder.get(CINDER, f"{base}{detail}?name=mine").json()["transfers"]] == [
            offer["id"]
        ]
        assert gardener.get(CINDER, f"{base}{detail}").json()["transfers"] == []
    missing = (404, f"Transfer {offer['id']} could not be found.")
    assert refusal(gardener.get(CINDER, path)) == missing
    assert refusal(gardener.delete(CINDER, path)) == missing
    assert cinder.delete(CINDER, path).status_code == 202
    assert shown(cinder, f"/v3/volumes/{volume_id}")["status"] == "available"


def test_versions_add_words(cinder: Client) -> None:
    offer = offered(cinder, volume(cinder))
    assert "no_snapshots" not in shown(
        cinder.with_headers(OpenStack_API_Version="volume 3.54"), f"/v3/os-volume-transfer/{offer['id']}"
    )
    former = cinder.with_headers(OpenStack_API_Version="volume 3.55")
    assert "accepted" not in shown(former, f"{NEWER}/{offer['id']}")
    older = cinder.with_headers(OpenStack_API_Version="volume 3.54")
    assert older.get(CINDER, f"{NEWER}/{offer['id']}").status_code == 404


def test_requests_that_can_not_be_are_refused(cinder: Client, gardener: Client) -> None:
    def asked(**wanted: object) -> tuple[int, str]:
        return refusal(cinder.post(CINDER, NEWER, json={"transfer": wanted}))

    volume_id = volume(cinder)
    made = snapshot(cinder, volume_id)
    assert asked(volume_id="x")[0] == 400
    assert asked(volume_id=volume_id, no_snapshots="maybe")[0] == 400
    assert refusal(gardener.post(CINDER, NEWER, json={"transfer": {"volume_id": volume_id}}))[0] == 404
    act(cinder, f"/v3/snapshots/{made}/action", "os-reset_status", status="error")
    assert asked(volume_id=volume_id) == (400, f"Invalid snapshot: snapshot: {made} status must be available")
    act(cinder, f"/v3/volumes/{volume_id}/action", "os-reset_status", status="error")
    assert asked(volume_id=volume_id) == (400, "Invalid volume: status must be available")


def test_an_offered_volume_is_not_used(cinder: Client, gardener: Client) -> None:
    volume_id = volume(cinder)
    offer = offered(cinder, volume_id)
    assert refusal(cinder.delete(CINDER, f"/v3/volumes/{volume_id}"))[0] == 400
    assert refusal(act(cinder, f"/v3/volumes/{volume_id}/action", "os-extend", new_size=2))[0] == 400
    act(cinder, f"/v3/volumes/{volume_id}/action", "os-reset_status", status="error")
    answer = gardener.post(CINDER, f"{NEWER}/{offer['id']}/accept", json={"accept": {"auth_key": offer["auth_key"]}})
    assert refusal(answer) == (
        400,
        f"Invalid volume: Transfer {offer['id']}: Volume id {volume_id} expected in awaiting-transfer state.",
    )


def test_an_offer_goes_with_its_volume(cinder: Client) -> None:
    volume_id = volume(cinder)
    offer = offered(cinder, volume_id)
    assert act(cinder, f"/v3/volumes/{volume_id}/action", "os-force_delete").status_code == 202
    vanishes(cinder, f"/v3/volumes/{volume_id}")
    assert cinder.get(CINDER, f"{NEWER}/{offer['id']}").status_code == 404


def test_the_key_is_nowhere(cloud: RunningCloud, cinder: Client) -> None:
    offer = offered(cinder, volume(cinder))
    rows = cloud.cloud.store.read(lambda db: db.tuples(select(transfers).where(transfers.c.id == offer["id"])))
    assert len(rows) == 1
    assert offer["auth_key"] not in str(rows)
