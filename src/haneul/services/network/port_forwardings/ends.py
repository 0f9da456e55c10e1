"""Which ports a forwarding leads from and to."""

from msgspec import Struct, UnsetType

from haneul.kernel.errors import BadRequest
from haneul.services.network.port_forwardings.models import PortForwarding
from haneul.services.network.port_forwardings.schemas import ForwardingUpdate

MOST_SHIFTED = 1000
"""How many ports may lead to ones of other numbers: the kernel keeps each of those by itself."""
Ports = tuple[int, int]


class Ends(Struct, frozen=True):
    """Which ports lead to which."""

    outside: Ports
    inside: Ports


def bad(reason: str, **values: object) -> BadRequest:
    """BadRequest in the form that Neutron gives what is wrong with a forwarding's request."""
    return BadRequest("Bad port_forwarding request: " + reason + ".", kind="BadRequest", **values)


def ends_of(wanted: ForwardingUpdate, before: PortForwarding | None) -> Ends:
    """The ports that a forwarding shall have, where nothing is said those from before; BadRequest for what can't be."""
    outside = _side("external", wanted.external_port, wanted.external_port_range)
    inside = _side("internal", wanted.internal_port, wanted.internal_port_range)
    if before is not None:
        outside = outside or (before.outside_first, before.outside_last)
        inside = inside or (before.inside_first, before.inside_last)
    if outside is None or inside is None:
        raise bad("Both an internal and an external port or port range must be given")
    if inside[1] > inside[0] and inside[1] - inside[0] != outside[1] - outside[0]:
        raise bad(
            "Invalid ranges of internal and/or external ports. The relation between internal and external ports must "
            "be N-N or 1-N"
        )
    if inside[1] > inside[0] and inside != outside and inside[1] - inside[0] >= MOST_SHIFTED:
        raise bad(
            "A range that leads to ports of other numbers can have {most} ports at most; only one that keeps its "
            "numbers can be wider",
            most=MOST_SHIFTED,
        )
    return Ends(outside, inside)


def _side(name: str, number: int | None | UnsetType, words: str | None | UnsetType) -> Ports | None:
    if number and words and words not in (str(number), f"{number}:{number}"):
        raise bad("Only one of {name}_port and {name}_port_range can be given", name=name)
    if number:
        return number, number
    return _range(name, words) if words else None


def _range(name: str, words: str) -> Ports:
    parts = words.split(":")
    if len(parts) > 2 or not all(part.isdecimal() and part.isascii() for part in parts):
        raise _wrong(name, "'{words}' is no range of ports such as 80:90", words)
    first, last = int(parts[0]), int(parts[-1])
    if not 1 <= first <= last <= 65535:
        raise _wrong(name, "'{words}' does not go from a lower to a higher port between 1 and 65535", words)
    return first, last


def _wrong(name: str, reason: str, words: str) -> BadRequest:
    return BadRequest(
        "Invalid input for {name}_port_range. Reason: " + reason + ".", kind="HTTPBadRequest", name=name, words=words
    )
