import re
import secrets
from collections.abc import Sequence
from typing import Any

from msgspec import Struct, structs
from sqlalchemy import bindparam, select

from haneul.kernel.db import Db, unique
from haneul.kernel.errors import BadRequest, Conflict
from haneul.services.network.floating_ips import unlinking as floating_ips
from haneul.services.network.networks.models import Network, networks
from haneul.services.network.owners import Viewer
from haneul.services.network.placements import logic as placements
from haneul.services.network.ports import addresses, news, queries, wiring
from haneul.services.network.ports.addresses import WantedIp
from haneul.services.network.ports.models import (
    INTERNAL,
    Port,
    PortGroup,
    fixed_ips,
    port_groups,
    ports,
)
from haneul.services.network.quotas.logic import counted, take_one
from haneul.services.network.security_groups import wiring as group_wiring
from haneul.services.network.security_groups.default import default_of
from haneul.services.network.standard import Changes, missing, standard_values
from haneul.services.network.tags import logic as tags

PORT = "port"
QUOTA = counted("port", ports)
CHANGES = Changes(ports)
OWNER_OF_NETWORK = select(networks.c.project_id).where(networks.c.id == bindparam("network_id"))
MAC = re.compile(r"([0-9a-f]{2}[:-]){5}[0-9a-f]{2}")
MAC_PREFIX = "fa:16:3e"
VNIC_TYPES = ("normal", "direct", "macvtap", "baremetal", "direct-physical", "virtio-forwarder", "smart-nic", "vdpa")


class NewPort(Struct, frozen=True, kw_only=True):
    """A port to be. `groups` None is the project's default group; `wanted` None the addresses that a network gives."""

    network: Network
    project_id: str
    name: str = ""
    description: str = ""
    mac: str = ""
    wanted: Sequence[WantedIp] | None = None
    groups: Sequence[str] | None = None
    device_id: str = ""
    device_owner: str = ""
    is_up: bool = True
    is_secure: bool | None = None
    pairs: Sequence[dict[str, str]] = ()
    dhcp_options: Sequence[dict[str, Any]] = ()
    dns_name: str = ""
    dns_domain: str = ""
    vnic_type: str = "normal"
    profile: dict[str, Any] = {}
    tags: Sequence[str] = ()


def find(db: Db, port_id: str) -> Port | None:
    return db.one(queries.BY_ID, id=port_id)


def get(db: Db, port_id: str, viewer: Viewer | None = None) -> Port:
    """The port, if there is one that the viewer may see: its owner's, and its network's owner's; NotFound."""
    port = find(db, port_id)
    if port is None or not (viewer is None or viewer.is_admin or viewer.project_id in _owners(db, port)):
        raise missing(PORT, port_id)
    return port


def _owners(db: Db, port: Port) -> tuple[str, str]:
    return port.project_id, str(db.value(OWNER_OF_NETWORK, network_id=port.network_id) or "")


def create(db: Db, new: NewPort) -> Port:
    """Insert a port with its addresses and groups; OverQuota, BadRequest or Conflict with the reason it can't be."""
    if not new.device_owner.startswith(INTERNAL):
        # What the cloud makes for itself is counted, but no quota stands in its way.
        take_one(db, new.project_id, QUOTA)
    mac = canonical_mac(new.mac) if new.mac else new_mac(db, new.network.id)
    is_secure = new.network.port_security_enabled if new.is_secure is None else new.is_secure
    port = Port(
        **standard_values(new.project_id, new.description),
        name=new.name,
        network_id=new.network.id,
        mac_address=mac,
        admin_state_up=new.is_up,
        status="DOWN",
        device_id=new.device_id,
        device_owner=new.device_owner,
        port_security_enabled=is_secure and not new.device_owner.startswith("network:"),
        host="",
        vnic_type=new.vnic_type,
        vif_type="unbound",
        binding_error="",
        binding_profile=new.profile,
        allowed_address_pairs=_pairs(new, mac),
        extra_dhcp_opts=list(new.dhcp_options),
        dns_name=new.dns_name,
        dns_domain=new.dns_domain,
    )
    with unique(
        "Unable to complete operation for network {network_id}. The mac address {mac_address} is in use.",
        port,
        kind="MacAddressInUse",
    ):
        db.insert(ports, port)
    tags.add(db, "ports", port.id, new.tags)
    given = addresses.give(db, port, new.wanted)
    group_ids = _groups(db, port, new.groups)
    db.insert_all(port_groups, [PortGroup(port.id, group_id) for group_id in group_ids])
    group_wiring.members_changed(db, group_ids)
    if given and not port.is_internal:
        placements.changed(db, "dhcp", port.network_id)
    return port


