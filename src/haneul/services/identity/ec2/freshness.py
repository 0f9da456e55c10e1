"""How old a signed request may be, so that nobody who has seen one can send it again for long."""

from datetime import datetime, timedelta

from haneul.kernel.clock import from_iso
from haneul.kernel.errors import Unauthorized
from haneul.services.identity.ec2.schemas import SignedRequest
from haneul.services.identity.ec2.signatures import lowered, moment_of_fourth, version_of

EXPIRED = "Credential is expired"


def refuse_stale(request: SignedRequest, moment: datetime, life: timedelta) -> None:
    """Unauthorized if the signed moment is too far from this one, or the signed end has passed.

    Only what the signature covers counts. A request without either was signed to be good for any time.
    """
    params = request.params or {}
    if version_of(request) == 4:
        refuse_outside(moment_in(moment_of_fourth(request)), moment, behind=life, ahead=life)
        return
    if params.get("Timestamp"):
        refuse_outside(moment_in(str(params["Timestamp"])), moment, behind=life, ahead=life)
    if version_of(request) != 0 and params.get("Expires") and moment_in(str(params["Expires"])) < moment:
        raise Unauthorized(EXPIRED)


def refuse_claimed(request: SignedRequest, moment: datetime, life: timedelta) -> None:
    """Unauthorized if a moment that stands beside the signed text is too far from this one."""
    params, headers = request.params or {}, lowered(request)
    written = params.get("Timestamp") or headers.get("x-amz-date") or params.get("X-Amz-Date")
    if written:
        refuse_outside(moment_in(str(written)), moment, behind=life, ahead=life)


def refuse_outside(written: datetime, moment: datetime, *, behind: timedelta, ahead: timedelta) -> None:
    """Unauthorized if the written moment is too far behind this one, or ahead of it."""
    if not moment - behind <= written <= moment + ahead:
        raise Unauthorized(EXPIRED)


def moment_in(written: str) -> datetime:
    """A moment as ISO 8601 writes it, in UTC where it names no zone; Unauthorized if it is none."""
    try:
        return from_iso(written)
    except ValueError:
        raise Unauthorized("Credential timestamp is invalid: {written}", written=written[:64]) from None
