"""Port forwardings: ports of a floating IP that lead to several guests."""

from typing import Any

import pytest
from tests.clients.openstack_cli import OpenStackCli
from tests.services.network.routed import asked, gone, joined_router, made, outside, refused, shown, subnet, unlimited
from tests.support.cloud import Client, RunningCloud
from tests.support.members import member_of

NOBODY = "00000000-0000-4000-8000-000000000000"


@pytest.fixture(scope="module")
def gardener(cloud: RunningCloud, admin: Client) -> Client:
    return member_of(cloud, admin, "garden")


@pytest.fixture(scope="module")
def stranger(cloud: RunningCloud, admin: Client) -> Client:
    return member_of(cloud, admin, "elsewhere")


@pytest.fixture(scope="module", autouse=True)
def room(cloud: RunningCloud, admin: Client, gardener: Client) -> None:
    """Room for what a whole module makes."""
    unlimited(cloud, admin, gardener)


@pytest.fixture(scope="module")
def public(admin: Client) -> dict[str, Any]:
    return outside(admin, "203.0.113.0/24")


@pytest.fixture(scope="module")
def inside(gardener: Client, public: dict[str, Any]) -> dict[str, Any]:
    found = subnet(gardener, "10.5.5.0/24")
    joined_router(gardener, found["id"], public["network_id"])
    return found


@pytest.fixture
def port(gardener: Client, inside: dict[str, Any]) -> dict[str, Any]:
    return made(gardener, "port", network_id=inside["network_id"])


@pytest.fixture
def floating(gardener: Client, public: dict[str, Any]) -> dict[str, Any]:
    return made(gardener, "floatingip", floating_network_id=public["network_id"])


def path_of(floating: dict[str, Any], forwarding_id: str = "") -> str:
    path = f"/v2.0/floatingips/{floating['id']}/port_forwardings"
    return f"{path}/{forwarding_id}" if forwarding_id else path


def forward(client: Client, floating: dict[str, Any], port: dict[str, Any], **wanted: Any) -> Any:
    body = {"internal_port_id": port["id"], "protocol": "tcp", **wanted}
    return asked(client, "POST", path_of(floating), {"port_forwarding": body})


def forwarded(client: Client, floating: dict[str, Any], port: dict[str, Any], **wanted: Any) -> dict[str, Any]:
    answer = forward(client, floating, port, **wanted)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()["port_forwarding"]
    return found


def test_a_forwarding_lives_and_ends(gardener: Client, floating: dict[str, Any], port: dict[str, Any]) -> None:
    address = port["fixed_ips"][0]["ip_address"]
    made_so = forwarded(gardener, floating, port, internal_port=80, external_port=8080, description="web")
    assert made_so == {
        "id": made_so["id"],
        "internal_port_id": port["id"],
        "internal_ip_address": address,
        "internal_port": 80,
        "internal_port_range": "80:80",
        "external_port": 8080,
        "external_port_range": "8080:8080",
        "protocol": "tcp",
        "description": "web",
    }
    one = path_of(floating, made_so["id"])
    assert asked(gardener, "GET", one).json()["port_forwarding"] == made_so
    assert asked(gardener, "GET", path_of(floating)).json()["port_forwardings"] == [made_so]
    assert not asked(gardener, "GET", path_of(floating), params={"protocol": "udp"}).json()["port_forwardings"]
    seen = shown(gardener, "floatingip", floating["id"])
    assert seen["router_id"], "the router that serves it"
    assert seen["port_id"] is None
    inside = {name: made_so[name] for name in ("id", "protocol", "internal_port_id", "internal_ip_address")}
    assert seen["port_forwardings"] == [{**inside, "internal_port": 80, "external_port": 8080}]
    after = asked(gardener, "PUT", one, {"port_forwarding": {"external_port": 8081, "protocol": "udp"}})
    assert after.json()["port_forwarding"] == {
        **made_so,
        "external_port": 8081,
        "external_port_range": "8081:8081",
        "protocol": "udp",
    }
    assert asked(gardener, "DELETE", one).status_code == 204
    refused(asked(gardener, "GET", one), 404, "PortForwardingNotFound")
    seen = shown(gardener, "floatingip", floating["id"])
    assert (seen["router_id"], seen["port_forwardings"], seen["status"]) == (None, [], "DOWN")


