"""Downloads: an image's bytes, whole or a range of them."""

from functools import partial
from typing import BinaryIO

from haneul.kernel.errors import Unavailable
from haneul.kernel.http import Call, Streamed
from haneul.kernel.http.replies import Raw
from haneul.kernel.policy import Rule
from haneul.services.image.drivers.base import ImageStore
from haneul.services.image.files import logic
from haneul.services.image.files.ranges import Span, span_of
from haneul.services.image.images import access
from haneul.services.image.images.access import SEEN

DOWNLOAD = Rule("download_image", f"rule:context_is_admin or (role:member and {SEEN})", "Download an image's bytes.")
CHUNK_BYTES = 1 << 20


class Downloads:
    """Serves bytes from a store."""

    def __init__(self, driver: ImageStore) -> None:
        self._driver = driver

    async def answer(self, call: Call, image_id: str) -> Streamed | Raw:
        """The bytes, or the part that a Range header asks for; 204 while the image has none."""
        row = await call.transaction(lambda db: access.loaded(call, db, image_id), writes=False)
        logic.refuse_download(row, is_admin=call.allows(access.ADMIN))
        if row.size is None or row.store_key is None:
            return Raw(body=b"", status=204, content_type="")
        span = span_of(call.header("range"), row.size)
        headers = {"Content-MD5": row.checksum} if row.checksum else {}
        if span is None:
            span, status = Span(0, row.size), 200
        else:
            status, headers["Content-Range"] = 206, f"bytes {span.first}-{span.end - 1}/{row.size}"
        chunks = FileChunks(call, await self._opened(call, row.store_key), span)
        return Streamed(chunks=chunks, length=span.end - span.first, status=status, headers=headers)

    async def _opened(self, call: Call, key: str) -> BinaryIO:
        try:
            return await call.in_thread(partial(self._driver.open, key))
        except FileNotFoundError:
            raise Unavailable("The image's bytes are missing from its store.") from None


class FileChunks:
    """A part of an open file, piece by piece; whoever reads it ends with `aclose`."""

    def __init__(self, call: Call, file: BinaryIO, span: Span) -> None:
        self._call, self._file = call, file
        self._left = span.end - span.first
        file.seek(span.first)

    def __aiter__(self) -> "FileChunks":
        return self

    async def __anext__(self) -> bytes:
        if not self._left:
            raise StopAsyncIteration
        chunk = await self._call.in_thread(partial(self._file.read, min(self._left, CHUNK_BYTES)))
        if not chunk:
            raise OSError("A file of image bytes ends before its size.")
        self._left -= len(chunk)
        return chunk

    async def aclose(self) -> None:
        self._file.close()
