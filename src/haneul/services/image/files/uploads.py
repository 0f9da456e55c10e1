"""Uploads: a claimed image, its bytes on their way to the disk, and then all of it or nothing."""

import asyncio
from collections.abc import AsyncIterator
from functools import partial

import msgspec

from haneul.kernel.db import Db
from haneul.kernel.errors import BadRequest, Gone, NotFound, Unacceptable, Unavailable
from haneul.kernel.http import Call
from haneul.kernel.policy import Rule
from haneul.services.image.config import ImageSettings
from haneul.services.image.drivers.base import Draft, Unreachable
from haneul.services.image.files import logic
from haneul.services.image.files.intake import Intake, IntakeRules, Landing, refuse_size
from haneul.services.image.images import access
from haneul.services.image.images.access import OWNER
from haneul.services.image.images.models import Image
from haneul.services.image.keys import Certificates
from haneul.services.image.locations.logic import Place, new_key
from haneul.services.image.locations.models import ACTIVE, STAGED
from haneul.services.image.quotas import take_stage, take_upload
from haneul.services.image.signatures import verifier_for
from haneul.services.image.stores.backends import Backend, Backends

UPLOAD = Rule("upload_image", OWNER, "Upload an image's bytes.")
BATCH_BYTES = 1 << 20


class Way(msgspec.Struct, frozen=True):
    """One upload: to which store, under which key, and what its bytes are to be there."""

    backend: Backend
    key: str
    wanted: str
    announced: int | None


class Uploads:
    """Takes bytes that clients send into a store."""

    def __init__(self, backends: Backends, settings: ImageSettings, certificates: Certificates) -> None:
        self._backends, self._settings, self._certificates = backends, settings, certificates

    async def take(self, call: Call, image_id: str) -> None:
        """Give the image its bytes; whatever goes wrong, it is queued again and no byte remains."""
        announced = announced_size(call)
        await self._take(call, image_id, Way(self._chosen(call), new_key(image_id), ACTIVE, announced))

    async def stage(self, call: Call, image_id: str) -> None:
        """Keep bytes for an import, unread; whatever goes wrong, the image is queued again and no byte remains."""
        if "glance-direct" not in self._settings.import_methods:
            raise NotFound("Image staging is not enabled: glance-direct is none of the import methods.")
        announced = announced_size(call)
        await self._take(call, image_id, Way(self._backends.staging, new_key(image_id), STAGED, announced))

    def _chosen(self, call: Call) -> Backend:
        name = call.header("x-image-meta-store")
        backend = self._backends.named(name) if name else self._backends.default
        if backend is None:
            raise BadRequest("Unknown scheme '{name}' found in URI", name=name[:100])
        if backend.store.is_read_only:
            raise BadRequest("The selected store {name} takes no bytes: it is read-only.", name=backend.name)
        return backend

    async def _take(self, call: Call, image_id: str, way: Way) -> None:
        refuse_size(way.announced or 0, self._settings.most_bytes)
        await call.transaction(lambda db: access.loaded(call, db, image_id), writes=False)
        try:
            draft = await call.in_thread(partial(way.backend.store.open_draft, way.key))
        except Unreachable as away:
            raise Unavailable("{reason}", reason=str(away)) from away
        upload = _Upload(call, image_id, way, draft)
        try:
            await self._fill(upload)
        except BaseException:
            # The request's task may be cancelled; what was begun is undone all the same.
            await asyncio.shield(upload.undo())
            raise
        await call.in_thread(draft.release)

    async def _fill(self, upload: "_Upload") -> None:
        claimed = await upload.call.transaction(upload.claim, writes=True)
        try:
            if upload.way.wanted == STAGED:
                await self._stage(upload, claimed)
            else:
                await self._activate(upload, claimed)
        except FileNotFoundError:
            raise Gone(logic.GONE, id=claimed.id) from None

    async def _activate(self, upload: "_Upload", claimed: Image) -> None:
        call = upload.call
        verifier = await call.in_thread(partial(verifier_for, claimed, self._certificates))
        intake = Intake(upload.draft, IntakeRules(self._settings.most_bytes, self._settings.hash), verifier)
        await self._pour(call, intake)
        received = await call.in_thread(partial(intake.finish, claimed, upload.way.announced))
        have = partial(logic.activate, image_id=claimed.id, number=upload.number, received=received)
        await call.transaction(have, writes=True)

    async def _stage(self, upload: "_Upload", claimed: Image) -> None:
        call = upload.call
        landing = Landing(upload.draft, self._settings.most_bytes)
        await self._pour(call, landing)
        landing.refuse_short(upload.way.announced)
        await call.in_thread(landing.keep)
        have = partial(logic.stage, image_id=claimed.id, number=upload.number, size=landing.size)
        await call.transaction(have, writes=True)

    async def _pour(self, call: Call, intake: Intake | Landing) -> None:
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


class _Upload:
    """One request's upload, from its claim on."""

    def __init__(self, call: Call, image_id: str, way: Way, draft: Draft) -> None:
        self.call, self.way, self.draft = call, way, draft
        self._image_id = image_id
        self.number = 0

    def claim(self, db: Db) -> Image:
        image = access.loaded(self.call, db, self._image_id)
        place = Place(self.way.backend.name, self.way.key)

        def begin() -> None:
            self.number = logic.claim(db, image, place, self.way.wanted)

        take = take_stage if self.way.wanted == STAGED else take_upload
        take(db, self.call.caller.project_id, self.way.announced, begin)
        return image

    async def undo(self) -> None:
        """Nothing of it stays, unless it was cancelled only after its last transaction had begun."""
        is_over = await self.call.transaction(partial(logic.give_up, number=self.number, key=self.way.key), writes=True)
        await self.call.in_thread(self.draft.discard if is_over else self.draft.release)


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
    text = call.header("x-openstack-image-size") or call.header("content-length")
    if text and not (text.isascii() and text.isdigit() and len(text) < 19):
        raise BadRequest("Invalid or missing image size in request headers.")
    return int(text) if text else None
