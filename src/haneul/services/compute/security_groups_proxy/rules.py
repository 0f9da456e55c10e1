"""What a rule of Nova's old security groups asks of the network: its ports were checked more strictly than there."""

from urllib.parse import unquote

from haneul.kernel.errors import BadRequest
from haneul.services.compute.security_groups_proxy.schemas import RuleWanted
from haneul.services.network.public import RuleCreate, interface_in

ANYWHERE = "0.0.0.0/0"
WHOLE = {"TCP": (1, 65535), "UDP": (1, 65535), "ICMP": (-1, -1)}
"""What a rule that names a source group lets through, by its protocol, where it says no ports."""
ICMP_MOST = 255
PORT_MOST = 65535


def asked_of_network(wanted: RuleWanted) -> RuleCreate:
    """The rule as the network takes it; BadRequest for one that says too little or what can't be."""
    if wanted.group_id is not None:
        return _written(wanted, _filled(wanted), "")
    cidr = _cidr(wanted.cidr)
    filled = _filled(wanted)
    if filled is None:
        raise BadRequest("Not enough parameters to build a valid rule.")
    address, _, length = cidr.partition("/")
    if length == "0" and address not in ("0.0.0.0", "::"):
        raise BadRequest("Bad prefix for network in cidr {cidr}", cidr=cidr)
    return _written(wanted, filled, cidr)


def _written(wanted: RuleWanted, filled: tuple[str, int, int] | None, cidr: str) -> RuleCreate:
    protocol, first, last = filled or (None, -1, -1)
    return RuleCreate(
        security_group_id=wanted.parent_group_id,
        direction="ingress",
        ethertype="IPv6" if ":" in cidr else "IPv4",
        protocol=protocol,
        port_range_min=first if first != -1 else None,
        port_range_max=last if last != -1 else None,
        remote_ip_prefix=cidr or None,
        remote_group_id=wanted.group_id,
    )


def _cidr(text: str | None) -> str:
    if not text:
        return ANYWHERE
    cidr = unquote(text)
    try:
        interface_in(cidr)
    except ValueError:
        raise BadRequest("{cidr} is not a valid IP network.", cidr=cidr[:255]) from None
    if not cidr.partition("/")[2]:
        raise BadRequest("{cidr} is not a valid IP network.", cidr=cidr)
    return cidr


def _filled(wanted: RuleWanted) -> tuple[str, int, int] | None:
    """The protocol and both ports; None unless the rule says them all, or they follow from a source group."""
    protocol = str(wanted.ip_protocol or "")
    first, last = wanted.from_port, wanted.to_port
    if wanted.group_id is not None and first is None and last is None:
        first, last = WHOLE.get(protocol.upper(), (None, None))
    if not protocol or first is None or last is None:
        return None
    return _checked(protocol, *_numbers(protocol, first, last))


def _numbers(protocol: str, first: int | str, last: int | str) -> tuple[int, int]:
    try:
        return int(first), int(last)
    except ValueError:
        reason = "To and From ports must be integers"
        if protocol.upper() == "ICMP":
            reason = "Type and Code must be integers for ICMP protocol type"
        raise BadRequest("Invalid input received: {reason}", reason=reason) from None


def _checked(protocol: str, first: int, last: int) -> tuple[str, int, int]:
    name = protocol.upper()
    if name not in WHOLE:
        raise BadRequest("Invalid IP protocol {protocol}.", protocol=protocol[:255])
    wrong = ""
    if name == "ICMP":
        if min(first, last) < -1 or max(first, last) > ICMP_MOST:
            wrong = "For ICMP, the type:code must be valid"
    elif first > last:
        wrong = "Former value cannot be greater than the later"
    elif first < 1 or last > PORT_MOST:
        wrong = f"Valid {name} ports should be between 1-65535"
    if wrong:
        raise BadRequest("Invalid port range {first}:{last}. {wrong}", first=first, last=last, wrong=wrong)
    return protocol, first, last
