"""Whether a namespace forwards, and how it answers for its addresses."""

from pathlib import Path

from msgspec import Struct

from haneul.host.namespaces import Place, inside
from haneul.host.net.links import refuse_bad_name
from haneul.host.net.sysctls import FOLDER, ensure_sysctl, read_sysctl

IPV6_LINKS = Path("ipv6/conf")
# Heeding router advertisements: never, and even while forwarding (1 would be: only while not forwarding).
NEVER, ALWAYS = "0", "2"


class Forwards(Struct, frozen=True, kw_only=True):
    """`is_up`: packets pass. `outside` heeds the router advertisements of its network if `heeds_outside`."""

    is_up: bool = True
    outside: str = ""
    heeds_outside: bool = False


def ensure_forwarding(place: Place, forwards: Forwards) -> None:
    """Make the namespace a router, or one that is administratively down; call it again when a link has come."""
    if forwards.outside:
        refuse_bad_name(forwards.outside)
    with inside(place):
        # Each link answers for its own addresses only, and asks in the name of one that its network knows.
        ensure_sysctl("ipv4/conf/all/arp_ignore", "1")
        ensure_sysctl("ipv4/conf/all/arp_announce", "2")
        # Extra routes may bring answers in by another link than the one that questions leave by.
        for link in ("all", "default"):
            ensure_sysctl(f"ipv4/conf/{link}/rp_filter", "0")
        ensure_sysctl("ipv4/conf/all/accept_redirects", "0")
        ensure_sysctl("ipv4/ip_forward", str(int(forwards.is_up)))
        if read_sysctl("ipv6/conf/all/forwarding") is not None:
            _ensure_ipv6(forwards)


def _ensure_ipv6(forwards: Forwards) -> None:
    for folder in sorted((FOLDER / IPV6_LINKS).iterdir()):
        heeds = forwards.heeds_outside and folder.name == forwards.outside
        key = f"{IPV6_LINKS}/{folder.name}/accept_ra"
        # A link may go while we look.
        if read_sysctl(key) is not None:
            ensure_sysctl(key, ALWAYS if heeds else NEVER)
    ensure_sysctl("ipv6/conf/all/forwarding", str(int(forwards.is_up)))
