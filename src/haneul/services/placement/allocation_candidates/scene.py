"""What all groups of one request look at: sharing providers, roots that may be anchors, who fits how much."""

from collections.abc import Sequence

from sqlalchemy import bindparam, select

from haneul.kernel.db import Db, Query
from haneul.services.placement.aggregates.queries import ANCHORS
from haneul.services.placement.batches import all_by_ids
from haneul.services.placement.inventories.queries import FITTING, FITTING_IN_TREE, Seat
from haneul.services.placement.query_words import Wanted
from haneul.services.placement.resource_providers.models import providers
from haneul.services.placement.resource_providers.queries import BY_ID
from haneul.services.placement.traits.queries import holders

SHARES = "MISC_SHARES_VIA_AGGREGATE"
_SEATS = select(providers.c.id, providers.c.root_id)
ALL_SEATS = Query(Seat, _SEATS)
SEATS_OF = Query(Seat, _SEATS.where(providers.c.id.in_(bindparam("ids", expanding=True))))
ANY_CHILD = select(providers.c.id).where(providers.c.parent_id.is_not(None)).limit(1)


class Scene:
    """Facts of the database that one request needs, each read once.

    `anchors`: for each provider that shares, the roots of the trees that may use it.
    """

    def __init__(self, db: Db, root_traits: Wanted) -> None:
        self.db = db
        self.sharing = set(holders(db, [SHARES]))
        self.has_trees = db.value(ANY_CHILD) is not None
        self.anchors: dict[str, set[str]] = {}
        for row in all_by_ids(db, ANCHORS, sorted(self.sharing)):
            self.anchors.setdefault(row.provider_id, set()).add(row.root_id)
        self.root_of: dict[str, str] = {}
        self._root_traits = root_traits
        self._root_holds = holders(db, root_traits.names)
        self._fitting: dict[tuple[str, int, str | None], Sequence[Seat]] = {}

    def may_anchor(self, root_id: str) -> bool:
        return self._root_traits.met_by(self._root_holds.get(root_id, set()))

    def tree_of(self, provider_id: str) -> str | None:
        """The root of a provider's tree; None if there is no such provider."""
        found = self.db.one(BY_ID, id=provider_id)
        return found.root_id if found else None

    def fitting(self, name: str, amount: int, root_id: str | None) -> Sequence[Seat]:
        """The providers, of one tree or of all, that can give this much of a resource class."""
        key = (name, amount, root_id)
        if key not in self._fitting:
            if root_id is None:
                found = self.db.all(FITTING, resource_class=name, amount=amount)
            else:
                found = self.db.all(FITTING_IN_TREE, resource_class=name, amount=amount, root_id=root_id)
            self._fitting[key] = self._seen(found)
        return self._fitting[key]

    def seats(self, among: set[str] | None) -> Sequence[Seat]:
        """All providers, or those that are named, whatever they have."""
        found = self.db.all(ALL_SEATS) if among is None else all_by_ids(self.db, SEATS_OF, sorted(among))
        return self._seen(found)

    def _seen(self, seats: list[Seat]) -> list[Seat]:
        self.root_of.update((seat.provider_id, seat.root_id) for seat in seats)
        return seats
