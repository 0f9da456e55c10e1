"""What a network driver is: plain values and the verbs that every driver keeps (fake and real pass one contract test).

Addresses are text as `ipaddress` writes them; `10.0.0.1/24` where a prefix belongs to them. `id` is the id of the row
that a plan is about, `generation` grows with every change of what is wanted, by the request named.
"""

from collections.abc import Callable, Collection, Sequence
from typing import Literal, Protocol

from msgspec import Struct

SegmentType = Literal["local", "flat", "vlan", "gre", "vxlan"]
Direction = Literal["ingress", "egress"]
Mode = Literal["slaac", "dhcpv6-stateful", "dhcpv6-stateless"]


class Peer(Struct, frozen=True):
    """Another host of a network: where its tunnels end, and the MACs of the ports that are there."""

    tunnel_ip: str
    macs: tuple[str, ...] = ()


class SegmentPlan(Struct, frozen=True, kw_only=True):
    """One network on one host: its bridge, and what joins that to the network's other hosts."""

    id: str
    generation: int
    type: SegmentType
    physical_network: str = ""
    segmentation_id: int = 0
    mtu: int
    peers: tuple[Peer, ...] = ()
    request_id: str = ""


class AddressPair(Struct, frozen=True):
    """What a port may speak as, beside its own: an address or network, with this MAC."""

    address: str
    mac: str


class PortPlan(Struct, frozen=True, kw_only=True):
    """A guest's port on this host. Without `is_secure` nothing that it sends or gets is filtered.

    `is_stateful`: answers to what its groups let through pass too.
    """

    id: str
    generation: int
    network_id: str
    mac: str
    mtu: int
    addresses: tuple[str, ...] = ()
    pairs: tuple[AddressPair, ...] = ()
    groups: tuple[str, ...] = ()
    is_up: bool = True
    is_secure: bool = True
    is_stateful: bool = True
    request_id: str = ""


class GroupRule(Struct, frozen=True, kw_only=True):
    """What a security group lets through. `protocol` is an IP protocol's number, None for all.

    `first` and `last` are ports, or ICMP type and code. At most one of prefix, remote group and address group is set.
    """

    direction: Direction
    version: Literal[4, 6]
    protocol: int | None = None
    first: int | None = None
    last: int | None = None
    prefix: str = ""
    remote_group: str = ""
    address_group: str = ""


class GroupPlan(Struct, frozen=True, kw_only=True):
    """A security group, or an address group, which has no rules. `members` are the addresses of those in it.

    Members are told only to hosts where some rule names the group.
    """

    id: str
    generation: int
    rules: tuple[GroupRule, ...] = ()
    members: tuple[str, ...] = ()
    is_stateful: bool = True
    request_id: str = ""


class Route(Struct, frozen=True):
    """What is reached by what: `destination` a network, `via` the next hop."""

    destination: str
    via: str


class DhcpOption(Struct, frozen=True):
    """An option that a port's owner asked for: `name` in dnsmasq's words or a number."""

    name: str
    value: str
    version: Literal[4, 6] = 4


class DhcpSubnet(Struct, frozen=True, kw_only=True):
    """A subnet that is served. `mode` is for IPv6 alone."""

    id: str
    cidr: str
    gateway: str = ""
    dns: tuple[str, ...] = ()
    routes: tuple[Route, ...] = ()
    mode: Mode | Literal[""] = ""


class DhcpHost(Struct, frozen=True, kw_only=True):
    """A port that is told its addresses."""

    port_id: str
    mac: str
    addresses: tuple[str, ...]
    hostname: str
    options: tuple[DhcpOption, ...] = ()


class DhcpPlan(Struct, frozen=True, kw_only=True):
    """A network's DHCP server; `id` is the network's, `port_id` that of the server's own port.

    `metadata`: it answers for 169.254.169.254 too, since no router does. One that is not up has no way to the network.
    """

    id: str
    generation: int
    port_id: str
    mac: str
    mtu: int
    addresses: tuple[str, ...]
    domain: str
    lease_s: int
    subnets: tuple[DhcpSubnet, ...] = ()
    hosts: tuple[DhcpHost, ...] = ()
    metadata: bool = False
    is_up: bool = True
    request_id: str = ""


class Advertisement(Struct, frozen=True, kw_only=True):
    """A prefix that a router tells of."""

    prefix: str
    mode: Mode
    dns: tuple[str, ...] = ()


class RouterLeg(Struct, frozen=True, kw_only=True):
    """A router's port on a network."""

    port_id: str
    network_id: str
    mac: str
    mtu: int
    addresses: tuple[str, ...]
    advertised: tuple[Advertisement, ...] = ()
    is_up: bool = True


