"""What the rules that the kernel has would make of a packet's addresses, and which rule it is."""

from msgspec import Struct

from haneul.host.net.router.script import METADATA_ADDRESS, METADATA_ADDRESS_6, METADATA_PORT
from haneul.host.net.router.seen import SeenRouter
from haneul.host.net.router.values import SAME_PORT


class Translation(Struct, frozen=True, kw_only=True):
    """What an address (and port, None if it is left or there is none) becomes, and the rule that does it, as a line."""

    address: str
    port: int | None
    rule: str


def translated_destination(
    seen: SeenRouter, address: str, protocol: str, port: int | None = None, *, arrives_by: str = ""
) -> Translation | None:
    """Where the router would send a new connection that arrives for this address; None if it leaves it as it is.

    A redirect to the metadata proxy, which only links inside have, is shown with an empty address.
    """
    if seen.metadata_port is not None and arrives_by in seen.inside:
        for metadata in (METADATA_ADDRESS, METADATA_ADDRESS_6):
            if (address, protocol, port) == (metadata, "tcp", METADATA_PORT):
                rule = f"prerouting: {metadata} tcp dport {METADATA_PORT} redirect to :{seen.metadata_port}"
                return Translation(address="", port=seen.metadata_port, rule=rule)
    return _forwarded(seen, address, protocol, port) or _floating(seen, address)


def translated_source(
    seen: SeenRouter, address: str, *, leaves_by: str, translated: bool = False
) -> Translation | None:
    """As whom the router would let this address speak on the link that a packet leaves by; None: as itself.

    `translated` says that the destination has been translated, after which even what stays inside needs another source.
    """
    outward, back_inside = leaves_by == seen.outside != "", translated and leaves_by in seen.inside
    if not (outward or back_inside):
        return None
    for floating, fixed in seen.fixed.items():
        if fixed == address:
            return Translation(address=floating, port=None, rule=f"source: snat @floating {{ {fixed} : {floating} }}")
    if seen.snat_address:
        return Translation(address=seen.snat_address, port=None, rule=f"source: snat to {seen.snat_address}")
    if back_inside:
        return Translation(address="", port=None, rule=f"postrouting: masquerade as {leaves_by}")
    return None


def _forwarded(seen: SeenRouter, address: str, protocol: str, port: int | None) -> Translation | None:
    for one in seen.forwarded:
        if (one.floating, one.protocol) == (address, protocol) and one.first_port <= (port or 0) <= one.last_port:
            to_port = port if one.fixed_port == SAME_PORT else one.fixed_port
            came = f"{address} . {protocol} . {one.first_port}-{one.last_port}"
            rule = f"destination: dnat @forwarded {{ {came} : {one.fixed} . {to_port} }}"
            return Translation(address=one.fixed, port=to_port, rule=rule)
    return None


def _floating(seen: SeenRouter, address: str) -> Translation | None:
    fixed = seen.fixed.get(address)
    if fixed is None:
        return None
    return Translation(address=fixed, port=None, rule=f"destination: dnat @fixed {{ {address} : {fixed} }}")
