"""The bounded decompressor: what comes out of honest files, and what stops the others."""

import bz2
import io
import random
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.zoo import BOMBS
from tests.support.zoo.makers import gzipped, patch, tar, zipped

from haneul.host.disk.decompress import decompress
from haneul.host.disk.formats import Unsafe

MIB = 1 << 20
NOISE = random.Random(5).randbytes(MIB + 7)


def undone(packed: bytes, most_bytes: int = 1 << 30, most_ratio: int = 2000) -> bytes:
    pieces: list[bytes] = []
    written = decompress(io.BytesIO(packed), pieces.append, most_bytes, most_ratio)
    assert written == sum(map(len, pieces))
    assert max(map(len, pieces)) <= 64 << 10
    return b"".join(pieces)


class Unseekable(io.RawIOBase):
    """Makes zipfile write sizes behind the contents, as it must in a pipe."""

    def __init__(self) -> None:
        self.written = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, part: object) -> int:
        self.written += bytes(part)  # type: ignore[call-overload]
        return len(bytes(part))  # type: ignore[call-overload]


def zip_of(content: bytes, *, method: int = zipfile.ZIP_DEFLATED, streamed: bool = False, large: bool = False) -> bytes:
    target: io.BytesIO | Unseekable = Unseekable() if streamed else io.BytesIO()
    with zipfile.ZipFile(target, "w", method) as archive, archive.open("disk", "w", force_zip64=large) as member:  # type: ignore[arg-type]
        member.write(content)
    return bytes(target.written) if isinstance(target, Unseekable) else target.getvalue()


@pytest.mark.parametrize("content", [b"x", NOISE, bytes(6 * MIB), NOISE + bytes(MIB) + NOISE])
def test_what_went_in_comes_out(content: bytes) -> None:
    assert undone(gzipped(content)) == content
    for streamed in (False, True):
        for large in (False, True):
            assert undone(zip_of(content, streamed=streamed, large=large)) == content
    assert undone(zip_of(content, method=zipfile.ZIP_STORED)) == content
    assert undone(zip_of(content, method=zipfile.ZIP_STORED, large=True)) == content


@given(st.binary(min_size=1, max_size=5000), st.integers(1, 40))
def test_any_content_comes_out(content: bytes, times: int) -> None:
    assert undone(gzipped(content * times)) == content * times
    assert undone(zipped({"disk": content * times})) == content * times


def test_members_follow_each_other_and_padding_does_no_harm() -> None:
    assert undone(gzipped(b"sky") + gzipped(NOISE) + gzipped(b"sea") + bytes(5000)) == b"sky" + NOISE + b"sea"


@pytest.mark.parametrize("tool", [["gzip", "-1"], ["gzip", "-9"], ["zip", "-q", "-"]])
def test_what_programs_write_comes_out(tmp_path: Path, tool: list[str]) -> None:
    if shutil.which(tool[0]) is None:
        pytest.skip(f"The program {tool[0]} is not installed.")
    (tmp_path / "disk").write_bytes(NOISE)
    flags = [*tool, "disk"] if tool[0] == "zip" else [*tool, "-c", "disk"]
    packed = subprocess.run(flags, cwd=tmp_path, check=True, capture_output=True).stdout
    assert undone(packed) == NOISE


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused_before_it_fills_the_disk(name: str) -> None:
    bomb = BOMBS[name]()
    written = 0

    def count(piece: bytes) -> None:
        nonlocal written
        written += len(piece)

    with pytest.raises(Unsafe):
        decompress(io.BytesIO(bomb), count, most_bytes=1 << 30, most_ratio=100)
    assert written <= max(MIB, 100 * len(bomb))


def test_a_bomb_is_bounded_by_bytes_too() -> None:
    with pytest.raises(Unsafe, match="larger than the 5000000 bytes that are allowed"):
        undone(BOMBS["bomb_gzip"](), most_bytes=5_000_000)
    assert len(undone(BOMBS["bomb_gzip"]())) == 32 * MIB


def test_what_is_small_may_grow_to_a_mebibyte() -> None:
    assert len(undone(gzipped(bytes(MIB)), most_ratio=1)) == MIB
    with pytest.raises(Unsafe, match="becomes larger"):
        undone(gzipped(bytes(MIB + 1)), most_ratio=1)


GZIP, ZIP = gzipped(NOISE), zipped({"disk": NOISE})


@pytest.mark.parametrize(
    ("packed", "sentence"),
    [
        (b"", "does not know"),
        (b"plain", "does not know"),
        (bz2.compress(b"x"), "does not know"),
        (b"\x25\0-lh5-".ljust(64, b"\0"), "compressed by lha"),
        (gzipped(b""), "holds nothing"),
        (zipped({"disk": b""}), "holds nothing"),
        (GZIP[:-1], "cut off"),
        (GZIP[: len(GZIP) // 2], "cut off"),
        (GZIP[:5], "cut off"),
        (patch(GZIP, len(GZIP) // 2, b"\xff" * 64), "damaged"),
        (patch(GZIP, len(GZIP) - 8, b"\0\0\0\0"), "damaged"),
        (GZIP + b"more", "damaged"),
        (gzipped(b"") * 2000, "more parts than any real one"),
        (ZIP[:20], "cut off"),
        (ZIP[: len(ZIP) // 2], "cut off"),
        (ZIP[:-40], "cut off"),
        (patch(ZIP, ZIP.rindex(b"PK\1\2") + 16, b"\0\0\0\0"), "damaged"),
        (zip_of(NOISE, method=zipfile.ZIP_STORED)[: MIB // 2], "cut off"),
        (zipped({"a": b"x", "b": b"y"}), "more than one file"),
        (zipped({}), "does not know"),
        (patch(ZIP, 6, b"\1"), "encrypted"),
        (patch(ZIP, 8, b"\x0c"), "does not know"),
        (patch(patch(zip_of(b"x", method=zipfile.ZIP_STORED), 6, b"\x08"), 8, b"\0"), "does not know"),
        (tar({"disk": b"x"}), "does not know"),
    ],
)
def test_what_cannot_be_decompressed_is_refused(packed: bytes, sentence: str) -> None:
    with pytest.raises(Unsafe, match=sentence):
        undone(packed)


def test_two_entries_of_one_body_are_refused() -> None:
    with pytest.raises(Unsafe, match="more than one file"):
        undone(BOMBS["bomb_zip_that_overlaps_itself"](), most_bytes=1 << 30)


@given(
    st.sampled_from([GZIP[:2000], ZIP[:2000], zipped({"disk": b"sky" * 50})]),
    st.integers(0, 2000),
    st.binary(max_size=8),
)
def test_no_damage_causes_anything_else(packed: bytes, at: int, value: bytes) -> None:
    try:
        undone(patch(packed, at % len(packed), value))
    except Unsafe:
        return


def test_an_error_of_the_writer_passes_through() -> None:
    def full(_: bytes) -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        decompress(io.BytesIO(GZIP), full, 1 << 30, 2000)


def test_names_in_an_archive_are_never_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    for name in ("../escaped", "escaped", str(tmp_path / "escaped")):
        assert undone(zipped({name: b"sky"})) == b"sky"
    assert [path.name for path in tmp_path.rglob("*")] == ["here"]
