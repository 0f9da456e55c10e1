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
    """A volume host's heartbeat: method `block_storage.host`, every ten seconds. `log_levels` are its loggers'."""

    host: str
    backends: tuple[BackendReport, ...]
    log_levels: dict[str, str] = {}


class VolumeHostOrders(msgspec.Struct, frozen=True):
    """What a heartbeat is answered with: the levels that some of the host's loggers shall have."""

    log_levels: dict[str, str] = {}
