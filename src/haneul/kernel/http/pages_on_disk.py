"""Files for browsers. A request names one of the files that were found: its path never becomes one of the machine."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

HTML = "text/html; charset=utf-8"
TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": HTML,
    ".ico": "image/x-icon",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".mp3": "audio/mpeg",
    ".oga": "audio/ogg",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".ttf": "font/ttf",
    ".woff": "font/woff",
}


class Page(msgspec.Struct, frozen=True):
    """An answer to a browser. A lasting one may be kept for an hour."""

    status: int
    content_type: str
    content: bytes
    is_lasting: bool = False


class Pages:
    """The files of one folder that a browser may have: of known kinds, at its top or in one of the parts named.

    `absent` is what is said while the folder has none of them, `unknown` to who asks for anything else.
    """

    def __init__(self, folder: Path, parts: Sequence[str], *, absent: bytes, unknown: bytes) -> None:
        self._folder, self._parts = folder, tuple(parts)
        self._absent, self._unknown = absent, unknown
        self._found: Mapping[str, Path] = {}

    def page(self, path: str) -> Page:
        """The page of a request's path, whatever that holds."""
        # Looked for until there is something: the files may be installed while we run.
        if not self._found:
            self._found = self._look()
        file = self._found.get(path)
        try:
            if file is not None:
                kind = TYPES[file.suffix]
                return Page(200, kind, file.read_bytes(), is_lasting=kind != HTML)
        except OSError:
            self._found = {}
        return Page(404, HTML, self._unknown) if self._found else Page(503, HTML, self._absent)

    def _look(self) -> Mapping[str, Path]:
        top = self._folder.resolve()
        files = [*top.glob("*"), *(file for part in self._parts for file in (top / part).rglob("*"))]
        return {
            f"/{file.relative_to(top).as_posix()}": file
            for file in files
            if file.suffix in TYPES and file.is_file() and file.resolve().is_relative_to(top)
        }
