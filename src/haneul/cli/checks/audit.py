"""The audit: nothing on the host without its row, and no row without its thing. Services add their checks here."""

import os
from collections.abc import Iterator

from sqlalchemy import select

from haneul.cli import on_host
from haneul.cli.checks.finding import Check, Finding, Subject
from haneul.kernel.db import Db
from haneul.kernel.reconcile.plans import buried_on
from haneul.services.compute.block_devices.models import block_devices
from haneul.services.compute.servers.logic import GONE
from haneul.services.compute.servers.models import servers
from haneul.services.compute.wire import GUESTS
from haneul.services.placement.allocations.models import allocations, consumers

UNSETTLED = ("building", "error", "deleted")
INSTANCE = (None, "INSTANCE")


def guests(subject: Subject) -> Iterator[Finding]:
    """Guests on this host against the rows of servers that should be on it."""
    assert subject.settings is not None
    host = subject.settings.host
    why = "A guest without a row belongs to nobody and is never removed; a row without a guest is a lie to its owner."
    found = on_host.known_guests(subject.layout, subject.settings)
    rows = subject.store.read(lambda db: _servers_on(db, host))
    leaving = subject.store.read(lambda db: buried_on(db, host, GUESTS))
    strays = sorted(found - rows.keys() - leaving)
    for guest in strays:
        yield Finding("wrong", f"The guest {guest} has no row.", why, "Restore the database that knows it.")
    lost = sorted(server for server, state in rows.items() if server not in found and state not in UNSETTLED)
    for server in lost:
        fix = f"openstack server reboot --hard {server}, or openstack server delete {server}"
        yield Finding("wrong", f"The server {server} has no guest on {host}.", why, fix)
    if not strays and not lost:
        yield Finding("ok", f"Guests on this host: {len(found)}. Each has its row, and each row its guest.", why)


def _servers_on(db: Db, host: str) -> dict[str, str]:
    wanted = select(servers.c.id, servers.c.vm_state).where(servers.c.host == host, servers.c.wanted_power != GONE)
    return {row[0]: row[1] for row in db.tuples(wanted)}


def claims(subject: Subject) -> Iterator[Finding]:
    """Placement's allocations against live servers."""
    why = "An allocation without a server takes room from others; a server without one is not counted."
    live, held = subject.store.read(_live), subject.store.read(_held)
    orphans = sorted(held - live.keys())
    for consumer in orphans:
        fix = f"openstack resource provider allocation delete {consumer}"
        yield Finding("wrong", f"The allocation of {consumer} has no server.", why, fix)
    uncounted = sorted(server for server, state in live.items() if state not in UNSETTLED and server not in held)
    for server in uncounted:
        yield Finding("wrong", f"The server {server} has no allocation.", why, f"openstack server delete {server}")
    if not orphans and not uncounted:
        yield Finding("ok", f"Servers that hold allocations: {len(held)}. None is without, none is too many.", why)


def _live(db: Db) -> dict[str, str]:
    wanted = select(servers.c.id, servers.c.vm_state).where(servers.c.wanted_power != GONE, servers.c.host != "")
    return {row[0]: row[1] for row in db.tuples(wanted)}


def _held(db: Db) -> set[str]:
    joined = select(consumers.c.id, consumers.c.type).join(allocations, allocations.c.consumer_id == consumers.c.id)
    return {row[0] for row in db.tuples(joined.distinct()) if row[1] in INSTANCE}


def disks(subject: Subject) -> Iterator[Finding]:
    """Disk files of guests against the rows of block devices."""
    if subject.is_simulated:
        return
    why = "A disk without a row takes space for nobody."
    folder = subject.layout.agent / "guests"
    files = {path.stem: path for path in folder.glob("*/own/*.qcow2")}
    known = subject.store.read(_disks)
    strays = sorted(files.keys() - known)
    for disk in strays:
        yield Finding("wrong", f"The disk {files[disk]} has no row.", why, "Restore the database that knows it.")
    removing = sorted((subject.layout.agent / "removing").glob("*"))
    for path in removing:
        yield Finding("note", f"The removal of {path.name} has begun and did not end.", why, "haneul down; haneul up")
    if not strays and not removing:
        yield Finding("ok", f"Guests' disks on this host: {len(files)}. Each has its row.", why)


def _disks(db: Db) -> set[str]:
    return {row[0] for row in db.tuples(select(block_devices.c.id))}


def namespaces(subject: Subject) -> Iterator[Finding]:
    """Network namespaces that carry our cloud's id."""
    assert subject.settings is not None
    if subject.is_simulated or os.geteuid() != 0:
        return
    why = "What no agent uses any more is to be removed."
    own = subject.settings.namespace_of(subject.layout.cloud_id)
    # Those of routers and DHCP servers are audited with their rows.
    found = [name for name in on_host.namespaces_of(subject.layout) if name.startswith(own)]
    wanted = set() if subject.settings.host_network else {own}
    strays = sorted(set(found) - wanted)
    for name in strays:
        yield Finding("wrong", f"Nothing uses the namespace {name}.", why, f"ip netns delete {name}")
    if not strays:
        yield Finding("ok", f"Namespaces of this cloud: {', '.join(found) or 'none'}.", why)


CHECKS: tuple[Check, ...] = (guests, claims, disks, namespaces)
