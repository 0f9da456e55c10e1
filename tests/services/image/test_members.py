from typing import Any

from tests.services.image.shelf import create, names, show, uploaded
from tests.support.cloud import Client


def test_an_image_is_shared_accepted_and_taken_back(alice: Client, bob: Client, admin: Client) -> None:
    image = uploaded(alice, name="roses")
    orchard = create(bob)["owner"]
    members, one = f"/v2/images/{image['id']}/members", f"/v2/images/{image['id']}/members/{orchard}"
    assert bob.get("image", f"/v2/images/{image['id']}").status_code == 404
    added = alice.post("image", members, json={"member": orchard})
    assert added.status_code == 200
    assert added.json() | {"created_at": "", "updated_at": ""} == {
        "member_id": orchard,
        "image_id": image["id"],
        "status": "pending",
        "created_at": "",
        "updated_at": "",
        "schema": "/v2/schemas/member",
    }
    assert alice.post("image", members, json={"member": orchard}).status_code == 409
    assert show(bob, image["id"])["name"] == "roses"
    assert "roses" not in names(bob)
    assert "roses" in names(bob, "member_status=pending")
    assert alice.put("image", one, json={"status": "accepted"}).status_code == 403
    assert bob.put("image", one, json={"status": "accepted"}).json()["status"] == "accepted"
    assert "roses" in names(bob)
    assert "roses" in names(bob, "visibility=shared")
    assert bob.get("image", image["file"]).content == b"bytes"
    assert [member["member_id"] for member in bob.get("image", members).json()["members"]] == [orchard]
    assert alice.get("image", one).json()["status"] == "accepted"
    assert bob.delete("image", one).status_code == 403
    assert alice.delete("image", one).status_code == 204
    assert alice.get("image", one).status_code == 404
    assert bob.get("image", f"/v2/images/{image['id']}").status_code == 404
    assert admin.get("image", members).json() == {"members": [], "schema": "/v2/schemas/members"}


def test_only_shared_images_have_members(alice: Client) -> None:
    path = f"/v2/images/{create(alice, visibility='private')['id']}/members"
    assert alice.post("image", path, json={"member": "x"}).status_code == 403
    assert alice.get("image", path).status_code == 403
    assert alice.get("image", f"{path}/x").status_code == 404


def test_bodies_that_make_no_sense_are_refused(alice: Client) -> None:
    path = f"/v2/images/{create(alice)['id']}/members"
    added: list[tuple[Any, str]] = [
        ({}, "Member to be added not specified"),
        ({"member": ""}, "Member can&#x27;t be empty"),
        ([], "Expected a member in the form:"),
        ({"member": "m" * 256}, "longer than 255"),
    ]
    for body, sentence in added:
        answer = alice.post("image", path, json=body)
        assert (answer.status_code, sentence in answer.text) == (400, True), answer.text
    assert alice.post("image", path, json={"member": "x"}).status_code == 200
    changed: list[tuple[Any, str]] = [
        ({}, "Status not specified"),
        ({"status": "perhaps"}, "Status must be"),
        ("x", "Expected a status in the form:"),
    ]
    for body, sentence in changed:
        answer = alice.put("image", f"{path}/x", json=body)
        assert (answer.status_code, sentence in answer.text) == (400, True), answer.text


def test_a_full_member_list_takes_no_more(admin: Client) -> None:
    path = f"/v2/images/{create(admin)['id']}/members"
    for number in range(128):
        assert admin.post("image", path, json={"member": f"project-{number}"}).status_code == 200
    answer = admin.post("image", path, json={"member": "one-more"})
    assert (answer.status_code, "Attempted: 129, Maximum: 128" in answer.text) == (413, True)


def test_a_member_neither_sees_nor_speaks_for_another(alice: Client, bob: Client, admin: Client) -> None:
    image = uploaded(alice, name="asters")
    orchard, meadow = create(bob)["owner"], "a-third-project"
    members = f"/v2/images/{image['id']}/members"
    for project in (orchard, meadow):
        assert alice.post("image", members, json={"member": project}).status_code == 200
    assert [member["member_id"] for member in bob.get("image", members).json()["members"]] == [orchard]
    assert bob.get("image", f"{members}/{meadow}").status_code == 404
    assert bob.put("image", f"{members}/{meadow}", json={"status": "accepted"}).status_code == 404
    assert alice.get("image", f"{members}/{meadow}").json()["status"] == "pending"
    assert admin.put("image", f"{members}/{meadow}", json={"status": "accepted"}).status_code == 200
    assert len(alice.get("image", members).json()["members"]) == 2
