"""How many volumes there are, how large together, and what their metadata say."""

from haneul.kernel.db import Db
from haneul.services.block_storage.volumes.queries import ITEMS_OF, ITEMS_OF_ALL, TOTALS_OF, TOTALS_OF_ALL
from haneul.services.block_storage.volumes.schemas import SummaryView


def summary(db: Db, project_id: str | None) -> SummaryView:
    """Of one project's volumes, or of all; no more than ten thousand items of metadata."""
    if project_id is None:
        totals, items = db.tuples(TOTALS_OF_ALL), db.tuples(ITEMS_OF_ALL)
    else:
        totals, items = db.tuples(TOTALS_OF, project_id=project_id), db.tuples(ITEMS_OF, project_id=project_id)
    values: dict[str, list[str]] = {}
    for name, value in items:
        values.setdefault(name, []).append(value)
    ((count, size),) = totals
    return SummaryView(total_count=int(count), total_size=int(size), metadata=values)
