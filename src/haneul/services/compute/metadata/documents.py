"""What a guest is told of itself, as documents. Source: Nova's "Metadata" guide and its api/metadata/base.py."""

import base64
from collections.abc import Iterable
from ipaddress import ip_network
from typing import Any

import msgspec

from haneul.services.compute.metadata.facts import Facts
from haneul.services.compute.nics.queries import Plugged
from haneul.services.network import public as network

DOMAIN = "novalocal"
NO_MANIFEST = "FIX" + "ME"
"""What Nova says in place of a manifest's path, literally."""
SINCE = {
    "block-device-mapping": "2007-12-15",
    "instance-action": "2008-09-01",
    "instance-type": "2007-08-29",
    "local-hostname": "2007-01-19",
    "placement": "2008-02-01",
    "public-hostname": "2007-01-19",
    "public-ipv4": "2007-01-19",
}
"""The version of Amazon's tree that a value came with; the others were there from the start."""


def openstack(facts: Facts) -> dict[str, Any]:
    """`meta_data.json`."""
    server = facts.server
    said: dict[str, Any] = {
        "uuid": server.id,
        "name": server.name,
        "hostname": hostname(facts),
        "availability_zone": server.zone,
        "launch_index": server.launch_index,
        "project_id": server.project_id,
        "devices": [_device(one) for one in facts.cards if one.nic.tag],
        "dedicated_cpus": [],
    }
    if server.metadata:
        said["meta"] = server.metadata
    if server.key is not None:
        said["public_keys"] = {server.key["name"]: server.key["public_key"]}
        said["keys"] = [{"name": server.key["name"], "type": server.key["type"], "data": server.key["public_key"]}]
    return said


def hostname(facts: Facts) -> str:
    return f"{facts.server.hostname}.{DOMAIN}"


def _device(one: Plugged) -> dict[str, Any]:
    return {
        "type": "nic",
        "bus": "pci",
        "address": f"0000:00:{one.nic.pci_slot:02x}.0",
        "mac": one.port.mac,
        "tags": [one.nic.tag],
    }


def network_data(facts: Facts) -> dict[str, Any]:
    """`network_data.json`: links, the networks on them, and who resolves names."""
    networks = [it for one in facts.cards for it in _networks(facts, one)]
    for number, it in enumerate(networks):
        it["id"] = f"network{number}"
    servers = dict.fromkeys(dns for subnet in _subnets(facts) for dns in subnet.dns_nameservers)
    return {
        "links": [
            {
                "id": one.port.device,
                "vif_id": one.port.id,
                "type": "bridge",
                "mtu": one.port.mtu,
                "ethernet_mac_address": one.port.mac,
            }
            for one in facts.cards
        ],
        "networks": networks,
        "services": [{"type": "dns", "address": address} for address in servers],
    }


def _subnets(facts: Facts) -> Iterable[network.Subnet]:
    held = dict.fromkeys(fixed.subnet_id for one in facts.cards for fixed in one.port.addresses)
    return (facts.subnets[subnet_id] for subnet_id in held if subnet_id in facts.subnets)


def _networks(facts: Facts, one: Plugged) -> Iterable[dict[str, Any]]:
    for fixed in one.port.addresses:
        subnet = facts.subnets.get(fixed.subnet_id)
        if subnet is None:
            continue
        place = {"link": one.port.device, "network_id": one.port.network_id}
        if subnet.enable_dhcp and not subnet.ipv6_address_mode:
            yield {**place, "type": f"ipv{subnet.ip_version}_dhcp"}
        else:
            yield {**place, **_told(subnet, fixed.address)}


def _told(subnet: network.Subnet, address: str) -> dict[str, Any]:
    addresses = ip_network(subnet.cidr)
    routes = [_route(route["destination"], route["nexthop"]) for route in subnet.host_routes]
    if subnet.gateway_ip:
        routes.insert(0, _route("::/0" if subnet.ip_version == 6 else "0.0.0.0/0", subnet.gateway_ip))
    return {
        "type": f"ipv6_{subnet.ipv6_address_mode}" if subnet.ipv6_address_mode else f"ipv{subnet.ip_version}",
        "ip_address": address,
        "netmask": str(addresses.netmask),
        "routes": routes,
        "services": [{"type": "dns", "address": dns} for dns in subnet.dns_nameservers],
    }


def _route(destination: str, gateway: str) -> dict[str, str]:
    addresses = ip_network(destination)
    return {"network": str(addresses.network_address), "netmask": str(addresses.netmask), "gateway": gateway}


def ec2(facts: Facts, version: str) -> dict[str, Any]:
    """Amazon's tree under `meta-data`, as a version has it: folders are dicts, values text or lists of lines."""
    server = facts.server
    said: dict[str, Any] = {
        "ami-id": f"ami-{server.number:08x}",
        "ami-launch-index": str(server.launch_index),
        "ami-manifest-path": NO_MANIFEST,
        "block-device-mapping": {"ami": "vda", "root": "/dev/vda"},
        "hostname": hostname(facts),
        "instance-action": "none",
        "instance-id": f"i-{server.number:08x}",
        "instance-type": server.flavor["name"],
        "local-hostname": hostname(facts),
        "local-ipv4": facts.fixed_ipv4,
        "placement": {"availability-zone": server.zone},
        "public-hostname": hostname(facts),
        "public-ipv4": facts.floating_ipv4,
        "reservation-id": server.reservation_id,
        "security-groups": list(facts.groups),
    }
    if server.key is not None:
        said["public-keys"] = {"0": {"_name": f"0={server.key['name']}", "openssh-key": server.key["public_key"]}}
    return {name: value for name, value in sorted(said.items()) if version >= SINCE.get(name, "")}


def user_data(facts: Facts) -> bytes | None:
    """What the server's creator gave it to read or run."""
    given = facts.server.user_data
    return base64.b64decode(given) if given else None


def as_json(value: Any) -> bytes:
    return msgspec.json.encode(value)