class RouterGateway(Struct, frozen=True, kw_only=True):
    """A router's port on an external network; `via` are the next hops of the default routes, one a version."""

    port_id: str
    network_id: str
    mac: str
    mtu: int
    addresses: tuple[str, ...]
    via: tuple[str, ...] = ()
    snat: bool = True


class FloatingPlan(Struct, frozen=True):
    """A floating IP and the fixed address that it stands for."""

    id: str
    floating: str
    fixed: str


class ForwardingPlan(Struct, frozen=True, kw_only=True):
    """Ports of a floating IP that lead to ports of a fixed address."""

    id: str
    protocol: Literal["tcp", "udp", "icmp", "icmp6", "sctp", "dccp"]
    floating: str
    outside_first: int
    outside_last: int
    fixed: str
    inside_first: int
    inside_last: int


class RouterPlan(Struct, frozen=True, kw_only=True):
    """A router on this host."""

    id: str
    generation: int
    is_up: bool = True
    legs: tuple[RouterLeg, ...] = ()
    gateway: RouterGateway | None = None
    routes: tuple[Route, ...] = ()
    floating_ips: tuple[FloatingPlan, ...] = ()
    forwardings: tuple[ForwardingPlan, ...] = ()
    request_id: str = ""


Plan = SegmentPlan | PortPlan | GroupPlan | DhcpPlan | RouterPlan
Kind = Literal["segment", "port", "group", "dhcp", "router"]


class Made(Struct, frozen=True):
    """What a driver has made: the generation that it last made true; 0 for a thing whose record is lost."""

    id: str
    generation: int


class HostNetwork(Struct, frozen=True, kw_only=True):
    """What a host can carry. `tunnel_ip` is empty for one whose tunnels reach nobody."""

    types: tuple[SegmentType, ...]
    physical_networks: tuple[str, ...] = ()
    tunnel_ip: str = ""


class Refused(Exception):
    """The driver can't make the plan true; the message is a sentence for the user."""


class NetworkDriver(Protocol):
    """Networks of one cloud on this host. Every verb is repeatable; removing what is absent does nothing."""

    def host_network(self) -> HostNetwork: ...
    def list_made(self, kind: Kind, ids: Collection[str] = ()) -> Sequence[Made]:
        """Only what carries this cloud's id, whatever else is here; of these ids where some are named."""
        ...

    def ensure_segment(self, plan: SegmentPlan) -> None: ...
    def ensure_port(self, plan: PortPlan) -> None:
        """Make the port's tap, join it to its network's bridge and filter what passes, before anything passes."""
        ...

    def ensure_group(self, plan: GroupPlan) -> None:
        """Make the rules live for every port that has the group; what no rule allows any more is cut."""
        ...

    def ensure_dhcp(self, plan: DhcpPlan) -> None: ...
    def ensure_router(self, plan: RouterPlan) -> None: ...
    def remove(self, kind: Kind, thing_id: str) -> None: ...
    def on_metadata(self, answer: "Callable[[MetadataAsk], MetadataReply]") -> None:
        """Answer guests' metadata requests with this function; register before `recover`."""
        ...

    def recover(self) -> None:
        """After a restart: adopt what runs, clear what half-made work left."""
        ...

    def close(self) -> None:
        """Stop the driver's own threads; packets flow on."""
        ...


class MetadataAsk(Struct, frozen=True, kw_only=True):
    """A guest's request as its network saw it: `address` is the real sender's, in that network or behind that router.

    Exactly one of `network_id` and `router_id` is set.
    """

    address: str
    path: str
    method: str = "GET"
    network_id: str = ""
    router_id: str = ""
    body: bytes = b""


class MetadataReply(Struct, frozen=True):
    """What the guest is told."""

    status: int
    body: bytes
    content_type: str = "text/plain; charset=UTF-8"


def tap_of(port_id: str) -> str:
    """The device of a guest's or a DHCP server's port, as operators know it."""
    return f"tap{port_id[:11]}"


def bridge_of(network_id: str) -> str:
    """The bridge of a network on a host, as Neutron's Linux-bridge agent names it."""
    return f"brq{network_id[:11]}"


def inside_device_of(port_id: str) -> str:
    """A router's device on an inside network."""
    return f"qr-{port_id[:11]}"


def outside_device_of(port_id: str) -> str:
    """A router's device on its external network."""
    return f"qg-{port_id[:11]}"


def dhcp_namespace_of(network_id: str) -> str:
    return f"qdhcp-{network_id}"


def router_namespace_of(router_id: str) -> str:
    return f"qrouter-{router_id}"
