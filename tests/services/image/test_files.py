import hashlib
import os
import random
import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from tests.services.image.shelf import BYTES, MIB, QCOW2, create, files, qcow2, show, store_folder, upload, uploaded
from tests.services.image.wire import slow_upload, until
from tests.support.cloud import Client, RunningCloud, running_cloud
from tests.support.zoo.makers import OVF, tar


@pytest.fixture(autouse=True)
def _nothing_left(cloud: RunningCloud) -> Iterator[None]:
    """Whatever a test does to the store, only whole files of active images remain."""
    yield
    until(lambda: not [name for name in files(cloud) if name.endswith(".part")])
    admin = cloud.login()
    active = admin.get("image", "/v2/images?limit=1000&status=active&visibility=all").json()["images"]
    assert sorted(name.partition(".")[0] for name in files(cloud)) == sorted(image["id"] for image in active)


def test_bytes_go_in_and_come_out(alice: Client) -> None:
    content = random.Random(7).randbytes(3 * MIB + 11)
    image = uploaded(alice, content)
    assert image["status"] == "active"
    assert (image["size"], image["virtual_size"], image["stores"]) == (len(content), len(content), "file")
    assert image["checksum"] == hashlib.md5(content, usedforsecurity=False).hexdigest()
    assert (image["os_hash_algo"], image["os_hash_value"]) == ("sha512", hashlib.sha512(content).hexdigest())
    answer = alice.get("image", image["file"])
    assert answer.content == content
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["Content-Length"] == str(len(content))
    assert answer.headers["Content-MD5"] == image["checksum"]


def test_a_body_without_a_length_goes_in_too(alice: Client) -> None:
    image = create(alice, **QCOW2)
    disk = qcow2(size=300 * MIB)
    pieces = (disk[at : at + 1000] for at in range(0, len(disk), 1000))
    assert upload(alice, image["id"], pieces).status_code == 204
    image = show(alice, image["id"])
    assert (image["size"], image["virtual_size"]) == (len(disk), 300 * MIB)


@pytest.mark.parametrize(
    ("fields", "content", "sentence"),
    [
        (QCOW2, b"not a disk" * 100, "The image was announced as qcow2"),
        ({}, qcow2(), "The image was announced as raw, but its contents are qcow2."),
        (QCOW2, qcow2(backing=b"/etc/shadow"), "names a backing file"),
        (QCOW2, qcow2()[:100], "cut off"),
        (QCOW2, b"", "The image file is empty."),
        ({"disk_format": "ploop"}, b"anything", "The image was announced as ploop"),
    ],
)
def test_a_file_that_is_not_what_it_claims_is_refused(
    alice: Client, fields: dict[str, str], content: bytes, sentence: str
) -> None:
    image = create(alice, **fields)
    answer = upload(alice, image["id"], content)
    assert (answer.status_code, sentence in answer.text) == (415, True), answer.text
    assert show(alice, image["id"]) | {"updated_at": ""} == image | {"updated_at": ""}
    retried = {} if fields else {"disk_format": "raw"}
    assert retried == {} or upload(alice, image["id"], b"raw bytes").status_code == 204


def test_nothing_at_all_is_raw_too(alice: Client) -> None:
    image = uploaded(alice, b"")
    assert (image["status"], image["size"], image["virtual_size"]) == ("active", 0, None)
    answer = alice.get("image", image["file"])
    assert (answer.status_code, answer.content, answer.headers["Content-Length"]) == (200, b"", "0")


def test_an_archive_does_not_tell_the_size_of_a_disk(alice: Client) -> None:
    archive = tar({"box.ovf": OVF, "box.vmdk": bytes(5000)})
    image = uploaded(alice, archive, container_format="ova", disk_format="vmdk")
    assert (image["status"], image["size"], image["virtual_size"]) == ("active", len(archive), None)


@pytest.mark.parametrize(
    ("headers", "status", "sentence"),
    [
        ({"Content-Type": "application/json"}, 415, "Invalid content type application/json"),
        ({"X-OpenStack-Image-Size": "6"}, 400, "was announced as 6 bytes, but 5 came."),
        ({"X-OpenStack-Image-Size": "six"}, 400, "Invalid or missing image size in request headers."),
        ({"X-Image-Meta-Store": "moon"}, 400, "found in URI"),
    ],
)
def test_headers_that_make_no_sense_are_refused(
    alice: Client, headers: dict[str, str], status: int, sentence: str
) -> None:
    image = create(alice)
    path = f"/v2/images/{image['id']}/file"
    answer = alice.put("image", path, content=b"bytes", headers={**BYTES, **headers})
    assert (answer.status_code, sentence in answer.text) == (status, True), answer.text
    assert show(alice, image["id"])["status"] == "queued"


