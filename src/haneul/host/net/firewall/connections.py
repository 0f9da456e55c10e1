"""The kernel's table of connections."""

from collections.abc import Iterable
from ipaddress import ip_address

from haneul.host.run import run

DELETE_S = 60.0
FAMILY = {4: "ipv4", 6: "ipv6"}


def forget_connections(zone: int, addresses: Iterable[str]) -> None:
    """Delete the connections that these addresses have begun or were asked for, in this zone only."""
    lines = [
        f"-D --zone {zone} --family {FAMILY[ip_address(address).version]} {end} {address}\n"
        for address in addresses
        for end in ("--orig-src", "--orig-dst")
    ]
    if lines:
        run(["conntrack", "--load-file", "-"], timeout_s=DELETE_S, input="".join(lines).encode())
