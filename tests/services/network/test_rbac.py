"""Who may use what others own, single projects and all."""

from typing import Any

import pytest
from tests.clients.openstack_cli import OpenStackCli
from tests.services.network.routed import asked, made, outside, refused, shown
from tests.support.cloud import Client, RunningCloud
from tests.support.members import member_of, project_of

from haneul.services.network.quotas.models import Limit, limits

NOBODY = "00000000-0000-4000-8000-000000000000"
URL = "/v2.0/rbac-policies"
MAKERS: dict[str, tuple[str, dict[str, Any]]] = {
    "network": ("networks", {"network": {"name": "lent"}}),
    "security_group": ("security-groups", {"security_group": {"name": "lent"}}),
    "address_group": ("address-groups", {"address_group": {"name": "lent"}}),
    "address_scope": ("address-scopes", {"address_scope": {"name": "lent", "ip_version": 4}}),
    "subnetpool": ("subnetpools", {"subnetpool": {"name": "lent", "prefixes": ["10.0.0.0/16"], "min_prefixlen": 24}}),
}


@pytest.fixture(scope="module")
def owner(cloud: RunningCloud, admin: Client) -> Client:
    return member_of(cloud, admin, "owners")


@pytest.fixture(scope="module")
def guest(cloud: RunningCloud, admin: Client) -> Client:
    return member_of(cloud, admin, "guests")


@pytest.fixture(scope="module")
def guests(guest: Client) -> str:
    return project_of(guest)


@pytest.fixture(scope="module", autouse=True)
def room(cloud: RunningCloud, owner: Client) -> None:
    """Room for what a whole module makes."""
    row = Limit(project_of(owner), "rbac_policy", 100)
    cloud.cloud.store.write(lambda db: db.insert(limits, row))


def wanted(object_type: str, object_id: str, target: str, action: str = "access_as_shared") -> dict[str, Any]:
    values = {"object_type": object_type, "object_id": object_id, "target_tenant": target, "action": action}
    return {"rbac_policy": values}


def let(client: Client, *words: str) -> dict[str, Any]:
    answer = asked(client, "POST", URL, wanted(*words))
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()["rbac_policy"]
    return found


def ended(client: Client, policy: dict[str, Any]) -> None:
    answer = asked(client, "DELETE", f"{URL}/{policy['id']}")
    assert answer.status_code == 204, answer.text


@pytest.mark.parametrize("object_type", MAKERS)
def test_what_is_shared_is_seen(owner: Client, guest: Client, guests: str, object_type: str) -> None:
    path, body = MAKERS[object_type]
    thing = asked(owner, "POST", f"/v2.0/{path}", body).json()[object_type]
    assert asked(guest, "GET", f"/v2.0/{path}/{thing['id']}").status_code == 404
    policy = let(owner, object_type, thing["id"], guests)
    assert policy == {
        "id": policy["id"],
        "project_id": project_of(owner),
        "tenant_id": project_of(owner),
        "object_type": object_type,
        "object_id": thing["id"],
        "action": "access_as_shared",
        "target_tenant": guests,
    }
    assert asked(guest, "GET", f"/v2.0/{path}/{thing['id']}").status_code == 200
    status = 404 if object_type == "address_group" else 403
    assert asked(guest, "PUT", f"/v2.0/{path}/{thing['id']}", {object_type: {"name": "mine"}}).status_code == status
    ended(owner, policy)
    assert asked(guest, "GET", f"/v2.0/{path}/{thing['id']}").status_code == 404


def test_policies_are_their_owners_alone(admin: Client, owner: Client, guest: Client, guests: str) -> None:
    policy = let(owner, "network", made(owner, "network")["id"], guests)
    for client, there in ((owner, True), (admin, True), (guest, False)):
        found = asked(client, "GET", URL, params={"target_tenant": guests}).json()["rbac_policies"]
        assert (policy in found) is there
        assert asked(client, "GET", f"{URL}/{policy['id']}").status_code == (200 if there else 404)
    assert asked(guest, "DELETE", f"{URL}/{policy['id']}").status_code == 404
    assert asked(owner, "GET", URL, params={"object_type": "subnetpool"}).json()["rbac_policies"] == []
    ended(owner, policy)
    refused(asked(owner, "GET", f"{URL}/{policy['id']}"), 404, "RbacPolicyNotFound")


