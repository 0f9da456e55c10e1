"""Which pool gets a volume: the one with the most room left, of those that are up and fit the volume's type."""

import msgspec

from haneul.kernel.db import Db
from haneul.kernel.errors import ApiError
from haneul.services.block_storage.config import BlockStorageSettings
from haneul.services.block_storage.drivers.base import PoolFacts
from haneul.services.block_storage.services import logic as services
from haneul.services.block_storage.services.models import StorageService
from haneul.services.block_storage.types.models import VolumeType
from haneul.services.block_storage.volumes.models import Volume
from haneul.services.block_storage.volumes.queries import ALLOCATED

MATCHED = ("volume_backend_name", "storage_protocol", "vendor_name", "pool_name")
"""The specs of a type that name what a pool says of itself."""


class NoValidBackend(ApiError):
    """No back end can take the volume; the sentence says for each why."""

    status = 500


class Pool(msgspec.Struct, frozen=True):
    """A pool of a back end, and how many GiB are allocated in it."""

    service: StorageService
    facts: PoolFacts
    allocated_gb: int

    @property
    def place(self) -> str:
        return f"{self.service.host}#{self.facts.name}"

    @property
    def capabilities(self) -> dict[str, str]:
        """What it says of itself, under Cinder's names."""
        return {
            "volume_backend_name": self.service.host.partition("@")[2],
            "storage_protocol": self.facts.protocol,
            "vendor_name": self.facts.vendor,
            "pool_name": self.facts.name,
        }


def pools(db: Db) -> list[Pool]:
    """Every pool of every back end, whatever its state."""
    allocated = {place: int(total) for place, total in db.tuples(ALLOCATED)}
    found = [(one, facts) for one in services.backends(db) for facts in services.pools_of(one)]
    return [Pool(one, facts, allocated.get(f"{one.host}#{facts.name}", 0)) for one, facts in found]


def choose(db: Db, volume: Volume, kind: VolumeType, settings: BlockStorageSettings) -> str:
    """Where the volume shall lie, as HOST@BACKEND#POOL; NoValidBackend with each pool's reason if nowhere."""
    refusals = []
    fitting = []
    for pool in pools(db):
        reason = _reason(pool, volume, kind, settings)
        if reason:
            refusals.append(f"{pool.place}: {reason}.")
        else:
            fitting.append(pool)
    if not fitting:
        reasons = " ".join(refusals) or "There is no back end."
        raise NoValidBackend("No valid backend was found. {reasons}", reasons=reasons)
    return max(fitting, key=lambda pool: pool.facts.free_gb).place


def _reason(pool: Pool, volume: Volume, kind: VolumeType, settings: BlockStorageSettings) -> str:
    """Why the pool can't have the volume; empty if it can."""
    service = pool.service
    if service.is_disabled:
        return f"it is disabled ({service.disabled_reason or 'no reason was given'})"
    if not services.is_up(service, settings):
        return "its host has not been heard of lately"
    if volume.zone and volume.zone != service.zone:
        return f"it is in the availability zone {service.zone}, not {volume.zone}"
    for name in MATCHED:
        wanted = kind.specs.get(name) or kind.specs.get(f"capabilities:{name}")
        if wanted is not None and pool.capabilities[name] != wanted:
            return f"its {name} is {pool.capabilities[name]}, not {wanted}"
    if pool.facts.free_gb < volume.size_gb:
        return f"it has {pool.facts.free_gb:g} GiB free, and {volume.size_gb} are wanted"
    return ""
