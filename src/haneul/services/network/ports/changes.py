"""Changing ports: what a request says of one, written, and told to whoever must know."""

from typing import Any

from msgspec import UNSET, structs

from haneul.kernel.db import Db, unique
from haneul.kernel.errors import BadRequest, Conflict
from haneul.services.network.networks.logic import get as network_of
from haneul.services.network.ports import addresses, asking, devices, logic, queries, wiring
from haneul.services.network.ports.models import OF_ROUTERS, Port, PortGroup, port_groups
from haneul.services.network.ports.schemas import PortUpdate

PLAIN = ("name", "description", "admin_state_up", "device_id", "device_owner", "dns_domain")


def update(db: Db, port: Port, wanted: PortUpdate) -> Port:
    """Change a port; BadRequest or Conflict with the reason it can't be so."""
    asking.refuse_unbuilt(wanted)
    _refuse_of_router(port, wanted)
    groups_before = queries.groups_of_one(db, port.id)
    groups_now = _groups(db, port, wanted, groups_before)
    values = _values(db, port, wanted)
    becomes = structs.replace(port, **values)
    if (becomes.device_owner, becomes.device_id) != (port.device_owner, port.device_id):
        devices.refuse_others_router(db, becomes.device_owner, becomes.device_id, port.project_id)
    _refuse_insecure(port, values, groups_now)
    with unique(
        "Unable to complete operation for network {network_id}. The mac address {mac} is in use.",
        network_id=port.network_id,
        mac=values.get("mac_address"),
        kind="MacAddressInUse",
    ):
        logic.CHANGES.bump(db, port.id, **values)
    after = logic.get(db, port.id)
    fixed = asking.fixed_ips(wanted.fixed_ips)
    if fixed is None and after.mac_address != port.mac_address and not port.is_internal:
        fixed = addresses.of_new_mac(db, after)
    if fixed is not None:
        _refuse_many(after, fixed)
        logic.readdress(db, after, fixed)
    _write_groups(db, port.id, groups_before, groups_now)
    wiring.changed(db, after, groups_before, groups_now)
    return _bound(db, after, wanted)


def _refuse_of_router(port: Port, wanted: PortUpdate) -> None:
    is_another = wanted.device_id not in (UNSET, port.device_id) or wanted.device_owner not in (
        UNSET,
        port.device_owner,
    )
    if port.device_owner in OF_ROUTERS and is_another:
        raise Conflict(
            "Port {id} cannot be updated directly via the port API: has device owner {owner}.",
            kind="ServicePortInUse",
            id=port.id,
            owner=port.device_owner,
        )


def _refuse_many(port: Port, fixed: list[addresses.WantedIp]) -> None:
    if len(fixed) > addresses.MOST_FIXED_IPS and not port.is_internal:
        raise BadRequest(
            "Invalid input for operation: Exceeded maximum amount of fixed IPs per port.", kind="InvalidInput"
        )


def _values(db: Db, port: Port, wanted: PortUpdate) -> dict[str, Any]:
    values = {name: value for name in PLAIN if (value := getattr(wanted, name)) is not UNSET}
    if wanted.mac_address is not UNSET:
        values["mac_address"] = _new_mac(port, wanted.mac_address or logic.new_mac(db, port.network_id))
    if wanted.port_security_enabled is not UNSET:
        values["port_security_enabled"] = wanted.port_security_enabled
    if wanted.allowed_address_pairs is not UNSET:
        values["allowed_address_pairs"] = asking.pairs(wanted.allowed_address_pairs, port)
    if wanted.extra_dhcp_opts is not UNSET:
        values["extra_dhcp_opts"] = asking.dhcp_options(wanted.extra_dhcp_opts, port.extra_dhcp_opts)
    if wanted.dns_name is not UNSET:
        values["dns_name"] = asking.dns_name(wanted.dns_name)
    if wanted.vnic_type is not UNSET:
        values["vnic_type"] = asking.vnic_type(wanted.vnic_type)
    if wanted.profile is not UNSET:
        values["binding_profile"] = wanted.profile or {}
    return values


def _new_mac(port: Port, given: str) -> str:
    mac = logic.canonical_mac(given)
    if mac != port.mac_address and port.vif_type == "bridge":
        raise Conflict(
            "Unable to complete operation on port {id}, port is already bound, port type: {vif_type}, old_mac {old}, "
            "new_mac {new}.",
            kind="PortBound",
            id=port.id,
            vif_type=port.vif_type,
            old=port.mac_address,
            new=mac,
        )
    return mac


def _groups(db: Db, port: Port, wanted: PortUpdate, before: list[str]) -> list[str]:
    if wanted.security_groups is UNSET:
        return before
    return asking.group_ids(db, wanted.security_groups, port.project_id) or []


def _refuse_insecure(port: Port, values: dict[str, Any], groups_now: list[str]) -> None:
    is_secure = values.get("port_security_enabled", port.port_security_enabled)
    if is_secure:
        return
    if groups_now:
        raise Conflict(
            "Port has security group associated. Cannot disable port security or IP address until security group is "
            "removed.",
            kind="PortSecurityPortHasSecurityGroup",
        )
    if values.get("allowed_address_pairs", port.allowed_address_pairs):
        raise Conflict(
            "Port Security must be enabled in order to have allowed address pairs on a port.",
            kind="AddressPairAndPortSecurityRequired",
        )


def _write_groups(db: Db, port_id: str, before: list[str], now: list[str]) -> None:
    for group_id in set(before) - set(now):
        db.delete(port_groups, port_id=port_id, security_group_id=group_id)
    db.insert_all(port_groups, [PortGroup(port_id, group_id) for group_id in now if group_id not in before])


def _bound(db: Db, port: Port, wanted: PortUpdate) -> Port:
    if wanted.host is UNSET:
        return port
    if not wanted.host:
        return logic.unbind(db, port)
    return logic.bind(db, port, network_of(db, port.network_id), wanted.host)