def test_ranges_lead_to_as_many_ports_or_to_one(
    gardener: Client, floating: dict[str, Any], port: dict[str, Any]
) -> None:
    many = forwarded(gardener, floating, port, internal_port_range="80:90", external_port_range="8080:8090")
    assert (many["internal_port_range"], many["external_port_range"]) == ("80:90", "8080:8090")
    assert not many.keys() & {"internal_port", "external_port"}
    one = forwarded(gardener, floating, port, internal_port=22, external_port_range="2200:2222")
    assert (one["internal_port"], one["external_port_range"]) == (22, "2200:2222")
    wide = forwarded(gardener, floating, port, internal_port_range="10000:60000", external_port_range="10000:60000")
    assert wide["internal_port_range"] == "10000:60000", "one that keeps its numbers may be as wide as it likes"


@pytest.mark.parametrize(
    "wanted",
    [
        {"internal_port": 80},
        {"external_port": 80},
        {"internal_port": 0, "external_port": 80},
        {"internal_port": 80, "external_port": 65536},
        {"internal_port_range": "80:90", "external_port_range": "80:91"},
        {"internal_port_range": "80:90", "external_port": 80},
        {"internal_port_range": "1001:2001", "external_port_range": "1000:2000"},
        {"internal_port_range": "90:80", "external_port_range": "90:80"},
        {"internal_port_range": "a:b", "external_port_range": "1:2"},
        {"internal_port_range": "1:2:3", "external_port_range": "1:3"},
        {"internal_port": 80, "internal_port_range": "81:81", "external_port": 80},
        {"internal_port": 80, "external_port": 80, "protocol": "icmp"},
        {"internal_port": 80, "external_port": 80, "internal_ip_address": "10.5.5.250"},
        {"internal_port": 80, "external_port": 80, "internal_ip_address": "2001:db8::1"},
    ],
)
def test_what_leads_nowhere_is_refused(
    gardener: Client, floating: dict[str, Any], port: dict[str, Any], wanted: dict[str, Any]
) -> None:
    refused(forward(gardener, floating, port, **wanted), 400, "HTTPBadRequest")
    assert shown(gardener, "floatingip", floating["id"])["router_id"] is None


def test_ports_do_not_collide(gardener: Client, public: dict[str, Any], inside: dict[str, Any]) -> None:
    floating = made(gardener, "floatingip", floating_network_id=public["network_id"])
    other = made(gardener, "floatingip", floating_network_id=public["network_id"])
    first, second = (made(gardener, "port", network_id=inside["network_id"]) for _ in range(2))
    forwarded(gardener, floating, first, internal_port_range="80:90", external_port_range="8080:8090")
    refused(forward(gardener, floating, second, internal_port=80, external_port=8085), 400, "HTTPBadRequest")
    refused(forward(gardener, other, first, internal_port=85, external_port=1), 400, "HTTPBadRequest")
    forwarded(gardener, floating, second, internal_port=80, external_port=8085, protocol="udp")
    free = forwarded(gardener, floating, second, internal_port=80, external_port=8091)
    body = {"port_forwarding": {"external_port": 8090}}
    refused(asked(gardener, "PUT", path_of(floating, free["id"]), body), 400, "HTTPBadRequest")


def test_an_address_is_either_whole_or_forwarded(
    gardener: Client, public: dict[str, Any], inside: dict[str, Any]
) -> None:
    whole, parts = (made(gardener, "port", network_id=inside["network_id"]) for _ in range(2))
    standing = made(gardener, "floatingip", floating_network_id=public["network_id"], port_id=whole["id"])
    floating = made(gardener, "floatingip", floating_network_id=public["network_id"])
    refused(
        forward(gardener, standing, parts, internal_port=1, external_port=1), 409, "FloatingIPPortAlreadyAssociated"
    )
    refused(forward(gardener, floating, whole, internal_port=1, external_port=1), 409, "PortHasBindingFloatingIP")
    forwarded(gardener, floating, parts, internal_port=1, external_port=1)
    body = {"floatingip": {"port_id": parts["id"]}}
    refused(asked(gardener, "PUT", f"/v2.0/floatingips/{floating['id']}", body), 409, "FipInUseByPortForwarding")
    refused(asked(gardener, "DELETE", f"/v2.0/floatingips/{floating['id']}"), 409, "FipInUseByPortForwarding")


