"""Swift reached by Keystone's passwords: the identity service of a cloud of ours stands in Keystone's place."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from tests.contracts.object_stores import LARGE
from tests.servers.fixtures import swift_server
from tests.servers.swift import Swift
from tests.support.cloud import PASSWORD, Client, RunningCloud, running_cloud

from haneul.services.image.drivers import DRIVERS
from haneul.services.image.drivers.base import ImageStore, StoreOptions, Unreachable

__all__ = ["swift_server"]

pytestmark = pytest.mark.machine
REGION = "RegionOne"


@pytest.fixture(scope="module")
def keystone() -> Iterator[RunningCloud]:
    with running_cloud() as cloud:
        yield cloud


@pytest.fixture(scope="module")
def login_url(keystone: RunningCloud, swift_server: Swift) -> Iterator[str]:
    """Where to log in to a cloud whose catalog has the object store."""
    url = f"{keystone.url('identity')}/v3"
    with swift_server.asking_keystone(url, PASSWORD) as proxy:
        admin = keystone.login()
        wanted = {"service": {"type": "object-store", "name": "swift"}}
        service = admin.post("identity", "/v3/services", json=wanted).json()["service"]["id"]
        for interface, port in (("internal", "http://127.0.0.1:9"), ("public", proxy)):
            place = {"service_id": service, "interface": interface, "region_id": region_of(admin)}
            endpoint = {**place, "url": f"{port}/v1/AUTH_$(project_id)s"}
            answer = admin.post("identity", "/v3/endpoints", json={"endpoint": endpoint})
            assert answer.status_code == 201, answer.text
        yield url


def region_of(admin: Client) -> str:
    return str(admin.get("identity", "/v3/regions").json()["regions"][0]["id"])


def opened(folder: Path, login_url: str, **other: str) -> ImageStore:
    options = {"auth_address": login_url, "user": "admin:admin", "key": PASSWORD, "container": "images"}
    quick = {"create_container_on_put": "true", "part_mb": "5", "attempts": "1", "timeout_s": "20"}
    return DRIVERS["swift"](StoreOptions(folder=folder, options={**options, **quick, **other}))


def test_images_are_kept_and_read(login_url: str, tmp_path: Path) -> None:
    store = opened(tmp_path, login_url)
    draft = store.open_draft("a.1")
    draft.write(LARGE)
    draft.keep()
    draft.release()
    with closing(store.open("a.1")) as file:
        assert file.read() == LARGE
    assert store.list_kept() == ["a.1"]
    store.delete("a.1")
    assert store.list_kept() == []
    assert store.address("a.1") == f"swift+{login_url}/images/a.1"


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("key", "a secret that is wrong", "refused its credentials"),
        ("user", "admin:nobody", "refused its credentials"),
        ("region", "Elsewhere", "gave no object store"),
        ("endpoint_type", "adminURL", "gave no object store"),
        ("endpoint_type", "internalURL", "did not answer"),
        ("auth_address", "http://127.0.0.1:9/v3", "did not answer"),
    ],
)
def test_a_login_that_leads_nowhere_is_told(login_url: str, tmp_path: Path, option: str, value: str, said: str) -> None:
    with pytest.raises(Unreachable, match=said) as refused:
        opened(tmp_path, login_url, **{option: value}).list_kept()
    assert "secret" not in str(refused.value)
