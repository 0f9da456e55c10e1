"""What the cache of image bytes keeps to, whatever is read, killed or broken."""

import hashlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import closing
from io import BytesIO
from pathlib import Path

import pytest

from haneul.services.image.cache.cache import ByteCache
from haneul.services.image.cache.content import Content
from haneul.services.image.drivers.base import Reader, Unreachable

MIB = 1 << 20
REPOSITORY = Path(__file__).parents[2]


def content_of(image_id: str, content: bytes) -> Content:
    return Content(image_id, "sha512", hashlib.sha512(content).hexdigest(), len(content))


def names(cache: ByteCache) -> list[str]:
    return [one.image_id for one in cache.list_()]


def kept(cache: ByteCache, image_id: str, content: bytes) -> Content:
    made = content_of(image_id, content)
    assert cache.take(made, lambda: BytesIO(content)) == "kept"
    return made


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not true():
        assert time.monotonic() < end
        time.sleep(0.005)


def test_a_restart_finds_what_was_kept(tmp_path: Path) -> None:
    cache = ByteCache(tmp_path, MIB)
    content = kept(cache, "one", b"bytes")
    with closing(cache.opened(content) or BytesIO()) as file:
        assert file.read() == b"bytes"
    before = cache.list_()
    cache.close()
    again = ByteCache(tmp_path, MIB)
    assert again.list_() == before
    assert before[0].hits == 1


def test_counts_that_cannot_be_read_cost_no_image(tmp_path: Path) -> None:
    content = kept(ByteCache(tmp_path, MIB), "one", b"bytes")
    (tmp_path / "uses.json").write_bytes(b"{")
    again = ByteCache(tmp_path, MIB)
    assert (again.opened(content) is not None, again.list_()[0].hits) == (True, 1)


def test_what_was_cut_off_behind_our_back_is_not_served(tmp_path: Path) -> None:
    cache = ByteCache(tmp_path, MIB)
    content = kept(cache, "one", b"bytes")
    (path,) = (tmp_path / "kept").iterdir()
    path.write_bytes(b"byte")
    assert (cache.opened(content), names(cache)) == (None, [])


def test_an_image_with_other_bytes_is_another(tmp_path: Path) -> None:
    cache = ByteCache(tmp_path, MIB)
    kept(cache, "one", b"bytes")
    assert cache.opened(content_of("one", b"other")) is None


@pytest.mark.parametrize("given", [b"byte", b"bytes and more", b"bytez", b""])
def test_only_what_the_hash_says_is_kept(tmp_path: Path, given: bytes) -> None:
    cache = ByteCache(tmp_path, MIB)
    assert cache.take(content_of("one", b"bytes"), lambda: BytesIO(given)) == "never"
    assert (names(cache), list((tmp_path / "parts").iterdir())) == ([], [])


def test_what_was_read_last_the_longest_ago_goes_first(tmp_path: Path) -> None:
    cache = ByteCache(tmp_path, 100)
    first, second = (kept(cache, name, os.urandom(40)) for name in ("first", "second"))
    assert cache.opened(first) is not None
    kept(cache, "third", os.urandom(40))
    assert names(cache) == ["first", "third"]
    assert cache.opened(second) is None
    assert cache.take(content_of("huge", bytes(101)), lambda: BytesIO(bytes(101))) == "never"
    assert names(cache) == ["first", "third"]


def test_a_lower_limit_prunes(tmp_path: Path) -> None:
    cache = ByteCache(tmp_path, 1000)
    for name in ("first", "second", "third"):
        kept(cache, name, os.urandom(40))
    cache.close()
    pruned = ByteCache(tmp_path, 50).prune()
    assert (pruned.files, pruned.bytes) == (2, 80)
    assert names(ByteCache(tmp_path, 50)) == ["third"]


class Broken(BytesIO):
    """A store that breaks off after a mebibyte, the first time."""

    def read(self, size: int | None = -1, /) -> bytes:
        if self.tell() >= MIB:
            raise Unreachable("The store went away.")
        return super().read(size)


