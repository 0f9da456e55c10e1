"""Which pool gets a volume: the one with the most room left, of those that are up and fit the volume's type."""

from collections.abc import Mapping

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


def choose(
    db: Db, volume: Volume, kind: VolumeType, wishes: tuple[BlockStorageSettings, Mapping[str, list[str]]]
) -> str:
    """Where the volume shall lie, as HOST@BACKEND#POOL; NoValidBackend with each pool's reason if nowhere.

    `wishes` are the settings and the hints: `same_host` and `different_host` hold other volumes' places.
    """
    settings, hints = wishes
    refusals = []
    fitting = []
    for pool in pools(db):
        reason = _reason(pool, volume, kind, settings) or _unlike(pool, hints)
        if reason:
            refusals.append(f"{pool.place}: {reason}.")
        else:
            fitting.append(pool)
    if not fitting:
        reasons = " ".join(refusals) or "There is no back end."
        raise NoValidBackend("No valid backend was found. {reasons}", reasons=reasons)
    return max(fitting, key=lambda pool: pool.facts.free_gb).place


def _unlike(pool: Pool, hints: Mapping[str, list[str]]) -> str:
    """Why the pool doesn't fit the hints; empty if it does. Cinder compares back ends, not machines."""
    if "same_host" in hints and pool.service.host not in hints["same_host"]:
        return "the volumes to be near to are not there"
    if pool.service.host in hints.get("different_host", ()):
        return "a volume to be apart from is there"
    return ""


def refuse_full(db: Db, volume: Volume, more_gb: int) -> None:
    """NoValidBackend unless the volume's pool has this much more room."""
    for pool in pools(db):
        if pool.place == volume.host and pool.facts.free_gb < more_gb:
            raise NoValidBackend(
                "The pool of the volume has {free:g} GiB free, and {more} are wanted.",
                free=pool.facts.free_gb,
                more=more_gb,
            )


def has_to_move(db: Db, volume: Volume, kind: VolumeType) -> bool:
    """Whether the volume lies where those of this type can't."""
    return any(pool.place == volume.host and bool(_unlike_type(pool, kind)) for pool in pools(db))


def _unlike_type(pool: Pool, kind: VolumeType) -> str:
    """What of the pool isn't as the type wants it; empty if nothing."""
    for name in MATCHED:
        wanted = kind.specs.get(name) or kind.specs.get(f"capabilities:{name}")
        if wanted is not None and pool.capabilities[name] != wanted:
            return f"its {name} is {pool.capabilities[name]}, not {wanted}"
    return ""


def _reason(pool: Pool, volume: Volume, kind: VolumeType, settings: BlockStorageSettings) -> str:
    """Why the pool can't have the volume; empty if it can."""
    service = pool.service
    if service.is_disabled:
        return f"it is disabled ({service.disabled_reason or 'no reason was given'})"
    if service.is_frozen:
        return "it is frozen"
    if not services.is_up(service, settings):
        return "its host has not been heard of lately"
    if volume.zone and volume.zone != service.zone:
        return f"it is in the availability zone {service.zone}, not {volume.zone}"
    unlike = _unlike_type(pool, kind)
    if unlike:
        return unlike
    if pool.facts.free_gb < volume.size_gb:
        return f"it has {pool.facts.free_gb:g} GiB free, and {volume.size_gb} are wanted"
    return ""
