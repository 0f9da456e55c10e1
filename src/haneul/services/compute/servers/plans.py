"""A host's guests: what is wanted of them, and what the host says of them."""

from collections.abc import Iterable, Sequence
from typing import Any

from haneul.kernel import operations
from haneul.kernel.clock import now
from haneul.kernel.db import Db
from haneul.kernel.reconcile import Observation, Report, Tombstone
from haneul.kernel.reconcile.plans import PlanSource, buried_on, bury, is_buried, touch
from haneul.services.compute.block_devices.models import BlockDevice
from haneul.services.compute.drivers.base import DiskPlan, GuestPlan, NicPlan, VerbPlan
from haneul.services.compute.metadata.facts import Facts, facts_of
from haneul.services.compute.nics.queries import Plugged
from haneul.services.compute.servers import logic, queries
from haneul.services.compute.servers.config_drive import files_of
from haneul.services.compute.servers.logic import GONE, POWER_STATES
from haneul.services.compute.servers.models import Server, Verb, servers, verbs
from haneul.services.compute.wire import GUESTS


def wanted_on(db: Db, host: str, ids: Sequence[str]) -> Iterable[GuestPlan]:
    """The guests that a host should have (of these ids, where some are named)."""
    rows = db.all(queries.OF_IDS, ids=list(ids)) if ids else db.all(queries.ON_HOST, host=host)
    buried = buried_on(db, host, GUESTS)
    live = [row for row in rows if row.host == host and row.wanted_power != GONE and row.id not in buried]
    named = [row.id for row in live]
    disks, open_verbs = queries.disks_of_many(db, named), queries.open_verbs_of_many(db, named)
    aside = queries.disks_aside_of_many(db, named)
    facts = facts_of(db, live)
    return [_plan(facts[row.id], disks[row.id] + aside[row.id], open_verbs[row.id]) for row in live]


def _plan(facts: Facts, disks: Sequence[BlockDevice], open_verbs: Sequence[Verb]) -> GuestPlan:
    server = facts.server
    return GuestPlan(
        id=server.id,
        generation=server.generation,
        name=f"instance-{server.number:08x}",
        vcpus=server.vcpus,
        memory_mb=server.memory_mb,
        machine=server.machine,
        disks=tuple(_disk(disk) for disk in disks if disk.role == "used"),
        spare_disks=tuple(_disk(disk) for disk in disks if disk.role == "spare"),
        dropped_disks=tuple(disk.id for disk in disks if disk.role == "dropped"),
        nics=tuple(_nic(one) for one in facts.cards if not one.nic.is_leaving),
        config_drive=files_of(facts) if server.config_drive else (),
        request_id=server.wanted_by,
        power=server.wanted_power,  # type: ignore[arg-type]
        verbs=tuple(VerbPlan(id=verb.id, verb=verb.verb, target=verb.target) for verb in open_verbs),  # type: ignore[arg-type]
    )


def _nic(one: Plugged) -> NicPlan:
    return NicPlan(
        id=one.port.id, mac=one.port.mac, mtu=one.port.mtu, device=one.port.device, pci_slot=one.nic.pci_slot
    )


def _disk(disk: BlockDevice) -> DiskPlan:
    return DiskPlan(
        id=disk.id,
        image_id=disk.image_id,
        size_gb=disk.size_gb,
        bus=disk.bus,
        boot_index=disk.boot_index,
        pci_slot=disk.pci_slot,
    )


def heard(db: Db, report: Report) -> None:
    """Write down what a host sees of its guests, and let the operations that wait for it go on."""
    seen = {observation.id: observation for observation in report.observations}
    for server in db.all(queries.OF_IDS, ids=list(seen)) if seen else []:
        if server.host == report.host:
            _observed(db, server, seen[server.id])
    for server_id in report.gone:
        operations.wake(db, server_id)


def _observed(db: Db, server: Server, seen: Observation) -> None:
    if seen.generation > server.generation:
        return _plan_anew(db, server, seen.generation)
    if server.wanted_power == GONE:
        return None
    for verb_id in seen.done:
        db.update(verbs, {"id": verb_id, "server_id": server.id}, done_at=now())
    power = POWER_STATES.get(seen.state, server.power_state)
    news: dict[str, Any] = {
        "observed_generation": seen.generation,
        "observed_state": seen.state,
        "observed_error": seen.error,
        "power_state": power,
    }
    if all(getattr(server, name) == value for name, value in news.items()) and not seen.done:
        return None
    db.update(servers, {"id": server.id}, **news)
    if _went_down_by_itself(server, seen):
        # A guest that its own user powered off is wanted off from now on, as Nova's power sync has it. A generation of
        # its own has the host end what is left of the guest.
        logic.want(db, server, server.wanted_by, vm_state="stopped", wanted_power="stopped")
    operations.wake(db, server.id)
    return None


def _plan_anew(db: Db, server: Server, generation: int) -> None:
    """The host has seen more of this server than the database knows, which was restored: what it knows counts."""
    matched = db.update(servers, {"id": server.id, "generation": server.generation}, generation=generation + 1)
    if matched and is_buried(db, GUESTS, server.id):
        bury(db, server.host, GUESTS, Tombstone(server.id, generation + 1, server.wanted_by))
    elif matched:
        touch(db, server.host, GUESTS, (server.id,))


def _went_down_by_itself(server: Server, seen: Observation) -> bool:
    return (
        seen.state == "stopped"
        and server.vm_state == "active"
        and server.wanted_power == "running"
        and seen.generation == server.generation
        and not server.task_state
    )


GUEST_PLANS = PlanSource(GUESTS, wanted_on, heard)
