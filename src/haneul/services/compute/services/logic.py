from typing import Any

from sqlalchemy import bindparam, false, select

from haneul.kernel.db import Db, by
from haneul.kernel.errors import BadRequest, Conflict, NotFound
from haneul.kernel.ids import is_uuid_like
from haneul.kernel.schema import UNSET
from haneul.services.compute.aggregates.models import members
from haneul.services.compute.aggregates.zones import CONTROL_ZONE, DEFAULT_ZONE
from haneul.services.compute.hosts.logic import BY_HOST
from haneul.services.compute.hosts.models import COMPUTE, ComputeService, services
from haneul.services.compute.servers.models import servers
from haneul.services.compute.services.schemas import ServiceUpdate

BY_ID = by(ComputeService, services, "id")
BY_NUMBER = by(ComputeService, services, "number")
HAS_SERVER = (
    select(servers.c.number).where(servers.c.host == bindparam("host"), servers.c.is_deleted == false()).limit(1)
)


def get(db: Db, service_id: str) -> ComputeService:
    """The service by its UUID; BadRequest for what is none, NotFound."""
    if not is_uuid_like(service_id):
        raise BadRequest("Invalid uuid {id}", id=service_id[:255])
    service = db.one(BY_ID, id=service_id)
    if service is None:
        raise NotFound("Service {id} could not be found.", id=service_id)
    return service


def get_numbered(db: Db, number: str) -> ComputeService:
    """The service by its number, as clients before 2.53 know it."""
    if not number.isascii() or not number.isdigit():
        raise BadRequest("Invalid input received: id must be an integer")
    service = db.one(BY_NUMBER, number=int(number[:9]))
    if service is None:
        raise NotFound("Service {id} not found.", id=number)
    return service


def get_named(db: Db, host: str, binary: str) -> ComputeService:
    """The service of a host; BadRequest for one that can't be switched off, NotFound."""
    _refuse_control(binary)
    service = db.one(BY_HOST, binary=binary, host=host)
    if service is None:
        raise NotFound("Could not find binary {binary} on host {host}.", binary=binary, host=host)
    return service


def zone_of(service: ComputeService, zones: dict[str, str]) -> str:
    """The zone to show for a service, from the zones of all hosts."""
    return zones.get(service.host, DEFAULT_ZONE) if service.binary == COMPUTE else CONTROL_ZONE


def update(db: Db, service: ComputeService, wanted: ServiceUpdate) -> ComputeService:
    """Keep new servers off a host, let them come again, or say that it is down whatever it says itself."""
    _refuse_control(service.binary)
    changes: dict[str, Any] = {}
    if wanted.status is not UNSET:
        if wanted.status == "enabled" and wanted.disabled_reason is not UNSET:
            raise BadRequest("Specifying 'disabled_reason' with status 'enabled' is invalid.")
        reason = None if wanted.disabled_reason is UNSET else wanted.disabled_reason
        changes = {"is_disabled": wanted.status == "disabled", "disabled_reason": reason}
    if wanted.forced_down is not UNSET:
        changes["is_forced_down"] = wanted.forced_down
    if not changes:
        raise BadRequest("No updates were requested. Fields 'status' or 'forced_down' should be specified.")
    db.update(services, {"number": service.number}, **changes)
    return get(db, service.id)


def delete(db: Db, service: ComputeService) -> None:
    """Forget a service that has no servers; one that still lives will be heard of again."""
    if service.binary == COMPUTE:
        if db.value(HAS_SERVER, host=service.host) is not None:
            raise Conflict(
                "Unable to delete compute service that is hosting instances. Migrate or delete the instances first."
            )
        db.delete(members, host=service.host)
    db.delete(services, number=service.number)


def _refuse_control(binary: str) -> None:
    if binary != COMPUTE:
        raise BadRequest(
            "Updating a {binary} service is not supported. Only nova-compute services can be updated.", binary=binary
        )
