"""What a guest may be told of itself, gathered from the rows."""

from collections.abc import Mapping, Sequence

import msgspec

from haneul.kernel.db import Db
from haneul.services.compute.nics.queries import Plugged, plugged
from haneul.services.compute.servers.models import Server
from haneul.services.network import public as network


class Facts(msgspec.Struct, frozen=True):
    """A server with its NICs, the subnets of their addresses by id, and the names of its security groups."""

    server: Server
    cards: Sequence[Plugged] = ()
    subnets: Mapping[str, network.Subnet] = {}
    groups: Sequence[str] = ()

    @property
    def fixed_ipv4(self) -> str:
        """The first fixed address; empty for a server without."""
        return next((held.address for one in self.cards for held in one.port.addresses if ":" not in held.address), "")

    @property
    def floating_ipv4(self) -> str:
        """The first floating address; empty for a server without."""
        floating = (it for one in self.cards for held in one.port.floating.values() for it in held if ":" not in it)
        return next(floating, "")


def facts_of(db: Db, servers: Sequence[Server]) -> dict[str, Facts]:
    """The facts of servers by id; in a few queries, however many there are."""
    cards = plugged(db, [server.id for server in servers])
    ports = [one.port for known in cards.values() for one in known]
    subnets = network.subnets_of(db, sorted({held.subnet_id for port in ports for held in port.addresses}))
    names = network.names_of_groups(db, sorted({group for port in ports for group in port.groups}))
    return {
        server.id: Facts(
            server,
            cards[server.id],
            subnets,
            sorted({names[group] for one in cards[server.id] for group in one.port.groups if group in names}),
        )
        for server in servers
    }
