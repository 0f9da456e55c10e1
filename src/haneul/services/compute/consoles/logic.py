"""Who may open which console: tokens that are good for one server, once, and for a few minutes."""

from datetime import timedelta
from hashlib import sha256

from sqlalchemy import bindparam

from haneul.kernel.clock import now
from haneul.kernel.db import Db, by
from haneul.kernel.errors import BadRequest, Conflict, Forbidden, NotFound
from haneul.kernel.ids import is_uuid_like, new_uuid
from haneul.services.compute.consoles.models import ConsoleToken, console_tokens
from haneul.services.compute.servers import queries
from haneul.services.compute.servers.logic import POWER_STATES
from haneul.services.compute.servers.models import Server

BY_HASH = by(ConsoleToken, console_tokens, "hash")
EXPIRED = console_tokens.delete().where(console_tokens.c.expires_at <= bindparam("moment"))
HAS_SCREEN = (POWER_STATES["running"], POWER_STATES["paused"])
LEAVING = ("deleting", "migrating")
INVALID = "The token is invalid, was used, or has expired."


def issue(db: Db, server: Server, console_type: str, life_s: int) -> str:
    """A new token for the server's console; those that have expired are swept away on the way."""
    token, moment = new_uuid(), now()
    db.run(EXPIRED, moment=moment)
    expires_at = moment + timedelta(seconds=life_s)
    db.insert(console_tokens, ConsoleToken(_hash(token), server.id, console_type, expires_at))
    return token


def refuse_unavailable(protocol: str, console_type: str) -> None:
    """BadRequest, in Nova's words, for every console but noVNC's."""
    if protocol == "rdp":
        raise BadRequest("Unavailable console type rdp.")
    if protocol != "vnc":
        raise BadRequest("Unavailable console type {type}.", type=console_type)
    if console_type != "novnc":
        raise BadRequest("Invalid console type {type}", type=console_type)


def refuse_without_screen(server: Server) -> None:
    """Conflict for a server that shows nothing: it is not running, or about to go."""
    if server.task_state in LEAVING:
        raise Conflict(
            "Cannot 'get_vnc_console' instance {id} while it is in task_state {state}",
            id=server.id,
            state=server.task_state,
        )
    if not server.host or server.power_state not in HAS_SCREEN:
        raise Conflict("Instance {id} is not ready", id=server.id)


def find(db: Db, token: str) -> Server:
    """The server that a token leads to, the token left as it is; NotFound if there is no such token any more."""
    known = _live(db, token)
    server = _server_of(db, known) if known else None
    if server is None:
        raise NotFound("Token not found")
    return server


def spend(db: Db, token: str) -> Server:
    """The server that a token leads to, which is good no more; Forbidden for any other, and for one of two at once."""
    known = _live(db, token)
    server = _server_of(db, known) if known else None
    if known is None or server is None or not db.delete(console_tokens, hash=known.hash):
        raise Forbidden(INVALID)
    refuse_without_screen(server)
    return server


def is_live(db: Db, token: str) -> bool:
    return _live(db, token) is not None


def forget(db: Db, server_id: str) -> None:
    """The server goes, and with it the right to see it."""
    db.delete(console_tokens, server_id=server_id)


def _live(db: Db, token: str) -> ConsoleToken | None:
    known = db.one(BY_HASH, hash=_hash(token)) if is_uuid_like(token) else None
    return known if known is not None and known.expires_at > now() else None


def _server_of(db: Db, known: ConsoleToken) -> Server | None:
    server = db.one(queries.BY_ID, id=known.server_id)
    return server if server is not None and server.deleted_at is None else None


def _hash(token: str) -> str:
    # A token has 122 random bits: nobody guesses it from its hash, however quick that is made.
    return sha256(token.encode()).hexdigest()
