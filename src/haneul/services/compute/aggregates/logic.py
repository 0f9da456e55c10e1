import re
from collections.abc import Iterable, Mapping, Sequence

import msgspec
from sqlalchemy import bindparam, false, func, select

from haneul.kernel.clock import now
from haneul.kernel.db import Db, Query, by, columns_of, unique
from haneul.kernel.errors import ApiError, BadRequest, Conflict, NotFound
from haneul.kernel.ids import new_uuid
from haneul.services.compute.aggregates.models import (
    ZONE,
    Aggregate,
    Member,
    Metadatum,
    aggregates,
    members,
    metadata,
)
from haneul.services.compute.aggregates.zones import zones_by_host
from haneul.services.compute.servers.models import servers

NAME_TAKEN = "Aggregate {name} already exists."
BY_NUMBER = by(Aggregate, aggregates, "number")
ALL = Query(Aggregate, columns_of(Aggregate, aggregates).order_by(aggregates.c.number))
MEMBERS = Query(
    Member,
    columns_of(Member, members)
    .where(members.c.aggregate.in_(bindparam("numbers", expanding=True)))
    .order_by(members.c.host),
)
METADATA = Query(
    Metadatum,
    columns_of(Metadatum, metadata)
    .where(metadata.c.aggregate.in_(bindparam("numbers", expanding=True)))
    .order_by(metadata.c.key),
)
SERVERS_ON = select(func.count()).where(
    servers.c.host.in_(bindparam("hosts", expanding=True)), servers.c.is_deleted == false()
)


class Whole(msgspec.Struct, frozen=True):
    """An aggregate with its hosts and metadata."""

    row: Aggregate
    hosts: list[str]
    metadata: dict[str, str]

    @property
    def zone(self) -> str | None:
        return self.metadata.get(ZONE)


def _whole(db: Db, rows: Sequence[Aggregate]) -> list[Whole]:
    found = {row.number: Whole(row, [], {}) for row in rows}
    for member in db.all(MEMBERS, numbers=list(found)):
        found[member.aggregate].hosts.append(member.host)
    for word in db.all(METADATA, numbers=list(found)):
        found[word.aggregate].metadata[word.key] = word.value
    return list(found.values())


def list_(db: Db) -> list[Whole]:
    return _whole(db, db.all(ALL))


def get(db: Db, number: str) -> Whole:
    """The aggregate by its number; BadRequest for what is no number, NotFound."""
    if not re.fullmatch(r"-?\d{1,99}", number, re.ASCII):
        raise BadRequest("Invalid input received: id must be an integer")
    row = db.one(BY_NUMBER, number=int(number)) if len(number) < 10 else None
    if row is None:
        raise NotFound("Aggregate {number} could not be found.", number=number)
    return _whole(db, [row])[0]


def create(db: Db, name: str, zone: str | None) -> Whole:
    """Make an aggregate without hosts; Conflict if the name is taken."""
    with unique(NAME_TAKEN, name=name):
        number = db.insert_numbered(aggregates, id=new_uuid(), name=name, created_at=now(), updated_at=None)
    if zone:
        db.insert(metadata, Metadatum(number, ZONE, zone))
    return get(db, str(number))


def rename(db: Db, aggregate: Whole, name: str) -> None:
    """Conflict if the name is taken."""
    with unique(NAME_TAKEN, name=name):
        db.update(aggregates, {"number": aggregate.row.number}, name=name, updated_at=now())


def set_metadata(db: Db, aggregate: Whole, wanted: Mapping[str, str | None], *, what: str) -> None:
    """Set words, and take away those that are None. BadRequest where that would move servers to another zone.

    `what` names what is changed, for the refusal's sentence.
    """
    if ZONE in wanted:
        _refuse_zone(db, aggregate, wanted[ZONE], what)
    number = aggregate.row.number
    for key, value in wanted.items():
        db.delete(metadata, aggregate=number, key=key)
        if value is not None:
            with unique("Aggregate {number} already contain metadata key {key}.", number=number, key=key):
                db.insert(metadata, Metadatum(number, key, value))
    db.update(aggregates, {"number": number}, updated_at=now())


def _refuse_zone(db: Db, aggregate: Whole, zone: str | None, what: str) -> None:
    def refused(reason: str) -> ApiError:
        return BadRequest(
            "Cannot update {what} {number}. Reason: {reason}.", what=what, number=aggregate.row.number, reason=reason
        )

    if not zone:
        raise refused(f"Aggregate {aggregate.row.name} does not support empty named availability zone")
    if others := _other_zones(db, aggregate.hosts, zone, aggregate.zone):
        raise refused(f"One or more hosts already in availability zone(s) {others}")
    if zone != aggregate.zone and db.value(SERVERS_ON, hosts=aggregate.hosts):
        raise refused("One or more hosts contain instances in this zone")


def _other_zones(db: Db, hosts: Iterable[str], zone: str, own: str | None) -> list[str]:
    """The zones that these hosts stand in by other aggregates, and that aren't this one."""
    zone_of = zones_by_host(db)
    return sorted({zone_of[host] for host in hosts if host in zone_of} - {zone, own or ""})


def add_host(db: Db, aggregate: Whole, host: str) -> None:
    """Conflict if the host is there already, stands in another zone, or has servers that would change theirs."""
    if aggregate.zone is not None:
        _refuse_move(db, aggregate, aggregate.zone, host)
    taken = "Aggregate {aggregate} already has host {host}."
    with unique(taken, aggregate=aggregate.row.number, host=host):
        db.insert(members, Member(aggregate.row.number, host))
    db.update(aggregates, {"number": aggregate.row.number}, updated_at=now())


def _refuse_move(db: Db, aggregate: Whole, zone: str, host: str) -> None:
    current = zones_by_host(db).get(host)
    if current == zone:
        return
    reason = f"One or more hosts already in availability zone(s) {[current]}" if current else ""
    if not reason and db.value(SERVERS_ON, hosts=[host]):
        reason = (
            f"The availability zone of the host would change to '{zone}' but the host has instances. "
            "Move the instances away from this host then try again"
        )
    if reason:
        raise Conflict(
            "Cannot add host to aggregate {number}. Reason: {reason}.", number=aggregate.row.number, reason=reason
        )


def remove_host(db: Db, aggregate: Whole, host: str) -> None:
    """NotFound if the host isn't there; Conflict if it has servers that would change their zone."""
    number = aggregate.row.number
    if host not in aggregate.hosts:
        raise NotFound("Cannot remove host {host} in aggregate {number}", host=host, number=number)
    if aggregate.zone is not None and db.value(SERVERS_ON, hosts=[host]):
        raise Conflict(
            "Cannot remove host from aggregate {number}. Reason: The availability zone of the host would change but "
            "the host has instances. Move the instances away from this host then try again.",
            number=number,
        )
    db.delete(members, aggregate=number, host=host)
    db.update(aggregates, {"number": number}, updated_at=now())


def delete(db: Db, aggregate: Whole) -> None:
    """BadRequest while it has hosts."""
    number = aggregate.row.number
    if aggregate.hosts:
        raise BadRequest(
            "Cannot remove host from aggregate {number}. Reason: Host aggregate is not empty.", number=number
        )
    db.delete(metadata, aggregate=number)
    db.delete(aggregates, number=number)
