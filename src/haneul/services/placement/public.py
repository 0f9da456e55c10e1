"""What other services may ask of placement, inside their own transaction."""

from collections.abc import Mapping

from haneul.kernel.db import Db
from haneul.services.placement.allocations import logic
from haneul.services.placement.allocations.queries import OF_CONSUMER, PAIRS
from haneul.services.placement.allocations.schemas import Claim
from haneul.services.placement.hosts import ensure_provider
from haneul.services.placement.inventories.schemas import Inventory
from haneul.services.placement.rooms import Room, Shortage, fitting, shortages

SERVER = "INSTANCE"
"""The type of consumers that are servers, as Nova calls them."""


def allocate(
    db: Db, consumer_id: str, provider_id: str, wanted: Mapping[str, int], project_id: str, user_id: str
) -> None:
    """Let a server hold this of one provider, and nothing else; Conflict when it doesn't fit. Repeatable.

    Others who want the same provider wait until the transaction ends, so that together they can't take too much.
    """
    claim = Claim(
        consumer_id=consumer_id, wanted={provider_id: wanted}, project_id=project_id, user_id=user_id, type=SERVER
    )
    logic.replace(db, [claim])


def release(db: Db, consumer_id: str) -> None:
    """Let go of all that a consumer holds; harmless if that is nothing."""
    logic.release(db, consumer_id)


def allocation_of(db: Db, consumer_id: str) -> str | None:
    """The provider of which a consumer holds something; None if it holds nothing."""
    held = db.one(OF_CONSUMER, consumer_id=consumer_id)
    return held.provider_id if held else None


def allocated(db: Db) -> list[tuple[str, str]]:
    """Every consumer with each provider that it holds something of: for audits, since the list is as long as it is."""
    return [(pair.consumer_id, pair.provider_id) for pair in db.all(PAIRS)]


__all__ = [
    "SERVER",
    "Inventory",
    "Room",
    "Shortage",
    "allocate",
    "allocated",
    "allocation_of",
    "ensure_provider",
    "fitting",
    "release",
    "shortages",
]
