from collections.abc import Mapping
from typing import Any

from haneul.kernel.clock import iso_bare
from haneul.kernel.db import Db
from haneul.services.block_storage.config import BlockStorageSettings
from haneul.services.block_storage.drivers.base import PoolFacts
from haneul.services.block_storage.services.logic import is_usable
from haneul.services.block_storage.services.models import StorageService
from haneul.services.block_storage.types import logic as types
from haneul.services.block_storage.volumes.scheduling import MATCHED, Pool, pools

DRIVER_VERSION = "1.0"


def usable(db: Db, settings: BlockStorageSettings) -> list[Pool]:
    """The pools that the scheduler may choose from: those of back ends that are up, enabled and not frozen."""
    return [pool for pool in pools(db) if is_usable(pool.service, settings)]


def of_type(db: Db, found: list[Pool], name_or_id: str) -> list[Pool]:
    """Those that fit a volume type; NotFound if there is no such type."""
    specs = types.find(db, name_or_id).specs
    wanted = {name: specs.get(name) or specs.get(f"capabilities:{name}") for name in MATCHED}
    return [pool for pool in found if all(want in (None, pool.capabilities[name]) for name, want in wanted.items())]


def described(pool: Pool) -> dict[str, Any]:
    """What a pool can do and has, in Cinder's words; sizes in GiB."""
    facts = pool.facts
    return {
        **static(pool.service, facts),
        "total_capacity_gb": facts.total_gb,
        "free_capacity_gb": facts.free_gb,
        "allocated_capacity_gb": pool.allocated_gb,
        "provisioned_capacity_gb": pool.allocated_gb,
        "reserved_percentage": 0,
        "max_over_subscription_ratio": "1.0",
        "thin_provisioning_support": facts.is_thin,
        "thick_provisioning_support": not facts.is_thin,
        "QoS_support": False,
        "multiattach": True,
        "replication_enabled": False,
        "filter_function": None,
        "goodness_function": None,
        "backend_state": "up",
        "timestamp": iso_bare(pool.service.seen_at),
    }


def static(service: StorageService, facts: PoolFacts | None) -> dict[str, Any]:
    """What never changes of a back end and one of its pools."""
    return {
        "volume_backend_name": service.host.partition("@")[2],
        "pool_name": facts.name if facts else None,
        "vendor_name": facts.vendor if facts else "haneul",
        "driver_version": DRIVER_VERSION,
        "storage_protocol": facts.protocol if facts else "",
    }


def holds(description: Mapping[str, Any], name: str, text: str) -> bool:
    """Whether a capability has the value that a filter writes; one that is not there has none."""
    value = description.get(name)
    return value is not None and str(value).lower() == text.lower()
