"""Downloads: an image's bytes, whole or a range of them."""

from functools import partial

from haneul.kernel.db import Db
from haneul.kernel.errors import BadRequest
from haneul.kernel.http import Call, Streamed
from haneul.kernel.http.replies import Raw
from haneul.kernel.policy import Rule
from haneul.services.image.drivers.base import Reader
from haneul.services.image.files import logic
from haneul.services.image.files.patience import is_slow, waited
from haneul.services.image.files.ranges import Span, content_span_of, span_of
from haneul.services.image.files.sources import Sources
from haneul.services.image.images import access
from haneul.services.image.images.access import SEEN
from haneul.services.image.images.models import Image
from haneul.services.image.locations import logic as locations
from haneul.services.image.locations.models import ACTIVE, Location
from haneul.services.image.stores.backends import Backends

DOWNLOAD = Rule("download_image", f"rule:context_is_admin or (role:member and {SEEN})", "Download an image's bytes.")
DOWNLOAD_FROM_STORE = Rule("download_from_store", DOWNLOAD.default, "Say from which stores to download.")
CHUNK_BYTES = 1 << 20


class Downloads:
    """Serves bytes from wherever they lie."""

    def __init__(self, sources: Sources, backends: Backends) -> None:
        self._sources, self._backends = sources, backends

    async def answer(self, call: Call, image_id: str) -> Streamed | Raw:
        """The bytes, or the part that a header asks for; 204 while the image has none.

        The parameter `prefer` names stores that are tried before the others.
        """

        def found(db: Db) -> tuple[Image, list[Location]]:
            image = access.loaded(call, db, image_id)
            return image, locations.of_image(db, image.id, ACTIVE)

        image, places = await call.transaction(found, writes=False)
        logic.refuse_download(image, is_admin=call.allows(access.ADMIN))
        prefer = self._preferred(call, image)
        if not places or image.size is None:
            return Raw(body=b"", status=204, content_type="")
        span = span_of(call.header("range"), image.size)
        if not call.header("range"):
            span = content_span_of(call.header("content-range"), image.size)
        headers = {"Content-MD5": image.checksum} if image.checksum else {}
        if span is None:
            span, status = Span(0, image.size), 200
        else:
            status, headers["Content-Range"] = 206, f"bytes {span.first}-{span.end - 1}/{image.size}"
        slow = is_slow(places, self._backends)
        file = await waited(call, partial(self._sources.open_image, image, places, prefer), slow=slow)
        chunks = FileChunks(call, file, span, slow=slow)
        return Streamed(chunks=chunks, length=span.end - span.first, status=status, headers=headers)

    def _preferred(self, call: Call, image: Image) -> list[str]:
        text = call.ask.parameters.get("prefer", [""])[-1]
        named = [name.strip() for name in text.split(",") if name.strip()]
        if named:
            call.enforce(image, rule=DOWNLOAD_FROM_STORE, member_id=access.member_of(call, image))
        for name in named:
            if self._backends.named(name) is None:
                raise BadRequest("Store '{name}' is not configured.", name=name[:255])
        return named


class FileChunks:
    """A part of an open file, piece by piece; whoever reads it ends with `aclose`."""

    def __init__(self, call: Call, file: Reader, span: Span, *, slow: bool = False) -> None:
        self._call, self._file, self._slow = call, file, slow
        self._left = span.end - span.first
        file.seek(span.first)

    def __aiter__(self) -> "FileChunks":
        return self

    async def __anext__(self) -> bytes:
        if not self._left:
            raise StopAsyncIteration
        chunk = await waited(self._call, partial(self._file.read, min(self._left, CHUNK_BYTES)), slow=self._slow)
        if not chunk:
            raise OSError("A file of image bytes ends before its size.")
        self._left -= len(chunk)
        return chunk

    async def aclose(self) -> None:
        self._file.close()
