"""On database servers somebody may delete what a request has just read: nothing is left that belongs to nothing."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from functools import partial
from typing import Any

import pytest
from tests.servers.fixtures import mariadb_server, mariadb_url, postgresql_server, postgresql_url
from tests.services.network.routed import joined_router, made, outside, subnet
from tests.support.cloud import Client, RunningCloud, running_cloud

from haneul.kernel.db import Db
from haneul.kernel.errors import Conflict, NotFound
from haneul.services.network.floating_ips import association
from haneul.services.network.floating_ips import logic as floating_ips
from haneul.services.network.networks import logic as networks
from haneul.services.network.networks import removal
from haneul.services.network.owners import Viewer
from haneul.services.network.ports import addresses
from haneul.services.network.ports import logic as ports
from haneul.services.network.routers import gateways, interface_removal, interfaces, queries
from haneul.services.network.routers import logic as routers
from haneul.services.network.routers.schemas import GatewayWanted
from haneul.services.network.security_group_rules import logic as rules
from haneul.services.network.security_group_rules.schemas import RuleCreate
from haneul.services.network.security_groups import logic as groups
from haneul.services.network.security_groups import removal as groups_removal
from haneul.services.network.subnets import logic as subnets
from haneul.services.network.subnets import removal as subnets_removal
from haneul.services.network.tags import logic as tags

__all__ = ["mariadb_server", "mariadb_url", "postgresql_server", "postgresql_url"]

pytestmark = pytest.mark.databases
ADMIN = Viewer("", is_admin=True)
GROUPS = "/v2.0/security-groups"
Body = Callable[[Db], Any]


@pytest.fixture(scope="module", params=["mariadb_url", "postgresql_url"])
def cloud(request: pytest.FixtureRequest) -> Iterator[RunningCloud]:
    """A cloud on a database server."""
    with running_cloud(db=request.getfixturevalue(request.param)) as running:
        yield running


def between(cloud: RunningCloud, read: Callable[[Db], Any], meanwhile: Body, write: Callable[[Db, Any], Any]) -> Any:
    """Read and write in one transaction, while another one does something between the two, at the first attempt."""
    store, attempts = cloud.cloud.store, [0]

    def body(db: Db) -> Any:
        attempts[0] += 1
        found = read(db)
        if attempts[0] == 1:
            store.write(meanwhile)
        return write(db, found)

    try:
        return store.write(body)
    finally:
        assert attempts[0] == 2


def test_a_network_that_goes_gets_neither_port_nor_tag(cloud: RunningCloud, admin: Client) -> None:
    def port(db: Db, network: Any) -> None:
        ports.create(db, ports.NewPort(network=network, project_id="p"))

    def tag(db: Db, network: Any) -> None:
        tags.add(db, "networks", network.id, ["red"])
        networks.CHANGES.bump(db, network.id)

    for write in (port, tag):
        network_id = made(admin, "network")["id"]
        look = partial(networks.get, network_id=network_id)
        with pytest.raises(NotFound):
            between(cloud, look, partial(_delete_network, network_id=network_id), write)
        assert cloud.cloud.store.read(partial(tags.of_one, resource_type="networks", resource_id=network_id)) == []


def _delete_network(db: Db, network_id: str) -> None:
    removal.delete(db, networks.get(db, network_id))


def test_a_subnet_that_goes_gives_no_address(cloud: RunningCloud, admin: Client) -> None:
    where = subnet(admin, "10.1.0.0/24", enable_dhcp=False)
    port_id = made(admin, "port", network_id=where["network_id"], fixed_ips=[])["id"]

    def delete(db: Db) -> None:
        subnet_, network = subnets.located(db, where["id"])
        subnets_removal.delete(db, network, subnet_, 1)

    def give(db: Db, port: Any) -> None:
        addresses._hold(db, port, given[-1], "10.1.0.9", 0)

    given: list[Any] = []

    def look(db: Db) -> Any:
        given.append(subnets.get(db, where["id"]))
        return ports.get(db, port_id)

    with pytest.raises(NotFound):
        between(cloud, look, delete, give)


def test_a_router_that_goes_gets_no_leg(cloud: RunningCloud, admin: Client) -> None:
    router_id, inside = made(admin, "router")["id"], subnet(admin, "10.1.0.0/24")
    with pytest.raises(NotFound):
        between(
            cloud,
            lambda db: routers.get(db, router_id),
            lambda db: routers.delete(db, routers.get(db, router_id)),
            lambda db, router: interfaces.add_subnet(db, router, inside["id"], ADMIN),
        )
    assert cloud.cloud.store.read(lambda db: queries.legs(db, router_id)) == []


def test_a_security_group_that_goes_filters_no_port(cloud: RunningCloud, admin: Client) -> None:
    body = {"security_group": {"name": "web"}}
    group_id = admin.post("network", GROUPS, json=body).json()["security_group"]["id"]
    network_id = made(admin, "network")["id"]

    def create(db: Db, _group: Any) -> None:
        new = ports.NewPort(network=networks.get(db, network_id), project_id="p", groups=[group_id])
        ports.create(db, new)

    with pytest.raises(NotFound):
        between(
            cloud,
            lambda db: groups.get(db, group_id),
            lambda db: groups_removal.delete(db, groups.get(db, group_id), by_admin=True),
            create,
        )


def test_a_gateway_is_made_once(cloud: RunningCloud, admin: Client) -> None:
    external = outside(admin, "203.0.113.0/24")
    router_id = made(admin, "router")["id"]
    wanted = GatewayWanted(network_id=external["network_id"])
    store = cloud.cloud.store
    done: list[bool] = []

    def set_twice(db: Db) -> None:
        router = routers.get(db, router_id)
        if not done:
            done.append(True)
            store.write(lambda other: gateways.set_(other, routers.get(other, router_id), wanted, ADMIN))
        gateways.set_(db, router, wanted, ADMIN)

    store.write(set_twice)
    found = admin.get("network", "/v2.0/ports", params={"device_id": router_id}).json()["ports"]
    assert len(found) == 1


def test_a_leg_stays_for_a_floating_ip_that_comes(cloud: RunningCloud, admin: Client) -> None:
    external, inside = outside(admin, "198.51.100.0/24"), subnet(admin, "10.1.0.0/24")
    router = joined_router(admin, inside["id"], external["network_id"])
    port = made(admin, "port", network_id=inside["network_id"])
    floating = made(admin, "floatingip", floating_network_id=external["network_id"])
    store = cloud.cloud.store

    def remove(db: Db) -> None:
        interface_removal.remove_subnet(db, routers.get(db, router["id"]), inside["id"], ADMIN)

    def associate(db: Db) -> None:
        found = floating_ips.get(db, floating["id"])
        association.associate(db, found, association.find(db, found, port["id"], "", ADMIN))
        begun.append(pool.submit(store.write, remove))
        wait(begun, timeout=0.5)

    begun: list[Future[None]] = []
    with ThreadPoolExecutor(1) as pool:
        store.write(associate)
        with pytest.raises(Conflict):
            begun[-1].result()


def test_a_group_that_a_rule_names_goes_with_that_rule(cloud: RunningCloud, admin: Client) -> None:
    bodies = [{"security_group": {"name": name}} for name in ("mine", "theirs")]
    mine, theirs = (admin.post("network", GROUPS, json=body).json()["security_group"]["id"] for body in bodies)
    store = cloud.cloud.store

    def create(db: Db) -> str:
        wanted = RuleCreate(security_group_id=mine, direction="ingress", remote_group_id=theirs)
        (rule,) = rules.create(db, groups.get(db, mine), [wanted], ADMIN)
        begun.append(
            pool.submit(
                store.write, lambda other: groups_removal.delete(other, groups.get(other, theirs), by_admin=True)
            )
        )
        wait(begun, timeout=0.5)
        return rule.id

    begun: list[Future[None]] = []
    with ThreadPoolExecutor(1) as pool:
        rule_id = store.write(create)
        begun[-1].result()
    assert admin.get("network", f"/v2.0/security-group-rules/{rule_id}").status_code == 404
