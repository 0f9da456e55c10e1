from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import msgspec

from haneul.kernel.clock import now
from haneul.kernel.db import Db, Query, by, columns_of, unique
from haneul.kernel.errors import BadRequest, NotFound
from haneul.services.block_storage.config import BlockStorageSettings
from haneul.services.block_storage.drivers.base import PoolFacts
from haneul.services.block_storage.services.models import SCHEDULER, VOLUME, StorageService, storage_services
from haneul.services.block_storage.wire import BackendReport, VolumeHostOrders, VolumeHostReport

ZONE = "nova"
FROZEN = "frozen"
ALL = Query(
    StorageService,
    columns_of(StorageService, storage_services).order_by(storage_services.c.binary, storage_services.c.host),
)
ONE = by(StorageService, storage_services, "binary", "host")


def heard(db: Db, report: VolumeHostReport) -> VolumeHostOrders:
    """Write down what a host says of itself and its back ends; what it is told."""
    for one in report.backends:
        _seen(db, VOLUME, f"{report.host}@{one.name}", one, report.log_levels)
    wanted: dict[str, str] = {}
    for service in of_host(db, report.host, VOLUME):
        wanted |= service.log_orders
    return VolumeHostOrders(wanted)


def control_seen(db: Db, host: str) -> None:
    """The scheduler is part of control: it is up as long as anything answers."""
    _seen(db, SCHEDULER, host, BackendReport("", ""), {})


def _seen(db: Db, binary: str, host: str, told: BackendReport, levels: dict[str, str]) -> None:
    moment = now()
    news = {
        "driver": told.driver,
        "pools": [msgspec.to_builtins(pool) for pool in told.pools],
        "error": told.error[:1024],
        "log_levels": levels,
        "seen_at": moment,
    }
    if not db.update(storage_services, {"binary": binary, "host": host}, **news):
        with unique("Service {binary} on host {host} already exists.", binary=binary, host=host):
            db.insert_numbered(
                storage_services,
                binary=binary,
                host=host,
                zone=ZONE,
                is_disabled=False,
                disabled_reason=None,
                is_frozen=False,
                log_orders={},
                created_at=moment,
                **news,
            )


def list_(db: Db) -> Sequence[StorageService]:
    return db.all(ALL)


def backends(db: Db) -> list[StorageService]:
    """Every back end of volumes, whatever its state."""
    return [one for one in db.all(ALL) if one.binary == VOLUME]


def get(db: Db, binary: str, host: str) -> StorageService | None:
    return db.one(ONE, binary=binary, host=host)


def of_host(db: Db, host: str, binary: str = "") -> list[StorageService]:
    """The services of a host, or of one of its back ends: HOST means all that run there, HOST@BACKEND one."""
    return [one for one in db.all(ALL) if is_of(one, host) and binary in ("", one.binary)]


def is_of(service: StorageService, host: str) -> bool:
    """Whether a service is meant by HOST or HOST@BACKEND."""
    return service.host == host or ("@" not in host and service.host.partition("@")[0] == host)


def find(db: Db, binary: str, host: str) -> StorageService:
    """The first service of this name there; NotFound."""
    found = of_host(db, host, binary) if binary else []
    if not found:
        raise NotFound("Service {binary} could not be found on host {host}.", binary=binary, host=host)
    return found[0]


def backend(db: Db, host: str) -> StorageService:
    """The one back end that a host's name means; BadRequest if that is none, or several."""
    found = of_host(db, host, VOLUME)
    if not found:
        raise BadRequest("No service found with host={host}", host=host)
    if len(found) > 1:
        raise BadRequest("Services from different clusters found.")
    return found[0]


def enable(db: Db, service: StorageService) -> None:
    """Let the service get new work again."""
    _change(db, service, is_disabled=False, disabled_reason=None)


def disable(db: Db, service: StorageService, reason: str | None = None) -> None:
    """Let the service get no new work; a reason that was given before stays if there is no new one."""
    _change(db, service, is_disabled=True, **({"disabled_reason": reason} if reason else {}))


def freeze(db: Db, service: StorageService) -> None:
    """Let nothing be made or changed in a back end; BadRequest if it is frozen already."""
    _swap_frozen(db, service, is_frozen=True)
    _change(db, service, is_disabled=True, disabled_reason=FROZEN)


def thaw(db: Db, service: StorageService) -> None:
    """Undo `freeze`; BadRequest if it is not frozen."""
    _swap_frozen(db, service, is_frozen=False)
    _change(db, service, is_disabled=False, disabled_reason="")


def _swap_frozen(db: Db, service: StorageService, *, is_frozen: bool) -> None:
    where = {"number": service.number, "is_frozen": not is_frozen}
    if not db.update(storage_services, where, is_frozen=is_frozen):
        raise _unfitting(service, "frozen", str(not is_frozen), "")


def refuse_failover(service: StorageService) -> None:
    """BadRequest, in Cinder's words: no driver here replicates, so there is nothing to fail over to."""
    raise _unfitting(service, "replication_status", "['enabled', 'failed-over']", "and must be up ")


def _unfitting(service: StorageService, field: str, expected: str, up: str) -> BadRequest:
    return BadRequest(
        "Invalid input received: No service could be changed: {field} in ['{host}'] must be {expected} {up}to "
        "failover.",
        field=field,
        host=service.host,
        expected=expected,
        up=up,
    )


def _change(db: Db, service: StorageService, **values: Any) -> None:
    db.update(storage_services, {"number": service.number}, **values)


def is_up(service: StorageService, settings: BlockStorageSettings) -> bool:
    """Whether it was heard of lately. The scheduler answers as long as somebody asks."""
    return service.binary == SCHEDULER or service.seen_at >= now() - timedelta(seconds=settings.down_after_s)


def is_usable(service: StorageService, settings: BlockStorageSettings) -> bool:
    """Whether it is up and may get new work."""
    return is_up(service, settings) and not service.is_disabled and not service.is_frozen


def pools_of(service: StorageService) -> list[PoolFacts]:
    return msgspec.convert(service.pools, list[PoolFacts])
