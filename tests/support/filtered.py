"""A bridged host with a firewall: three guests on one bridge, two with the same addresses on another."""

import subprocess
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from haneul.host.namespaces import inside
from haneul.host.net.firewall import FilteredPort, Firewall, Group, Rule
from tests.support.bridged import Guest, Host, bridged_host

CLOUD = "6f4be9d2-0d1c-4c55-9f3e-8a1f5a3f1c11"
TCP, UDP, ICMP, ICMPV6 = 6, 17, 1, 58
ANYTHING_OUT = (Rule(direction="egress", version=4), Rule(direction="egress", version=6))


def id_of(name: str) -> str:
    """An id that is always the same for a name."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, name))


def inward(protocol: int | None = None, *ports: int, version: Any = 4, **more: Any) -> Rule:
    """A rule that lets in a protocol, to one port or to a range from the first to the last."""
    of_ports = (ports[0], ports[-1]) if ports else None
    return Rule(direction="ingress", version=version, protocol=protocol, ports=of_ports, **more)


def group(name: str, *rules: Rule, **more: Any) -> Group:
    """A group that lets everything out, and in what the rules say."""
    return Group(id=id_of(name), rules=(*ANYTHING_OUT, *rules), **more)


def port_of(guest: Guest, *groups: str, **more: Any) -> FilteredPort:
    """The port of a guest, in these groups."""
    values: dict[str, Any] = {
        "id": id_of(guest.tap),
        "device": guest.tap,
        "bridge": guest.bridge,
        "mac": guest.mac,
        "addresses": (guest.ipv4, guest.ipv6),
        "groups": tuple(map(id_of, groups)),
    }
    return FilteredPort(**values | more)


class Lab:
    """The host, its guests, and the verbs of its firewall done inside its namespace."""

    def __init__(self, host: Host) -> None:
        self.host = host
        host.add_bridge("br-one")
        host.add_bridge("br-two")
        self.a, self.b, self.c = (host.add_guest(name, "br-one", at) for at, name in enumerate("abc", start=1))
        self.d, self.e = (host.add_guest(name, "br-two", at) for at, name in enumerate("de", start=1))
        self.firewall = Firewall(CLOUD)

    def ensure(self, *wanted: Group | FilteredPort) -> None:
        """Groups and ports, in one transaction."""
        with inside(self.host.namespace):
            self.firewall.ensure(
                groups=[one for one in wanted if isinstance(one, Group)],
                ports=[one for one in wanted if isinstance(one, FilteredPort)],
            )

    def filter_all(self, *groups: str) -> None:
        """All guests are filtered and in these groups."""
        self.ensure(*(port_of(guest, *groups) for guest in (self.a, self.b, self.c, self.d, self.e)))


@contextmanager
def filtered_host(name: str) -> Iterator[Lab]:
    """The host, with the firewall not prepared yet."""
    with bridged_host(name) as host:
        yield Lab(host)


@contextmanager
def prepared(lab: Lab) -> Iterator[Lab]:
    """The host with an empty firewall, which goes at the end."""
    with inside(lab.host.namespace):
        # Connections of whoever was here before.
        subprocess.run(["conntrack", "-F"], check=True, capture_output=True)
        lab.firewall.prepare()
    try:
        yield lab
    finally:
        with inside(lab.host.namespace):
            lab.firewall.remove_all()
