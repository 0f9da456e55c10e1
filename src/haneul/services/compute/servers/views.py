"""A server as clients see it. Source: Compute API reference, "Show Server Details"."""

import hashlib
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Annotated, Any

import msgspec

from haneul.kernel.clock import EPOCH, iso_bare, iso_seconds
from haneul.kernel.schema import UNSET, Since, UnsetType, View
from haneul.services.compute.block_devices.models import BlockDevice
from haneul.services.compute.nics.queries import Plugged
from haneul.services.compute.servers.models import Server
from haneul.services.network.public import PortNews

STATUSES = {
    "building": "BUILD",
    "active": "ACTIVE",
    "stopped": "SHUTOFF",
    "paused": "PAUSED",
    "suspended": "SUSPENDED",
    "error": "ERROR",
    "deleted": "DELETED",
}
BUSY_STATUSES = {
    ("active", "rebooting"): "REBOOT",
    ("active", "rebooting_hard"): "HARD_REBOOT",
    ("active", "rebuilding"): "REBUILD",
    ("stopped", "rebuilding"): "REBUILD",
    ("error", "rebuilding"): "REBUILD",
}


class FlavorLink(View, kw_only=True):
    """A link up to 2.46, from 2.47 on the flavor as the server keeps it."""

    id: str | UnsetType = UNSET
    links: list[dict[str, str]] | UnsetType = UNSET
    vcpus: Annotated[int, Since("2.47")]
    ram: Annotated[int, Since("2.47")]
    disk: Annotated[int, Since("2.47")]
    ephemeral: Annotated[int, Since("2.47")]
    swap: Annotated[int, Since("2.47")]
    original_name: Annotated[str, Since("2.47")]
    extra_specs: Annotated[dict[str, str] | UnsetType, Since("2.47")] = UNSET


def _named(wire: str, default: Any = UNSET) -> Any:
    return msgspec.field(name=wire, default=default)


class ServerView(View):
    id: str
    name: str
    status: str
    tenant_id: str
    user_id: str
    metadata: dict[str, str]
    hostId: str
    image: dict[str, Any] | str
    flavor: FlavorLink
    created: str
    updated: str
    addresses: dict[str, Any]
    accessIPv4: str
    accessIPv6: str
    links: list[dict[str, str]]
    key_name: str | None | UnsetType = UNSET
    config_drive: str | UnsetType = UNSET
    disk_config: str = _named("OS-DCF:diskConfig", "MANUAL")
    progress: int | UnsetType = UNSET
    zone: str | UnsetType = _named("OS-EXT-AZ:availability_zone", "")
    launched_at: str | None | UnsetType = _named("OS-SRV-USG:launched_at", None)
    terminated_at: str | None | UnsetType = _named("OS-SRV-USG:terminated_at", None)
    task_state: str | None | UnsetType = _named("OS-EXT-STS:task_state", None)
    vm_state: str | UnsetType = _named("OS-EXT-STS:vm_state", "")
    power_state: int | UnsetType = _named("OS-EXT-STS:power_state", 0)
    volumes: list[dict[str, Any]] | UnsetType = _named("os-extended-volumes:volumes_attached", [])
    security_groups: list[dict[str, str]] | UnsetType = UNSET
    fault: dict[str, Any] | UnsetType = UNSET
    host: str | UnsetType | None = _named("OS-EXT-SRV-ATTR:host")
    instance_name: str | UnsetType = _named("OS-EXT-SRV-ATTR:instance_name")
    node: str | UnsetType | None = _named("OS-EXT-SRV-ATTR:hypervisor_hostname")
    reservation_id: Annotated[str | UnsetType, Since("2.3")] = _named("OS-EXT-SRV-ATTR:reservation_id")
    launch_index: Annotated[int | UnsetType, Since("2.3")] = _named("OS-EXT-SRV-ATTR:launch_index")
    hostname: Annotated[str | UnsetType, Since("2.3")] = _named("OS-EXT-SRV-ATTR:hostname")
    kernel_id: Annotated[str | UnsetType, Since("2.3")] = _named("OS-EXT-SRV-ATTR:kernel_id")
    ramdisk_id: Annotated[str | UnsetType, Since("2.3")] = _named("OS-EXT-SRV-ATTR:ramdisk_id")
    root_device_name: Annotated[str | UnsetType | None, Since("2.3")] = _named("OS-EXT-SRV-ATTR:root_device_name")
    user_data: Annotated[str | UnsetType | None, Since("2.3")] = _named("OS-EXT-SRV-ATTR:user_data")
    locked: Annotated[bool, Since("2.9")] = False
    host_status: Annotated[str | UnsetType, Since("2.16")] = UNSET
    description: Annotated[str | None, Since("2.19")] = None
    tags: Annotated[list[str], Since("2.26")] = []
    trusted_image_certificates: Annotated[list[str] | None, Since("2.63")] = None
    server_groups: Annotated[list[str] | UnsetType, Since("2.71")] = UNSET
    locked_reason: Annotated[str | None, Since("2.73")] = None
    pinned_availability_zone: Annotated[str | None, Since("2.96")] = None
    scheduler_hints: Annotated[dict[str, Any] | UnsetType, Since("2.100")] = UNSET


