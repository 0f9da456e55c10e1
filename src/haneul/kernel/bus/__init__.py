"""How haneul's processes speak to each other: `open_bus` gives the one face over whichever implementation."""

from msgspec import Struct

from haneul.kernel.bus.base import CONTROL, PROTOCOL_VERSION, Bus, BusError, BusTimeout, Wake
from haneul.kernel.bus.local import LocalBus
from haneul.kernel.bus.methods import ToError

__all__ = [
    "CONTROL",
    "PROTOCOL_VERSION",
    "Bus",
    "BusError",
    "BusSettings",
    "BusTimeout",
    "LocalBus",
    "ToError",
    "Wake",
    "open_bus",
]


class BusSettings(Struct, frozen=True):
    """What a bus may need beside its URL; `allowed_uids` and `gid` are the local hub's, `cloud_id` is RabbitMQ's."""

    cloud_id: str = "haneul"
    allowed_uids: tuple[int, ...] | None = None
    gid: int | None = None
    to_error: ToError | None = None


def open_bus(url: str, name: str, *, listen: bool = False, settings: BusSettings | None = None) -> Bus:
    """The bus at unix:///path (where control says `listen`) or amqp://..., not yet started; ValueError if neither."""
    chosen = settings or BusSettings()
    if url.startswith("unix:///"):
        path = url.removeprefix("unix://")
        if listen:
            return LocalBus.hub(path, name, allowed_uids=chosen.allowed_uids, gid=chosen.gid, to_error=chosen.to_error)
        return LocalBus.peer(path, name, to_error=chosen.to_error)
    if url.startswith(("amqp://", "amqps://")):
        # Most clouds never use RabbitMQ: what it needs is imported only here.
        from haneul.kernel.bus.rabbitmq import RabbitBus

        return RabbitBus.at(url, name, cloud_id=chosen.cloud_id, to_error=chosen.to_error)
    raise ValueError("The bus can't be reached at that URL: use unix:///path or amqp://host.")
