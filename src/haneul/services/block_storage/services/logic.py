from collections.abc import Sequence
from datetime import timedelta

import msgspec

from haneul.kernel.clock import now
from haneul.kernel.db import Db, Query, by, columns_of
from haneul.services.block_storage.config import BlockStorageSettings
from haneul.services.block_storage.drivers.base import PoolFacts
from haneul.services.block_storage.services.models import SCHEDULER, VOLUME, StorageService, storage_services
from haneul.services.block_storage.wire import BackendReport, VolumeHostReport

ZONE = "nova"
ALL = Query(
    StorageService,
    columns_of(StorageService, storage_services).order_by(storage_services.c.binary, storage_services.c.host),
)
ONE = by(StorageService, storage_services, "binary", "host")


def heard(db: Db, report: VolumeHostReport) -> None:
    """Write down what a host says of its back ends."""
    for one in report.backends:
        host = f"{report.host}@{one.name}"
        told = {
            "driver": one.driver,
            "pools": [msgspec.to_builtins(pool) for pool in one.pools],
            "error": one.error[:1024],
            "seen_at": now(),
        }
        if not db.update(storage_services, {"binary": VOLUME, "host": host}, **told):
            db.insert_missing(storage_services, _new(VOLUME, host, one))


def control_seen(db: Db, host: str) -> None:
    """The scheduler is part of control: it is up as long as anything answers."""
    if not db.update(storage_services, {"binary": SCHEDULER, "host": host}, seen_at=now()):
        db.insert_missing(storage_services, _new(SCHEDULER, host, BackendReport("", "")))


def _new(binary: str, host: str, told: BackendReport) -> StorageService:
    moment = now()
    return StorageService(
        binary=binary,
        host=host,
        zone=ZONE,
        driver=told.driver,
        pools=[msgspec.to_builtins(pool) for pool in told.pools],
        error=told.error[:1024],
        is_disabled=False,
        disabled_reason=None,
        is_frozen=False,
        seen_at=moment,
        created_at=moment,
    )


def list_(db: Db) -> Sequence[StorageService]:
    return db.all(ALL)


def backends(db: Db) -> list[StorageService]:
    """Every back end of volumes, whatever its state."""
    return [one for one in db.all(ALL) if one.binary == VOLUME]


def get(db: Db, binary: str, host: str) -> StorageService | None:
    return db.one(ONE, binary=binary, host=host)


def is_up(service: StorageService, settings: BlockStorageSettings) -> bool:
    """Whether it was heard of lately. The scheduler answers as long as somebody asks."""
    return service.binary == SCHEDULER or service.seen_at >= now() - timedelta(seconds=settings.down_after_s)


def pools_of(service: StorageService) -> list[PoolFacts]:
    return msgspec.convert(service.pools, list[PoolFacts])
