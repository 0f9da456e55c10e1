from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from sqlalchemy import bindparam, false, func, select

from haneul.kernel.db import Db, Query, Row, by, columns_of
from haneul.kernel.db.listing import Listing, Page, Where
from haneul.kernel.errors import BadRequest, NotFound
from haneul.kernel.ids import is_uuid_like
from haneul.services.compute.hosts.models import COMPUTE, ComputeService, services
from haneul.services.compute.servers.models import servers

HERE = servers.c.host.in_(bindparam("hosts", expanding=True))
ALIVE = servers.c.is_deleted == false()
BY_PROVIDER = by(ComputeService, services, "provider_id")
BY_NUMBER = by(ComputeService, services, "number")
SUMS = (
    select(servers.c.host, func.count(), func.sum(servers.c.vcpus), func.sum(servers.c.memory_mb))
    .where(HERE, ALIVE)
    .group_by(servers.c.host)
)
FLAVORS = select(servers.c.host, servers.c.flavor).where(HERE, ALIVE)
OF_PROJECTS = select(servers.c.project_id, servers.c.vcpus, servers.c.memory_mb, servers.c.flavor).where(HERE, ALIVE)
LISTING = Listing(
    ComputeService,
    services,
    filters={"binary": services.c.binary, "host": services.c.host},
    sorts={"number": services.c.number},
    default_sort=(("number", "asc"),),
    key="provider_id",
)


class Guest(Row):
    """A server by name, as a hypervisor's view tells it."""

    host: str
    id: str
    name: str


GUESTS = Query(Guest, columns_of(Guest, servers).where(HERE, ALIVE).order_by(servers.c.number))


class Use(msgspec.Struct, frozen=True):
    """What the servers of a host take of it."""

    servers: int = 0
    vcpus: int = 0
    memory_mb: int = 0
    disk_gb: int = 0


def get(db: Db, hypervisor_id: str, *, is_numbered: bool) -> ComputeService:
    """The host as a hypervisor; before 2.53 its id is a number. NotFound, or BadRequest for what is no UUID."""
    if is_numbered:
        is_number = hypervisor_id.isascii() and hypervisor_id.isdigit()
        found = db.one(BY_NUMBER, number=int(hypervisor_id[:9])) if is_number else None
    elif is_uuid_like(hypervisor_id):
        found = db.one(BY_PROVIDER, provider_id=hypervisor_id)
    else:
        raise BadRequest("Invalid uuid {id}", id=hypervisor_id[:255])
    if found is None or found.binary != COMPUTE:
        raise NotFound("Hypervisor with ID '{id}' could not be found.", id=hypervisor_id)
    return found


def list_(db: Db, page: Page) -> list[ComputeService]:
    return LISTING.page(db, page, {"binary": COMPUTE})


def matching(db: Db, pattern: str) -> list[ComputeService]:
    """The hosts whose names contain the pattern; NotFound if none does."""
    escaped = pattern.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    found = LISTING.page(db, Page(), {"binary": COMPUTE, "host": Where("like", f"%{escaped}%")})
    if not found:
        raise NotFound("No hypervisor matching '{pattern}' could be found.", pattern=pattern)
    return found


def uses(db: Db, hosts: Iterable[str]) -> Mapping[str, Use]:
    """What is taken of each host; a host without servers is not named."""
    names = list(hosts)
    disk_gb: dict[str, int] = {}
    for host, flavor in db.tuples(FLAVORS, hosts=names):
        disk_gb[host] = disk_gb.get(host, 0) + _disk_gb(flavor)
    return {
        host: Use(count, int(vcpus), int(memory_mb), disk_gb.get(host, 0))
        for host, count, vcpus, memory_mb in db.tuples(SUMS, hosts=names)
    }


def guests(db: Db, hosts: Iterable[str]) -> Mapping[str, list[Guest]]:
    """The servers of each host."""
    found: dict[str, list[Guest]] = {}
    for guest in db.all(GUESTS, hosts=list(hosts)):
        found.setdefault(guest.host, []).append(guest)
    return found


def by_project(db: Db, host: str) -> list[tuple[str, tuple[int, int, int]]]:
    """VCPUs, memory in MB and disk in GB that each project's servers take of a host."""
    found: dict[str, tuple[int, int, int]] = {}
    for project_id, vcpus, memory_mb, flavor in db.tuples(OF_PROJECTS, hosts=[host]):
        cpu, memory, disk = found.get(project_id, (0, 0, 0))
        found[project_id] = (cpu + vcpus, memory + memory_mb, disk + _disk_gb(flavor))
    return sorted(found.items())


def _disk_gb(flavor: Mapping[str, Any]) -> int:
    return int(flavor["disk_gb"] + flavor["ephemeral_gb"])
