"""A server's tags: a few words to find it by."""

from collections.abc import Sequence

import msgspec

from haneul.kernel.clock import now
from haneul.kernel.db import Db
from haneul.kernel.errors import BadRequest, Conflict, NotFound
from haneul.kernel.operations import Asker
from haneul.services.compute.servers.logic import current
from haneul.services.compute.servers.models import Server, servers
from haneul.services.compute.servers.news import changed
from haneul.services.compute.servers.schemas import MOST_TAGS, Tag


def refuse_missing(server: Server, tag: str) -> None:
    """NotFound if the server has no such tag."""
    if tag not in server.tags:
        raise NotFound("Server {id} has no tag '{tag}'", id=server.id, tag=tag)


def add(db: Db, by: Asker, server: Server, tag: str) -> bool:
    """Give a server one more tag; False if it has it already, BadRequest if it can't be one or there are too many."""
    try:
        msgspec.convert(tag, Tag)
    except msgspec.ValidationError:
        raise BadRequest(
            "Tag '{tag}' is invalid. It must be a non empty string without characters '/' and ',' of 60 characters at "
            "most.",
            tag=tag[:255],
        ) from None
    if len(server.tags) >= MOST_TAGS:
        raise BadRequest("The number of tags exceeded the per-server limit {most}", most=MOST_TAGS)
    if tag in server.tags:
        return False
    replace(db, by, server, [*server.tags, tag])
    return True


def replace(db: Db, by: Asker, server: Server, tags: Sequence[str]) -> list[str]:
    """Give a server these tags and no others; Conflict if somebody else changed them at the same time."""
    kept = list(dict.fromkeys(tags))
    if not db.update(servers, {"id": server.id, "tags": server.tags}, tags=kept, updated_at=now()):
        raise Conflict("Server {id} was changed by another request at the same time.", id=server.id)
    changed(db, by, current(db, server.id))
    return kept
