"""When what a user makes shall end, as he writes it."""

from datetime import UTC, datetime

from haneul.kernel.clock import now
from haneul.kernel.errors import BadRequest

MALFORMED = (
    "The server could not comply with the request since it is either malformed or otherwise incorrect. The client is "
    "assumed to be in error."
)


def expiry_of(written: str | None) -> datetime | None:
    """The moment, in UTC, that a client has written; BadRequest if it is none or has passed."""
    if written is None:
        return None
    try:
        # As Keystone reads it: always UTC, with a Z or without one, and never with another zone.
        moment = datetime.fromisoformat(written.removesuffix("Z"))
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is not None:
        raise BadRequest("Timestamp not in expected format. " + MALFORMED)
    moment = moment.replace(tzinfo=UTC)
    if moment < now():
        raise BadRequest("The 'expires_at' must not be before now. " + MALFORMED)
    return moment