class Beholder(msgspec.Struct, frozen=True):
    """What of a server this caller may see, and what his links start with.

    `url` is the API's base for links, `bookmark` the same without the version. `lists`: he looks at many at once.
    """

    url: str
    bookmark: str
    sees_host: bool
    sees_extra_specs: bool
    sees_host_status: bool
    embeds_flavor: bool
    sees_hostname: bool = True
    sees_image_properties: bool = True
    lists: bool = False


class ShortView(View):
    id: str
    name: str
    links: list[dict[str, str]]


def short_view(server: Server, seen_by: Beholder) -> ShortView:
    return ShortView(id=server.id, name=server.name, links=links(seen_by, "servers", server.id))


def links(seen_by: Beholder, collection: str, item_id: str) -> list[dict[str, str]]:
    return [
        {"rel": "self", "href": f"{seen_by.url}/{collection}/{item_id}"},
        {"rel": "bookmark", "href": f"{seen_by.bookmark}/{collection}/{item_id}"},
    ]


def status_of(server: Server) -> str:
    return BUSY_STATUSES.get((server.vm_state, server.task_state)) or STATUSES.get(server.vm_state, "UNKNOWN")


@lru_cache(maxsize=4096)
def host_id(project_id: str, host: str) -> str:
    """A host's name as a project may know it: the same for its servers there, telling nothing."""
    return hashlib.sha224((project_id + host).encode()).hexdigest() if host else ""


class Parts(msgspec.Struct, frozen=True, kw_only=True):
    """What a server's view shows that stands in other rows. `groups` are the names of its security groups."""

    disks: Sequence[BlockDevice] = ()
    plugged: Sequence[Plugged] = ()
    groups: Sequence[str] = ()
    host_status: str = ""


def view_of(server: Server, parts: Parts, seen_by: Beholder) -> ServerView:
    """The server with all that this caller may see of it, in the newest version's form."""
    status = status_of(server)
    hidden: dict[str, Any] = {}
    if seen_by.sees_host:
        hidden = _for_admin(server, parts.disks)
    if seen_by.sees_host_status:
        hidden["host_status"] = parts.host_status
    if server.fault and status in ("ERROR", "DELETED"):
        hidden["fault"] = _fault(server.fault, seen_by)
    if status in ("ACTIVE", "BUILD"):
        hidden["progress"] = 0
    if parts.groups:
        hidden["security_groups"] = [{"name": name} for name in parts.groups]
    return ServerView(
        id=server.id,
        name=server.name,
        status=status,
        tenant_id=server.project_id,
        user_id=server.user_id,
        metadata=server.metadata,
        hostId=host_id(server.project_id, server.host),
        image=_image(server, seen_by),
        flavor=_flavor(server, seen_by),
        created=iso_seconds(server.created_at),
        updated=iso_seconds(server.updated_at),
        addresses=addresses_of(parts.plugged),
        accessIPv4=server.access_ipv4,
        accessIPv6=server.access_ipv6,
        links=links(seen_by, "servers", server.id),
        disk_config="AUTO" if server.auto_disk_config else "MANUAL",
        key_name=server.key_name or None,
        config_drive="True" if server.config_drive else "",
        zone=server.zone if server.host else "",
        launched_at=iso_bare(server.launched_at) if server.launched_at != EPOCH else None,
        terminated_at=iso_bare(server.deleted_at) if server.deleted_at else None,
        task_state=server.task_state or None,
        vm_state=server.vm_state,
        power_state=server.power_state,
        locked=server.is_locked,
        description=server.description,
        tags=server.tags,
        hostname=server.hostname if seen_by.sees_host or seen_by.sees_hostname else UNSET,
        server_groups=UNSET if seen_by.lists else [],
        locked_reason=server.locked_reason,
        pinned_availability_zone=server.pinned_zone,
        scheduler_hints=server.scheduler_hints or {},
        **hidden,
    )


