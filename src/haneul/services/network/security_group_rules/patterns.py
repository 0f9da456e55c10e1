"""What a rule matches, read from what a client says as Neutron reads it."""

from ipaddress import IPv4Interface, IPv6Interface, ip_interface
from typing import Any

from msgspec import Struct, structs

from haneul.kernel.errors import BadRequest
from haneul.services.network.ip_text import interface_in
from haneul.services.network.security_group_rules.protocols import (
    ICMP,
    ICMP_OF_6,
    NUMBERS_WITH_PORTS,
    WITH_PORTS,
    canonical,
    number,
)
from haneul.services.network.security_group_rules.schemas import PatternWanted

DIRECTIONS = ("ingress", "egress")
FAMILIES = ("IPv4", "IPv6")
UNSAID = -1
WHOLE_RANGE = (1, 65535)
EVERYWHERE = ("0.0.0.0/0", "::/0")


class Pattern(Struct, frozen=True, kw_only=True):
    """What a rule matches, as rows have it: empty text for any, -1 for a port or ICMP type that is not said."""

    direction: str
    ethertype: str
    protocol: str
    port_range_min: int
    port_range_max: int
    remote_ip_prefix: str
    remote_group_id: str
    remote_address_group_id: str

    @property
    def fingerprint(self) -> str:
        """The same text for rules that Neutron takes for equal, though they name protocol or everywhere differently."""
        prefix = "" if self.remote_ip_prefix in EVERYWHERE else self.remote_ip_prefix
        ports = (self.port_range_min, self.port_range_max)
        remotes = (prefix, self.remote_group_id, self.remote_address_group_id)
        words = (self.direction, self.ethertype, number(self.protocol), *ports, *remotes)
        return ",".join("" if word in (None, UNSAID) else str(word) for word in words)

    @property
    def columns(self) -> dict[str, Any]:
        """What rows have of it."""
        return {**structs.asdict(self), "fingerprint": self.fingerprint}


def pattern_in(row: Any) -> Pattern:
    """What a rule's row matches."""
    return Pattern(**{name: getattr(row, name) for name in Pattern.__struct_fields__})


def pattern_of(wanted: PatternWanted) -> Pattern:
    """What a client's rule matches; BadRequest for what matches nothing or contradicts itself."""
    ethertype = _ethertype(wanted.ethertype)
    protocol = canonical(wanted.protocol, ethertype)
    first, last = _range(_port(wanted.port_range_min), _port(wanted.port_range_max), protocol)
    prefix = _prefix(wanted.remote_ip_prefix, ethertype)
    remotes = (prefix, wanted.remote_group_id or "", wanted.remote_address_group_id or "")
    if len([remote for remote in remotes if remote]) > 1:
        raise _wrong(
            "Only one of remote_ip_prefix or remote_group_id or remote_address_group_id may be provided.",
            "MultipleRemoteEntites",
        )
    return Pattern(
        direction=_direction(wanted.direction),
        ethertype=ethertype,
        protocol=protocol,
        port_range_min=first,
        port_range_max=last,
        remote_ip_prefix=remotes[0],
        remote_group_id=remotes[1],
        remote_address_group_id=remotes[2],
    )


def normalized(prefix: str) -> str:
    """A prefix without the bits of a host; nothing for none."""
    return str(ip_interface(prefix).network) if prefix else ""


def _wrong(template: str, kind: str, **values: object) -> BadRequest:
    return BadRequest(template, kind=f"SecurityGroup{kind}", **values)


def _direction(given: str) -> str:
    if given not in DIRECTIONS:
        raise BadRequest(
            "Invalid input for direction. Reason: '{given}' is not in ['ingress', 'egress'].",
            kind="HTTPBadRequest",
            given=given[:255],
        )
    return given


def _ethertype(given: str) -> str:
    for family in FAMILIES:
        if given.lower() == family.lower():
            return family
    raise _wrong(
        "Security group rule for ethertype '{ethertype}' not supported. Allowed values are ['IPv4', 'IPv6'].",
        "RuleInvalidEtherType",
        ethertype=given[:255],
    )


def _port(given: str | int | None) -> int:
    if given is None:
        return UNSAID
    text = str(given)
    if not (text.isascii() and text.isdecimal() and len(text) <= 5 and int(text) <= 65535):
        raise _wrong("Invalid value for port {port}", "InvalidPortValue", port=text[:255])
    return int(text)


def _range(first: int, last: int, protocol: str) -> tuple[int, int]:
    if (first, last) in (WHOLE_RANGE, (UNSAID, UNSAID)):
        # Every port is no condition, and cheaper to filter by when it is none.
        return UNSAID, UNSAID
    ip_protocol = number(protocol)
    if ip_protocol is None:
        raise _wrong("Must also specify protocol if port range is given.", "ProtocolRequiredWithPorts")
    if ip_protocol in NUMBERS_WITH_PORTS:
        _refuse_ports(first, last)
    elif ip_protocol in (ICMP, ICMP_OF_6):
        _refuse_icmp(first, last)
    else:
        raise _wrong(
            "Ports cannot be specified for protocol {protocol}. Ports are only supported for {named}.",
            "InvalidProtocolForPort",
            protocol=ip_protocol,
            named=", ".join(name.upper() for name in WITH_PORTS),
        )
    return first, last


def _refuse_ports(first: int, last: int) -> None:
    if 0 in (first, last):
        raise _wrong("Invalid value for port {port}", "InvalidPortValue", port=0)
    if UNSAID in (first, last) or first > last:
        raise _wrong("For TCP/UDP protocols, port_range_min must be <= port_range_max", "InvalidPortRange")


def _refuse_icmp(icmp_type: int, code: int) -> None:
    for attribute, field, value in (("port_range_min", "type", icmp_type), ("port_range_max", "code", code)):
        if value > 255:
            raise _wrong(
                "Invalid value for ICMP {field} ({attribute}) {value}. It must be 0 to 255.",
                "InvalidIcmpValue",
                field=field,
                attribute=attribute,
                value=value,
            )
    if icmp_type == UNSAID:
        raise _wrong(
            "ICMP code (port-range-max) {value} is provided but ICMP type (port-range-min) is missing.",
            "MissingIcmpType",
            value=code,
        )


def _prefix(given: str | None, ethertype: str) -> str:
    if not given:
        return ""
    found = interface_of(given)
    if found is None:
        raise BadRequest("Invalid CIDR {input} given as IP prefix.", kind="InvalidCIDR", input=given[:255])
    if ethertype != f"IPv{found.version}":
        raise _wrong(
            "Conflicting value ethertype {ethertype} for CIDR {cidr}",
            "RuleParameterConflict",
            ethertype=ethertype,
            cidr=found.with_prefixlen,
        )
    return found.with_prefixlen


def interface_of(text: str) -> IPv4Interface | IPv6Interface | None:
    """An address or network, with whatever mask it names; None for what is neither."""
    try:
        return interface_in(text)
    except ValueError:
        return None
