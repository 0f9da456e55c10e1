"""What block storage's agents and control tell each other over the bus."""

import msgspec

from haneul.services.block_storage.drivers.base import PoolFacts

VOLUMES = "volume"
"""The kind of plan that a host's volumes make."""


class BackendReport(msgspec.Struct, frozen=True):
    """One back end of a host: its name among the host's, its driver, what its pools offer, or why it can't be used."""

    name: str
    driver: str
    pools: tuple[PoolFacts, ...] = ()
    error: str = ""


class VolumeHostReport(msgspec.Struct, frozen=True):
    """A volume host's heartbeat: method `block_storage.host`, every ten seconds."""

    host: str
    backends: tuple[BackendReport, ...]