def addresses_of(plugged: Sequence[Plugged]) -> dict[str, list[dict[str, Any]]]:
    """A server's addresses by the names of its networks; floating ones follow the fixed ones of their network."""
    found: dict[str, list[dict[str, Any]]] = {}
    for one in plugged:
        port = one.port
        fixed = [_address(port, held.address, "fixed") for held in port.addresses]
        floating = [
            _address(port, it, "floating") for held in port.addresses for it in port.floating.get(held.address, ())
        ]
        if fixed:
            found.setdefault(port.network_name, []).extend([*fixed, *floating])
    return found


def _address(port: PortNews, address: str, kind: str) -> dict[str, Any]:
    return {
        "version": 6 if ":" in address else 4,
        "addr": address,
        "OS-EXT-IPS:type": kind,
        "OS-EXT-IPS-MAC:mac_addr": port.mac,
    }


LEFT_OUT_ONCE = (
    "zone",
    "config_drive",
    "key_name",
    "launched_at",
    "terminated_at",
    "security_groups",
    "task_state",
    "vm_state",
    "power_state",
    "volumes",
    "host_status",
    "host",
    "instance_name",
    "node",
    "reservation_id",
    "launch_index",
    "hostname",
    "kernel_id",
    "ramdisk_id",
    "root_device_name",
    "user_data",
)


def after_a_change(view: ServerView) -> ServerView:
    """The view as a change's answer told it before 2.75."""
    return msgspec.structs.replace(view, **dict.fromkeys(LEFT_OUT_ONCE, UNSET))


def _for_admin(server: Server, disks: Sequence[BlockDevice]) -> dict[str, Any]:
    root = next((disk.device_name for disk in disks if disk.boot_index == 0), None)
    return {
        "host": server.host or None,
        "node": server.host or None,
        "instance_name": f"instance-{server.number:08x}",
        "reservation_id": server.reservation_id,
        "launch_index": server.launch_index,
        "kernel_id": "",
        "ramdisk_id": "",
        "root_device_name": root,
        "user_data": server.user_data,
    }


def _image(server: Server, seen_by: Beholder) -> dict[str, Any] | str:
    if not server.image_id:
        return ""
    href = f"{seen_by.bookmark}/images/{server.image_id}"
    found = {"id": server.image_id, "links": [{"rel": "bookmark", "href": href}]}
    return {**found, "properties": server.image_properties or {}} if seen_by.sees_image_properties else found


def _flavor(server: Server, seen_by: Beholder) -> FlavorLink:
    kept = server.flavor
    href = f"{seen_by.bookmark}/flavors/{server.flavor_id}"
    return FlavorLink(
        id=UNSET if seen_by.embeds_flavor else server.flavor_id,
        links=UNSET if seen_by.embeds_flavor else [{"rel": "bookmark", "href": href}],
        vcpus=kept["vcpus"],
        ram=kept["memory_mb"],
        disk=kept["disk_gb"],
        ephemeral=kept["ephemeral_gb"],
        swap=kept["swap_mb"],
        original_name=kept["name"],
        extra_specs=kept["extra_specs"] if seen_by.sees_extra_specs else UNSET,
    )


def _fault(kept: Mapping[str, Any], seen_by: Beholder) -> dict[str, Any]:
    shown = {"code": kept["code"], "created": kept["created"], "message": kept["message"]}
    if seen_by.sees_host and kept.get("details"):
        shown["details"] = kept["details"]
    return shown
