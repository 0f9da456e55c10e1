"""Rows against hosts: what is on a host without its row, and what has a row and is nowhere."""

from collections.abc import Iterator

import msgspec

from haneul.kernel.bus import BusError
from haneul.kernel.db import Db, Query, Store, columns_of
from haneul.kernel.operations.models import UNFINISHED, OperationRow, operations
from haneul.kernel.reconcile.models import Buried, tombstones
from haneul.services.compute.drivers.base import GuestState
from haneul.services.compute.hosts import logic as hosts
from haneul.services.compute.hosts_link import HostLink
from haneul.services.compute.servers.logic import GONE
from haneul.services.compute.servers.models import Server, servers
from haneul.services.placement import public as placement

LIVING = Query(Server, columns_of(Server, servers).where(servers.c.is_deleted.is_(False)))
BURIED = Query(Buried, columns_of(Buried, tombstones))
UNFINISHED_OPERATIONS = Query(
    OperationRow, columns_of(OperationRow, operations).where(operations.c.state.in_(UNFINISHED))
)
SETTLED = ("active", "stopped", "paused", "error")


class Discrepancy(msgspec.Struct, frozen=True):
    """Something that is on one side only, in a sentence, and what would mend it."""

    fact: str
    fix: str


class _Rows(msgspec.Struct):
    living: list[Server]
    buried: set[tuple[str, str]]
    busy: set[str]
    allocated: dict[str, str]
    hosts: dict[str, str]


def audit(store: Store, link: HostLink) -> list[Discrepancy]:
    """Compare servers, allocations and guests of every host. What an operation is still at work on is no discrepancy."""
    rows = store.read(_rows)
    found = list(_allocations(rows))
    for host in sorted({*rows.hosts.values(), *(server.host for server in rows.living if server.host)}):
        try:
            guests = {guest.id: guest for guest in link.guests_on(host)}
        except BusError:
            found.append(Discrepancy(f"The host {host} does not answer.", "Start haneul there, or see its agent's log."))
            continue
        found += _on_host(rows, host, guests)
    return found


def _rows(db: Db) -> _Rows:
    return _Rows(
        living=db.all(LIVING),
        buried={(stone.host, stone.id) for stone in db.all(BURIED)},
        busy={row.resource_id for row in db.all(UNFINISHED_OPERATIONS)},
        allocated=dict(placement.allocated(db)),
        hosts={host.provider_id: host.host for host in hosts.computing(db)},
    )


def _allocations(rows: _Rows) -> Iterator[Discrepancy]:
    wanted = {server.id: server for server in rows.living if server.wanted_power != GONE}
    for consumer, provider in rows.allocated.items():
        if provider in rows.hosts and consumer not in wanted and consumer not in rows.busy:
            yield Discrepancy(
                f"Placement holds room on {rows.hosts[provider]} for {consumer}, which is no server that wants it.",
                f"openstack resource provider allocation delete {consumer}",
            )
    for server in wanted.values():
        if server.vm_state in SETTLED and server.id not in rows.allocated and server.id not in rows.busy:
            yield Discrepancy(
                f"The server {server.id} has no room in placement.", "Rebuild it elsewhere, or delete it."
            )


def _on_host(rows: _Rows, host: str, guests: dict[str, GuestState]) -> Iterator[Discrepancy]:
    wanted = {server.id: server for server in rows.living if server.host == host and server.wanted_power != GONE}
    for guest_id in guests.keys() - wanted.keys() - rows.busy:
        if (host, guest_id) not in rows.buried:
            yield Discrepancy(
                f"The guest {guest_id} is on {host} and no row wants it there.",
                "See whether another database of this cloud knows it; haneul will not remove it by itself.",
            )
    for server_id in wanted.keys() - guests.keys() - rows.busy:
        yield Discrepancy(
            f"The server {server_id} should be on {host} and isn't there.", f"openstack server reboot --hard {server_id}"
        )
    for guest_id, guest in guests.items():
        server = wanted.get(guest_id)
        if server is not None and guest_id not in rows.busy and guest.state != server.wanted_power:
            yield Discrepancy(
                f"The server {guest_id} is {guest.state} on {host} and should be {server.wanted_power}.",
                f"openstack server reboot --hard {guest_id}",
            )
