"""Volumes as files: the host's own code over the driver of files, from the API down to the bytes."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.services.block_storage.shelf import CINDER, NEWEST, act, becomes, shown, snapshot, vanishes, volume
from tests.support.cloud import Client, RunningCloud

from haneul.agent import volumes_of
from haneul.kernel.bus import BusSettings, open_bus
from haneul.kernel.config import Settings
from haneul.kernel.reconcile.runner import Identity
from haneul.services.block_storage.agent.images import BusImages
from haneul.settings import CloudSettings

HOST = "shelf-1"
GIB = 1 << 30


@pytest.fixture(scope="module")
def folder(cloud: RunningCloud) -> Iterator[Path]:
    """The back end's folder, of a host that does nothing but volumes."""
    running = cloud.cloud
    state = running.wanted.state / HOST
    state.mkdir()
    wanted = CloudSettings(state=state, bus=running.wanted.bus_url, host=HOST)
    bus = open_bus(wanted.bus_url, HOST, settings=BusSettings(cloud_id=running.cloud_id))
    identity = Identity(running.cloud_id, HOST, state / "agent")
    host = volumes_of(wanted, Settings({}, {}), BusImages(bus), identity, bus)
    bus.on_wake(lambda wake: host.volumes.wake(wake.ids))
    bus.start()
    host.start()
    assert host.wait_until_heard(20)
    yield state / "agent" / "volumes" / "file"
    bus.close()
    host.stop()


@pytest.fixture(scope="module")
def cinder(cloud: RunningCloud, folder: Path) -> Client:
    return cloud.login().with_headers(OpenStack_API_Version=NEWEST)


def bytes_of(folder: Path, volume_id: str, length: int = 5) -> bytes:
    with (folder / volume_id / "volume.raw").open("rb") as file:
        return file.read(length)


def write(folder: Path, volume_id: str, text: bytes) -> None:
    with (folder / volume_id / "volume.raw").open("r+b") as file:
        file.write(text)


def test_a_volume_is_a_file_from_its_image_to_its_end(cinder: Client, folder: Path) -> None:
    body = {"name": "blank", "disk_format": "raw", "container_format": "bare"}
    image = cinder.post("image", "/v2/images", json=body).json()["id"]
    headers = {"Content-Type": "application/octet-stream"}
    cinder.put("image", f"/v2/images/{image}/file", content=b"image" + bytes(1 << 16), headers=headers)
    whole = volume(cinder, size=1, imageRef=image)
    assert bytes_of(folder, whole) == b"image"
    kept = snapshot(cinder, whole)
    write(folder, whole, b"later")
    assert bytes_of(folder, volume(cinder, snapshot_id=kept)) == b"image"
    assert bytes_of(folder, volume(cinder, source_volid=whole)) == b"later"
    assert act(cinder, f"/v3/volumes/{whole}/action", "revert", snapshot_id=kept).status_code == 202
    becomes(cinder, f"/v3/volumes/{whole}", "available")
    assert bytes_of(folder, whole) == b"image"
    assert act(cinder, f"/v3/volumes/{whole}/action", "os-extend", new_size=2).status_code == 202
    becomes(cinder, f"/v3/volumes/{whole}", "available")
    assert (folder / whole / "volume.raw").stat().st_size == 2 * GIB
    assert cinder.delete(CINDER, f"/v3/volumes/{whole}?cascade=true").status_code == 202
    vanishes(cinder, f"/v3/volumes/{whole}")
    assert not (folder / whole).exists()


def test_what_is_shown_of_a_place(cinder: Client) -> None:
    assert shown(cinder, f"/v3/volumes/{volume(cinder)}")["os-vol-host-attr:host"] == f"{HOST}@file#file"