def test_a_reader_goes_on_without_the_cache(tmp_path: Path) -> None:
    whole, opened = os.urandom(3 * MIB), []

    def source() -> Reader:
        opened.append(1)
        return Broken(whole) if len(opened) == 1 else BytesIO(whole)

    cache = ByteCache(tmp_path, 10 * MIB)
    with closing(cache.through(content_of("one", whole), source)) as reader:
        assert reader.read() == whole
    assert (len(opened), names(cache)) == (2, [])


class Slow(BytesIO):
    """A store that gives nothing until it is let."""

    let = threading.Event()

    def read(self, size: int | None = -1, /) -> bytes:
        assert self.let.wait(10)
        return super().read(size)


def test_what_lies_far_ahead_is_asked_for_elsewhere(tmp_path: Path) -> None:
    whole, opened = bytes(range(256)) * (40 * MIB // 256), []

    def source() -> Reader:
        opened.append(1)
        return Slow(whole) if len(opened) == 1 else BytesIO(whole)

    Slow.let.clear()
    cache = ByteCache(tmp_path, 100 * MIB)
    with closing(cache.through(content_of("one", whole), source)) as reader:
        reader.seek(39 * MIB + 3)
        assert reader.read(5) == bytes(range(3, 8))
        Slow.let.set()
        reader.seek(1)
        assert reader.read(4) == bytes(range(1, 5))
    until(lambda: names(cache) == ["one"])


def test_no_more_fills_than_there_may_be(tmp_path: Path) -> None:
    Slow.let.clear()
    cache, whole = ByteCache(tmp_path, 100 * MIB), os.urandom(1000)
    readers = [cache.through(content_of(f"image-{number}", whole), lambda: Slow(whole)) for number in range(6)]
    assert len(list((tmp_path / "parts").iterdir())) == 4
    Slow.let.set()
    for reader in readers:
        assert reader.read() == whole
        reader.close()
    until(lambda: len(names(cache)) == 4)


FILL = """
import sys, time
from pathlib import Path
from io import BytesIO
from haneul.services.image.cache.cache import ByteCache
from haneul.services.image.cache.content import Content

class Endless(BytesIO):
    def read(self, size=-1):
        if self.tell() >= 2 << 20:
            print("half", flush=True)
            time.sleep(60)
        return super().read(1 << 20)

content = Content("one", "sha512", sys.argv[2], 4 << 20)
ByteCache(Path(sys.argv[1]), 10 << 20).take(content, lambda: Endless(bytes(4 << 20)))
"""


def test_a_process_that_is_killed_leaves_nothing_that_is_served(tmp_path: Path) -> None:
    whole = bytes(4 * MIB)
    content = content_of("one", whole)
    argv = [sys.executable, "-c", FILL, str(tmp_path), content.hash]
    child = subprocess.Popen(argv, stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(REPOSITORY / "src")})
    try:
        assert child.stdout is not None
        assert child.stdout.readline() == b"half\n"
        cache = ByteCache(tmp_path, 10 * MIB)
        # While it lives, nobody else brings the same bytes in, and nobody takes its part for abandoned.
        cache.clean()
        assert cache.take(content, lambda: BytesIO(whole)) == "later"
        with closing(cache.through(content, lambda: BytesIO(whole))) as reader:
            assert reader.read() == whole
        assert cache.list_() == []
    finally:
        child.send_signal(signal.SIGKILL)
        child.communicate()
    (part,) = (tmp_path / "parts").iterdir()
    assert (part.stat().st_size, cache.opened(content)) == (2 * MIB, None)
    assert cache.take(content, lambda: BytesIO(whole)) == "kept"
    assert list((tmp_path / "parts").iterdir()) == []


def test_what_a_killed_process_left_is_cleaned(tmp_path: Path) -> None:
    cache = ByteCache(tmp_path, MIB)
    (tmp_path / "parts" / "one.sha512.abc").write_bytes(b"half")
    cache.clean()
    assert list((tmp_path / "parts").iterdir()) == []


def test_the_queue_outlasts_a_restart_in_its_order(tmp_path: Path) -> None:
    cache = ByteCache(tmp_path, MIB)
    for name in ("b", "a", "c", "b"):
        cache.enqueue(name)
    assert ByteCache(tmp_path, MIB).shelf.queued() == ["b", "a", "c"]
