"""What imports do to an image on its way: decompress it, convert it, and put properties on it."""

import gzip
import io
import zipfile
from collections.abc import Iterator

import pytest
from tests.services.image.importing import download, ended, imported, left_of, stage, task_of
from tests.services.image.shelf import MIB, create, qcow2, user_of
from tests.services.image.web import OPEN, web_server
from tests.services.image.wire import until
from tests.support.cloud import Client, RunningCloud, running_cloud

from haneul.kernel.config import ConfigError

PLUGINS = {
    "enabled": ["image_decompression", "image_conversion", "inject_image_metadata"],
    "output_format": "qcow2",
    "inject": {"os_distro": "ours", "checked": "yes"},
}
RAW = bytes(range(256)) * (MIB // 256)


@pytest.fixture(scope="module")
def cloud() -> Iterator[RunningCloud]:
    with running_cloud(image={"plugins": PLUGINS, "fetch": OPEN, "most_bytes": 64 * MIB}) as running:
        yield running


def zipped(content: bytes) -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("disk.raw", content)
    return archive.getvalue()


def bytes_of(client: Client, image_id: str) -> bytes:
    return client.get("image", f"/v2/images/{image_id}/file").content


@pytest.mark.parametrize("packed", [gzip.compress(RAW), zipped(RAW), RAW])
def test_a_disk_is_unpacked_and_converted(cloud: RunningCloud, alice: Client, packed: bytes) -> None:
    image = create(alice)
    assert stage(alice, image["id"], packed).status_code == 204
    assert imported(alice, image["id"]).status_code == 202
    done = ended(alice, image["id"])
    assert (done["status"], done["disk_format"], done["container_format"]) == ("active", "qcow2", "bare")
    assert (done["virtual_size"], bytes_of(alice, image["id"])[:4]) == (MIB, b"QFI\xfb")
    until(lambda: len(left_of(cloud, image["id"])) == 1)


def test_what_is_fetched_is_unpacked_too(cloud: RunningCloud, alice: Client) -> None:
    image = create(alice, disk_format="qcow2")
    with web_server() as web:
        assert download(alice, image["id"], web.put("/disk.gz", gzip.compress(qcow2()))).status_code == 202
        done = ended(alice, image["id"])
    assert (done["status"], bytes_of(alice, image["id"])) == ("active", qcow2())
    until(lambda: len(left_of(cloud, image["id"])) == 1)


def test_what_says_that_it_is_compressed_stays_so(alice: Client) -> None:
    image, packed = create(alice, container_format="compressed"), gzip.compress(RAW)
    assert stage(alice, image["id"], packed).status_code == 204
    assert imported(alice, image["id"]).status_code == 202
    done = ended(alice, image["id"])
    assert (done["status"], done["disk_format"], bytes_of(alice, image["id"])) == ("active", "raw", packed)


def test_a_cd_stays_one(alice: Client) -> None:
    image = create(alice, disk_format="iso")
    disk = bytes(32 << 10) + b"\x01CD001\x01" + bytes(32 << 10)
    assert stage(alice, image["id"], disk).status_code == 204
    assert imported(alice, image["id"]).status_code == 202
    done = ended(alice, image["id"])
    assert (done["status"], done["disk_format"]) == ("active", "iso")


@pytest.mark.parametrize(
    ("content", "disk_format", "sentence"),
    [
        (gzip.compress(RAW)[:-9], "raw", "damaged"),
        (gzip.compress(bytes(65 * MIB)), "raw", "larger than"),
        (qcow2(), "raw", ""),
        (qcow2(backing=b"/etc/passwd"), "qcow2", ""),
        (RAW, "vmdk", ""),
    ],
)
def test_what_cannot_be_changed_is_refused_whole(
    cloud: RunningCloud, alice: Client, content: bytes, disk_format: str, sentence: str
) -> None:
    image = create(alice, disk_format=disk_format, os_distro="mine")
    assert stage(alice, image["id"], content).status_code == 204
    assert imported(alice, image["id"]).status_code == 202
    done = ended(alice, image["id"])
    assert (done["status"], done["disk_format"], done["size"]) == ("queued", disk_format, None)
    assert (done["os_distro"], "checked" in done, done["os_glance_failed_import"]) == ("mine", False, "file")
    task = task_of(alice, image["id"])
    assert (task["status"], sentence in task["message"]) == ("failure", True), task
    assert "/" not in task["message"]
    until(lambda: left_of(cloud, image["id"]) == [])


def test_properties_are_put_on_images_of_those_who_are_not_exempt(cloud: RunningCloud, alice: Client) -> None:
    for client, injected in ((alice, "ours"), (user_of(cloud, "garden", "admin"), None)):
        image = create(client)
        assert stage(client, image["id"], RAW).status_code == 204
        assert imported(client, image["id"]).status_code == 202
        assert ended(client, image["id"]).get("os_distro") == injected


@pytest.mark.parametrize("plugins", [{"enabled": ["no_op"]}, {"output_format": "vhd"}])
def test_plugins_that_there_are_not_stop_the_start(plugins: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match=r"image\.plugins"), running_cloud(image={"plugins": plugins}):
        pass
