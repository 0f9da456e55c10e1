import uuid

from tests.services.placement.making import BASE, allocate, at, error, new_class, new_id, provider
from tests.support.cloud import Client


def test_the_standard_classes_come_first_in_their_order(admin: Client) -> None:
    mine = new_class(admin)
    found = [one["name"] for one in at(admin).get("placement", "/resource_classes").json()["resource_classes"]]
    assert found[:3] == ["VCPU", "MEMORY_MB", "DISK_GB"]
    assert mine in found[21:]


def test_a_class_of_ones_own_is_made_shown_and_deleted(admin: Client) -> None:
    name = f"CUSTOM_{uuid.uuid4().hex.upper()}"
    path = f"/resource_classes/{name}"
    made = at(admin).post("placement", "/resource_classes", json={"name": name})
    assert (made.status_code, made.headers["Location"].endswith(path)) == (201, True)
    assert at(admin).post("placement", "/resource_classes", json={"name": name}).status_code == 409
    assert at(admin).put("placement", path).status_code == 204
    assert at(admin).get("placement", path).json() == {"name": name, "links": [{"rel": "self", "href": path}]}
    provider_id = provider(admin, has={name: 1})
    used = at(admin).delete("placement", path)
    assert (used.status_code, "Class is in use in inventory" in error(used)["detail"]) == (409, True)
    assert at(admin).delete("placement", f"{BASE}/{provider_id}").status_code == 204
    assert at(admin).delete("placement", path).status_code == 204
    assert at(admin).get("placement", path).status_code == 404


def test_until_1_6_a_class_could_be_renamed_with_all_that_is_of_it(admin: Client) -> None:
    old, new, consumer = new_class(admin), f"CUSTOM_{uuid.uuid4().hex.upper()}", new_id()
    provider_id = provider(admin, has={old: 5})
    assert allocate(admin, consumer, {provider_id: {old: 2}}).status_code == 204
    renamed = at(admin, "1.6").put("placement", f"/resource_classes/{old}", json={"name": new})
    assert (renamed.status_code, renamed.json()["name"]) == (200, new)
    assert at(admin).get("placement", f"{BASE}/{provider_id}/usages").json()["usages"] == {new: 2}
    held = at(admin).get("placement", f"/allocations/{consumer}").json()["allocations"]
    assert held[provider_id]["resources"] == {new: 2}
    taken = at(admin, "1.6").put("placement", f"/resource_classes/{new}", json={"name": new_class(admin)})
    assert taken.status_code == 409
    standard = at(admin, "1.6").put("placement", "/resource_classes/VCPU", json={"name": old})
    assert (standard.status_code, "Cannot update standard" in error(standard)["detail"]) == (400, True)


def test_a_bad_name_is_refused(admin: Client) -> None:
    put = at(admin).put("placement", "/resource_classes/VCPU")
    assert (put.status_code, "Failed validating 'pattern'" in error(put)["detail"]) == (400, True)
    post = at(admin).post("placement", "/resource_classes", json={"name": "CUSTOM_" + "X" * 250})
    assert (post.status_code, "Failed validating 'maxLength'" in error(post)["detail"]) == (400, True)
    kept = at(admin).delete("placement", "/resource_classes/VCPU")
    assert (kept.status_code, "Cannot delete standard" in error(kept)["detail"]) == (400, True)
    assert at(admin, "1.1").get("placement", "/resource_classes").status_code == 404
