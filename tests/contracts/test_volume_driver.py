"""What every back end of volumes keeps, pretended or real."""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from tests.contracts.volume_grounds import BACKEND, IMAGE_ID, MIB, Ground, changed, plan, state_of

from haneul.services.block_storage.drivers import DRIVERS
from haneul.services.block_storage.drivers.base import (
    GIB,
    Refused,
    RevertPlan,
    Source,
    VolumeDriver,
    VolumePlan,
    VolumeState,
)

SNAPSHOT = "6f1d0a52-3c55-4c0f-9d0a-2b8c0c1f7e11"
OTHER = str(uuid4())
on_each = pytest.mark.parametrize("kind", sorted(DRIVERS), indirect=True)
on_files = pytest.mark.parametrize("kind", ["file"], indirect=True)


@pytest.fixture
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def ground(kind: str, tmp_path: Path) -> Iterator[Ground]:
    found = Ground(kind, tmp_path)
    yield found
    found.close()


@pytest.fixture
def driver(ground: Ground) -> VolumeDriver:
    return ground.driver()


def write(ground: Ground, wanted: VolumePlan, text: bytes) -> None:
    with ground.bytes_of(wanted.id).open("r+b") as file:
        file.write(text)


def start_of(path: Path, length: int = 5) -> bytes:
    with path.open("rb") as file:
        return file.read(length)


@on_each
def test_a_pool_says_what_it_has(driver: VolumeDriver) -> None:
    (pool,) = driver.pools()
    assert 0 < pool.free_gb <= pool.total_gb
    assert pool.protocol == "nbd"


@on_each
def test_a_blank_volume_is_made_once_and_grows(driver: VolumeDriver) -> None:
    wanted = plan()
    for _ in range(2):
        driver.ensure_volume(wanted)
        assert state_of(driver, wanted) == VolumeState(id=wanted.id, generation=1, size_gb=1)
    larger = changed(wanted, size_gb=3)
    driver.ensure_volume(larger)
    assert state_of(driver, wanted) == VolumeState(id=wanted.id, generation=2, size_gb=3)


@on_files
def test_a_blank_volume_is_zeros_without_blocks(ground: Ground, driver: VolumeDriver) -> None:
    wanted = plan(size_gb=2)
    driver.ensure_volume(wanted)
    found = ground.bytes_of(wanted.id).stat()
    assert (found.st_size, found.st_blocks) == (2 * GIB, 0)
    assert found.st_mode & 0o077 == 0


@on_each
@pytest.mark.parametrize(
    "changes",
    [
        {"id": "../escape"},
        {"size_gb": 0},
        {"size_gb": 1 << 21},
        {"snapshots": ("../../etc",)},
        {"dropped_snapshots": ("x",)},
        {"snapshots": (SNAPSHOT,), "dropped_snapshots": (SNAPSHOT,)},
        {"source": Source(kind="volume", id="..")},
        {"source": Source(kind="snapshot", id=SNAPSHOT, volume_id="../x")},
        {"revert_to": RevertPlan(id="1", snapshot_id="../x")},
    ],
    ids=str,
)
def test_plans_that_can_not_be_are_refused(ground: Ground, driver: VolumeDriver, changes: dict[str, object]) -> None:
    with pytest.raises(Refused):
        driver.ensure_volume(plan(**changes))
    assert list(driver.list_volumes()) == []
    assert not list(ground.root.parent.glob("escape*"))


@on_each
def test_older_plans_and_smaller_sizes_are_refused(driver: VolumeDriver) -> None:
    wanted = changed(plan(size_gb=2))
    driver.ensure_volume(wanted)
    for worse in (plan(id=wanted.id, size_gb=2), changed(wanted, size_gb=1)):
        with pytest.raises(Refused):
            driver.ensure_volume(worse)
    assert state_of(driver, wanted) == VolumeState(id=wanted.id, generation=2, size_gb=2)


