"""Whose request for metadata it is, where a router's networks have more subnets than it leads to."""

from typing import Any

from tests.services.network.routed import add_subnet, made, subnet
from tests.support.cloud import Client, RunningCloud

from haneul.services.network.public import MetadataAsk, sender


def test_a_subnet_that_the_router_does_not_lead_to_takes_no_address_away(cloud: RunningCloud, admin: Client) -> None:
    router_id = made(admin, "router")["id"]
    front, back = (subnet(admin, cidr, enable_dhcp=False) for cidr in ("10.1.0.0/24", "10.2.0.0/24"))
    for joined in (front, back):
        add_subnet(admin, router_id, joined["id"])
    beside = subnet(admin, "10.1.0.0/24", back["network_id"], enable_dhcp=False)
    guest = _at(admin, front)
    double = _at(admin, beside)

    def asked(**place: Any) -> str | None:
        found = cloud.cloud.store.read(lambda db: sender(db, MetadataAsk(address="10.1.0.9", path="/", **place)))
        return found.id if found is not None else None

    assert asked(router_id=router_id) == guest
    assert asked(network_id=front["network_id"]) == guest
    assert asked(network_id=back["network_id"]) == double


def _at(admin: Client, where: dict[str, str]) -> str:
    fixed = [{"subnet_id": where["id"], "ip_address": "10.1.0.9"}]
    found: str = made(admin, "port", network_id=where["network_id"], fixed_ips=fixed)["id"]
    return found
