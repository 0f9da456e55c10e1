"""Which host gets a server: placement says where there is room, compute which of those hosts may be used."""

from collections.abc import Collection

import msgspec

from haneul.kernel.db import Db
from haneul.kernel.errors import ApiError
from haneul.services.compute.hosts import logic as hosts
from haneul.services.compute.hosts.models import ComputeService
from haneul.services.compute.servers.models import Server
from haneul.services.placement import public as placement

MOST_ROOMS = 100


class NoValidHost(ApiError):
    """No host can take the server; the sentence says for each why."""

    status = 500


class Chosen(msgspec.Struct, frozen=True):
    """A host that has room, the machine type that it gives new guests, and its zone."""

    host: str
    machine: str
    zone: str


def choose(db: Db, server: Server) -> Chosen:
    """Allocate room for a server on the host with the most memory left; NoValidHost with the figures if none has."""
    held = placement.allocation_of(db, server.id)
    wanted = wanted_by(server)
    usable = {host.provider_id: host for host in hosts.usable(db, server.zone)}
    if held is not None and held in usable:
        return _chosen(db, usable[held])
    rooms = [room for room in placement.fitting(db, wanted, limit=MOST_ROOMS) if room.provider_id in usable]
    if not rooms:
        raise NoValidHost("No valid host was found. {reasons}", reasons=_reasons(db, server, wanted))
    best = max(rooms, key=lambda room: room.free.get("MEMORY_MB", 0))
    placement.allocate(db, server.id, best.provider_id, wanted, server.project_id, server.user_id)
    return _chosen(db, usable[best.provider_id])


def _chosen(db: Db, host: ComputeService) -> Chosen:
    return Chosen(host.host, host.facts.default_machine, hosts.zone_of(db, host.host))


def release(db: Db, server_id: str) -> None:
    placement.release(db, server_id)


def wanted_by(server: Server) -> dict[str, int]:
    """What a server takes of its host, as placement counts it. Nothing of a class is not asked for."""
    kept = server.flavor
    swap_gb = -(-kept["swap_mb"] // 1024)
    wanted = {
        "VCPU": server.vcpus,
        "MEMORY_MB": server.memory_mb,
        "DISK_GB": kept["disk_gb"] + kept["ephemeral_gb"] + swap_gb,
    }
    return {name: amount for name, amount in wanted.items() if amount}


def _reasons(db: Db, server: Server, wanted: dict[str, int]) -> str:
    lines = [f"{host.host}: {reason}." for host, reason in hosts.unusable(db, server.zone)]
    lines.extend(
        f"{short.provider_name}: {short.resource_class} wanted {short.wanted}, free {short.free}."
        for short in placement.shortages(db, wanted)
    )
    return " ".join(lines) or "There is no compute host."


def host_statuses(db: Db, names: Collection[str]) -> dict[str, str]:
    """What a server's view says of these hosts."""
    return {name: hosts.status(db, name) for name in names}


def is_host_up(db: Db, name: str) -> bool:
    return hosts.is_up(db, name)


def zone_exists(db: Db, zone: str) -> bool:
    return zone in hosts.zones(db)
