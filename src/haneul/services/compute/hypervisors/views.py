"""A host as a hypervisor. The oldest clients are told figures that newer ones ask placement for."""

from typing import Any

import msgspec

from haneul.kernel.clock import from_microseconds, now
from haneul.kernel.http import Version
from haneul.services.compute.hosts.logic import is_alive, reserved_mb
from haneul.services.compute.hosts.models import ComputeService
from haneul.services.compute.hypervisors.logic import Guest, Use
from haneul.services.compute.services.schemas import state_of, status_of

FIGURES = (
    "vcpus",
    "vcpus_used",
    "memory_mb",
    "memory_mb_used",
    "free_ram_mb",
    "local_gb",
    "local_gb_used",
    "free_disk_gb",
    "disk_available_least",
    "running_vms",
    "current_workload",
)


def brief(host: ComputeService, at: Version) -> dict[str, Any]:
    """Name and state."""
    return {
        "id": host.provider_id if at >= (2, 53) else host.number,
        "hypervisor_hostname": host.host,
        "state": state_of(host),
        "status": status_of(host),
    }


def detailed(host: ComputeService, use: Use, at: Version) -> dict[str, Any]:
    """All that this version tells. Nobody measures a host's address, so it is told as unknown."""
    facts = host.facts
    found = {
        **brief(host, at),
        "hypervisor_type": facts.hypervisor_type,
        "hypervisor_version": facts.hypervisor_version,
        "host_ip": None,
        "service": {
            "id": host.id if at >= (2, 53) else host.number,
            "host": host.host,
            "disabled_reason": host.disabled_reason,
        },
    }
    if at >= (2, 88):
        return {**found, "uptime": uptime(host)}
    return {**found, **figures(host, use), "cpu_info": _cpu(host, at)}


def figures(host: ComputeService, use: Use) -> dict[str, int]:
    """What a host has and what of it is taken; its own reserve counts as taken."""
    facts = host.facts
    memory_used = use.memory_mb + reserved_mb(facts)
    disk_free = facts.disk_gb - use.disk_gb
    memory = (facts.memory_mb, memory_used, facts.memory_mb - memory_used)
    disk = (facts.disk_gb, use.disk_gb, disk_free, disk_free)
    return dict(zip(FIGURES, (facts.vcpus, use.vcpus, *memory, *disk, use.servers, 0), strict=True))


def with_servers(view: dict[str, Any], guests: list[Guest], at: Version) -> dict[str, Any]:
    """The view with the host's servers; before 2.75 a host without any says nothing of them."""
    if guests or at >= (2, 75):
        view["servers"] = [{"name": guest.name, "uuid": guest.id} for guest in guests]
    return view


def _cpu(host: ComputeService, at: Version) -> Any:
    told = {"arch": host.facts.architecture, "model": host.facts.cpu_model}
    return told if at >= (2, 28) else msgspec.json.encode(told).decode()


def uptime(host: ComputeService) -> str | None:
    """How long the host is up and how busy, as its own `uptime` would say it; None for one that isn't heard of."""
    facts = host.facts
    if not facts.booted_at or not is_alive(host):
        return None
    moment = now()
    up = moment - from_microseconds(int(facts.booted_at * 1_000_000))
    hours, minutes = divmod(up.seconds // 60, 60)
    days = f"{up.days} day{'s' * (up.days != 1)}, " if up.days else ""
    clock = f"{hours:2}:{minutes:02}" if hours else f"{minutes} min"
    load = ", ".join(f"{value:.2f}" for value in facts.load)
    return f" {moment:%H:%M:%S} up {days}{clock},  0 users,  load average: {load}\n"
