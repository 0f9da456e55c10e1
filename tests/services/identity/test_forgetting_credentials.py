"""Application credentials end with what they stand on, and their tokens with them."""

from collections.abc import Callable

import pytest
from tests.services.identity.delegates import Member, by_credential, credential, member, try_credential
from tests.services.identity.people import grant, make, role_id, whoami
from tests.support.cloud import Client, RunningCloud

RULE = {"service": "identity", "method": "GET", "path": "/v3/**"}


@pytest.fixture
def owner(cloud: RunningCloud, admin: Client) -> Member:
    return member(cloud, admin)


def left(admin: Client, owner: Member) -> list[str]:
    return [one["id"] for one in admin.get("identity", owner.path).json()["application_credentials"]]


def drop_role(admin: Client, owner: Member) -> None:
    path = f"/v3/projects/{owner.project['id']}/users/{owner.user['id']}/roles/{role_id(admin, 'member')}"
    assert admin.delete("identity", path).status_code == 204


def drop_project(admin: Client, owner: Member) -> None:
    assert admin.delete("identity", f"/v3/projects/{owner.project['id']}").status_code == 204


def drop_user(admin: Client, owner: Member) -> None:
    assert admin.delete("identity", f"/v3/users/{owner.user['id']}").status_code == 204


def disable_user(admin: Client, owner: Member) -> None:
    path = f"/v3/users/{owner.user['id']}"
    for is_enabled in (False, True):
        assert admin.patch("identity", path, json={"user": {"enabled": is_enabled}}).status_code == 200


@pytest.mark.parametrize("drop", [drop_role, drop_project, drop_user, disable_user])
def test_it_goes_with_what_it_stands_on(
    cloud: RunningCloud, admin: Client, owner: Member, drop: Callable[[Client, Member], None]
) -> None:
    made = credential(owner, access_rules=[RULE])
    client = by_credential(cloud, made)
    assert client.get("identity", owner.path).status_code == 200
    drop(admin, owner)
    assert client.get("identity", owner.path).status_code == 401
    assert try_credential(cloud, made).status_code == 401
    assert left(admin, owner) == []


def test_its_deletion_ends_its_tokens_and_no_other(cloud: RunningCloud, owner: Member) -> None:
    made, other = credential(owner), credential(owner)
    client, bystander = by_credential(cloud, made), by_credential(cloud, other)
    assert (whoami(client), whoami(bystander)) == (200, 200)
    assert owner.client.delete("identity", f"{owner.path}/{made['id']}").status_code == 204
    assert (whoami(client), whoami(bystander), whoami(owner.client)) == (401, 200, 200)


def test_a_role_lost_elsewhere_changes_nothing(cloud: RunningCloud, admin: Client, owner: Member) -> None:
    made, other = credential(owner), make(admin, "project")
    grant(admin, owner.user, "member", f"projects/{other['id']}")
    drop_role(admin, Member(owner.user, other, owner.client))
    assert left(admin, owner) == [made["id"]]
    assert try_credential(cloud, made).status_code == 201


def test_a_deleted_role_takes_credentials_that_have_it(cloud: RunningCloud, admin: Client) -> None:
    role = make(admin, "role")
    holder, bystander = member(cloud, admin, "member", role["name"]), member(cloud, admin)
    with_role, kept = credential(holder, roles=[{"id": role["id"]}]), credential(bystander)
    client = by_credential(cloud, with_role)
    assert admin.delete("identity", f"/v3/roles/{role['id']}").status_code == 204
    assert (whoami(client), left(admin, holder), left(admin, bystander)) == (401, [], [kept["id"]])


def test_a_deleted_domain_takes_those_of_its_users(cloud: RunningCloud, admin: Client) -> None:
    domain = make(admin, "domain")
    made_by = member(cloud, admin, domain_id=domain["id"])
    made = credential(made_by, access_rules=[RULE])
    path = f"/v3/domains/{domain['id']}"
    admin.patch("identity", path, json={"domain": {"enabled": False}})
    assert admin.delete("identity", path).status_code == 204
    assert try_credential(cloud, made).status_code == 401
    assert left(admin, made_by) == []
