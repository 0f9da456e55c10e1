"""The unmodified client's commands of imports, stores, tasks and the cache, each of them run."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.clients.command_walk import Walk, walks
from tests.clients.conformance import conforming_cloud
from tests.host.net.web import ok, web
from tests.services.image.shelf import qcow2
from tests.services.image.wire import until
from tests.support.cloud import RunningCloud

pytestmark = pytest.mark.usefixtures("terminal")
TASK = "created_at, expires_at, id, input, message, owner_id, properties, result, status, type, updated_at"
CACHED = "ID, State, Last Accessed (UTC), Last Modified (UTC), Size, Hits"


@pytest.fixture(scope="module")
def cloud() -> Iterator[RunningCloud]:
    with conforming_cloud() as running:
        yield running


@pytest.fixture
def disk(tmp_path: Path) -> Path:
    path = tmp_path / "cirros.img"
    path.write_bytes(qcow2())
    return path


def ended(walk: Walk, name: str) -> dict[str, Any]:
    """The image once no import is at work on it."""

    def found() -> dict[str, Any]:
        shown: dict[str, Any] = walk.json(f"image show {name}")
        return shown

    until(lambda: "os_glance_import_task" not in found()["properties"])
    return found()


@walks("image", "import, import info, stage")
@walks("image stores", "list")
@walks("image task", "list, show")
def test_imports(walk: Walk, disk: Path) -> None:
    methods = walk.shown("image import info", "import-methods")["import-methods"]
    assert set(methods) == {"glance-direct", "web-download", "copy-image", "glance-download"}
    stores = walk.listed("image stores list", "ID, Description, Default")
    assert [(one["ID"], one["Default"]) for one in stores] == [("file", True), ("file2", None), ("web", None)]
    detailed = walk.listed("image stores list --detail", "ID, Description, Default, Properties")
    assert [one["ID"] for one in detailed] == ["file", "file2", "web"]

    staged = walk.json("image create --disk-format qcow2 staged")
    walk.refused("image import --method glance-direct staged", "an image in status 'uploading'")
    walk.does(f"image stage --file {disk} --size {disk.stat().st_size} staged")
    began = walk.json("image import --method glance-direct --store file2 --disallow-failure staged")
    assert (began["id"], began["status"]) == (staged["id"], "uploading")
    made = ended(walk, "staged")
    assert (made["status"], made["properties"]["stores"]) == ("active", "file2")

    walk.json("image import --method copy-image --store file --allow-failure staged")
    assert sorted(ended(walk, "staged")["properties"]["stores"].split(",")) == ["file", "file2"]
    walk.does("image delete --store file2 staged")
    assert ended(walk, "staged")["properties"]["stores"] == "file"
    walk.refused("image delete --store file staged", "staged")

    tasks = walk.listed("image task list", "ID, Type, Status, Owner")
    assert {(one["Type"], one["Status"]) for one in tasks} == {("api_image_import", "success")}
    shown = walk.shown(f"image task show {tasks[0]['ID']}", TASK)
    assert (shown["input"]["image_id"], shown["status"]) == (staged["id"], "success")
    assert walk.ids("image task list --type import") == []
    assert walk.ids("image task list --status failure") == []
    listed = walk.ids("image task list --status success --sort-key created_at --sort-dir asc")
    assert listed == [one["ID"] for one in reversed(tasks)]
    assert walk.ids(f"image task list --marker {listed[1]} --limit 1") == listed[:1]
    walk.does("image delete staged")


@walks("image", "create")
def test_bytes_that_are_piped_in(walk: Walk, disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with disk.open() as piped, monkeypatch.context() as shell:
        shell.setattr(sys, "stdin", piped)
        made = walk.json(f"image create --disk-format qcow2 --size {disk.stat().st_size} piped")
    assert (made["status"], made["size"]) == ("active", disk.stat().st_size)
    walk.does("image delete piped")


@walks("image", "create, import")
def test_images_from_elsewhere(walk: Walk, disk: Path) -> None:
    image = "image create --disk-format qcow2 --container-format bare"
    with web(lambda request, connection: connection.sendall(ok(disk.read_bytes()))) as site:
        walk.json(f"{image} fetched")
        walk.json(f"image import --method web-download --uri {site.url()} --all-stores --allow-failure --wait fetched")
        fetched = ended(walk, "fetched")
    assert (fetched["status"], fetched["size"]) == ("active", disk.stat().st_size)
    assert sorted(fetched["properties"]["stores"].split(",")) == ["file", "file2"]
    walk.json(f"{image} pulled")
    where = f"--remote-region RegionOne --remote-service-interface public --remote-image {fetched['id']}"
    walk.json(f"image import --method glance-download {where} pulled")
    pulled = ended(walk, "pulled")
    assert (pulled["status"], pulled["checksum"]) == ("active", fetched["checksum"])
    given = walk.json(f"{image} --import --progress --file {disk} given")
    assert ended(walk, given["id"])["status"] == "active"
    walk.does("image delete fetched pulled given")


@walks("cached image", "clear, delete, list, queue")
def test_the_cache(walk: Walk, disk: Path) -> None:
    create = f"image create --disk-format qcow2 --file {disk}"
    one, other = (walk.json(f"{create} {name}")["id"] for name in ("one", "other"))

    def states() -> dict[str, str]:
        return {row["ID"]: row["State"] for row in walk.json("cached image list")}

    assert states() == {}
    walk.does("cached image queue one other")
    until(lambda: states() == {one: "cached", other: "cached"})
    (first, _) = walk.listed("cached image list", CACHED)
    assert (first["Size"], first["Hits"]) == (disk.stat().st_size, 0)
    walk.does(f"cached image delete {one}", "cached image clear --queue")
    assert states() == {other: "cached"}
    walk.does("cached image clear --cache")
    assert states() == {}
    walk.does("cached image clear", "image delete one other")
    walk.refused("cached image queue one", "Failed to queue 1 of 1 images")
