"""Every file of the zoo is refused at the door, and every honest one of the same makers gets in."""

from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest
from tests.services.image.shelf import create, files, show, upload, uploaded
from tests.services.image.wire import until
from tests.support.cloud import Client, RunningCloud
from tests.support.zoo import HONEST, HOSTILE, SECRET, Animal


@pytest.fixture(autouse=True, scope="module")
def _no_secret_anywhere(cloud: RunningCloud) -> Iterator[None]:
    """Whatever was uploaded, nothing of a file of the host lies in the cloud's own files."""
    yield
    state = cloud.cloud.wanted.state
    assert [path for path in regular_files(state) if SECRET in path.read_bytes()] == []


def regular_files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]


@pytest.mark.parametrize("animal", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_file_is_refused_and_leaves_nothing(alice: Client, cloud: RunningCloud, animal: Animal) -> None:
    image = create(alice, disk_format=animal.disk_format, container_format=animal.container_format)
    before = files(cloud)
    answer = upload(alice, image["id"], animal.make())
    assert (answer.status_code, animal.says in unescape(answer.text)) == (415, True), answer.text
    assert SECRET not in answer.content
    assert str(cloud.cloud.wanted.state) not in answer.text
    assert show(alice, image["id"]) | {"updated_at": ""} == image | {"updated_at": ""}
    assert (image["status"], image["size"]) == ("queued", None)
    until(lambda: files(cloud) == before)
    assert alice.delete("image", f"/v2/images/{image['id']}").status_code == 204


@pytest.mark.parametrize("name", HONEST)
def test_an_honest_file_gets_in(alice: Client, name: str) -> None:
    make, disk_format, container_format = HONEST[name]
    image = uploaded(alice, make(), disk_format=disk_format, container_format=container_format)
    assert (image["status"], image["size"]) == ("active", len(make()))