def test_only_admins_share_with_everyone(admin: Client, owner: Client, guests: str) -> None:
    network_id = made(owner, "network")["id"]
    assert asked(owner, "POST", URL, wanted("network", network_id, "*")).status_code == 403
    policy = let(owner, "network", network_id, guests)
    change = {"rbac_policy": {"target_tenant": "*"}}
    assert asked(owner, "PUT", f"{URL}/{policy['id']}", change).status_code == 403
    assert asked(admin, "PUT", f"{URL}/{policy['id']}", change).json()["rbac_policy"]["target_tenant"] == "*"
    assert shown(owner, "network", network_id)["shared"] is True
    ended(admin, policy)


def test_only_owners_share(owner: Client, guest: Client, guests: str) -> None:
    network_id = made(owner, "network")["id"]
    refused(asked(guest, "POST", URL, wanted("network", network_id, guests)), 404, "NetworkNotFound")
    policy = let(owner, "network", network_id, guests)
    refused(asked(guest, "POST", URL, wanted("network", network_id, NOBODY)), 400, "InvalidInput")
    ended(owner, policy)


def test_what_makes_no_sense_is_refused(owner: Client, guests: str) -> None:
    network_id = made(owner, "network")["id"]
    refused(asked(owner, "POST", URL, wanted("network", NOBODY, guests)), 404, "NetworkNotFound")
    refused(asked(owner, "POST", URL, wanted("tree", network_id, guests)), 400, "InvalidInput")
    refused(asked(owner, "POST", URL, wanted("network", network_id, "no project")), 400, "InvalidInput")
    refused(asked(owner, "POST", URL, wanted("network", network_id, guests, "own")), 400, "InvalidActionForType")
    refused(
        asked(owner, "POST", URL, wanted("subnetpool", NOBODY, guests, "access_as_external")),
        400,
        "InvalidActionForType",
    )
    assert asked(owner, "POST", URL, wanted("qos_policy", NOBODY, guests)).status_code == 501
    nobody = {"object_type": "network", "object_id": network_id, "action": "access_as_shared"}
    assert asked(owner, "POST", URL, {"rbac_policy": nobody}).status_code == 400
    policy = let(owner, "network", network_id, guests)
    refused(asked(owner, "POST", URL, wanted("network", network_id, guests)), 409, "DuplicateRbacPolicy")
    ended(owner, policy)


def test_a_network_in_use_stays_shared(admin: Client, owner: Client, guest: Client, guests: str) -> None:
    network_id = made(owner, "network")["id"]
    policy = let(owner, "network", network_id, guests)
    port = made(guest, "port", network_id=network_id)
    answer = asked(owner, "DELETE", f"{URL}/{policy['id']}")
    assert guests in refused(answer, 409, "RbacPolicyInUse")
    change = {"rbac_policy": {"target_tenant": NOBODY}}
    refused(asked(owner, "PUT", f"{URL}/{policy['id']}", change), 409, "RbacPolicyInUse")
    everyone = let(admin, "network", network_id, "*")
    ended(owner, policy)
    refused(asked(admin, "DELETE", f"{URL}/{everyone['id']}"), 409, "RbacPolicyInUse")
    assert asked(guest, "DELETE", f"/v2.0/ports/{port['id']}").status_code == 204
    ended(admin, everyone)


