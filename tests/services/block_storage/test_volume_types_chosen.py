import pytest
from tests.services.block_storage.kinds import BLOCKS, YES, asked, kind, newest, refusal, someone, volume
from tests.support.cloud import Client, RunningCloud


@pytest.fixture(scope="module")
def admin(cloud: RunningCloud) -> Client:
    return newest(cloud.login())


@pytest.fixture(scope="module")
def member(cloud: RunningCloud) -> Client:
    return someone(cloud, "garden")


def test_a_type_is_asked_for_by_name_or_id(admin: Client, member: Client) -> None:
    made = kind(admin, "fast")
    for word in ("fast", made["id"]):
        found = volume(member, volume_type=word)
        assert (found["volume_type"], found["volume_type_id"], found["multiattach"]) == ("fast", made["id"], False)
    missing = asked(member, volume_type="slow")
    assert refusal(missing) == (404, "Volume type with name slow could not be found.")


def test_a_type_makes_its_volumes_multiattach(admin: Client, member: Client) -> None:
    kind(admin, "shared", extra_specs={"multiattach": YES})
    kind(admin, "alone", extra_specs={"multiattach": "<is> False"})
    assert volume(member, volume_type="shared")["multiattach"] is True
    assert volume(member, volume_type="alone")["multiattach"] is False


def test_a_type_bounds_the_size_of_its_volumes(admin: Client, member: Client) -> None:
    kind(admin, "sized", extra_specs={"provisioning:min_vol_size": "2", "provisioning:max_vol_size": "4"})
    assert refusal(asked(member, volume_type="sized", size=1)) == (
        400,
        "Invalid input received: Specified volume size of '1' is less than the minimum required size of '2' for "
        "volume type 'sized'.",
    )
    assert refusal(asked(member, volume_type="sized", size=5)) == (
        400,
        "Invalid input received: Specified volume size of '5' is greater than the maximum allowable size of '4' for "
        "volume type 'sized'.",
    )
    assert volume(member, volume_type="sized", size=4)["size"] == 4


def test_a_type_names_the_zones_of_its_volumes(admin: Client, member: Client) -> None:
    kind(admin, "near", extra_specs={"RESKEY:availability_zones": "mars,nova"})
    kind(admin, "far", extra_specs={"RESKEY:availability_zones": "mars, venus"})
    assert volume(member, volume_type="near")["availability_zone"] == "nova"
    assert refusal(asked(member, volume_type="near", availability_zone="mars")) == (
        400,
        "Availability zone 'mars' is invalid.",
    )
    assert refusal(asked(member, volume_type="far")) == (
        400,
        "Volume type is only supported in these availability zones: mars, venus",
    )


def test_an_image_names_the_type_of_its_volumes(admin: Client, member: Client) -> None:
    kind(admin, "of image")
    body = {"disk_format": "raw", "container_format": "bare", "cinder_img_volume_type": "of image"}
    image = member.post("image", "/v2/images", json=body).json()
    headers = {"Content-Type": "application/octet-stream"}
    sent = member.put("image", f"/v2/images/{image['id']}/file", content=b"bytes", headers=headers)
    assert sent.status_code == 204
    assert volume(member, imageRef=image["id"])["volume_type"] == "of image"
    assert volume(member, imageRef=image["id"], volume_type="__DEFAULT__")["volume_type"] == "__DEFAULT__"
    assert member.get(BLOCKS, "/v3/volumes").status_code == 200
