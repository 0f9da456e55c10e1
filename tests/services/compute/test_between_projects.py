"""What stands between projects: a token's scope, the project that an address names, and markers of lists."""

from uuid import uuid4

import pytest
from tests.services.identity.people import persona
from tests.support.cloud import Client, RunningCloud

UPLOAD = {"Content-Type": "application/octet-stream"}


@pytest.fixture(scope="module")
def server(admin: Client) -> dict[str, object]:
    """The body of a create that anybody may send."""
    flavor = {"name": "f", "id": "f", "ram": 64, "vcpus": 1, "disk": 1}
    made = admin.post("compute", "/v2.1/flavors", json={"flavor": flavor})
    assert made.status_code == 200, made.text
    body = {"name": "blank", "disk_format": "raw", "container_format": "bare", "visibility": "public"}
    image_id = admin.post("image", "/v2/images", json=body).json()["id"]
    admin.put("image", f"/v2/images/{image_id}/file", content=bytes(4096), headers=UPLOAD)
    return {"server": {"name": "s", "flavorRef": "f", "imageRef": image_id}}


@pytest.mark.parametrize("place", ["system", "domains/default"])
def test_only_a_projects_token_makes_things(
    cloud: RunningCloud, admin: Client, server: dict[str, object], place: str
) -> None:
    high = persona(cloud, admin, "admin", place)
    assert high.get("identity", "/v3/users").status_code == 200
    assert high.post("compute", "/v2.1/servers", json=server).status_code == 403
    assert high.get("compute", "/v2.1/servers?all_tenants=1").status_code == 403
    # An image without an owner would be everybody's.
    assert high.post("image", "/v2/images", json={"name": "whose?"}).status_code == 403


def project_of(client: Client) -> str:
    found = client.get("identity", "/v3/auth/projects").json()["projects"]
    return str(found[0]["id"])


def test_an_address_that_names_another_project_is_refused(admin: Client, member: Client) -> None:
    own, other = project_of(member), project_of(admin)
    assert member.get("compute", f"/v2.1/{own}/servers").status_code == 200
    refused = member.get("compute", f"/v2.1/{other}/servers")
    assert (refused.status_code, refused.json()) == (
        400,
        {
            "badRequest": {
                "code": 400,
                "message": f"Malformed request URL: URL's project_id '{other}' doesn't match Context's project_id "
                f"'{own}'",
            }
        },
    )
    assert member.get("compute", f"/v2/{other}/servers").status_code == 400
    # Nobody is told about projects before he has said who he is.
    assert member.get("compute", f"/v2.1/{other}/servers", headers={"X-Auth-Token": "none"}).status_code == 401


def test_a_marker_of_another_project_is_as_unknown_as_one_that_is_not_there(
    admin: Client, member: Client, server: dict[str, object]
) -> None:
    server_id = admin.post("compute", "/v2.1/servers", json=server).json()["server"]["id"]
    hidden = {"name": "hidden", "id": "hidden", "ram": 64, "vcpus": 1, "disk": 1, "os-flavor-access:is_public": False}
    assert admin.post("compute", "/v2.1/flavors", json={"flavor": hidden}).status_code == 200
    assert admin.post("compute", "/v2.1/os-keypairs", json={"keypair": {"name": "admins"}}).status_code == 200
    newer = {"X-OpenStack-Nova-API-Version": "2.35"}
    for path, theirs in (("servers", server_id), ("flavors", "hidden"), ("os-keypairs", "admins")):
        answers = [
            member.get("compute", f"/v2.1/{path}", params={"marker": marker}, headers=newer)
            for marker in (theirs, str(uuid4()))
        ]
        assert [answer.status_code for answer in answers] == [400, 400], path
        asked = {"marker": theirs, "is_public": "none"}
        assert admin.get("compute", f"/v2.1/{path}", params=asked, headers=newer).status_code == 200, path