def test_a_group_on_a_port_stays_shared(owner: Client, guest: Client, guests: str) -> None:
    body = {"security_group": {"name": "lent and worn"}}
    group_id = asked(owner, "POST", "/v2.0/security-groups", body).json()["security_group"]["id"]
    policy = let(owner, "security_group", group_id, guests)
    port = made(guest, "port", network_id=made(guest, "network")["id"], security_groups=[group_id])
    refused(asked(owner, "DELETE", f"{URL}/{policy['id']}"), 409, "RbacPolicyInUse")
    asked(guest, "DELETE", f"/v2.0/ports/{port['id']}")
    ended(owner, policy)


def test_a_pool_goes_with_its_scope(owner: Client, guests: str) -> None:
    scope = asked(owner, "POST", "/v2.0/address-scopes", {"address_scope": {"name": "s", "ip_version": 4}}).json()
    scope_id = scope["address_scope"]["id"]
    pool = made(owner, "subnetpool", name="p", prefixes=["10.0.0.0/16"], min_prefixlen=24, address_scope_id=scope_id)
    refused(asked(owner, "POST", URL, wanted("subnetpool", pool["id"], guests)), 400, "RbacPolicyInitError")
    of_scope = let(owner, "address_scope", scope_id, guests)
    ended(owner, let(owner, "subnetpool", pool["id"], guests))
    ended(owner, of_scope)


def test_a_network_is_external_to_whom_it_is_so(admin: Client, owner: Client, guest: Client, guests: str) -> None:
    network_id = made(admin, "network")["id"]
    policy = let(admin, "network", network_id, guests, "access_as_external")
    assert shown(admin, "network", network_id)["router:external"] is True
    assert asked(owner, "GET", f"/v2.0/networks/{network_id}").status_code == 404
    router = made(guest, "router", external_gateway_info={"network_id": network_id})
    assert "routers" in refused(asked(admin, "DELETE", f"{URL}/{policy['id']}"), 409, "RbacPolicyInUse")
    asked(guest, "DELETE", f"/v2.0/routers/{router['id']}")
    ended(admin, policy)
    assert shown(admin, "network", network_id)["router:external"] is False


def test_the_default_external_network_stays_everyones(admin: Client) -> None:
    network_id = outside(admin, "203.0.113.0/24")["network_id"]
    asked(admin, "PUT", f"/v2.0/networks/{network_id}", {"network": {"is_default": True}})
    (policy,) = asked(admin, "GET", URL, params={"object_id": network_id}).json()["rbac_policies"]
    assert (policy["action"], policy["target_tenant"]) == ("access_as_external", "*")
    refused(asked(admin, "DELETE", f"{URL}/{policy['id']}"), 409, "RbacPolicyInUse")
    asked(admin, "PUT", f"/v2.0/networks/{network_id}", {"network": {"is_default": False}})
    ended(admin, policy)


def test_several_at_once_and_a_limit(cloud: RunningCloud, admin: Client) -> None:
    lender = member_of(cloud, admin, "lenders")
    network_id = made(lender, "network")["id"]
    targets = [f"00000000-0000-4000-8000-0000000000{number:02}" for number in range(11)]
    several = [wanted("network", network_id, target)["rbac_policy"] for target in targets]
    refused(asked(lender, "POST", URL, {"rbac_policies": several}), 409, "OverQuota")
    answer = asked(lender, "POST", URL, {"rbac_policies": several[:10]})
    assert [one["target_tenant"] for one in answer.json()["rbac_policies"]] == targets[:10]


def test_the_client_shares(cloud: RunningCloud, admin: Client) -> None:
    cli = OpenStackCli(cloud)
    made(admin, "network", name="commons")
    policy = cli.json("network rbac create --type network --action access_as_shared --target-project admin commons")
    assert {"id", "object_type", "object_id", "action", "target_project_id", "project_id"} <= policy.keys()
    assert cli.run("network rbac list").table[0] == ["ID", "Object Type", "Object ID"]
    (row,) = [row for row in cli.json("network rbac list --long") if row["ID"] == policy["id"]]
    assert row["Action"] == "access_as_shared"
    assert cli.json(f"network rbac show {policy['id']}")["object_type"] == "network"
    assert cli.run(f"network rbac delete {policy['id']}").code == 0
