from typing import Any

from haneul.kernel.clock import iso_microseconds
from haneul.kernel.schema import UNSET, OpenBody, UnsetType, View
from haneul.services.identity.revocation.models import RevocationEvent

# What the API calls the things by which events name tokens.
NAMES = {
    "audit_id": "audit_id",
    "user_id": "user_id",
    "project_id": "project_id",
    "domain_id": "domain_id",
    "trust_id": "OS-TRUST:trust_id",
}


class EventQuery(OpenBody):
    since: str | UnsetType = UNSET


class EventsView(View):
    """Source: Identity API v3, "OS-REVOKE"."""

    events: list[dict[str, Any]]
    links: dict[str, str | None]


def event_view(event: RevocationEvent) -> dict[str, Any]:
    """One event, with no more than what names the tokens that it ends."""
    named = {shown: getattr(event, name) for name, shown in NAMES.items() if getattr(event, name) is not None}
    return {
        **named,
        "issued_before": iso_microseconds(event.issued_before),
        "revoked_at": iso_microseconds(event.revoked_at),
    }


def events_view(events: list[RevocationEvent], url: str) -> EventsView:
    return EventsView(
        events=[event_view(event) for event in events], links={"next": None, "self": url, "previous": None}
    )
