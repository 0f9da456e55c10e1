"""The kernel's table of connections."""

from collections.abc import Iterable
from ipaddress import ip_address

from haneul.host.run import RunFailed, run

DELETE_S = 60.0
NONE_DELETED = "0 flow entries"
FAMILY = {4: "ipv4", 6: "ipv6"}


def forget_connections(zone: int, addresses: Iterable[str]) -> None:
    """Delete the connections that these addresses have begun or were asked for, in this zone only."""
    for address in addresses:
        for end in ("--orig-src", "--orig-dst"):
            _delete(["--zone", str(zone), "--family", FAMILY[ip_address(address).version], end, address])


def _delete(narrowed: list[str]) -> None:
    try:
        run(["conntrack", "-D", *narrowed], timeout_s=DELETE_S)
    except RunFailed as error:
        if NONE_DELETED not in str(error):
            raise