@on_each
def test_snapshots_come_and_go_by_name_only(driver: VolumeDriver) -> None:
    wanted = plan()
    driver.ensure_volume(wanted)
    kept = changed(wanted, snapshots=(SNAPSHOT, OTHER))
    driver.ensure_volume(kept)
    assert state_of(driver, wanted).snapshots == tuple(sorted((SNAPSHOT, OTHER)))  # type: ignore[union-attr]
    forgetful = changed(kept, snapshots=(OTHER,))
    driver.ensure_volume(forgetful)
    assert SNAPSHOT in state_of(driver, wanted).snapshots  # type: ignore[union-attr]
    dropped = changed(forgetful, dropped_snapshots=(SNAPSHOT,))
    for _ in range(2):
        driver.ensure_volume(dropped)
        assert state_of(driver, wanted).snapshots == (OTHER,)  # type: ignore[union-attr]


@on_files
def test_a_snapshot_keeps_what_the_volume_was(ground: Ground, driver: VolumeDriver) -> None:
    wanted = plan()
    driver.ensure_volume(wanted)
    write(ground, wanted, b"first")
    kept = changed(wanted, snapshots=(SNAPSHOT,))
    driver.ensure_volume(kept)
    write(ground, wanted, b"later")
    driver.ensure_volume(kept)
    copy = plan(source=Source(kind="snapshot", id=SNAPSHOT, volume_id=wanted.id), size_gb=2)
    driver.ensure_volume(copy)
    driver.remove_volume(wanted.id)
    assert start_of(ground.bytes_of(copy.id)) == b"first"
    assert ground.bytes_of(copy.id).stat().st_size == 2 * GIB


@on_files
def test_a_snapshot_that_is_lost_is_not_made_anew(ground: Ground, driver: VolumeDriver) -> None:
    wanted = plan(snapshots=(SNAPSHOT,))
    driver.ensure_volume(wanted)
    (ground.root / wanted.id / f"{SNAPSHOT}.snapshot").unlink()
    with pytest.raises(Refused, match="lost"):
        driver.ensure_volume(changed(wanted))
    dropped = changed(changed(wanted), snapshots=(), dropped_snapshots=(SNAPSHOT,))
    driver.ensure_volume(dropped)
    assert state_of(driver, wanted).snapshots == ()  # type: ignore[union-attr]


@on_each
def test_a_volume_is_a_copy_of_another(driver: VolumeDriver) -> None:
    wanted = plan()
    driver.ensure_volume(wanted)
    copy = plan(source=Source(kind="volume", id=wanted.id), size_gb=2)
    driver.ensure_volume(copy)
    driver.remove_volume(wanted.id)
    driver.ensure_volume(copy)
    assert state_of(driver, copy) == VolumeState(id=copy.id, generation=1, size_gb=2)


@on_each
@pytest.mark.parametrize(
    "source",
    [Source(kind="volume", id=OTHER), Source(kind="snapshot", id=SNAPSHOT, volume_id=OTHER)],
    ids=lambda source: source.kind,
)
def test_a_source_that_is_not_there_is_refused(driver: VolumeDriver, source: Source) -> None:
    wanted = plan(source=source)
    with pytest.raises(Refused, match="not "):
        driver.ensure_volume(wanted)
    driver.remove_volume(wanted.id)
    assert list(driver.list_volumes()) == []


@on_each
def test_a_revert_is_done_once(driver: VolumeDriver) -> None:
    wanted = plan(snapshots=(SNAPSHOT,))
    driver.ensure_volume(wanted)
    back = changed(wanted, revert_to=RevertPlan(id="one", snapshot_id=SNAPSHOT))
    driver.ensure_volume(back)
    gone = changed(back, snapshots=(), dropped_snapshots=(SNAPSHOT,))
    driver.ensure_volume(gone)
    with pytest.raises(Refused, match="reverted"):
        driver.ensure_volume(changed(gone, revert_to=RevertPlan(id="two", snapshot_id=SNAPSHOT)))