def test_formats_must_be_known_before_bytes_come(alice: Client) -> None:
    neither = create(alice, disk_format=None, container_format=None)
    answer = upload(alice, neither["id"], b"bytes")
    sentence = "Properties disk_format, container_format must be set prior to saving data."
    assert (answer.status_code, sentence in answer.text) == (400, True)
    one = create(alice, container_format=None)
    answer = upload(alice, one["id"], b"bytes")
    assert "Property container_format must be set prior to saving data." in answer.text


def test_bytes_come_but_once(alice: Client) -> None:
    image = uploaded(alice)
    answer = upload(alice, image["id"], b"other")
    sentence = "Image status transition from active to saving is not allowed"
    assert (answer.status_code, sentence in answer.text) == (409, True)
    assert alice.get("image", image["file"]).content == b"bytes"


def test_of_two_uploads_at_once_one_is_refused(alice: Client) -> None:
    image_id = create(alice)["id"]
    with slow_upload(alice, image_id, "Content-Length: 10") as first:
        first.send(b"first")
        until(lambda: show(alice, image_id)["status"] == "saving")
        second = upload(alice, image_id, b"second")
        sentence = "Image status transition from saving to saving is not allowed"
        assert (second.status_code, sentence in second.text) == (409, True)
        first.send(b"-ever")
        assert first.status() == 204
    assert alice.get("image", f"/v2/images/{image_id}/file").content == b"first-ever"


@pytest.mark.parametrize(
    ("framing", "piece"),
    [("Content-Length: 3000000", b"x" * 2_000_000), ("Transfer-Encoding: chunked", b"5\r\nbytes\r\n")],
)
def test_an_upload_that_breaks_off_leaves_nothing(
    alice: Client, cloud: RunningCloud, framing: str, piece: bytes
) -> None:
    image = create(alice)
    before = files(cloud)
    with slow_upload(alice, image["id"], framing) as broken:
        broken.send(piece)
        until(lambda: show(alice, image["id"])["status"] == "saving")
    until(lambda: show(alice, image["id"])["status"] == "queued")
    assert files(cloud) == before
    assert upload(alice, image["id"], b"whole").status_code == 204


def test_an_image_deleted_while_it_comes_in_is_gone(alice: Client, cloud: RunningCloud) -> None:
    before = files(cloud)
    image_id = create(alice)["id"]
    with slow_upload(alice, image_id, "Content-Length: 10") as orphan:
        orphan.send(b"first")
        until(lambda: show(alice, image_id)["status"] == "saving")
        assert alice.delete("image", f"/v2/images/{image_id}").status_code == 204
        orphan.send(b"-ever")
        assert orphan.status() == 410
    assert files(cloud) == before


def test_an_image_may_not_be_larger_than_the_operator_allows() -> None:
    with running_cloud(image={"most_bytes": 2_000_000}) as small:
        admin = small.login()
        image_id = create(admin)["id"]
        for content in (bytes(2_000_001), (bytes(500_000) for _ in range(5))):
            answer = upload(admin, image_id, content)
            assert (answer.status_code, "The incoming image is too large" in answer.text) == (413, True)
            assert show(admin, image_id)["status"] == "queued"
        assert upload(admin, image_id, bytes(2_000_000)).status_code == 204
        assert len(files(small)) == 1


def test_an_upload_that_stops_sending_is_given_up() -> None:
    with running_cloud(image={"upload_idle_s": 1}) as hasty:
        admin = hasty.login()
        image_id = create(admin)["id"]
        with slow_upload(admin, image_id, "Content-Length: 10") as stuck:
            stuck.send(b"first")
            assert stuck.status() == 400
        assert (show(admin, image_id)["status"], files(hasty)) == ("queued", [])


