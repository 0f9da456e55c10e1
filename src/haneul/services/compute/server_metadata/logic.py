"""A server's metadata: texts by key, for whoever reads them."""

from collections.abc import Mapping

from haneul.kernel.clock import now
from haneul.kernel.db import Db
from haneul.kernel.errors import Conflict, NotFound
from haneul.kernel.operations import Asker
from haneul.services.compute.servers.logic import current, refuse_locked, refuse_unless_settled
from haneul.services.compute.servers.models import Server, servers
from haneul.services.compute.servers.news import changed


def get(server: Server, key: str) -> str:
    """One item's text; NotFound if there is none of that key."""
    try:
        return server.metadata[key]
    except KeyError:
        raise NotFound("Metadata item was not found") from None


def refuse_unchangeable(by: Asker, server: Server, action: str) -> None:
    """Conflict for a server that is locked, or in a state in which its metadata are not changed."""
    refuse_locked(server, by.caller)
    refuse_unless_settled(server, action)


def replace(db: Db, by: Asker, server: Server, metadata: Mapping[str, str]) -> dict[str, str]:
    """Give a server these items and no others; Conflict if somebody else changed them at the same time."""
    kept = dict(metadata)
    where = {"id": server.id, "metadata": server.metadata}
    if not db.update(servers, where, metadata=kept, updated_at=now()):
        raise Conflict("Server {id} was changed by another request at the same time.", id=server.id)
    changed(db, by, current(db, server.id))
    return kept
