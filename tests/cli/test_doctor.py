"""`haneul doctor` and its audit: what is wrong is found, with the fix that mends it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
from tests.cli.commands import CommandedCloud, haneul

from haneul.services.compute.drivers.base import GuestPlan
from haneul.services.compute.drivers.fake import FakeGuest

STRAY = "5b3bd19e-4d09-4b3c-a9b8-0c0f0a5d7f11"


def test_a_sound_cloud_has_nothing_wrong(running: CommandedCloud) -> None:
    said = running.run("doctor", "--audit")
    assert said.code == 0, said
    assert "Nothing is wrong." in said.out
    told = running.run("doctor", "--audit", "--json").json
    assert told["wrong"] == 0
    assert len(told["findings"]) > 10
    assert all(one["fact"] and one["why"] for one in told["findings"])


def test_an_open_key_is_found_and_its_fix_mends_it(running: CommandedCloud) -> None:
    key = running.state / "control" / "fernet-keys" / "0"
    key.chmod(0o644)
    try:
        (found,) = wrong(running)
        assert found == {
            "verdict": "wrong",
            "fact": f"Others than its owner may read {key}.",
            "why": "Who reads the keys, the database or admin's password is admin.",
            "fix": f"chmod go= {key}",
        }
    finally:
        key.chmod(0o600)


def test_a_guest_without_a_row_is_found(running: CommandedCloud) -> None:
    with stray_guest(running):
        facts = [one["fact"] for one in wrong(running, "--audit")]
    assert facts == [f"The guest {STRAY} has no row."]


@contextmanager
def stray_guest(cloud: CommandedCloud) -> Iterator[None]:
    """A guest that this cloud's host has, and that no row knows."""
    plan = GuestPlan(id=STRAY, generation=1, name="stray", vcpus=1, memory_mb=64)
    guest = FakeGuest(cloud_id=(cloud.state / "cloud-id").read_text(), plan=plan, state="running")
    path = cloud.state / "agent" / "fake_guests" / f"{STRAY}.json"
    path.write_bytes(msgspec.json.encode(guest))
    try:
        yield
    finally:
        path.unlink()


def wrong(cloud: CommandedCloud, *words: str) -> list[dict[str, Any]]:
    said = cloud.run("doctor", "--json", *words)
    assert said.code == 1
    return [one for one in said.json["findings"] if one["verdict"] == "wrong"]


def test_accepting_a_restored_database_without_need_changes_nothing(running: CommandedCloud) -> None:
    before = running.pids()
    said = running.run("doctor", "--accept-restored", "--json")
    assert (said.code, said.json) == (0, {"accepted": []})
    assert running.pids() == before


def test_before_the_first_up_it_speaks_of_the_machine_alone(tmp_path: Path) -> None:
    said = haneul("doctor", "--state", str(tmp_path / "none"), "--json")
    facts = [one["fact"] for one in json.loads(said.out)["findings"]]
    assert f"No cloud was started in {tmp_path / 'none'} yet." in facts
    assert haneul("doctor", "--audit", "--state", str(tmp_path / "none")).code == 1
    assert not (tmp_path / "none").exists()
