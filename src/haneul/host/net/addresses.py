"""The addresses of a link."""

import ipaddress
import socket
from collections.abc import Iterable

from haneul.host.namespaces import Place
from haneul.host.net.links import index_of
from haneul.host.net.netlink import EXISTS, MISSING, netlink, refusals
from haneul.host.net.sysctls import ensure_sysctl
from haneul.host.net.zones import refuse_zone

GLOBAL_SCOPE = 0
# Nobody else has an address that the cloud has given out: waiting a second to make sure would only delay a router.
IFA_F_NODAD = 0x02


def list_addresses(link: str, place: Place | None = None) -> set[str]:
    """The link's addresses of global scope, with their prefix lengths: 10.0.0.1/24, fd00::1/64."""
    with netlink(place) as kernel, refusals(f"The addresses of {link} can't be listed"):
        found = kernel.get_addr(index=index_of(link))
        return {
            _text(f"{one.get_attr('IFA_LOCAL') or one.get_attr('IFA_ADDRESS')}/{one['prefixlen']}")
            for one in found
            if one["scope"] == GLOBAL_SCOPE
        }


def ensure_addresses(link: str, addresses: Iterable[str], place: Place | None = None) -> None:
    """Make the link's addresses of global scope exactly these; those that stay are not touched."""
    wanted = [_text(address) for address in addresses]
    with netlink(place) as kernel:
        index, has = index_of(link), list_addresses(link)
        gone = has - set(wanted)
        if gone:
            # Otherwise the first address of a subnet would take the others with it.
            ensure_sysctl(f"ipv4/conf/{link}/promote_secondaries", "1")
        for address in sorted(gone):
            with refusals(f"The address {address} can't be taken from {link}", harmless=MISSING):
                kernel.addr("del", index=index, **_parts(address))
        # In the order given: of one subnet the first is the one that the host speaks from.
        for address in wanted:
            if address not in has:
                with refusals(f"The address {address} can't be given to {link}", harmless=frozenset({EXISTS})):
                    kernel.addr("add", index=index, **_parts(address), **_flags(address))


def _text(address: str) -> str:
    return str(ipaddress.ip_interface(refuse_zone(address)))


def _parts(text: str) -> dict[str, object]:
    address = ipaddress.ip_interface(text)
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    return {"address": str(address.ip), "prefixlen": address.network.prefixlen, "family": family}


def _flags(address: str) -> dict[str, int]:
    return {"flags": IFA_F_NODAD} if ":" in address else {}
