"""Objects in one container; large ones are static large objects, whose segments lie below `segments/` and their key."""

import hashlib
import io
import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any, BinaryIO
from urllib.parse import quote, urlencode, urlsplit

from haneul.services.image.drivers.base import Unreachable
from haneul.services.image.drivers.remote.server import Stream, Upload
from haneul.services.image.drivers.swift.http import BLOCK_BYTES, Answer, Request
from haneul.services.image.drivers.swift.options import SwiftOptions
from haneul.services.image.drivers.swift.wire import Wire

PAGE = 1000


class NoContainer(Unreachable):
    """The container does not exist."""


class Container:
    """One container."""

    def __init__(self, options: SwiftOptions) -> None:
        self._options, self._wire = options, Wire(options)
        self._path = f"/{quote(options.container)}"
        self.scheme = f"swift+{urlsplit(options.auth_address).scheme}"

    def begin(self, key: str) -> Upload:
        return SegmentedUpload(self, key)

    def put(self, key: str, body: BinaryIO, size: int) -> None:
        self.send(f"/{quote(key)}", body, size)

    def send(self, path: str, body: BinaryIO, size: int) -> str:
        """Write an object and return its MD5 in hexadecimal, which the server has checked."""
        etag = _md5(body)
        url = self._path + path
        request = Request(method="PUT", url=url, headers={"ETag": etag}, body=body, size=size)
        try:
            self._wire.ask(request).close()
        except FileNotFoundError:
            self._make()
            self._wire.ask(request).close()
        return etag

    def join(self, key: str, segments: list[dict[str, object]]) -> None:
        """Write a static large object's manifest; the server looks whether each segment is there and whole."""
        container = f"/{self._options.container}"
        manifest = json.dumps([{**told, "path": f"{container}{told['path']}"} for told in segments]).encode()
        url = f"{self._path}/{quote(key)}?multipart-manifest=put"
        self._wire.ask(Request(method="PUT", url=url, body=io.BytesIO(manifest), size=len(manifest))).close()

    def size(self, key: str) -> int:
        answer = self._object("HEAD", f"/{quote(key)}")
        answer.close()
        return int(answer.header("Content-Length"))

    def read(self, key: str, offset: int) -> Stream:
        headers = {"Range": f"bytes={offset}-"} if offset else {}
        answer = self._object("GET", f"/{quote(key)}", headers)
        if offset and answer.status != 206:
            answer.close()
            raise Unreachable(f"The object store that {self._options.auth_address} leads to reads no ranges.")
        return answer

    def delete(self, key: str) -> None:
        # The manifest names its segments at once, where a container's listing may lag behind.
        self._remove(f"/{quote(key)}?multipart-manifest=delete")
        self._remove(f"/{quote(key)}")
        with suppress(NoContainer):
            for segment in self._names(prefix=segment_prefix(key)):
                self._remove(f"/{quote(segment)}")

    def keys(self) -> Iterator[str]:
        try:
            yield from self._names(delimiter="/")
        except NoContainer:
            if not self._options.create_container_on_put:
                raise

    def address(self, key: str) -> str:
        return f"swift+{self._options.auth_address.rstrip('/')}{self._path}/{quote(key)}"

    def _names(self, **asked: str) -> Iterator[str]:
        """The names in the container's listing, page by page."""
        marker = ""
        while page := self._page({**asked, "marker": marker}):
            yield from (entry["name"] for entry in page if "name" in entry)
            marker = page[-1].get("name") or page[-1]["subdir"]

    def _page(self, asked: dict[str, str]) -> list[dict[str, Any]]:
        query = urlencode({"format": "json", "limit": PAGE, **asked})
        try:
            body = self._wire.ask(Request(method="GET", url=f"{self._path}?{query}")).whole()
        except FileNotFoundError:
            raise self._missing() from None
        page: list[dict[str, Any]] = json.loads(body or b"[]")
        return page

    def _missing(self) -> Exception:
        return NoContainer(f"The container {self._options.container} does not exist.")

    def _make(self) -> None:
        if not self._options.create_container_on_put:
            raise self._missing()
        self._wire.ask(Request(method="PUT", url=self._path)).close()

    def _object(self, method: str, path: str, headers: Mapping[str, str] = {}) -> Answer:
        return self._wire.ask(Request(method=method, url=self._path + path, headers=headers))

    def _remove(self, path: str) -> None:
        try:
            self._object("DELETE", path).close()
        except FileNotFoundError:
            return


class SegmentedUpload:
    """An upload in segments (Object Storage API, Static large objects)."""

    def __init__(self, container: Container, key: str) -> None:
        self._container, self._key = container, key
        self._segments: list[dict[str, object]] = []

    def add(self, part: BinaryIO, size: int) -> None:
        name = f"{segment_prefix(self._key)}{len(self._segments):08}"
        etag = self._container.send(f"/{quote(name)}", part, size)
        self._segments.append({"path": f"/{name}", "etag": etag, "size_bytes": size})

    def complete(self) -> None:
        self._container.join(self._key, self._segments)


def segment_prefix(key: str) -> str:
    """What the names of a key's segments begin with; no key has a slash in it."""
    return f"segments/{key}/"


def _md5(body: BinaryIO) -> str:
    body.seek(0)
    digest = hashlib.md5(usedforsecurity=False)
    while block := body.read(BLOCK_BYTES):
        digest.update(block)
    return digest.hexdigest()
