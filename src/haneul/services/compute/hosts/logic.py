import platform
import uuid
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import msgspec

from haneul.kernel.clock import now
from haneul.kernel.db import Db, Query, by, columns_of, unique
from haneul.kernel.ids import new_uuid
from haneul.services.compute.aggregates.zones import DEFAULT_ZONE, zones_by_host
from haneul.services.compute.config import ComputeSettings
from haneul.services.compute.drivers.base import HostFacts
from haneul.services.compute.hosts.models import COMPUTE, CONTROL, ComputeService, services
from haneul.services.compute.wire import HostReport
from haneul.services.placement.public import Inventory, ensure_provider

DOWN_AFTER = timedelta(seconds=60)
QUIET = timedelta(seconds=5)
MOST_RESERVED_MB = 512
ALL = Query(ComputeService, columns_of(ComputeService, services).order_by(services.c.number))
COMPUTING = Query(
    ComputeService,
    columns_of(ComputeService, services).where(services.c.binary == COMPUTE).order_by(services.c.number),
)
BY_HOST = by(ComputeService, services, "binary", "host")


def heard(db: Db, report: HostReport, settings: ComputeSettings | None = None) -> None:
    """A host that runs guests has said that it lives, and what it has. Repeatable.

    Writes only what is news: a beat within seconds of the last one changes nothing.
    """
    facts = msgspec.to_builtins(report.facts)
    _seen(db, COMPUTE, report.host, facts)
    ensure_provider(
        db, provider_of(report.host), report.host, inventories_of(report.facts, settings or ComputeSettings()), ()
    )
    control_seen(db)


def control_seen(db: Db) -> None:
    """This process lives: it is what Nova calls conductor and scheduler."""
    for binary in CONTROL:
        _seen(db, binary, platform.node(), None)


def _seen(db: Db, binary: str, host: str, facts: dict[str, Any] | None) -> None:
    known = db.one(BY_HOST, binary=binary, host=host)
    moment = now()
    if known is None:
        _register(db, binary, host, facts)
    elif known.told != facts or moment - known.seen_at > QUIET:
        db.update(services, {"number": known.number}, told=facts, seen_at=moment)


def _register(db: Db, binary: str, host: str, facts: dict[str, Any] | None) -> None:
    with unique("Service with host {host} binary {binary} exists.", host=host, binary=binary):
        db.insert_numbered(
            services,
            id=new_uuid(),
            binary=binary,
            host=host,
            provider_id=provider_of(host) if binary == COMPUTE else "",
            is_disabled=False,
            disabled_reason=None,
            is_forced_down=False,
            told=facts,
            seen_at=now(),
            created_at=now(),
        )


def provider_of(host: str) -> str:
    """A host's id in placement: always the same, so that a host that comes back finds what is allocated on it."""
    return str(uuid.uuid5(uuid.NAMESPACE_DNS, host))


def inventories_of(facts: HostFacts, settings: ComputeSettings) -> dict[str, Inventory]:
    """What a host gives away: more than it has of what guests seldom use all at once."""
    return {
        "VCPU": Inventory(total=facts.vcpus, max_unit=facts.vcpus, allocation_ratio=settings.cpu_allocation_ratio),
        "MEMORY_MB": Inventory(
            total=facts.memory_mb,
            max_unit=facts.memory_mb,
            reserved=reserved_mb(facts),
            allocation_ratio=settings.ram_allocation_ratio,
        ),
        "DISK_GB": Inventory(
            total=facts.disk_gb, max_unit=facts.disk_gb, allocation_ratio=settings.disk_allocation_ratio
        ),
    }


def reserved_mb(facts: HostFacts) -> int:
    """The memory that a host keeps for itself."""
    return min(MOST_RESERVED_MB, facts.memory_mb // 8)


def is_alive(service: ComputeService) -> bool:
    """Whether the service has been heard of lately and nobody says otherwise."""
    return not service.is_forced_down and now() - service.seen_at <= DOWN_AFTER


def all_services(db: Db) -> list[ComputeService]:
    return db.all(ALL)


def computing(db: Db) -> list[ComputeService]:
    """The hosts that run guests."""
    return db.all(COMPUTING)


def computing_host(db: Db, host: str) -> ComputeService | None:
    """The host of this name, if it has ever said that it runs guests."""
    return db.one(BY_HOST, binary=COMPUTE, host=host)


def is_up(db: Db, host: str) -> bool:
    """Whether the host runs guests and has been heard of lately."""
    found = computing_host(db, host)
    return found is not None and is_alive(found)


def status(db: Db, host: str) -> str:
    """A host in the words that a server has for it: UP, DOWN as somebody has said, MAINTENANCE, UNKNOWN; or nothing."""
    found = computing_host(db, host) if host else None
    if found is None:
        return ""
    if found.is_forced_down:
        return "DOWN"
    if found.is_disabled:
        return "MAINTENANCE"
    return "UP" if is_alive(found) else "UNKNOWN"


def zones(db: Db) -> set[str]:
    """The zones that have a host, and the default one."""
    by_host = zones_by_host(db)
    return {DEFAULT_ZONE, *(by_host.get(host.host, DEFAULT_ZONE) for host in computing(db))}


def zone_of(db: Db, host: str) -> str:
    """The availability zone that a host is in."""
    return zones_by_host(db).get(host, DEFAULT_ZONE)


def usable(db: Db, zone: str) -> list[ComputeService]:
    """The hosts that may get servers now; of this zone, if one is named."""
    by_host = zones_by_host(db)
    return [host for host in computing(db) if not _reasons(host, by_host.get(host.host, DEFAULT_ZONE), zone)]


def unusable(db: Db, zone: str) -> list[tuple[ComputeService, str]]:
    """The hosts that may not get a server now (in this zone, if one is named), each with the reason in words."""
    by_host = zones_by_host(db)
    judged = ((host, _reasons(host, by_host.get(host.host, DEFAULT_ZONE), zone)) for host in computing(db))
    return [(host, ", ".join(reasons)) for host, reasons in judged if reasons]


def _reasons(host: ComputeService, its_zone: str, zone: str) -> list[str]:
    return list(_each_reason(host, its_zone, zone))


def _each_reason(host: ComputeService, its_zone: str, zone: str) -> Iterable[str]:
    if zone not in ("", its_zone):
        yield f"it is in the availability zone {its_zone}"
    if host.is_forced_down:
        yield "it is forced down"
    elif not is_alive(host):
        yield f"it has not been heard of for {int((now() - host.seen_at).total_seconds())} s"
    if host.is_disabled:
        yield f"it is disabled: {host.disabled_reason}" if host.disabled_reason else "it is disabled"
