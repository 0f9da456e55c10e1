"""What the real client does with images: the commands and fields of operators' walkthroughs."""

from pathlib import Path

import pytest

from tests.clients.openstack_cli import OpenStackCli
from tests.services.image.shelf import qcow2, user_of
from tests.support.cloud import RunningCloud

FIELDS = {
    "container_format",
    "created_at",
    "disk_format",
    "file",
    "id",
    "min_disk",
    "min_ram",
    "name",
    "owner",
    "properties",
    "protected",
    "schema",
    "status",
    "tags",
    "updated_at",
    "visibility",
}


@pytest.fixture(scope="module")
def cli(cloud: RunningCloud) -> OpenStackCli:
    return OpenStackCli(cloud)


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("disks") / "cirros.img"
    path.write_bytes(qcow2())
    return path


def test_a_private_image_is_uploaded_shown_changed_saved_and_deleted(
    cloud: RunningCloud, cli: OpenStackCli, disk: Path, tmp_path: Path
) -> None:
    made = cli.json(f"image create --min-disk 2 --private --disk-format qcow2 --file {disk} cirros")
    assert made.keys() >= FIELDS
    assert (made["min_disk"], made["visibility"], made["disk_format"]) == (2, "private", "qcow2")
    own = ("md5", "object", "sha256")
    assert made["properties"].keys() >= {"os_hidden", *(f"owner_specified.openstack.{name}" for name in own)}
    assert cli.json("image list") == [{"ID": made["id"], "Name": "cirros", "Status": "active"}]
    shown = cli.json("image show cirros")
    assert shown.keys() >= FIELDS | {"checksum", "size", "virtual_size"}
    assert (shown["status"], shown["size"], shown["file"]) == (
        "active",
        disk.stat().st_size,
        f"/v2/images/{made['id']}/file",
    )
    assert shown["properties"]["os_hash_algo"] == "sha512"
    assert user_of(cloud, "garden").get("image", "/v2/images").json()["images"] == []

    assert cli.run("image set --property os_distro=cirros --tag small --min-ram 64 --public cirros").code == 0
    changed = cli.json("image show cirros")
    assert (changed["properties"]["os_distro"], changed["tags"]) == ("cirros", ["small"])
    assert (changed["min_ram"], changed["visibility"]) == (64, "public")
    assert cli.run("image unset --property os_distro --tag small cirros").code == 0
    assert cli.json("image list --long --property os_distro=cirros") == []

    saved = tmp_path / "saved.img"
    assert cli.run(f"image save --file {saved} cirros").code == 0
    assert saved.read_bytes() == disk.read_bytes()

    assert cli.run("image set --protected cirros").code == 0
    refused = cli.run(f"image delete {made['id']}")
    assert (refused.code, "is protected and cannot be deleted" in refused.err) == (1, True)
    assert cli.run("image set --unprotected cirros").code == 0
    assert cli.run(f"image delete {made['id']}").code == 0
    assert cli.json("image list") == []


def test_a_public_image_is_made_as_documented(cli: OpenStackCli, disk: Path) -> None:
    made = cli.json(f"image create --disk-format qcow2 --container-format bare --public --file {disk} cirros")
    assert (made["visibility"], made["container_format"], made["schema"]) == ("public", "bare", "/v2/schemas/image")
    assert cli.run("image set --deactivate cirros").code == 0
    assert cli.json("image list --status deactivated")[0]["Name"] == "cirros"
    assert cli.run("image set --activate cirros").code == 0
    assert cli.run("image delete cirros").code == 0


def test_an_image_is_shared_with_a_project(cli: OpenStackCli, disk: Path) -> None:
    made = cli.json(f"image create --disk-format qcow2 --file {disk} --shared roses")
    added = cli.json("image add project roses service")
    assert (added["image_id"], added["status"]) == (made["id"], "pending")
    members = cli.json("image member list roses")
    assert [(member["Image ID"], member["Status"]) for member in members] == [(made["id"], "pending")]
    assert cli.run("image remove project roses service").code == 0
    assert cli.json("image member list roses") == []


def test_what_the_service_can_import_and_where_it_keeps_images(cli: OpenStackCli) -> None:
    assert cli.json("image import info") == {"import-methods": []}
    assert cli.json("image stores list") == [{"ID": "file", "Description": None, "Default": True}]
