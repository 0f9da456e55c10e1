"""What servers' views show that stands in other rows, gathered for many servers at once."""

from collections.abc import Mapping, Sequence

from haneul.kernel.db import Db
from haneul.services.compute.nics.queries import plugged
from haneul.services.compute.scheduling.logic import host_statuses
from haneul.services.compute.servers import queries
from haneul.services.compute.servers.models import Server
from haneul.services.compute.servers.views import Beholder, Parts
from haneul.services.network import public as network


def parts_of(db: Db, rows: Sequence[Server], seen_by: Beholder) -> Mapping[str, Parts]:
    """The parts by server id, as far as this caller may see them; in a few queries."""
    ids = [row.id for row in rows]
    disks = queries.disks_of_many(db, ids) if seen_by.sees_host else {}
    statuses = host_statuses(db, {row.host for row in rows}) if seen_by.sees_host_status else {}
    cards = plugged(db, ids)
    named = {group for known in cards.values() for one in known for group in one.port.groups}
    names = network.names_of_groups(db, sorted(named))
    return {
        row.id: Parts(
            disks=disks.get(row.id, ()),
            plugged=cards[row.id],
            groups=sorted({names[group] for one in cards[row.id] for group in one.port.groups if group in names}),
            host_status=statuses.get(row.host, ""),
        )
        for row in rows
    }
