"""What a request for a port means: everything that it names is found and checked before a row is written."""

from collections.abc import Sequence
from typing import Any

from msgspec import UNSET, UnsetType

from haneul.kernel.db import Db
from haneul.kernel.errors import BadRequest, NotBuilt
from haneul.kernel.ids import is_uuid_like
from haneul.services.network.ip_text import address_in, network_in
from haneul.services.network.networks.models import Network
from haneul.services.network.ports import devices, logic
from haneul.services.network.ports.addresses import WantedIp
from haneul.services.network.ports.models import INTERNAL, Port
from haneul.services.network.ports.schemas import (
    AddressPairWanted,
    DhcpOptionWanted,
    FixedIpWanted,
    PortChange,
    PortCreate,
)
from haneul.services.network.quotas.logic import take_one
from haneul.services.network.security_groups import visible as groups

MOST_PAIRS = 10
PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_:.")


def new_port(db: Db, wanted: PortCreate, network: Network, project_id: str) -> logic.NewPort:
    """The port that is asked for; BadRequest or NotFound with the reason it can't be."""
    refuse_unbuilt(wanted)
    devices.refuse_others_router(db, wanted.device_owner or "", wanted.device_id or "", project_id)
    if wanted.device_owner is not UNSET and wanted.device_owner.startswith(INTERNAL):
        # Only what the cloud makes for itself is free of quotas.
        take_one(db, project_id, logic.QUOTA)
    return logic.NewPort(
        network=network,
        project_id=project_id,
        name=wanted.name,
        description=wanted.description or "",
        mac=wanted.mac_address or "",
        wanted=fixed_ips(wanted.fixed_ips),
        groups=group_ids(db, UNSET if wanted.security_groups is None else wanted.security_groups, project_id),
        device_id=wanted.device_id or "",
        device_owner=wanted.device_owner or "",
        is_up=wanted.admin_state_up,
        is_secure=None if wanted.port_security_enabled is UNSET else wanted.port_security_enabled,
        pairs=pairs(wanted.allowed_address_pairs, None),
        dhcp_options=dhcp_options(wanted.extra_dhcp_opts, []),
        dns_name=dns_name(wanted.dns_name),
        dns_domain=wanted.dns_domain or "",
        vnic_type=vnic_type(wanted.vnic_type),
        profile=wanted.profile or {},
        tags=wanted.tags,
    )


def refuse_unbuilt(wanted: PortChange) -> None:
    """What this cloud can't do yet is refused in words."""
    if wanted.qos_policy_id is not None:
        raise NotBuilt("haneul does not have QoS policies yet.")


def vnic_type(given: str | UnsetType) -> str:
    if given is UNSET:
        return "normal"
    if given not in logic.VNIC_TYPES:
        raise _wrong("binding:vnic_type", given, f"is not in {list(logic.VNIC_TYPES)}")
    if given != "normal":
        raise NotBuilt("haneul does not have ports of kind {given} yet.", given=given)
    return given


def fixed_ips(given: Sequence[FixedIpWanted] | None | UnsetType) -> list[WantedIp] | None:
    """The addresses that are asked for; None leaves the choice to the network."""
    if given is UNSET or given is None:
        return None
    return [_fixed_ip(one) for one in given]


def _fixed_ip(one: FixedIpWanted) -> WantedIp:
    address = "" if one.ip_address is UNSET else one.ip_address
    subnet_id = "" if one.subnet_id is UNSET else one.subnet_id
    if not address and not subnet_id:
        raise BadRequest(
            "Invalid input for operation: IP allocation requires subnet_id or ip_address.", kind="InvalidInput"
        )
    if address:
        address = _address(address, "fixed_ips")
    return WantedIp(subnet_id, address)


def _address(text: str, field: str) -> str:
    try:
        return str(address_in(text))
    except ValueError:
        raise _wrong(field, text, "is not a valid IP address") from None


def group_ids(db: Db, given: Sequence[str] | None | UnsetType, project_id: str) -> list[str] | None:
    """The security groups that are named; None leaves it to the project's default group."""
    if given is UNSET:
        return None
    wanted = list(given or ())
    for place, group_id in enumerate(wanted):
        if not is_uuid_like(group_id):
            raise _wrong("security_groups", group_id, "is not a valid UUID")
        if group_id in wanted[:place]:
            raise BadRequest(
                "Invalid input for security_groups. Reason: Duplicate items in the list: '{group_id}'.",
                kind="HTTPBadRequest",
                group_id=group_id,
            )
    groups.refuse_unknown(db, wanted, project_id)
    return wanted


def pairs(given: Sequence[AddressPairWanted] | None | UnsetType, port: Port | None) -> list[dict[str, str]]:
    """Allowed address pairs as they are kept; a pair without a MAC has the port's, written when it is made."""
    if given is UNSET or given is None:
        return []
    if len(given) > MOST_PAIRS:
        raise BadRequest(
            "Exceeded maximum amount of allowed address pairs {most}", kind="AddressPairsExhausted", most=MOST_PAIRS
        )
    found: list[dict[str, str]] = []
    for one in given:
        mac = "" if one.mac_address is UNSET else logic.canonical_mac(one.mac_address)
        pair = {"ip_address": _pair_address(one.ip_address), "mac_address": mac or (port.mac_address if port else "")}
        if pair in found:
            raise BadRequest(
                "Request contains duplicate address pair: mac_address {mac_address} ip_address {ip_address}.",
                kind="DuplicateAddressPairInRequest",
                **pair,
            )
        found.append(pair)
    return found


def _pair_address(text: str) -> str:
    try:
        network = network_in(text, strict=False)
    except ValueError:
        raise _wrong("allowed_address_pairs", text, "is not a valid IP address or subnet") from None
    return str(network) if "/" in text else str(network.network_address)


def dhcp_options(
    given: Sequence[DhcpOptionWanted] | None | UnsetType, before: Sequence[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Extra DHCP options as they are kept: those of before, changed; one without a value goes."""
    kept = {(option["opt_name"], option["ip_version"]): option for option in before}
    for one in () if given is UNSET or given is None else given:
        if not PLAIN.issuperset(one.opt_name) or one.ip_version not in (4, 6):
            raise _wrong("extra_dhcp_opts", one.opt_name, "is not a valid DHCP option")
        if one.opt_value is not None and not one.opt_value.isprintable():
            raise _wrong("extra_dhcp_opts", one.opt_name, "has a value that no DHCP server could tell")
        key = (one.opt_name, one.ip_version)
        kept.pop(key, None)
        if one.opt_value is not None:
            kept[key] = {"opt_name": one.opt_name, "opt_value": one.opt_value, "ip_version": one.ip_version}
    return list(kept.values())


def dns_name(given: str | UnsetType) -> str:
    """A host's name as DNS has it (RFC 1123)."""
    if given is UNSET or not given:
        return ""
    labels = given.rstrip(".").split(".")
    for label in labels:
        is_plain = label.replace("-", "a").isascii() and label.replace("-", "a").isalnum()
        if not is_plain or len(label) > 63 or label.startswith("-") or label.endswith("-"):
            raise _wrong("dns_name", given, "not a valid PQDN or FQDN")
    return given


def _wrong(field: str, value: str, reason: str) -> BadRequest:
    return BadRequest(
        "Invalid input for {field}. Reason: '{value}' {reason}.",
        kind="HTTPBadRequest",
        field=field,
        value=value[:255],
        reason=reason,
    )