@pytest.mark.parametrize(
    ("header", "expected", "shown"),
    [
        ("bytes=0-3", b"0123", "bytes 0-3/10"),
        ("bytes=7-", b"789", "bytes 7-9/10"),
        ("bytes=7-99", b"789", "bytes 7-9/10"),
        ("bytes=-4", b"6789", "bytes 6-9/10"),
        ("bytes=-40", b"0123456789", "bytes 0-9/10"),
    ],
)
def test_a_range_is_sent_alone(alice: Client, header: str, expected: bytes, shown: str) -> None:
    image = uploaded(alice, b"0123456789")
    answer = alice.get("image", image["file"], headers={"Range": header})
    assert (answer.status_code, answer.content) == (206, expected)
    assert (answer.headers["Content-Range"], answer.headers["Content-Length"]) == (shown, str(len(expected)))


@pytest.mark.parametrize(
    ("header", "status"),
    [
        ("bytes=10-", 416),
        ("bytes=-0", 416),
        ("bytes=5-2", 416),
        ("bytes=-", 416),
        ("lines=1-2", 416),
        ("bytes=a-b", 416),
        ("bytes=0-1,3-4", 400),
    ],
)
def test_a_range_that_is_not_there_is_refused(alice: Client, header: str, status: int) -> None:
    image = uploaded(alice, b"0123456789")
    assert alice.get("image", image["file"], headers={"Range": header}).status_code == status


@pytest.mark.parametrize(
    ("header", "expected"), [("bytes 2-4/10", b"234"), ("bytes 2-4/*", b"234"), ("bytes 0-9/10", b"0123456789")]
)
def test_older_clients_ask_by_content_range(alice: Client, header: str, expected: bytes) -> None:
    image = uploaded(alice, b"0123456789")
    answer = alice.get("image", image["file"], headers={"Content-Range": header})
    assert (answer.status_code, answer.content) == (206, expected)
    assert answer.headers["Content-Range"] == header.replace("*", "10")
    both = alice.get("image", image["file"], headers={"Content-Range": header, "Range": "bytes=1-1"})
    assert both.content == b"1"


@pytest.mark.parametrize(
    ("header", "sentence"),
    [
        ("bytes 10-11/*", "Invalid start position in Content-Range header."),
        ("bytes 2-10/*", "Invalid stop position in Content-Range header."),
        ("bytes 2-10/20", "Invalid stop position in Content-Range header."),
        ("bytes 4-2/10", "Invalid Content-Range header."),
        ("bytes 2-4/3", "Invalid Content-Range header."),
        ("bytes */10", "Invalid Content-Range header."),
        ("2-4", "Invalid Content-Range header."),
    ],
)
def test_a_content_range_that_is_not_there_is_refused(alice: Client, header: str, sentence: str) -> None:
    answer = alice.get("image", uploaded(alice, b"0123456789")["file"], headers={"Content-Range": header})
    assert (answer.status_code, sentence in answer.text) == (416, True)


def test_an_image_without_bytes_has_no_content(alice: Client) -> None:
    answer = alice.get("image", f"/v2/images/{create(alice)['id']}/file")
    assert (answer.status_code, answer.content) == (204, b"")


def test_head_tells_the_size_alone(alice: Client) -> None:
    image = uploaded(alice)
    answer = alice.request("HEAD", "image", image["file"])
    assert (answer.status_code, answer.headers["Content-Length"], answer.content) == (200, "5", b"")


def test_a_download_ends_with_its_reader(alice: Client, cloud: RunningCloud) -> None:
    image = uploaded(alice, bytes(64 * MIB))
    address = urlsplit(cloud.url("image"))
    with socket.create_connection((address.hostname, address.port), timeout=20) as reader:
        reader.sendall(
            f"GET {image['file']} HTTP/1.1\r\nHost: {address.netloc}\r\nX-Auth-Token: {alice.token}\r\n\r\n".encode()
        )
        assert reader.recv(4096).startswith(b"HTTP/1.1 200")
        assert image["id"] in opened()
    until(lambda: image["id"] not in opened())


def opened() -> str:
    """The paths of the files that this process, the server's too, holds open."""
    return " ".join(str(Path(link).resolve()) for link in Path("/proc/self/fd").iterdir() if os.path.exists(link))


def test_bytes_that_the_store_lost_are_told_as_lost(alice: Client, cloud: RunningCloud) -> None:
    image = uploaded(alice)
    (name,) = [name for name in files(cloud) if name.startswith(image["id"])]
    (store_folder(cloud) / name).unlink()
    answer = alice.get("image", image["file"])
    assert (answer.status_code, "missing from its store" in answer.text) == (503, True)
    assert alice.delete("image", f"/v2/images/{image['id']}").status_code == 204
