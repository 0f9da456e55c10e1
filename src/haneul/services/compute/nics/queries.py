"""Reading servers' NICs, with what the network knows of their ports."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from msgspec import Struct
from sqlalchemy import bindparam

from haneul.kernel.db import Db, Query, by, columns_of
from haneul.kernel.db.among import among
from haneul.services.compute.nics.models import Nic, nics
from haneul.services.network import public as network

MANY = 500
ONE = by(Nic, nics, "port_id")
OF_SERVER = Query(Nic, columns_of(Nic, nics).where(nics.c.server_id == bindparam("server_id")).order_by(nics.c.number))
OF_SERVERS = Query(
    Nic,
    columns_of(Nic, nics).where(among(nics.c.server_id, "ids")).order_by(nics.c.server_id, nics.c.number),
)


class Plugged(Struct, frozen=True):
    """A NIC with its port."""

    nic: Nic
    port: network.PortNews


def find(db: Db, port_id: str) -> Nic | None:
    """The NIC with this port, if a server has it."""
    return db.one(ONE, port_id=port_id)


def of_server(db: Db, server_id: str) -> list[Nic]:
    """A server's NICs in their order."""
    return db.all(OF_SERVER, server_id=server_id)


def of_servers(db: Db, server_ids: Sequence[str]) -> Mapping[str, list[Nic]]:
    """Servers' NICs in their order, by server id."""
    found: dict[str, list[Nic]] = defaultdict(list)
    for start in range(0, len(server_ids), MANY):
        for nic in db.all(OF_SERVERS, ids=list(server_ids[start : start + MANY])):
            found[nic.server_id].append(nic)
    return found


def plugged(db: Db, server_ids: Sequence[str]) -> Mapping[str, list[Plugged]]:
    """Servers' NICs with their ports, by server id; in a few queries, however many servers there are."""
    of = of_servers(db, server_ids)
    news = network.news_of(db, [nic.port_id for known in of.values() for nic in known])
    found: dict[str, list[Plugged]] = defaultdict(list)
    for server_id, known in of.items():
        found[server_id] = [Plugged(nic, news[nic.port_id]) for nic in known if nic.port_id in news]
    return found
