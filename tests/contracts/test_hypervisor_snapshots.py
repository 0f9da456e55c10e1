"""Copies of a guest's root disk: what every hypervisor driver keeps of them."""

import subprocess
from pathlib import Path

import pytest
from tests.contracts.hypervisor_grounds import Driver, Ground, changed, on_each, plan, state_is

from haneul.services.compute.drivers.base import Power, Refused, VerbPlan

SNAPSHOT = VerbPlan(id="copy-1", verb="snapshot")
FORGET = VerbPlan(id="forget-1", verb="forget-snapshot", target="copy-1")
PART = 1 << 20


def whole(driver: Driver, guest_id: str, target: Path) -> Path:
    """The copy as its reader gets it, part by part."""
    with target.open("wb") as file:
        while part := driver.read_snapshot(guest_id, SNAPSHOT.id, file.tell(), PART):
            file.write(part)
    return target


@on_each
@pytest.mark.parametrize("power", ["running", "paused", "suspended", "stopped"])
def test_a_copy_stands_alone_and_the_guest_goes_on(
    driver: Driver, ground: Ground, power: Power, tmp_path: Path
) -> None:
    wanted = plan()
    driver.ensure_guest(wanted)
    wanted = changed(wanted, power=power)
    driver.ensure_guest(wanted)
    began = ground.started(wanted.id)
    copied = changed(wanted, verbs=(SNAPSHOT,))
    for _ in range(2):
        driver.ensure_guest(copied)
        assert state_is(driver, copied, power)
        assert ground.started(wanted.id) == began
    said = subprocess.run(
        ["qemu-img", "info", "--output=json", whole(driver, wanted.id, tmp_path / "copy")],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert '"format": "qcow2"' in said
    assert "backing" not in said
    subprocess.run(["qemu-img", "check", "-q", tmp_path / "copy"], check=True)
    driver.ensure_guest(changed(copied, verbs=(SNAPSHOT, FORGET)))
    with pytest.raises(Refused, match="no such snapshot"):
        driver.read_snapshot(wanted.id, SNAPSHOT.id, 0, PART)
    assert not list(ground.root.rglob("*.snapshot*"))


@on_each
def test_copies_of_others_are_not_read(driver: Driver, ground: Ground) -> None:
    wanted = plan(power="stopped", verbs=(SNAPSHOT,))
    driver.ensure_guest(wanted)
    for guest_id, snapshot_id in ((wanted.id, "copy-2"), (wanted.id, "../plan"), ("../..", "copy-1")):
        with pytest.raises(Refused):
            driver.read_snapshot(guest_id, snapshot_id, 0, PART)
    with pytest.raises(Refused):
        ground.driver(cloud_id="another").read_snapshot(wanted.id, SNAPSHOT.id, 0, PART)


@pytest.mark.parametrize("kind", [pytest.param("qemu", marks=pytest.mark.machine)], indirect=True)
def test_a_copy_that_a_crash_broke_off_is_made_anew(driver: Driver, ground: Ground, tmp_path: Path) -> None:
    wanted = plan()
    driver.ensure_guest(wanted)
    copied = changed(wanted, verbs=(SNAPSHOT,))
    ground.die_at("snapshot-made", copied)
    (next(ground.root.rglob("own")) / f"{SNAPSHOT.id}.snapshot.part").write_bytes(b"half")
    again = ground.driver()
    again.ensure_guest(copied)
    assert state_is(again, copied, "running")
    subprocess.run(["qemu-img", "check", "-q", whole(again, wanted.id, tmp_path / "copy")], check=True)