@on_files
def test_a_revert_brings_back_what_was(ground: Ground, driver: VolumeDriver) -> None:
    wanted = plan()
    driver.ensure_volume(wanted)
    write(ground, wanted, b"first")
    wanted = changed(wanted, snapshots=(SNAPSHOT,))
    driver.ensure_volume(wanted)
    write(ground, wanted, b"later")
    back = changed(wanted, revert_to=RevertPlan(id="one", snapshot_id=SNAPSHOT))
    driver.ensure_volume(back)
    assert start_of(ground.bytes_of(wanted.id)) == b"first"
    write(ground, wanted, b"newer")
    driver.ensure_volume(changed(back))
    assert start_of(ground.bytes_of(wanted.id)) == b"newer"


@on_each
def test_a_volume_of_an_image(driver: VolumeDriver) -> None:
    wanted = plan(source=Source(kind="image", id=IMAGE_ID))
    for _ in range(2):
        driver.ensure_volume(wanted)
    assert state_of(driver, wanted) == VolumeState(id=wanted.id, generation=1, size_gb=1)


@on_files
@pytest.mark.parametrize("disk_format", ["raw", "qcow2"])
def test_a_volume_has_its_images_bytes(ground: Ground, driver: VolumeDriver, disk_format: str) -> None:
    if disk_format == "qcow2":
        packed = ground.image.with_suffix(".qcow2")
        subprocess.run(["qemu-img", "convert", "-f", "raw", "-O", "qcow2", ground.image, packed], check=True)
        ground.images.path, ground.images.disk_format, ground.images.virtual_size = packed, "qcow2", 2 * MIB
    wanted = plan(source=Source(kind="image", id=IMAGE_ID))
    driver.ensure_volume(wanted)
    found = ground.bytes_of(wanted.id)
    assert found.stat().st_size == GIB
    assert start_of(found, 2 * MIB) == ground.image.read_bytes()
    assert not ground.left_over(".image")


@on_files
def test_an_image_that_is_not_what_it_says_is_refused_and_leaves_nothing(ground: Ground, driver: VolumeDriver) -> None:
    wanted = plan(source=Source(kind="image", id=IMAGE_ID))
    ground.images.hash = "0" * 128
    with pytest.raises(Refused, match="checksum"):
        driver.ensure_volume(wanted)
    ground.images.hash, ground.images.virtual_size = "", 2 * GIB
    with pytest.raises(Refused, match="larger than the volume"):
        driver.ensure_volume(wanted)
    assert not ground.bytes_of(wanted.id).exists()
    ground.images.virtual_size = 0
    driver.ensure_volume(wanted)
    assert state_of(driver, wanted) == VolumeState(id=wanted.id, generation=1, size_gb=1)


@on_each
def test_removing_leaves_nothing_and_may_be_repeated(ground: Ground, driver: VolumeDriver) -> None:
    wanted = plan(snapshots=(SNAPSHOT,))
    driver.ensure_volume(wanted)
    for _ in range(2):
        driver.remove_volume(wanted.id)
    assert list(driver.list_volumes()) == []
    assert ground.left_over(wanted.id) == []
    driver.remove_volume("../..")
    assert ground.root.exists()


@on_each
def test_another_clouds_volumes_are_not_touched(ground: Ground, driver: VolumeDriver) -> None:
    other = ground.driver(cloud_id="cloud-2")
    wanted = plan(snapshots=(SNAPSHOT,))
    other.ensure_volume(wanted)
    assert list(driver.list_volumes()) == []
    for refused in (wanted, changed(wanted, snapshots=(), dropped_snapshots=(SNAPSHOT,))):
        with pytest.raises(Refused, match="another cloud"):
            driver.ensure_volume(refused)
    with pytest.raises(Refused):
        driver.ensure_volume(plan(source=Source(kind="volume", id=wanted.id)))
    driver.remove_volume(wanted.id)
    assert state_of(other, wanted) == VolumeState(id=wanted.id, generation=1, size_gb=1, snapshots=(SNAPSHOT,))


