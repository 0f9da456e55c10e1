"""What stores behind a network need of memory and of this machine, and what they refuse to be configured with."""

import subprocess
import sys
import tracemalloc
from pathlib import Path

import pytest

from haneul.services.image.drivers import DRIVERS
from haneul.services.image.drivers.base import StoreOptions
from haneul.services.image.drivers.remote.parts import Part, room_of

S3 = {"host": "https://s3.example", "access_key": "a", "secret_key": "the secret", "bucket": "images"}
SWIFT = {"auth_address": "https://id.example/v3", "user": "images:glance", "key": "the secret"}
GOOD = {"s3": S3, "swift": SWIFT}


def test_a_thousand_parts_hold_the_largest_image() -> None:
    sizes = [room_of(number, 8 << 20) for number in range(1000)]
    assert sizes[0] == 8 << 20
    assert sum(sizes) > 1 << 40
    assert max(sizes) <= 5 << 30


def test_a_large_part_costs_little_memory(tmp_path: Path) -> None:
    part = Part(tmp_path, 64 << 20)
    chunk = memoryview(bytes(1 << 20))
    tracemalloc.start()
    try:
        while not part.is_full:
            part.take(chunk)
        part.file.seek(0)
        assert len(part.file.read(1 << 20)) == 1 << 20
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
        part.file.close()
    assert peak < 20 << 20
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("driver", "address"),
    [("s3", "s3+https://s3.example/images/a.1"), ("swift", "swift+https://id.example/v3/glance/a.1")],
)
def test_addresses_hold_no_credentials(driver: str, address: str, tmp_path: Path) -> None:
    store = DRIVERS[driver](StoreOptions(folder=tmp_path, options=GOOD[driver]))
    assert store.address("a.1") == address


@pytest.mark.parametrize(
    ("driver", "changed"),
    [
        ("s3", {"bucket": ""}),
        ("s3", {"part_mb": "100"}),
        ("s3", {"create_bucket_on_put": "perhaps"}),
        ("s3", {"hots": "s3.example"}),
        ("s3", {"host": "https://a:b@s3.example"}),
        ("swift", {"user": "glance"}),
        ("swift", {"auth_version": "2"}),
        ("swift", {"container": "a/b"}),
        ("swift", {"auth_address": "https://a:b@id.example/v3"}),
        ("swift", {"attempts": "0"}),
    ],
)
def test_options_that_cannot_be_are_refused(driver: str, changed: dict[str, str], tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=next(iter(changed))) as refused:
        DRIVERS[driver](StoreOptions(folder=tmp_path, options={**GOOD[driver], **changed}))
    assert "the secret" not in str(refused.value)


def test_what_is_not_configured_is_not_loaded() -> None:
    program = "import sys, haneul.services.image.drivers; print({'botocore', 'rados', 'rbd'} & set(sys.modules))"
    assert subprocess.check_output([sys.executable, "-c", program], text=True) == "set()\n"
