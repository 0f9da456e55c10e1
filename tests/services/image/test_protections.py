"""Properties that only some roles may create, read, update or delete."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.services.image.shelf import OLD_PATCH, RAW, change, create, names, show, user_of
from tests.support.cloud import Client, RunningCloud, running_cloud

from haneul.kernel.config import ConfigError
from haneul.services.image.images.protections import protections_in

FILE = """
[^x_owner_.*]
create = admin,member
read = admin, Member
update = admin,member
delete = admin

[^secret$]
create = admin
read = admin
update = admin
delete = !

[^x_.*]
create = @
read = @
update =
delete = @

[os_glance.*]
create = !
read = !
update = !
delete = !

[^y_.*]
create = @
read = @
update = @
delete = @
"""


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCloud]:
    path = tmp_path_factory.mktemp("image") / "protections.conf"
    path.write_text(FILE)
    with running_cloud(image={"property_protections": str(path)}) as running:
        yield running


def test_a_property_is_made_by_who_may(alice: Client, admin: Client) -> None:
    create(alice, x_owner_a="1", x_b="2", y_c="3")
    create(admin, secret="s")
    for name in ("secret", "z_none"):
        refused = alice.post("image", "/v2/images", json={**RAW, name: "1"})
        assert (refused.status_code, f"Attribute &#x27;{name}&#x27; is reserved." in refused.text) == (403, True)
    assert admin.post("image", "/v2/images", json={"z_none": "1"}).status_code == 403


def test_a_property_is_changed_and_deleted_by_who_may(alice: Client, admin: Client) -> None:
    image_id = create(alice, x_owner_a="1", x_b="2")["id"]
    assert change(alice, image_id, {"op": "replace", "path": "/x_owner_a", "value": "7"}).status_code == 200
    assert change(alice, image_id, {"op": "add", "path": "/x_owner_b", "value": "7"}).status_code == 200
    refused = [
        change(alice, image_id, {"op": "remove", "path": "/x_owner_a"}),
        change(alice, image_id, {"op": "replace", "path": "/x_b", "value": "7"}),
        change(alice, image_id, {"op": "add", "path": "/x_b", "value": "7"}),
        change(admin, image_id, {"op": "add", "path": "/x_b", "value": "7"}),
        change(alice, image_id, {"op": "add", "path": "/secret", "value": "7"}),
    ]
    assert {(one.status_code, "is reserved." in one.text) for one in refused} == {(403, True)}
    assert change(admin, image_id, {"op": "remove", "path": "/x_owner_a"}).status_code == 200
    assert change(alice, image_id, {"op": "remove", "path": "/x_b"}).status_code == 200
    assert "x_owner_b" in show(alice, image_id)


def test_what_may_not_be_read_is_not_there(cloud: RunningCloud, alice: Client, admin: Client) -> None:
    image = create(alice, x_owner_a="1", name="kept")
    added = change(admin, image["id"], {"op": "add", "path": "/secret", "value": "s"})
    assert added.json()["secret"] == "s"
    assert "secret" not in show(alice, image["id"])
    assert "x_owner_a" not in show(user_of(cloud, "garden", "reader"), image["id"])
    (listed,) = alice.get("image", "/v2/images?name=kept").json()["images"]
    assert "secret" not in listed
    for operation in ({"op": "replace", "path": "/secret", "value": "7"}, {"op": "remove", "path": "/secret"}):
        refused = change(alice, image["id"], operation)
        assert (refused.status_code, "Property secret does not exist." in refused.text) == (409, True)
    path = f"/v2/images/{image['id']}"
    refused = alice.patch("image", path, json=[{"add": "/secret", "value": "7"}], headers=OLD_PATCH)
    assert refused.status_code == 403
    assert change(alice, image["id"], {"op": "replace", "path": "/name", "value": "new"}).status_code == 200
    assert show(admin, image["id"])["secret"] == "s"
    assert names(alice, "name=new") == ["new"]


def test_compute_s_clients_have_the_same_rights(alice: Client, admin: Client) -> None:
    image_id = create(alice, x_owner_a="1", x_b="2", y_c="3")["id"]
    assert change(admin, image_id, {"op": "add", "path": "/secret", "value": "s"}).status_code == 200
    path = f"/v2.1/images/{image_id}"
    assert alice.get("compute", path).json()["image"]["metadata"] == {"x_owner_a": "1", "x_b": "2", "y_c": "3"}
    assert alice.get("compute", f"{path}/metadata/secret").status_code == 404
    kept = {"x_owner_a": "1", "x_b": "2"}
    for wanted in ({**kept, "secret": "7"}, {**kept, "x_b": "7"}, {"x_b": "2"}):
        refused = alice.put("compute", f"{path}/metadata", json={"metadata": wanted})
        assert (refused.status_code, f"Not authorized for image {image_id}." in refused.text) == (403, True)
    changed = alice.put("compute", f"{path}/metadata", json={"metadata": {**kept, "x_owner_a": "7"}})
    assert (changed.status_code, changed.json()) == (200, {"metadata": {"x_owner_a": "7", "x_b": "2"}})
    assert alice.delete("compute", f"{path}/metadata/x_b").status_code == 204
    found = show(admin, image_id)
    assert (found["secret"], found["x_owner_a"], "x_b" in found, "y_c" in found) == ("s", "7", False, False)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[a]\ncreate = @\nread = @\nupdate = @\n", "delete"),
        ("[a]\ncreate = @,!\nread = @\nupdate = @\ndelete = @\n", "exclude each other"),
        ("[(]\ncreate = @\nread = @\nupdate = @\ndelete = @\n", "unterminated"),
        ("create = @\n", "no section headers"),
    ],
)
def test_a_file_that_makes_no_sense_stops_the_start(tmp_path: Path, text: str, reason: str) -> None:
    path = tmp_path / "protections.conf"
    path.write_text(text)
    with pytest.raises(ConfigError, match=reason):
        protections_in(str(path))
    with pytest.raises(ConfigError, match="No such file"):
        protections_in(str(tmp_path / "none.conf"))
