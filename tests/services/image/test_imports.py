"""Staging bytes and importing them."""

from html import unescape
from typing import Any

import pytest
from tests.services.image.importing import ended, imported, left_of, stage
from tests.services.image.shelf import create, qcow2, show, uploaded
from tests.services.image.wire import until
from tests.support.cloud import Client, RunningCloud


def test_staged_bytes_are_imported(cloud: RunningCloud, alice: Client) -> None:
    image = create(alice)
    assert stage(alice, image["id"], b"bytes").status_code == 204
    waiting = show(alice, image["id"])
    assert (waiting["status"], waiting["size"], waiting["checksum"]) == ("uploading", 5, None)
    assert imported(alice, image["id"]).status_code == 202
    done = ended(alice, image["id"])
    assert (done["status"], done["size"], done["stores"]) == ("active", 5, "file")
    assert done["os_hash_algo"] == "sha512"
    assert done["checksum"] == "4b3a6218bb3e3a7303e8a171a60fcf92"
    assert (done["os_glance_importing_to_stores"], done["os_glance_failed_import"]) == ("", "")
    content = alice.get("image", f"/v2/images/{image['id']}/file")
    assert content.content == b"bytes"
    until(lambda: [name.partition("/")[0] for name in left_of(cloud, image["id"])] == ["file"])


def test_an_import_that_is_refused_leaves_the_image_queued(cloud: RunningCloud, alice: Client) -> None:
    image = create(alice, disk_format="qcow2")
    assert stage(alice, image["id"], qcow2(backing=b"/etc/passwd")).status_code == 204
    assert imported(alice, image["id"]).status_code == 202
    done = ended(alice, image["id"])
    assert (done["status"], done["size"], done["os_glance_failed_import"]) == ("queued", None, "file")
    until(lambda: left_of(cloud, image["id"]) == [])


@pytest.mark.parametrize(
    ("body", "status", "sentence"),
    [
        ({}, 400, "Import request requires a 'method' field."),
        ({"method": {}}, 400, "Import request requires a 'name' field."),
        ({"method": {"name": "by-post"}}, 400, "Unknown import method name 'by-post'."),
        ({"method": {"name": "glance-direct"}, "all_stores": "yes"}, 400, "must be boolean value only"),
        ({"method": {"name": "glance-direct"}}, 409, "needs to be staged before"),
    ],
)
def test_an_import_that_cannot_be_is_refused(alice: Client, body: dict[str, Any], status: int, sentence: str) -> None:
    answer = alice.post("image", f"/v2/images/{create(alice)['id']}/import", json=body)
    assert (answer.status_code, sentence in unescape(answer.text)) == (status, True), answer.text


def test_an_active_image_takes_no_import(alice: Client) -> None:
    answer = imported(alice, uploaded(alice)["id"])
    assert (answer.status_code, "cannot be target for import" in answer.text) == (409, True)
