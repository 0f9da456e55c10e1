from collections.abc import Iterator
from typing import Any

import pytest
from tests.clients.openstack_cli import OpenStackCli
from tests.services.network import routed
from tests.support.cloud import Client, RunningCloud
from tests.support.members import member_of, project_of

from haneul.kernel.errors import ApiError, BadRequest, Conflict, NotFound
from haneul.services.network.quotas.models import Limit, limits
from haneul.services.network.rbac.models import RbacPolicy, rbac_policies
from haneul.services.network.security_groups import logic, visible

URL = "/v2.0/security-groups"


@pytest.fixture(scope="module")
def gardener(cloud: RunningCloud, admin: Client) -> Client:
    return member_of(cloud, admin, "garden")


@pytest.fixture(scope="module")
def stranger(cloud: RunningCloud, admin: Client) -> Client:
    return member_of(cloud, admin, "elsewhere")


@pytest.fixture
def web(gardener: Client) -> Iterator[dict[str, Any]]:
    group = made(gardener, name="web", description="Pages")
    yield group
    gardener.delete("network", f"{URL}/{group['id']}")


def made(caller: Client, **words: Any) -> dict[str, Any]:
    answer = caller.post("network", URL, json={"security_group": words})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()["security_group"]
    return found


def listed(caller: Client, **words: Any) -> list[dict[str, Any]]:
    answer = caller.get("network", URL, params=words)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["security_groups"]
    return found


