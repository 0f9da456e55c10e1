"""Uploads: a claimed image, its bytes on their way to the disk, and then all of it or nothing."""

import asyncio
from collections.abc import AsyncIterator
from functools import partial

from haneul.kernel.db import Db
from haneul.kernel.errors import BadRequest, Gone, Unacceptable
from haneul.kernel.http import Call
from haneul.kernel.policy import Rule
from haneul.services.image.config import ImageSettings
from haneul.services.image.drivers.base import Draft, ImageStore
from haneul.services.image.files import logic
from haneul.services.image.files.intake import Intake, refuse_size
from haneul.services.image.images import access
from haneul.services.image.images.access import OWNER
from haneul.services.image.images.models import ImageRow
from haneul.services.image.images.schemas import STORE
from haneul.services.image.quotas import take_upload

UPLOAD = Rule("upload_image", OWNER, "Upload an image's bytes.")
BATCH_BYTES = 1 << 20


class Uploads:
    """Takes uploads into a store."""

    def __init__(self, driver: ImageStore, settings: ImageSettings) -> None:
        self._driver, self._settings = driver, settings

    async def take(self, call: Call, image_id: str) -> None:
        """Give the image its bytes; whatever goes wrong, it is queued again and no byte remains."""
        announced = announced_size(call)
        refuse_size(announced or 0, self._settings.most_bytes)
        await call.transaction(lambda db: access.loaded(call, db, image_id), writes=False)
        key = logic.new_store_key(image_id)
        draft = await call.in_thread(partial(self._driver.open_draft, key))
        try:
            await self._fill(call, image_id, key, draft)
        except BaseException:
            # The request's task may be cancelled; what was begun is undone all the same.
            await asyncio.shield(self._undo(call, image_id, key, draft))
            raise
        await call.in_thread(draft.release)

    async def _fill(self, call: Call, image_id: str, key: str, draft: Draft) -> None:
        announced = announced_size(call)

        def claim(db: Db) -> ImageRow:
            row = access.loaded(call, db, image_id)
            begin = partial(logic.claim, db, row, key)
            take_upload(db, call.caller.project_id, announced, begin)
            return row

        claimed = await call.transaction(claim, writes=True)
        intake = Intake(draft, self._settings.most_bytes)
        await self._pour(call, intake)
        try:
            received = await call.in_thread(partial(intake.finish, claimed, announced))
        except FileNotFoundError:
            raise Gone(logic.GONE, id=image_id) from None
        await call.transaction(lambda db: logic.activate(db, image_id, key, received), writes=True)

    async def _pour(self, call: Call, intake: Intake) -> None:
        """Write one batch in a thread while the next one arrives."""
        writing: asyncio.Task[None] | None = None
        try:
            async for batch in batches(call.chunks(), self._settings.upload_idle_s):
                if writing is not None:
                    await writing
                writing = asyncio.create_task(call.in_thread(partial(intake.take, batch)))
            if writing is not None:
                await writing
        finally:
            # The draft must not be discarded under a thread that still writes to it.
            if writing is not None and not writing.done():
                await asyncio.wait([writing])

    async def _undo(self, call: Call, image_id: str, key: str, draft: Draft) -> None:
        await call.in_thread(draft.discard)
        await call.transaction(lambda db: logic.requeue(db, image_id, key), writes=True)


async def batches(chunks: AsyncIterator[bytes], idle_s: float) -> AsyncIterator[bytes]:
    """The chunks in larger pieces, which cost fewer turns of a thread; BadRequest when none comes for too long."""
    waiting: list[bytes] = []
    size = 0
    while (chunk := await _next(chunks, idle_s)) is not None:
        waiting.append(chunk)
        size += len(chunk)
        if size >= BATCH_BYTES:
            yield b"".join(waiting)
            waiting, size = [], 0
    if waiting:
        yield b"".join(waiting)


async def _next(chunks: AsyncIterator[bytes], idle_s: float) -> bytes | None:
    try:
        async with asyncio.timeout(idle_s):
            return await anext(chunks, None)
    except TimeoutError:
        raise BadRequest("Nothing more came of the image for {idle_s} seconds.", idle_s=idle_s) from None


def announced_size(call: Call) -> int | None:
    """How many bytes will come, if the client says so; BadRequest or 415 for headers that can't be."""
    media_type = call.header("content-type").partition(";")[0].strip().lower()
    if media_type != "application/octet-stream":
        raise Unacceptable(415, "Invalid content type {media_type}", media_type=media_type[:100])
    if call.header("x-image-meta-store", STORE) != STORE:
        raise BadRequest("Unknown scheme '{store}' found in URI", store=call.header("x-image-meta-store")[:100])
    text = call.header("x-openstack-image-size") or call.header("content-length")
    if text and not (text.isascii() and text.isdigit() and len(text) < 19):
        raise BadRequest("Invalid or missing image size in request headers.")
    return int(text) if text else None