def test_forwardings_end_with_their_port(gardener: Client, floating: dict[str, Any], port: dict[str, Any]) -> None:
    forwarded(gardener, floating, port, internal_port=80, external_port=80)
    leg = {"subnet_id": port["fixed_ips"][0]["subnet_id"]}
    router_id = shown(gardener, "floatingip", floating["id"])["router_id"]
    answer = asked(gardener, "PUT", f"/v2.0/routers/{router_id}/remove_router_interface", leg)
    refused(answer, 409, "RouterInterfaceInUseByFloatingIP")
    gone(gardener, "port", port["id"])
    assert asked(gardener, "GET", path_of(floating)).json()["port_forwardings"] == []
    assert shown(gardener, "floatingip", floating["id"])["router_id"] is None


def test_forwardings_end_with_their_address(gardener: Client, floating: dict[str, Any], inside: dict[str, Any]) -> None:
    fixed = [{"ip_address": "10.5.5.211"}, {"ip_address": "10.5.5.212"}]
    port = made(gardener, "port", network_id=inside["network_id"], fixed_ips=fixed)
    for number, one in enumerate(fixed, start=1):
        address = one["ip_address"]
        forwarded(gardener, floating, port, internal_ip_address=address, internal_port=1, external_port=number)
    answer = asked(gardener, "PUT", f"/v2.0/ports/{port['id']}", {"port": {"fixed_ips": fixed[:1]}})
    assert answer.status_code == 200, answer.text
    (left,) = asked(gardener, "GET", path_of(floating)).json()["port_forwardings"]
    assert left["internal_ip_address"] == "10.5.5.211"


def test_whose_floating_ip_it_is_decides(
    gardener: Client, stranger: Client, floating: dict[str, Any], port: dict[str, Any]
) -> None:
    mine = forwarded(gardener, floating, port, internal_port=80, external_port=80)
    one = path_of(floating, mine["id"])
    refused(asked(stranger, "GET", path_of(floating)), 404, "FloatingIPNotFound")
    refused(forward(stranger, floating, port, internal_port=1, external_port=1), 404, "FloatingIPNotFound")
    for method, body in (("GET", None), ("PUT", {"port_forwarding": {}}), ("DELETE", None)):
        refused(asked(stranger, method, one, body), 404, "FloatingIPNotFound")
    refused(forward(gardener, floating, {"id": NOBODY}, internal_port=1, external_port=1), 404, "PortNotFound")


def test_the_real_client_forwards_ports(cloud: RunningCloud, admin: Client, public: dict[str, Any]) -> None:
    cli = OpenStackCli(cloud)
    garden = subnet(admin, "10.10.0.0/24")
    joined_router(admin, garden["id"], public["network_id"])
    port = made(admin, "port", network_id=garden["network_id"])
    address = port["fixed_ips"][0]["ip_address"]
    floating = made(admin, "floatingip", floating_network_id=public["network_id"])["id"]
    made_so = cli.json(
        f"floating ip port forwarding create --internal-ip-address {address} --port {port['id']} "
        f"--internal-protocol-port 80 --external-protocol-port 8080 --protocol tcp {floating}"
    )
    assert (made_so["internal_port"], made_so["external_port"], made_so["protocol"]) == (80, 8080, "tcp")
    (row,) = cli.json(f"floating ip port forwarding list {floating}")
    assert (row["ID"], row["Internal IP Address"], row["Protocol"]) == (made_so["id"], address, "tcp")
    one = f"{floating} {made_so['id']}"
    assert cli.run(f"floating ip port forwarding set --external-protocol-port 8081 {one}").code == 0
    assert cli.json(f"floating ip port forwarding show {one}")["external_port"] == 8081
    assert cli.run(f"floating ip port forwarding delete {one}").code == 0
    ranged = cli.run(
        f"floating ip port forwarding create --internal-ip-address {address} --port {port['id']} "
        f"--internal-protocol-port 80:90 --external-protocol-port 8080:8090 --protocol udp {floating}"
    )
    assert ranged.code == 0, ranged.err
