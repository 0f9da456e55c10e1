"""What network's agent and control tell each other over the bus."""

import msgspec

from haneul.services.network.drivers.base import HostNetwork


class NetworkReport(msgspec.Struct, frozen=True):
    """An agent's heartbeat: method `network.host`, every ten seconds. `started_at` in seconds since the epoch."""

    host: str
    network: HostNetwork
    started_at: float
