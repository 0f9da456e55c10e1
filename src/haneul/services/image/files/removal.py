"""Deleting an image's bytes once no row holds them."""

from haneul.kernel.http import Call
from haneul.services.image.drivers.base import ImageStore
from haneul.services.image.images import logic


class ByteRemoval:
    """Deletes bytes and then the note that they shall go; a crash in between leaves the note for the next start."""

    def __init__(self, driver: ImageStore) -> None:
        self._driver = driver

    async def remove(self, call: Call, store_key: str | None) -> None:
        if store_key is not None:
            key = store_key
            await call.in_thread(lambda: self._driver.delete(key))
            await call.transaction(lambda db: logic.forget_bytes(db, key), writes=True)
