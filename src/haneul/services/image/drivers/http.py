"""Image bytes that lie at URLs of others: they are read, and that is all."""

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from haneul.host.net.fetch import FetchFailed, Missing, Refused, Response
from haneul.services.image.drivers.base import Draft, Reader, ReadOnly, StoreOptions, Unreachable
from haneul.services.image.drivers.remote.reader import RangedReader


class HttpStore:
    """Whatever the fetcher may ask for; a key is a whole URL."""

    is_read_only = True

    def __init__(self, opened: StoreOptions) -> None:
        if opened.options:
            raise ValueError("A store of the driver http has no options.")
        self._fetcher = opened.fetcher

    def open_draft(self, key: str) -> Draft:
        raise ReadOnly("The bytes at an URL can only be read.")

    def open(self, key: str) -> Reader:
        first = self._stream(key, 0)
        return RangedReader(self._length(first), lambda offset: self._stream(key, offset), first)

    def size(self, key: str) -> int:
        with closing(self._stream(key, 0)) as stream:
            return self._length(stream)

    def delete(self, key: str) -> None:
        """Nothing: the bytes are another's."""

    def address(self, key: str) -> str:
        return key

    def key_at(self, address: str) -> str | None:
        try:
            self._fetcher.check(address)
        except Refused:
            return None
        return address

    def path(self, key: str) -> Path | None:
        return None

    def is_abandoned(self, key: str) -> bool:
        return True

    def list_abandoned(self) -> Sequence[str]:
        return []

    def list_kept(self) -> Sequence[str]:
        return []

    def _stream(self, key: str, offset: int) -> "FetchedStream":
        with _kinds():
            return FetchedStream(self._fetcher.open(key, offset=offset))

    def _length(self, stream: "FetchedStream") -> int:
        if stream.length is None:
            stream.close()
            raise Unreachable("The server does not say how many bytes the URL names.")
        return stream.length


class FetchedStream:
    """One response; `length` in bytes, None if the server doesn't say."""

    def __init__(self, response: Response) -> None:
        self._response, self.length = response, response.length

    def read(self, size: int, /) -> bytes:
        with _kinds():
            return self._response.read(size)

    def close(self) -> None:
        self._response.close()


@contextmanager
def _kinds() -> Iterator[None]:
    try:
        yield
    except Missing as missing:
        raise FileNotFoundError(str(missing)) from None
    except (FetchFailed, Refused) as failed:
        raise Unreachable(str(failed)) from None
