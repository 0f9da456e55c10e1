from datetime import datetime

from haneul.kernel.clock import EPOCH, from_iso
from haneul.kernel.errors import BadRequest
from haneul.kernel.http import Call, Routes
from haneul.kernel.policy import Rule
from haneul.services.identity.base_rules import CLOUD_WIDE
from haneul.services.identity.revocation import logic
from haneul.services.identity.revocation.schemas import EventQuery, EventsView, events_view

routes = Routes()

LIST = Rule(
    "identity:list_revoke_events",
    "rule:service_or_admin",
    "List what ended tokens before their time.",
    scope_types=CLOUD_WIDE,
)


@routes.get("/v3/OS-REVOKE/events", rule=LIST)
def list_events(call: Call, query: EventQuery) -> EventsView:
    call.enforce()
    since = _moment(query.since) if isinstance(query.since, str) else EPOCH
    return events_view(logic.events_since(call.db, since), call.url("/v3/OS-REVOKE/events"))


def _moment(written: str) -> datetime:
    try:
        return from_iso(written)
    except ValueError as error:
        raise BadRequest("invalidate date format {since}", since=written[:64]) from error
