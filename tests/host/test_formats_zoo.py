"""The reader of headers against the zoo: every hostile file is refused, however its bytes arrive."""

import tarfile
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.fuzz.targets import one_input, seeds
from tests.support.zoo import HONEST, HOSTILE, Animal
from tests.support.zoo.makers import OVF, qcow2, tar, tar_header, vmdk

from haneul.host.disk.formats import (
    CLAIMABLE,
    CLAIMABLE_CONTAINERS,
    Inspected,
    Inspector,
    Mismatch,
    Unsafe,
)
from haneul.host.disk.formats.sample import TAIL_BYTES

KIB, MIB = 1 << 10, 1 << 20


def verdict(image: bytes, claimed: str, container: str = "bare", cuts: Sequence[int] = ()) -> Inspected:
    inspector = Inspector()
    for begin, end in zip([0, *cuts], [*cuts, len(image)], strict=True):
        inspector.feed(image[begin:end])
    return inspector.verdict(claimed, container)


def told(image: bytes, claimed: str, container: str, cuts: Sequence[int] = ()) -> Inspected | str:
    try:
        return verdict(image, claimed, container, cuts)
    except (Unsafe, Mismatch) as refused:
        return str(refused)


def test_the_zoo_is_large() -> None:
    assert len(HOSTILE) >= 150
    assert {animal.disk_format for animal in HOSTILE.values()} >= set(CLAIMABLE) - {"aki", "ari"}
    assert {disk for _, disk, _ in HONEST.values()} == set(CLAIMABLE)
    assert {container for _, _, container in HONEST.values()} == set(CLAIMABLE_CONTAINERS)


@pytest.mark.parametrize("animal", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_file_is_refused(animal: Animal) -> None:
    with pytest.raises((Unsafe, Mismatch)) as refused:
        verdict(animal.make(), animal.disk_format, animal.container_format)
    assert animal.says in str(refused.value)


@pytest.mark.parametrize("name", HONEST)
def test_an_honest_file_is_accepted_and_is_nothing_else(name: str) -> None:
    make, disk, container = HONEST[name]
    image = make()
    assert verdict(image, disk, container).format == disk
    if container == "bare" and disk != "raw":
        for other in set(CLAIMABLE) - {disk}:
            with pytest.raises(Mismatch):
                verdict(image, other)


FILES = {name: (one.make(), one.disk_format, one.container_format) for name, one in HOSTILE.items()}
FILES |= {name: (make(), disk, container) for name, (make, disk, container) in HONEST.items()}


@given(st.sampled_from(sorted(FILES)), st.lists(st.integers(0, 4 * MIB), max_size=12))
@settings(max_examples=150)
def test_the_verdict_is_the_same_however_the_bytes_arrive(name: str, places: list[int]) -> None:
    image, disk, container = FILES[name]
    cuts = sorted(place % (len(image) + 1) for place in places)
    assert told(image, disk, container, cuts) == told(image, disk, container)


@pytest.mark.parametrize("chunk", [1, 7, 511, 512, 513])
def test_small_pieces_make_no_difference(chunk: int) -> None:
    for name in ("ova_pax", "docker", "vmdk_footer", "compressed_zip", "ova_sparse_member", "ova_cut_off"):
        image, disk, container = FILES[name]
        cuts = range(chunk, len(image), chunk) if len(image) < 300 * KIB else ()
        assert told(image, disk, container, list(cuts)) == told(image, disk, container)


@given(st.sampled_from(CLAIMABLE), st.sampled_from(CLAIMABLE_CONTAINERS), st.binary(max_size=3000))
def test_no_bytes_cause_anything_but_the_two_refusals(disk: str, container: str, image: bytes) -> None:
    assert told(image, disk, container)


def test_what_the_fuzzer_begins_with_breaks_nothing() -> None:
    begun = dict(seeds())
    for name in sorted(begun)[::5]:
        one_input(begun[name])
    assert begun.keys() > FILES.keys()


def test_a_container_that_nobody_can_claim_is_refused() -> None:
    for container in ("", "crate", "tar", "BARE"):
        with pytest.raises(Unsafe, match="container of the format"):
            verdict(qcow2(), "qcow2", container)


def test_an_archive_tells_no_size() -> None:
    assert verdict(tar({"box.ovf": OVF}), "vmdk", "ova") == Inspected("vmdk", None)
    assert verdict(vmdk(), "vmdk", "ovf") == Inspected("vmdk", 64 * MIB)


def test_a_large_member_of_an_archive_is_passed_over() -> None:
    """As GNU and as POSIX write a size that the field cannot hold."""
    zeros = bytes(MIB)
    for form in (tarfile.GNU_FORMAT, tarfile.PAX_FORMAT):
        member = tarfile.TarInfo("box.ovf")
        member.size = 9 << 30
        inspector = Inspector()
        inspector.feed(member.tobuf(form))
        for _ in range(9 << 10):
            inspector.feed(zeros)
        inspector.feed(tar({"box.mf": b"q" * 1000}))
        assert inspector.verdict("vmdk", "ova") == Inspected("vmdk", None)


def test_an_archive_of_many_members_is_refused() -> None:
    inspector = Inspector()
    member = tar_header() * 1000
    for _ in range(101):
        inspector.feed(member)
    with pytest.raises(Unsafe, match="more than 100000 members"):
        inspector.verdict("vmdk", "ova")


def test_memory_is_bounded_for_every_file() -> None:
    for name in ("vhdx", "ova", "iso", "compressed_gzip"):
        inspector = Inspector()
        inspector.feed(FILES[name][0])
        for _ in range(8):
            inspector.feed(bytes(MIB))
        kept = sum(len(part) for part in vars(inspector).values() if isinstance(part, bytes | bytearray))
        assert kept <= (512 + 128) * KIB + TAIL_BYTES
        scan = vars(inspector)["_tar"]
        assert sum(len(part) for part in vars(scan).values() if isinstance(part, bytearray | list)) <= 64 * KIB + 512
