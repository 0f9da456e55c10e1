"""What `/v2/info/stores` tells of several stores, and to whom."""

from collections.abc import Iterator

import pytest
from tests.services.image.remote import TWO_STORES
from tests.services.image.shelf import RAW
from tests.support.cloud import Client, RunningCloud, running_cloud

S3 = {
    "driver": "s3",
    "description": "far away",
    "options": {"host": "https://s3.example", "bucket": "b", "access_key": "id", "secret_key": "hush"},
}


@pytest.fixture(scope="module")
def cloud() -> Iterator[RunningCloud]:
    with running_cloud(image={**TWO_STORES, "stores": {**TWO_STORES["stores"], "far": S3}}) as running:
        yield running


def test_stores_are_told_to_everybody(alice: Client) -> None:
    assert alice.get("image", "/v2/info/stores").json()["stores"] == [
        {"id": "disk", "default": "true"},
        {"id": "shelf"},
        {"id": "web", "read-only": "true"},
        {"id": "far", "description": "far away"},
    ]
    made = alice.post("image", "/v2/images", json=RAW)
    assert made.headers["OpenStack-image-store-ids"] == "disk,shelf,web,far"


def test_how_they_are_configured_is_told_to_administrators(alice: Client, admin: Client) -> None:
    answer = admin.get("image", "/v2/info/stores/detail")
    assert answer.json()["stores"] == [
        {"id": "disk", "default": "true", "type": "file", "weight": 1, "properties": {}},
        {"id": "shelf", "type": "file", "weight": 0, "properties": {}},
        {"id": "web", "read-only": "true", "type": "http", "weight": 0, "properties": {}},
        {
            "id": "far",
            "description": "far away",
            "type": "s3",
            "weight": 0,
            "properties": {"host": "https://s3.example", "bucket": "b"},
        },
    ]
    assert "hush" not in answer.text
    assert alice.get("image", "/v2/info/stores/detail").status_code == 403