def create_bound(db: Db, new: NewPort, host: str) -> Port:
    """The same, given to a host at once where one is named."""
    port = create(db, new)
    return bind(db, port, new.network, host) if host else port


def _pairs(new: NewPort, mac: str) -> list[dict[str, str]]:
    if new.pairs and not (new.network.port_security_enabled if new.is_secure is None else new.is_secure):
        raise _no_security()
    return [{**pair, "mac_address": pair["mac_address"] or mac} for pair in new.pairs]


def _no_security() -> Conflict:
    return Conflict(
        "Port Security must be enabled in order to have allowed address pairs on a port.",
        kind="AddressPairAndPortSecurityRequired",
    )


def _groups(db: Db, port: Port, wanted: Sequence[str] | None) -> list[str]:
    if wanted and not port.port_security_enabled and not port.is_internal:
        raise Conflict(
            "Port has security group associated. Cannot disable port security or IP address until security group is "
            "removed.",
            kind="PortSecurityPortHasSecurityGroup",
        )
    if wanted is not None:
        return list(dict.fromkeys(wanted))
    if port.is_internal or not port.port_security_enabled or not port.project_id:
        return []
    return [default_of(db, port.project_id)]


def new_mac(db: Db, network_id: str) -> str:
    """A MAC that nobody on the network has: among 1,000 ports two would otherwise meet once in thirty times."""
    while True:
        mac = ":".join([MAC_PREFIX, *(f"{byte:02x}" for byte in secrets.token_bytes(3))])
        if db.one(queries.OF_MAC, network_id=network_id, mac_address=mac) is None:
            return mac


def canonical_mac(text: str) -> str:
    """A MAC in lower case with colons; BadRequest for what is none."""
    mac = text.lower()
    if not MAC.fullmatch(mac) or mac == "00:00:00:00:00:00":
        raise BadRequest(
            "Invalid input for mac_address. Reason: '{text}' is not a valid MAC address.",
            kind="HTTPBadRequest",
            text=text,
        )
    return mac.replace("-", ":")


def bind(db: Db, port: Port, network: Network, host: str) -> Port:
    """Give a port to a host, which makes it; where the host can't, the port's binding says why."""
    if port.host == host and port.vif_type != "binding_failed":
        return port
    if port.host:
        port = unbind(db, port)
    error = wiring.refusal(db, network, host)
    values = {"host": host, "vif_type": "binding_failed" if error else "bridge", "binding_error": error}
    CHANGES.bump(db, port.id, **values)
    port = structs.replace(port, **values)
    if not error:
        wiring.joined(db, port)
    return port


def unbind(db: Db, port: Port) -> Port:
    """Take a port from its host. Repeatable."""
    if not port.host:
        return port
    values = {"host": "", "vif_type": "unbound", "binding_error": "", "status": "DOWN"}
    CHANGES.bump(db, port.id, **values)
    if port.vif_type == "bridge":
        wiring.left(db, port, queries.groups_of_one(db, port.id))
    return structs.replace(port, **values)


def delete(db: Db, port: Port) -> None:
    """Delete a port with its addresses; what its host has of it goes, and who has to do with it is told."""
    news.tell_gone(db, port)
    # A router's leg may have one too: it had it before it became one.
    floating_ips.port_gone(db, port.id)
    group_ids = queries.groups_of_one(db, port.id)
    had_addresses = bool(db.delete(fixed_ips, port_id=port.id))
    db.delete(port_groups, port_id=port.id)
    db.delete(ports, id=port.id)
    tags.forget(db, "ports", port.id)
    if port.vif_type == "bridge":
        wiring.left(db, port, group_ids)
    group_wiring.members_changed(db, group_ids)
    if had_addresses and not port.is_internal:
        placements.changed(db, "dhcp", port.network_id)


def readdress(db: Db, port: Port, wanted: Sequence[WantedIp]) -> None:
    """Make a port's addresses those that are wanted; those that it has already stay."""
    held = addresses.of_port(db, port.id)
    kept, fresh = addresses.matched(held, wanted)
    leaving = [fixed for fixed in held if fixed not in kept]
    if leaving:
        floating_ips.addresses_gone(db, port.id, [fixed.address for fixed in leaving])
    for fixed in leaving:
        db.delete(fixed_ips, subnet_id=fixed.subnet_id, address=fixed.address)
    addresses.give(db, port, fresh, first=max((fixed.number for fixed in kept), default=-1) + 1)


def set_status(db: Db, port: Port, status: str) -> None:
    """What a host says of a port."""
    if port.status != status:
        CHANGES.bump(db, port.id, status=status)
