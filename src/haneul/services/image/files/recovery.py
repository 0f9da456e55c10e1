"""What a crash left of uploads and deletions, put right at the next start."""

import logging
from functools import partial

from haneul.kernel.db import Store
from haneul.services.image.drivers.base import ImageStore
from haneul.services.image.files import logic
from haneul.services.image.images.logic import forget_bytes

log = logging.getLogger("haneul.image")


def recover(store: Store, driver: ImageStore) -> None:
    """Queue again what a dead process was uploading, and delete what it left and what deleted images left.

    Bytes that no row speaks of stay: they may belong to a database newer than this one.
    """
    for row in store.read(logic.saving):
        key = row.store_key
        if key is not None and driver.is_abandoned(key):
            driver.delete(key)
            store.write(partial(logic.requeue, image_id=row.id, store_key=key))
            log.warning("The upload of image %s had broken off with its process; the image is queued again.", row.id)
    for key in driver.list_abandoned():
        driver.delete(key)
    for key in store.read(logic.condemned):
        driver.delete(key)
        store.write(partial(forget_bytes, store_key=key))