@on_each
def test_a_restart_forgets_nothing(ground: Ground, driver: VolumeDriver) -> None:
    wanted = plan(snapshots=(SNAPSHOT,))
    driver.ensure_volume(wanted)
    assert list(ground.driver().list_volumes()) == list(driver.list_volumes())


@on_each
def test_what_can_not_be_read_any_more_stops_no_other_volume(ground: Ground, driver: VolumeDriver) -> None:
    damaged, sound = plan(), plan()
    for wanted in (damaged, sound):
        driver.ensure_volume(wanted)
    next(path for path in ground.root.rglob("*.json") if damaged.id in str(path)).write_bytes(b"{")
    assert [one.id for one in driver.list_volumes()] == [sound.id]
    with pytest.raises(Refused, match="remembered"):
        driver.ensure_volume(changed(damaged))
    driver.ensure_volume(changed(sound))


FIRST = {
    "fake": ("volume-made", "plan-remembered"),
    "file": ("record-made", "volume-made", "snapshot-made", "plan-remembered"),
}


@pytest.mark.parametrize(
    ("kind", "step"), [(kind, step) for kind, steps in FIRST.items() for step in steps], indirect=["kind"]
)
def test_who_dies_while_making_goes_on(ground: Ground, step: str) -> None:
    wanted = plan(source=Source(kind="image", id=IMAGE_ID), snapshots=(SNAPSHOT,))
    ground.die_at(step, wanted)
    driver = ground.driver()
    driver.ensure_volume(wanted)
    assert state_of(driver, wanted) == VolumeState(id=wanted.id, generation=1, size_gb=1, snapshots=(SNAPSHOT,))
    if ground.kind == "file":
        assert start_of(ground.bytes_of(wanted.id)) == b"\xab" * 5
    driver.remove_volume(wanted.id)
    assert ground.left_over(wanted.id) == []


@on_files
@pytest.mark.parametrize("step", ["volume-reverted", "snapshot-dropped"])
def test_who_dies_while_changing_goes_on(ground: Ground, driver: VolumeDriver, step: str) -> None:
    wanted = plan()
    driver.ensure_volume(wanted)
    write(ground, wanted, b"first")
    wanted = changed(wanted, snapshots=(SNAPSHOT, OTHER))
    driver.ensure_volume(wanted)
    write(ground, wanted, b"later")
    revert = RevertPlan(id="one", snapshot_id=SNAPSHOT)
    back = changed(wanted, revert_to=revert, snapshots=(SNAPSHOT,), dropped_snapshots=(OTHER,), size_gb=2)
    ground.die_at(step, back)
    again = ground.driver()
    again.ensure_volume(back)
    assert state_of(again, wanted) == VolumeState(id=wanted.id, generation=3, size_gb=2, snapshots=(SNAPSHOT,))
    assert start_of(ground.bytes_of(wanted.id)) == b"first"


@pytest.mark.parametrize(
    ("kind", "step"),
    [("fake", "volume-removed"), ("file", "removal-begun"), ("file", "volume-removed")],
    indirect=["kind"],
)
def test_who_dies_while_removing_has_removed_it_after_the_start(
    ground: Ground, driver: VolumeDriver, step: str
) -> None:
    wanted = plan(snapshots=(SNAPSHOT,))
    driver.ensure_volume(wanted)
    ground.die_at(step, wanted, verb="remove_volume")
    again = ground.driver()
    assert list(again.list_volumes()) == []
    again.remove_volume(wanted.id)
    assert ground.left_over(wanted.id) == []


@on_each
def test_a_pool_is_named(driver: VolumeDriver, kind: str) -> None:
    assert driver.pools()[0].name == {"file": BACKEND}.get(kind, kind)
