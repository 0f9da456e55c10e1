"""What the real client shows of trusts, and of projects in trees and with tags."""

from collections.abc import Iterator

import pytest

from tests.clients.openstack_cli import OpenStackCli
from tests.support.cloud import RunningCloud, running_cloud

TRUST_FIELDS = {
    "expires_at",
    "id",
    "is_impersonation",
    "project_id",
    "redelegated_trust_id",
    "redelegation_count",
    "remaining_uses",
    "roles",
    "trustee_user_id",
    "trustor_user_id",
}


@pytest.fixture(scope="module")
def cloud() -> Iterator[RunningCloud]:
    with running_cloud() as running:
        yield running


@pytest.fixture(scope="module")
def cli(cloud: RunningCloud) -> OpenStackCli:
    return OpenStackCli(cloud)


def test_a_trust_is_made_listed_shown_and_deleted(cli: OpenStackCli) -> None:
    assert cli.run("user create --password secret nightwatch").code == 0
    options = "--project admin --role admin --role reader --impersonate --expiration 2099-01-01T00:00:00"
    made = cli.json(f"trust create {options} admin nightwatch")
    assert made.keys() >= TRUST_FIELDS
    assert (made["is_impersonation"], made["expires_at"]) == (True, "2099-01-01T00:00:00.000000Z")
    assert {role["name"] for role in made["roles"]} == {"admin", "reader"}
    (listed,) = cli.json("trust list")
    assert (listed["ID"], listed["Project ID"], listed["Impersonation"]) == (made["id"], made["project_id"], True)
    for filters in ("--trustor admin", "--trustee nightwatch", "--auth-user"):
        assert [one["ID"] for one in cli.json(f"trust list {filters}")] == [made["id"]], filters
    assert cli.json(f"trust show {made['id']}") == made
    assert cli.run(f"trust delete {made['id']}").code == 0
    assert cli.json("trust list") == []


def test_projects_stand_in_trees_and_have_tags(cli: OpenStackCli) -> None:
    assert cli.run("domain create --description Gardens garden").code == 0
    root = cli.json("project create --domain garden --tag red --tag blue root")
    assert sorted(root["tags"]) == ["blue", "red"]
    leaf = cli.json("project create --domain garden --parent root --property colour=green leaf")
    assert (leaf["parent_id"], leaf["colour"]) == (root["id"], "green")
    assert cli.json("project show --parents leaf")["parents"] == {root["id"]: {root["domain_id"]: None}}
    assert cli.json("project show --children root")["subtree"] == {leaf["id"]: None}
    assert [one["Name"] for one in cli.json("project list --parent root --long")] == ["leaf"]
    assert [one["Name"] for one in cli.json("project list --domain garden --tags red,blue")] == ["root"]
    assert [one["Name"] for one in cli.json("project list --domain garden --not-tags-any red")] == ["leaf"]
    assert cli.run("project set --tag green --immutable root").code == 0
    assert cli.run("project set --description late root").code != 0
    assert cli.run("project set --no-immutable root").code == 0
    assert sorted(cli.json("project show root")["tags"]) == ["blue", "green", "red"]
    assert cli.run("domain set --disable garden").code == 0
    assert [one["Enabled"] for one in cli.json("domain list --name garden")] == [False]
    assert cli.run("domain delete garden").code == 0
