from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
from sqlalchemy import BindParameter, ColumnElement, or_

from haneul.kernel.clock import EPOCH, iso_bare, now
from haneul.kernel.db import Db, Row
from haneul.kernel.db.listing import Listing, Page, Where
from haneul.kernel.errors import BadRequest
from haneul.kernel.schema import UNSET
from haneul.services.compute.servers.models import servers
from haneul.services.compute.usages.schemas import ServerUsage, Usage, UsageQuery

FORMATS = ("%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S.%f", "%Y-%m-%d %H:%M:%S.%f")
HOUR_S = 3600


class Ran(Row):
    """What a bill needs to know of a server, also of a deleted one."""

    id: str
    project_id: str
    name: str
    vm_state: str
    flavor: dict[str, Any]
    vcpus: int
    memory_mb: int
    launched_at: datetime
    deleted_at: datetime | None


def _ran_after(moment: BindParameter[Any]) -> ColumnElement[bool]:
    return or_(servers.c.deleted_at.is_(None), servers.c.deleted_at >= moment)


LISTING = Listing(
    Ran,
    servers,
    filters={
        "project_id": servers.c.project_id,
        "launched": servers.c.launched_at,
        "launched_by": servers.c.launched_at,
        "ran_after": _ran_after,
    },
    sorts={"id": servers.c.id},
    default_sort=(("id", "asc"),),
    bounds=("project_id",),
)


class Period(msgspec.Struct, frozen=True):
    """From when to when servers' hours are counted."""

    start: datetime
    stop: datetime


def period_of(query: UsageQuery) -> Period:
    """The period asked for, up to now at most; BadRequest for one that ends before it starts."""
    start, stop = _moment(query.start), _moment(query.end)
    if not start < stop:
        raise BadRequest("Invalid start time. The start time cannot occur after the end time.")
    return Period(start, min(stop, now()))


def _moment(text: object) -> datetime:
    if text is UNSET or not text:
        return now()
    for form in FORMATS:
        try:
            return datetime.strptime(str(text), form).replace(tzinfo=UTC)
        except ValueError:
            continue
    raise BadRequest("Invalid datetime string: Datetime is in invalid format")


def list_(db: Db, page: Page, period: Period, project_id: str | None) -> list[Ran]:
    """One page of the servers that ran in the period: a project's, or all for None."""
    filters: dict[str, Any] = {
        "launched": Where("gt", EPOCH),
        "launched_by": Where("lte", period.stop),
        "ran_after": period.start,
    }
    if project_id is not None:
        filters["project_id"] = project_id
    return LISTING.page(db, page, filters)


def sums(ran: Sequence[Ran], period: Period, *, is_detailed: bool) -> list[Usage]:
    """What each project's servers come to."""
    by_project: dict[str, list[ServerUsage]] = {}
    for server in ran:
        by_project.setdefault(server.project_id, []).append(_usage(server, period))
    return [_sum(project_id, found, period, is_detailed) for project_id, found in by_project.items()]


def _usage(server: Ran, period: Period) -> ServerUsage:
    ended_at = server.deleted_at
    seconds = (min(period.stop, ended_at or period.stop) - max(server.launched_at, period.start)).total_seconds()
    return ServerUsage(
        instance_id=server.id,
        name=server.name,
        tenant_id=server.project_id,
        flavor=server.flavor["name"],
        hours=max(seconds, 0) / HOUR_S,
        vcpus=server.vcpus,
        memory_mb=server.memory_mb,
        local_gb=server.flavor["disk_gb"] + server.flavor["ephemeral_gb"],
        started_at=iso_bare(server.launched_at),
        ended_at=iso_bare(ended_at) if ended_at else None,
        state="terminated" if ended_at else server.vm_state,
        uptime=int(((ended_at or now()) - server.launched_at).total_seconds()),
    )


def _sum(project_id: str, found: list[ServerUsage], period: Period, is_detailed: bool) -> Usage:
    return Usage(
        tenant_id=project_id,
        start=iso_bare(period.start),
        stop=iso_bare(period.stop),
        total_hours=sum(it.hours for it in found),
        total_vcpus_usage=sum(it.hours * it.vcpus for it in found),
        total_memory_mb_usage=sum(it.hours * it.memory_mb for it in found),
        total_local_gb_usage=sum(it.hours * it.local_gb for it in found),
        server_usages=found if is_detailed else UNSET,
    )