def refusal(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["NeutronError"]["type"]


def test_a_project_has_a_default_group_whenever_it_looks(cloud: RunningCloud, admin: Client) -> None:
    newcomer = member_of(cloud, admin, "newcomers")
    (group,) = listed(newcomer)
    assert (group["name"], group["description"]) == ("default", "Default security group")
    rules = {(rule["direction"], rule["ethertype"], rule["remote_group_id"]) for rule in group["security_group_rules"]}
    assert rules == {
        ("egress", "IPv4", None),
        ("egress", "IPv6", None),
        ("ingress", "IPv4", group["id"]),
        ("ingress", "IPv6", group["id"]),
    }
    assert all(rule["belongs_to_default_sg"] for rule in group["security_group_rules"])
    assert [one["id"] for one in listed(newcomer)] == [group["id"]]


@pytest.mark.parametrize("name", ["project_id", "tenant_id"])
def test_a_project_that_an_admin_names_gets_its_default_group(admin: Client, name: str) -> None:
    (group,) = listed(admin, **{name: f"{name:-<32}"})
    assert (group["name"], group["project_id"]) == ("default", f"{name:-<32}")


def test_who_is_no_admin_makes_no_groups_for_others(admin: Client, gardener: Client) -> None:
    assert listed(gardener, project_id="somebody-else") == []
    assert not [group for group in listed(admin) if group["project_id"] == "somebody-else"]


def test_a_group_is_shown_as_neutron_shows_it(gardener: Client, web: dict[str, Any]) -> None:
    shown = gardener.get("network", f"{URL}/{web['id']}").json()["security_group"]
    assert shown == web
    assert shown.keys() == {
        *("id", "name", "description", "project_id", "tenant_id", "stateful", "shared", "tags"),
        *("security_group_rules", "created_at", "updated_at", "revision_number"),
    }
    assert (shown["stateful"], shown["shared"], shown["tags"]) == (True, False, [])
    directions = [(rule["direction"], rule["ethertype"]) for rule in shown["security_group_rules"]]
    assert sorted(directions) == [("egress", "IPv4"), ("egress", "IPv6")]


def test_groups_are_filtered_sorted_and_paged(gardener: Client, web: dict[str, Any]) -> None:
    assert [group["id"] for group in listed(gardener, name="web")] == [web["id"]]
    names = [group["name"] for group in listed(gardener, sort_key="name", sort_dir="desc", fields="name")]
    assert names == sorted(names, reverse=True)
    answer = gardener.get("network", URL, params={"limit": 1, "sort_key": "name"}).json()
    assert [group["name"] for group in answer["security_groups"]] == ["default"]
    assert answer["security_groups_links"][0]["rel"] == "next"
    assert listed(gardener, stateful="false") == []


def test_a_group_changes_unless_the_change_is_stale(gardener: Client, web: dict[str, Any]) -> None:
    path = f"{URL}/{web['id']}"
    body = {"security_group": {"name": "pages", "description": "", "stateful": "false"}}
    changed = gardener.put("network", path, json=body).json()["security_group"]
    assert (changed["name"], changed["description"], changed["stateful"]) == ("pages", "", False)
    assert changed["revision_number"] == web["revision_number"] + 1
    stale = gardener.put("network", path, json=body, headers={"If-Match": "revision_number=0"})
    assert refusal(stale) == (412, "RevisionNumberConstraintFailed")


def test_several_groups_are_made_at_once_or_none(gardener: Client) -> None:
    body = {"security_groups": [{"name": "one"}, {"name": "two"}]}
    both = gardener.post("network", URL, json=body).json()["security_groups"]
    assert [group["name"] for group in both] == ["one", "two"]
    for group in both:
        assert gardener.delete("network", f"{URL}/{group['id']}").status_code == 204
    refused = gardener.post("network", URL, json={"security_groups": [{"name": "three"}, {"name": "Default"}]})
    assert refusal(refused) == (409, "SecurityGroupDefaultAlreadyExists")
    assert listed(gardener, name="three") == []
    assert gardener.post("network", URL, json={"security_groups": []}).status_code == 400


def test_the_default_group_keeps_its_name_and_stays(gardener: Client, admin: Client) -> None:
    (group,) = listed(gardener, name="default")
    path = f"{URL}/{group['id']}"
    renamed = gardener.put("network", path, json={"security_group": {"name": "mine"}})
    assert refusal(renamed) == (409, "SecurityGroupCannotUpdateDefault")
    described = gardener.put("network", path, json={"security_group": {"description": "Ours"}})
    assert described.json()["security_group"]["description"] == "Ours"
    assert refusal(gardener.delete("network", path)) == (409, "SecurityGroupCannotRemoveDefault")
    assert admin.delete("network", path).status_code == 204
    (anew,) = listed(gardener, name="default")
    assert anew["id"] != group["id"]


def test_a_group_of_a_port_is_in_use(gardener: Client, web: dict[str, Any]) -> None:
    network = routed.made(gardener, "network")
    port = routed.made(gardener, "port", network_id=network["id"], security_groups=[web["id"]])
    path = f"{URL}/{web['id']}"
    refused = gardener.delete("network", path)
    assert refusal(refused) == (409, "SecurityGroupInUse")
    assert refused.json()["NeutronError"]["message"] == f"Security Group {web['id']} in use."
    stateless = gardener.put("network", path, json={"security_group": {"stateful": False}})
    assert refusal(stateless) == (409, "SecurityGroupInUse")
    routed.gone(gardener, "port", port["id"])
    assert gardener.delete("network", path).status_code == 204
    assert refusal(gardener.get("network", path)) == (404, "SecurityGroupNotFound")


def test_strangers_see_nothing_and_change_nothing_that_is_shared(
    cloud: RunningCloud, stranger: Client, web: dict[str, Any]
) -> None:
    path = f"{URL}/{web['id']}"
    assert refusal(stranger.get("network", path)) == (404, "SecurityGroupNotFound")
    assert refusal(stranger.delete("network", path)) == (404, "SecurityGroupNotFound")
    policy = RbacPolicy("let", web["project_id"], "security_group", web["id"], "access_as_shared", project_of(stranger))
    cloud.cloud.store.write(lambda db: db.insert(rbac_policies, policy))
    shown = stranger.get("network", path).json()["security_group"]
    assert (shown["shared"], len(shown["security_group_rules"])) == (True, 2)
    assert [group["id"] for group in listed(stranger, shared="true")] == [web["id"]]
    assert stranger.put("network", path, json={"security_group": {"name": "mine"}}).status_code == 403


def test_who_may_only_read_creates_nothing(cloud: RunningCloud, admin: Client) -> None:
    reader = member_of(cloud, admin, "readers", role="reader")
    assert listed(reader)
    assert reader.post("network", URL, json={"security_group": {"name": "mine"}}).status_code == 403


def test_groups_and_their_rules_are_limited(cloud: RunningCloud, admin: Client) -> None:
    limited = member_of(cloud, admin, "limited")
    project_id, store = project_of(limited), cloud.cloud.store
    store.write(lambda db: db.insert(limits, Limit(project_id, "security_group", 2)))
    group = made(limited, name="only")
    refused = limited.post("network", URL, json={"security_group": {"name": "more"}})
    assert refusal(refused) == (409, "OverQuota")
    assert limited.delete("network", f"{URL}/{group['id']}").status_code == 204
    store.write(lambda db: db.insert(limits, Limit(project_id, "security_group_rule", 5)))
    refused = limited.post("network", URL, json={"security_group": {"name": "more"}})
    assert refused.json()["NeutronError"]["message"] == "Quota exceeded for resources: ['security_group_rule']."


def test_several_may_come_wrapped(gardener: Client) -> None:
    wrapped = {"security_groups": [{"security_group": {"name": "one"}}, {"security_group": {"name": "two"}}]}
    found = gardener.post("network", URL, json=wrapped).json()["security_groups"]
    assert [group["name"] for group in found] == ["one", "two"]
    for group in found:
        assert gardener.delete("network", f"{URL}/{group['id']}").status_code == 204


def test_bodies_that_are_wrong_are_refused(gardener: Client) -> None:
    for words in ({"name": "x" * 256}, {"colour": "red"}, {"stateful": "perhaps"}, {"name": None}):
        assert gardener.post("network", URL, json={"security_group": words}).status_code == 400, words
    both = {"project_id": "a", "tenant_id": "b"}
    assert gardener.post("network", URL, json={"security_group": both}).status_code == 400
    assert gardener.post("network", URL, json={"security_group": {"project_id": "another"}}).status_code == 400


def test_servers_name_groups_by_id_or_name(cloud: RunningCloud, gardener: Client) -> None:
    project_id, store = project_of(gardener), cloud.cloud.store
    first, second, third = (made(gardener, name=name)["id"] for name in ("twin", "twin", "single"))
    (default,) = (group["id"] for group in listed(gardener, name="default"))

    def resolved(*words: str) -> Any:
        def attempt(db: Any) -> Any:
            try:
                return logic.resolve(db, project_id, words)
            except ApiError as refused:
                return refused

        return store.write(attempt)

    assert resolved("default", "single", first, "single") == [default, third, first]
    assert resolved() == []
    assert isinstance(resolved("twin"), Conflict)
    unknown = resolved("single", "nobody")
    assert isinstance(unknown, NotFound)
    assert str(unknown) == "Security group nobody not found."
    with pytest.raises(BadRequest):
        store.write(lambda db: visible.resolve(db, project_id, ["nobody"]))
    for group_id in (first, second, third):
        gardener.delete("network", f"{URL}/{group_id}")


def test_servers_name_groups_that_are_shared_with_them(
    cloud: RunningCloud, stranger: Client, web: dict[str, Any]
) -> None:
    project_id, store = project_of(stranger), cloud.cloud.store
    policy = RbacPolicy("lent", web["project_id"], "security_group", web["id"], "access_as_shared", "*")
    store.write(lambda db: db.insert(rbac_policies, policy))
    assert store.write(lambda db: logic.resolve(db, project_id, ["web"])) == [web["id"]]
    store.read(lambda db: visible.refuse_unknown(db, [web["id"]], project_id))


def test_ports_have_no_stateful_and_stateless_groups_at_once(
    cloud: RunningCloud, gardener: Client, web: dict[str, Any]
) -> None:
    loose, store = made(gardener, name="loose", stateful=False), cloud.cloud.store
    store.read(lambda db: visible.refuse_unknown(db, [loose["id"]], web["project_id"]))
    with pytest.raises(Conflict, match="both stateful and stateless"):
        store.read(lambda db: visible.refuse_unknown(db, [loose["id"], web["id"]], web["project_id"]))
    with pytest.raises(NotFound, match="Security group nowhere does not exist"):
        store.read(lambda db: visible.refuse_unknown(db, ["nowhere"], web["project_id"]))
    assert gardener.delete("network", f"{URL}/{loose['id']}").status_code == 204


def test_the_openstack_client_manages_groups(cloud: RunningCloud) -> None:
    cli = OpenStackCli(cloud)
    cli.json("project create newProject")
    group = cli.json('security group create allow-icmp-ssh --project newProject --description "Allow ICMP and SSH"')
    assert group.keys() >= {
        *("created_at", "description", "id", "is_shared", "name", "project_id", "revision_number", "rules"),
        *("stateful", "tags", "updated_at"),
    }
    found = cli.json("security group list --project newProject")
    assert list(found[0]) == ["ID", "Name", "Description", "Project", "Tags", "Shared"]
    assert sorted(one["Name"] for one in found) == ["allow-icmp-ssh", "default"]
    assert cli.run(f"security group set --name ssh --stateless --description Doors {group['id']}").code == 0
    assert cli.json("security group show ssh")["description"] == "Doors"
    assert cli.run("security group delete ssh").code == 0
