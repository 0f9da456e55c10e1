"""What a subnet's fields may say (neutron: db/db_base_plugin_v2._validate_subnet)."""

from collections.abc import Sequence

from haneul.kernel.errors import BadRequest
from haneul.services.network.subnets.cidrs import (
    Address,
    Prefix,
    address_of,
    network_of,
    refuse_other_version,
    unfit,
    wrong,
)

MODES = ("slaac", "dhcpv6-stateful", "dhcpv6-stateless")
MOST_NAMESERVERS, MOST_ROUTES = 5, 20
"""Neutron's `max_dns_nameservers` and `max_subnet_host_routes`."""
OWNERS = ("network:", "neutron:", *"compute:")
"""How owners of ports begin. Neutron takes each letter of its prefix for compute's, and users' types rely on it."""
LONGEST_WITH_DHCP = {4: 30, 6: 126}


def refuse_odd_prefix(network: Prefix) -> None:
    """BadRequest for networks that no subnet can be."""
    if network.prefixlen == 0:
        raise wrong("0 is not allowed as CIDR prefix length")
    if network.version == 6 and int(network.network_address) == 0:
        raise wrong("IPv6 subnet '::' is not supported")


def refuse_dhcp(network: Prefix) -> None:
    """BadRequest for networks in which no DHCP server can be."""
    if network.prefixlen > LONGEST_WITH_DHCP[network.version]:
        raise wrong("Subnet has a prefix length that is incompatible with DHCP service enabled")
    if network.is_multicast:
        raise wrong("Multicast IP subnet is not supported if enable_dhcp is True")
    if network.is_loopback:
        raise wrong("Loopback IP subnet is not supported if enable_dhcp is True")
    if int(network.network_address) == 0:
        raise wrong("First IP '0.0.0.0' of network is not supported if enable_dhcp is True.")


def refuse_gateway(network: Prefix, gateway: Address) -> None:
    """BadRequest for a gateway that no host of the network can be; one outside of it is reached on the link."""
    refuse_other_version(network.version, gateway, "gateway_ip")
    edges = (network.network_address, network.broadcast_address)
    if network.version == 4 and gateway in edges:
        raise wrong("Gateway is not valid on subnet")


def nameservers(texts: Sequence[str], version: int, subnet: str = "new subnet") -> list[str]:
    """DNS servers, each once and in their order."""
    found = [address_of(text, "dns_nameservers") for text in texts]
    for place, one in enumerate(found):
        if one in found[:place]:
            raise unfit("dns_nameservers", "Duplicate nameserver '{one}'", one=str(one))
    if len(found) > MOST_NAMESERVERS:
        raise _too_many("DNS nameservers", "DNSNameServersExhausted", subnet, MOST_NAMESERVERS)
    for one in found:
        refuse_other_version(version, one, "dns_nameserver")
    return [str(one) for one in found]


def host_routes(wanted: Sequence[tuple[str, str]], version: int, subnet: str = "new subnet") -> list[dict[str, str]]:
    """Routes that hosts are told, each once, of pairs of a destination and what it is reached by."""
    found: list[dict[str, str]] = []
    for text, via in wanted:
        destination, nexthop = network_of(text, "host_routes"), address_of(via, "host_routes")
        if destination.is_loopback:
            raise unfit("host_routes", "'{text}' is not a routable CIDR", text=text)
        route = {"destination": str(destination), "nexthop": str(nexthop)}
        if route in found:
            raise unfit("host_routes", "Duplicate hostroute '{text} via {via}'", text=text, via=via)
        refuse_other_version(version, nexthop, "nexthop")
        refuse_other_version(version, destination, "destination")
        found.append(route)
    if len(found) > MOST_ROUTES:
        raise _too_many("host routes", "HostRoutesExhausted", subnet, MOST_ROUTES)
    return found


def _too_many(noun: str, kind: str, subnet: str, most: int) -> BadRequest:
    return BadRequest(
        "Unable to complete operation for {subnet}. The number of {noun} exceeds the limit {most}.",
        kind=kind,
        subnet=subnet,
        noun=noun,
        most=most,
    )


def refuse_modes(version: int, ra_mode: str, address_mode: str, *, has_dhcp: bool) -> None:
    """BadRequest for IPv6 modes that don't go together, or not with the rest."""
    for name, mode in (("ipv6_ra_mode", ra_mode), ("ipv6_address_mode", address_mode)):
        if mode and mode not in MODES:
            raise unfit(name, "{mode} is not in valid_values", mode=mode)
        if mode and version == 4:
            raise wrong("{name} is not valid when ip_version is 4", name=name)
    if (ra_mode or address_mode) and not has_dhcp:
        raise wrong("ipv6_ra_mode or ipv6_address_mode cannot be set when enable_dhcp is set to False")
    if ra_mode and address_mode and ra_mode != address_mode:
        raise wrong(
            "ipv6_ra_mode set to '{ra_mode}' with ipv6_address_mode set to '{address_mode}' is not valid. "
            "If both attributes are set, they must be the same value",
            ra_mode=ra_mode,
            address_mode=address_mode,
        )


def refuse_own_addresses(network: Prefix, address_mode: str) -> None:
    """BadRequest where guests make their addresses of their MACs, for which only a /64 has the room."""
    if address_mode in ("slaac", "dhcpv6-stateless") and network.prefixlen != 64:
        raise wrong(
            "Invalid CIDR {cidr} for IPv6 address mode. OpenStack uses the EUI-64 address format, which requires the "
            "prefix to be /64",
            cidr=str(network),
        )


def refuse_service_types(types: Sequence[str]) -> None:
    """BadRequest for what is no port's owner."""
    for one in types:
        if not one.startswith(OWNERS):
            raise BadRequest(
                "Subnet service type {type} does not correspond to a valid device owner.",
                kind="InvalidSubnetServiceType",
                type=one,
            )
