from typing import Any

import pytest
from tests.clients.openstack_cli import OpenStackCli
from tests.support.cloud import Client, RunningCloud
from tests.support.members import member_of, project_of

from haneul.services.network.rbac.models import RbacPolicy, rbac_policies

URL = "/v2.0/address-groups"


@pytest.fixture(scope="module")
def gardener(cloud: RunningCloud, admin: Client) -> Client:
    return member_of(cloud, admin, "garden")


@pytest.fixture(scope="module")
def stranger(cloud: RunningCloud, admin: Client) -> Client:
    return member_of(cloud, admin, "elsewhere")


@pytest.fixture
def sheds(gardener: Client) -> dict[str, Any]:
    addresses = ["10.0.0.7/24", "10.0.0.0/24", "2001:db8::1/128", "10.1.0.1/32"]
    body = {"address_group": {"name": "sheds", "addresses": addresses}}
    answer = gardener.post("network", URL, json=body)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()["address_group"]
    return found


def refusal(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["NeutronError"]["type"]


def test_a_group_holds_each_network_once(gardener: Client, sheds: dict[str, Any]) -> None:
    assert sheds == {
        "id": sheds["id"],
        "name": "sheds",
        "description": "",
        "project_id": project_of(gardener),
        "tenant_id": project_of(gardener),
        "addresses": ["10.0.0.0/24", "10.1.0.1/32", "2001:db8::1/128"],
    }
    assert gardener.get("network", f"{URL}/{sheds['id']}").json()["address_group"] == sheds
    assert sheds in gardener.get("network", URL, params={"name": "sheds"}).json()["address_groups"]


def test_addresses_come_and_go(gardener: Client, sheds: dict[str, Any]) -> None:
    def told(verb: str, *addresses: str) -> Any:
        return gardener.put("network", f"{URL}/{sheds['id']}/{verb}", json={"addresses": list(addresses)})

    assert "10.9.0.0/16" in told("add_addresses", "10.9.9.9/16").json()["address_group"]["addresses"]
    assert refusal(told("add_addresses", "10.9.0.0/16", "10.8.0.0/16")) == (400, "AddressesAlreadyExist")
    left = told("remove_addresses", "10.9.0.0/16", "10.0.0.0/24").json()["address_group"]["addresses"]
    assert left == ["10.1.0.1/32", "2001:db8::1/128"]
    assert refusal(told("remove_addresses", "10.9.0.0/16")) == (404, "AddressesNotFound")
    assert "10.7.0.7/32" in told("add_addresses", "10.7.0.7").json()["address_group"]["addresses"]
    alone = {"address_group": {"name": "alone", "addresses": ["10.7.0.7"]}}
    assert refusal(gardener.post("network", URL, json=alone)) == (400, "HTTPBadRequest")
    for wrong in ("10.0.0.0/33", "shed", "fe80::1%eth0", "10.0.0.1\n", "{0}"):
        assert refusal(told("add_addresses", wrong)) == (400, "HTTPBadRequest"), wrong
    assert gardener.put("network", f"{URL}/{sheds['id']}/add_addresses", json={}).status_code == 400


def test_a_group_changes_its_words(gardener: Client, sheds: dict[str, Any]) -> None:
    body = {"address_group": {"name": "huts", "description": "Small"}}
    changed = gardener.put("network", f"{URL}/{sheds['id']}", json=body).json()["address_group"]
    assert (changed["name"], changed["description"], changed["addresses"]) == ("huts", "Small", sheds["addresses"])
    refused = gardener.put("network", f"{URL}/{sheds['id']}", json={"address_group": {"addresses": []}})
    assert refused.status_code == 400


def test_a_group_that_a_rule_names_is_in_use(gardener: Client, sheds: dict[str, Any]) -> None:
    (default,) = gardener.get("network", "/v2.0/security-groups").json()["security_groups"]
    words = {"security_group_id": default["id"], "direction": "ingress", "remote_address_group_id": sheds["id"]}
    answer = gardener.post("network", "/v2.0/security-group-rules", json={"security_group_rule": words})
    rule = answer.json()["security_group_rule"]
    assert rule["remote_address_group_id"] == sheds["id"]
    refused = gardener.delete("network", f"{URL}/{sheds['id']}")
    assert refusal(refused) == (409, "AddressGroupInUse")
    assert gardener.delete("network", f"/v2.0/security-group-rules/{rule['id']}").status_code == 204
    assert gardener.delete("network", f"{URL}/{sheds['id']}").status_code == 204
    assert refusal(gardener.get("network", f"{URL}/{sheds['id']}")) == (404, "AddressGroupNotFound")


def test_a_group_that_new_groups_rules_name_is_in_use(admin: Client, sheds: dict[str, Any]) -> None:
    words = {"direction": "ingress", "remote_address_group_id": sheds["id"]}
    path = "/v2.0/default-security-group-rules"
    rule = admin.post("network", path, json={"default_security_group_rule": words}).json()
    assert refusal(admin.delete("network", f"{URL}/{sheds['id']}")) == (409, "AddressGroupInUse")
    assert admin.delete("network", f"{path}/{rule['default_security_group_rule']['id']}").status_code == 204
    assert admin.delete("network", f"{URL}/{sheds['id']}").status_code == 204


def test_others_see_what_is_shared_with_them(cloud: RunningCloud, stranger: Client, sheds: dict[str, Any]) -> None:
    path = f"{URL}/{sheds['id']}"
    assert refusal(stranger.get("network", path)) == (404, "AddressGroupNotFound")
    assert stranger.get("network", URL).json()["address_groups"] == []
    policy = RbacPolicy("lent", sheds["project_id"], "address_group", sheds["id"], "access_as_shared", "*")
    cloud.cloud.store.write(lambda db: db.insert(rbac_policies, policy))
    assert stranger.get("network", path).json()["address_group"] == sheds
    assert stranger.get("network", URL).json()["address_groups"] == [sheds]
    for answer in (
        stranger.delete("network", path),
        stranger.put("network", path, json={"address_group": {"name": "mine"}}),
        stranger.put("network", f"{path}/add_addresses", json={"addresses": ["10.7.0.0/16"]}),
        stranger.put("network", f"{path}/remove_addresses", json={"addresses": ["10.1.0.1/32"]}),
    ):
        assert refusal(answer) == (404, "HTTPNotFound")


def test_who_may_only_read_creates_nothing(cloud: RunningCloud, admin: Client) -> None:
    reader = member_of(cloud, admin, "readers", role="reader")
    assert reader.get("network", URL).status_code == 200
    assert reader.post("network", URL, json={"address_group": {"name": "mine"}}).status_code == 403


def test_the_openstack_client_manages_address_groups(cloud: RunningCloud) -> None:
    cli = OpenStackCli(cloud)
    made = cli.json("address group create --description Huts --address 10.2.0.0/16 --address 10.3.0.1 cabins")
    assert sorted(made["addresses"]) == ["10.2.0.0/16", "10.3.0.1/32"]
    (listed,) = [one for one in cli.json("address group list") if one["Name"] == "cabins"]
    assert list(listed) == ["ID", "Name", "Description", "Project", "Addresses"]
    assert cli.run("address group set --name barns --address 10.4.0.0/16 cabins").code == 0
    assert cli.run("address group unset --address 10.2.0.0/16 barns").code == 0
    assert sorted(cli.json("address group show barns")["addresses"]) == ["10.3.0.1/32", "10.4.0.0/16"]
    assert cli.run("address group delete barns").code == 0
