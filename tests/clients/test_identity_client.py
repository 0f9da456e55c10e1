"""What the real client shows of identity: the commands and columns of operators' walkthroughs."""

from collections.abc import Iterator

import pytest

from tests.clients.openstack_cli import OpenStackCli
from tests.support.cloud import RunningCloud, running_cloud

ENDPOINT_FIELDS = {
    "enabled",
    "id",
    "interface",
    "region",
    "region_id",
    "service_id",
    "service_name",
    "service_type",
    "url",
}
SERVICE_FIELDS = {"description", "enabled", "id", "name", "type"}
PROJECT_FIELDS = {
    "description",
    "domain_id",
    "enabled",
    "id",
    "is_domain",
    "name",
    "options",
    "parent_id",
    "tags",
}
USER_FIELDS = {"domain_id", "enabled", "id", "name", "options", "password_expires_at", "default_project_id"}


@pytest.fixture(scope="module")
def cloud() -> Iterator[RunningCloud]:
    with running_cloud() as running:
        yield running


@pytest.fixture(scope="module")
def cli(cloud: RunningCloud) -> OpenStackCli:
    return OpenStackCli(cloud)


def test_a_project_is_made_set_and_shown(cli: OpenStackCli) -> None:
    assert cli.json("project create newProject").keys() >= PROJECT_FIELDS
    assert cli.run("project set --description 'for testing purpose' newProject").code == 0
    shown = cli.json("project show newProject")
    assert shown.keys() >= PROJECT_FIELDS
    assert (shown["description"], shown["tags"], shown["is_domain"]) == ("for testing purpose", [], False)
    made = cli.json("project create --domain default --description 'Swift Service Project' swiftservice")
    assert (made["domain_id"], made["description"]) == ("default", "Swift Service Project")
    listed = cli.json("project list")
    assert list(listed[0]) == ["ID", "Name"]
    assert {project["Name"] for project in listed} >= {"admin", "service", "newProject", "swiftservice"}


def test_roles_are_listed_given_and_seen(cli: OpenStackCli) -> None:
    listed = cli.json("role list")
    assert list(listed[0]) == ["ID", "Name"]
    names = {"ResellerAdmin", "SwiftOperator", "reader", "member", "admin", "_member_"}
    assert {role["Name"] for role in listed} >= names
    made = cli.json("user create --project admin --password spade --email a@example.org developer1")
    assert made.keys() >= USER_FIELDS
    assert (made["email"], made["password_expires_at"], made["options"]) == ("a@example.org", None, {})
    of_user = "role assignment list --project admin --user developer1"
    assert cli.json(of_user) == []
    for role in ("admin", "_member_"):
        assert cli.run(f"role add --project admin --user developer1 {role}").code == 0
    assignments = cli.json(of_user)
    assert len(assignments) == 2
    assert list(assignments[0]) == ["Role", "User", "Group", "Project", "Domain", "System", "Inherited"]
    named = cli.json(f"{of_user} --names --role _member_")
    assert [(one["Role"], one["User"], one["Project"], one["Inherited"]) for one in named] == [
        ("_member_", "developer1@Default", "admin@Default", False)
    ]
    assert cli.run("role remove --project admin --user developer1 _member_").code == 0
    assert len(cli.json(of_user)) == 1
    assert cli.json("role create observer")["name"] == "observer"


def test_services_and_endpoints_are_made_and_listed(cli: OpenStackCli) -> None:
    made = cli.json("service create --name nova2 --description 'OpenStack Compute service' compute-by-hand")
    assert made.keys() >= SERVICE_FIELDS
    urls = {
        "public": "http://controller:8774/v2.1/%(tenant_id)s",
        "internal": "http://controller:8774/v2.1/$(tenant_id)s",
        "admin": "http://network:8004/v1/AUTH_%(tenant_id)s",
    }
    for interface, url in urls.items():
        endpoint = cli.json(f"endpoint create --region RegionOne compute-by-hand {interface} '{url}'")
        assert endpoint.keys() >= ENDPOINT_FIELDS
        assert (endpoint["url"], endpoint["service_name"], endpoint["region"]) == (url, "nova2", "RegionOne")
    shown = cli.json(f"endpoint show {endpoint['id']}")
    assert shown.keys() >= ENDPOINT_FIELDS
    listed = cli.json("endpoint list --service compute-by-hand")
    assert list(listed[0]) == ["ID", "Region", "Service Name", "Service Type", "Enabled", "Interface", "URL"]
    assert {one["Interface"]: one["URL"] for one in listed} == urls
    project_id = cli.json("project show admin")["id"]
    said = cli.run("catalog list")
    assert said.code == 0
    assert [word.strip() for word in said.out.splitlines()[1].strip("|").split("|")] == ["Name", "Type", "Endpoints"]
    for interface, url in (("public", f"8774/v2.1/{project_id}"), ("admin", f"8004/v1/AUTH_{project_id}")):
        assert any(f"{interface}: http://" in line and url in line for line in said.out.splitlines()), interface
    for entry in ("keystone", "identity"):
        assert entry in said.out


def test_a_domain_gets_its_own_administrator(cli: OpenStackCli) -> None:
    made = cli.json("domain create --description 'Stack projects and users' heat")
    assert made.keys() >= {"description", "enabled", "id", "name", "options"}
    user = cli.json("user create --domain heat --password qwer1234 heat_domain_admin")
    assert user["domain_id"] == made["id"]
    assert cli.run("role add --domain heat --user heat_domain_admin admin").code == 0
    named = cli.json("role assignment list --domain heat --names")
    assert [(one["Role"], one["User"], one["Domain"]) for one in named] == [("admin", "heat_domain_admin@heat", "heat")]


def test_a_token_is_issued_and_a_password_changed(cloud: RunningCloud, cli: OpenStackCli) -> None:
    token = cli.json("token issue")
    assert token.keys() >= {"expires", "id", "project_id", "user_id"}
    assert cli.run("user create --project admin --password old changer").code == 0
    assert cli.run("role add --project admin --user changer member").code == 0
    changer = OpenStackCli(cloud, user="changer", password="old")
    assert changer.run("user password set --original-password old --password new").code == 0
    assert cloud.login(name="changer", password="new").token


def test_groups_regions_and_inferences(cli: OpenStackCli) -> None:
    assert cli.json("group create gardeners").keys() >= {"description", "domain_id", "id", "name"}
    assert cli.run("group add user gardeners admin").code == 0
    assert [user["Name"] for user in cli.json("user list --group gardeners")] == ["admin"]
    assert "admin in group gardeners" in cli.run("group contains user gardeners admin").out
    assert [one["Region"] for one in cli.json("region list")] == ["RegionOne"]
    implied = {(one["Prior Role Name"], one["Implied Role Name"]) for one in cli.json("implied role list")}
    assert ("member", "reader") in implied
