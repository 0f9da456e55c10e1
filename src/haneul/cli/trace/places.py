"""Where a packet is between two hops."""

from msgspec import Struct

from haneul.services.network.ports.models import Port


class OnNetwork(Struct, frozen=True, kw_only=True):
    """On a network, on its way to whoever there has the address `target`.

    `host` is where it was put on the network, empty for one that comes from outside; `project_id` whose packet it is.
    """

    network_id: str
    target: str
    host: str
    project_id: str = ""


class AtRouter(Struct, frozen=True):
    """At a router's port."""

    port: Port


class AtGuest(Struct, frozen=True):
    """At the port of a server, or of whoever else has plugged it."""

    port: Port


Place = OnNetwork | AtRouter | AtGuest
