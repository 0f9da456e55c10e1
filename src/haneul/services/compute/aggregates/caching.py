"""Images that an aggregate's hosts fetch before a guest needs them.

Nothing is written down: a host that does not hear of it fetches the image with the first guest that needs it.
"""

from collections.abc import Iterable, Sequence

from haneul.kernel import log
from haneul.kernel.db import Db
from haneul.kernel.errors import BadRequest
from haneul.kernel.reconcile import Report
from haneul.kernel.reconcile.plans import PlanSource, touch
from haneul.services.compute.aggregates.logic import Whole
from haneul.services.compute.wire import IMAGES, ImageWanted
from haneul.services.image.public import active_among


def want_cached(db: Db, aggregate: Whole, image_ids: Sequence[str]) -> None:
    """Have the aggregate's hosts fetch these images, after this transaction; BadRequest if one is named twice."""
    if len(set(image_ids)) < len(image_ids):
        raise BadRequest("Duplicate images in request")
    for host in aggregate.hosts:
        touch(db, host, IMAGES, image_ids)


def wanted_on(db: Db, _host: str, ids: Sequence[str]) -> Iterable[ImageWanted]:
    """Those of the images that a host was told of which are there to be fetched."""
    return [ImageWanted(image_id) for image_id in active_among(db, ids)]


def heard(_db: Db, report: Report) -> None:
    """Nobody waits for it; why a host has no image stands in the log."""
    for seen in report.observations:
        if seen.error:
            log.event("image was not cached by host", "warning", host=report.host, image=seen.id, reason=seen.error)


IMAGE_PLANS = PlanSource(IMAGES, wanted_on, heard)
