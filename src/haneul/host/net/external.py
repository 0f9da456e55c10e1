"""The way from the machine itself to the external network: one veth pair between its namespace and the agent's."""

import ipaddress
from collections.abc import Iterable, Sequence

from msgspec import Struct

from haneul.host.namespaces import Place
from haneul.host.net.addresses import ensure_addresses
from haneul.host.net.links import attach, own_mac, remove_link
from haneul.host.net.marks import Mark
from haneul.host.net.netlink import netlink, refusals
from haneul.host.net.veths import Veth, ensure_veth

CANDIDATES = tuple(f"172.24.{third}.0/24" for third in range(4, 256))


class External(Struct, frozen=True, kw_only=True):
    """The pair: `name` is a port of the bridge, `outer_name` stands among the machine's own links with `address`."""

    name: str
    bridge: str
    outer_name: str
    outer_place: Place
    address: str
    mtu: int
    mark: Mark


def ensure_external(external: External, place: Place | None = None) -> None:
    """Let the machine reach the network of `address` (with its prefix length) behind the bridge."""
    ensure_pair(external, place)
    attach(external.name, external.bridge, place=place)


def ensure_pair(external: External, place: Place | None = None) -> None:
    """Make the pair, of which only the machine's end is of use so far: others see that its addresses are taken.

    Of the machine's own namespace nothing else is touched: no route, no setting, no rule.
    """
    pair = Veth(
        name=external.name,
        peer=external.outer_name,
        peer_place=external.outer_place,
        peer_mac=own_mac(external.mark, external.outer_name),
        mtu=external.mtu,
        mark=external.mark,
    )
    ensure_veth(pair, place)
    ensure_addresses(external.outer_name, [external.address], external.outer_place)


def remove_external(name: str, place: Place | None = None) -> None:
    """Remove the pair, by its end at the bridge; with it go the machine's address and route."""
    remove_link(name, place)


def pick_free_range(candidates: Iterable[str] = CANDIDATES, place: Place | None = None) -> str | None:
    """The first of these networks that no address and no route of the namespace overlaps; None if all are taken."""
    taken = _networks_known(place)
    for candidate in candidates:
        network = ipaddress.ip_network(candidate)
        if not any(network.overlaps(other) for other in taken if other.version == network.version):
            return candidate
    return None


def _networks_known(place: Place | None) -> Sequence[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    with netlink(place) as kernel, refusals("The machine's addresses and routes can't be listed"):
        # A point-to-point link has two: its own, and that of the other side.
        addresses = [
            f"{address}/{one['prefixlen']}"
            for one in kernel.get_addr()
            for address in (one.get_attr("IFA_LOCAL"), one.get_attr("IFA_ADDRESS"))
            if address
        ]
        routes = [f"{one.get_attr('RTA_DST')}/{one['dst_len']}" for one in kernel.get_routes() if one["dst_len"]]
    return [ipaddress.ip_network(text, strict=False) for text in {*addresses, *routes}]
