"""What the reader of image headers accepts, and what it refuses before any other program sees it."""

import struct
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from haneul.host.disk.formats import CLAIMABLE, Inspected, Inspector, Mismatch, Unsafe

MIB = 1 << 20
Make = Callable[..., bytes]


def verdict(image: bytes, claimed: str, chunk: int = 64 * 1024) -> Inspected:
    inspector = Inspector()
    for at in range(0, len(image), chunk):
        inspector.feed(image[at : at + chunk])
    return inspector.verdict(claimed)


@pytest.fixture(scope="module")
def make(tmp_path_factory: pytest.TempPathFactory) -> Make:
    """Make a real 64 MiB image with qemu-img."""
    folder = tmp_path_factory.mktemp("images")

    def create(kind: str, *options: str, size: str = "64M") -> bytes:
        path = folder / "disk"
        path.unlink(missing_ok=True)
        flags = [part for option in options for part in ("-o", option)]
        subprocess.run(["qemu-img", "create", "-q", "-f", kind, *flags, str(path), size], check=True)
        return path.read_bytes()

    return create


def patch(image: bytes, offset: int, value: bytes) -> bytes:
    return image[:offset] + value + image[offset + len(value) :]


def qcow2(
    version: int = 3, features: int = 0, header: int = 104, bits: int = 16, size: int = 64 * MIB, more: bytes = b""
) -> bytes:
    """A hand-written qcow2 with one entry in its mapping table and nothing in its backing fields."""
    cluster = 1 << min(max(bits, 9), 21)
    fixed = struct.pack(">4sIQIIQIIQQIIQ", b"QFI\xfb", version, 0, 0, bits, size, 0, 1, cluster, 2 * cluster, 1, 0, 0)
    if version >= 3:
        fixed += struct.pack(">QQQII", features, 0, 0, 4, header)
        fixed = fixed.ljust(header, b"\0")
    return (fixed + more).ljust(4 * cluster, b"\0")


def extension(kind: int, value: bytes) -> bytes:
    return struct.pack(">II", kind, len(value)) + value.ljust((len(value) + 7) // 8 * 8, b"\0")


def iso(size: int = MIB) -> bytes:
    return patch(bytes(size), 0x8001, b"CD001")


@pytest.mark.parametrize(
    ("claimed", "kind", "options"),
    [
        ("qcow2", "qcow2", ()),
        ("qcow2", "qcow2", ("compat=0.10",)),
        ("qcow2", "qcow2", ("cluster_size=2M",)),
        ("qcow2", "qcow2", ("cluster_size=512",)),
        ("qcow2", "qcow2", ("extended_l2=on", "cluster_size=128k")),
        ("qcow2", "qcow2", ("compression_type=zstd",)),
        ("qcow2", "qcow2", ("lazy_refcounts=on",)),
        ("vmdk", "vmdk", ()),
        ("vmdk", "vmdk", ("subformat=streamOptimized",)),
        ("vdi", "vdi", ()),
        ("vdi", "vdi", ("static=on",)),
        ("vhd", "vpc", ("force_size=on",)),
        ("vhd", "vpc", ("subformat=fixed", "force_size=on")),
        ("vhdx", "vhdx", ()),
        ("vhdx", "vhdx", ("subformat=fixed",)),
    ],
)
@pytest.mark.parametrize("chunk", [4099, 16 * MIB])
def test_a_real_image_is_what_it_claims(make: Make, claimed: str, kind: str, options: tuple[str, ...], chunk: int):
    assert verdict(make(kind, *options), claimed, chunk) == Inspected(claimed, 64 * MIB)


@pytest.mark.parametrize("kind", ["qcow2", "vmdk", "vdi", "vpc", "vhdx", "qed", "luks", "parallels"])
@pytest.mark.parametrize("claimed", CLAIMABLE)
def test_a_real_image_is_nothing_else(make: Make, claimed: str, kind: str):
    if claimed == {"vpc": "vhd", "parallels": "ploop"}.get(kind, kind):
        return
    options = ("key-secret=s",) if kind == "luks" else ()
    image = b"LUKS\xba\xbe\0\x01".ljust(MIB, b"\0") if options else make(kind)
    with pytest.raises(Mismatch, match=r"announced as \w+, but its contents are"):
        verdict(image, claimed)


@pytest.mark.parametrize("claimed", ["raw", "ami", "aki", "ari"])
@pytest.mark.parametrize(
    "image", [b"x", bytes(3 * MIB), b"\x1f\x8b" + bytes(9000), patch(bytes(MIB), 512, b"EFI PART")]
)
def test_plain_bytes_pass_as_plain(claimed: str, image: bytes):
    assert verdict(image, claimed) == Inspected(claimed, len(image))


def test_an_iso_is_an_iso_and_only_that():
    assert verdict(iso(), "iso") == Inspected("iso", MIB)
    for claimed in ("raw", "ami", "qcow2"):
        with pytest.raises(Mismatch, match="contents are iso"):
            verdict(iso(), claimed)
    with pytest.raises(Mismatch, match="no known format"):
        verdict(bytes(MIB), "iso")


@pytest.mark.parametrize("other", [b"QFI\xfb\0\0\0\3", b"KDMV", b"conectix", b"vhdxfile", b"LUKS\xba\xbe"])
def test_an_iso_that_is_also_a_disk_is_refused(other: bytes):
    with pytest.raises(Unsafe, match="more than one format"):
        verdict(patch(iso(), 0, other), "iso")


def test_an_iso_with_a_partition_table_is_refused():
    with pytest.raises(Unsafe, match="partitioned"):
        verdict(patch(iso(), 512, b"EFI PART"), "iso")


def test_the_hand_written_qcow2_is_accepted():
    assert verdict(qcow2(), "qcow2") == Inspected("qcow2", 64 * MIB)
    assert verdict(qcow2(version=2), "qcow2") == Inspected("qcow2", 64 * MIB)


@pytest.mark.parametrize(
    ("image", "sentence"),
    [
        (patch(qcow2(), 8, struct.pack(">QI", 512, 11)), "names a backing file"),
        (patch(qcow2(version=2), 8, struct.pack(">QI", 512, 11)), "names a backing file"),
        (patch(qcow2(), 16, struct.pack(">I", 11)), "names a backing file"),
        (qcow2(features=1 << 2), "in another file"),
        (qcow2(more=extension(0x44415441, b"/etc/shadow")), "names another file"),
        (qcow2(more=extension(0x6803F857, b"x" * 48) + extension(0x44415441, b"/etc/shadow")), "names another file"),
        (qcow2(more=extension(0xE2792ACA, b"raw")), "names another file"),
        (qcow2(more=extension(0x0537BE77, b"x" * 16)), "encrypted"),
        (patch(qcow2(), 32, struct.pack(">I", 2)), "encrypted"),
        (qcow2(features=1 << 5), "does not know"),
        (qcow2(features=1 << 63), "does not know"),
        (qcow2(features=1 << 1), "corrupt"),
        (qcow2(features=1 << 3), "compressed in a way"),
        (qcow2(version=1), "version 1"),
        (qcow2(version=4), "version 4"),
        (qcow2(bits=8), "cluster size"),
        (qcow2(bits=22), "cluster size"),
        (qcow2(bits=0xFFFFFFFF), "cluster size"),
        (qcow2(header=96), "length"),
        (qcow2(header=108), "length"),
        (patch(qcow2(), 100, b"\xff\xff\xff\xf8"), "length"),
        (patch(qcow2(), 96, b"\0\0\0\7"), "reference counts"),
        (qcow2(size=0), "from 1 byte to 64 TiB"),
        (qcow2(size=1 << 63), "mapping table"),
        (patch(qcow2(), 36, b"\xff\xff\xff\xff"), "mapping table"),
        (patch(qcow2(), 40, struct.pack(">Q", 0)), "not inside the file"),
        (patch(qcow2(), 40, struct.pack(">Q", 65537)), "not inside the file"),
        (patch(qcow2(), 40, struct.pack(">Q", 1 << 62)), "not inside the file"),
        (patch(qcow2(), 48, struct.pack(">Q", 1 << 62)), "not inside the file"),
        (patch(qcow2(), 56, struct.pack(">I", 0)), "reference table"),
        (patch(qcow2(), 56, struct.pack(">I", 0xFFFFFFFF)), "reference table"),
        (patch(qcow2(), 60, struct.pack(">I", 65537)), "snapshots"),
        (qcow2(more=extension(0x6803F857, b"")[:4] + b"\xff\xff\xff\xf0"), "longer than the space"),
        (qcow2(more=extension(0x6803F857, b"") * 64), "more header extensions"),
        (qcow2(features=1 << 4, bits=13), "subclusters"),
    ],
)
def test_a_hostile_qcow2_is_refused(image: bytes, sentence: str):
    with pytest.raises(Unsafe, match=sentence):
        verdict(image, "qcow2")


@pytest.mark.parametrize("length", [4, 8, 23, 71, 72, 103, 104, 65536, 3 * 65536 - 1])
def test_a_qcow2_that_was_cut_off_is_refused(make: Make, length: int):
    with pytest.raises(Unsafe, match="cut off"):
        verdict(make("qcow2")[:length], "qcow2")


def test_a_real_qcow2_on_a_backing_file_is_refused(tmp_path: Path):
    subprocess.run(["qemu-img", "create", "-q", "-f", "raw", "base", "1M"], cwd=tmp_path, check=True)
    create = ["qemu-img", "create", "-q", "-f", "qcow2", "-b", "base", "-F", "raw", "top"]
    subprocess.run(create, cwd=tmp_path, check=True)
    with pytest.raises(Unsafe, match="backing file"):
        verdict((tmp_path / "top").read_bytes(), "qcow2")


@pytest.mark.parametrize("raw", ["off", "on"])
def test_a_real_qcow2_with_a_data_file_is_refused(tmp_path: Path, raw: str):
    options = f"data_file=disk.data,data_file_raw={raw}"
    create = ["qemu-img", "create", "-q", "-f", "qcow2", "-o", options, "disk", "1M"]
    subprocess.run(create, cwd=tmp_path, check=True)
    with pytest.raises(Unsafe, match="in another file"):
        verdict((tmp_path / "disk").read_bytes(), "qcow2")


def test_a_qcow2_named_as_raw_is_refused(make: Make):
    with pytest.raises(Mismatch, match="announced as raw, but its contents are qcow2"):
        verdict(make("qcow2"), "raw")


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        (b"parentCID=ffffffff", b"parentCID=12345678", "parent image"),
        (b'ddb.virtualHWVersion = "4"', b'parentFileNameHint = "/e" ', "parent image"),
        (b'createType="monolithicSparse"', b'createType="monolithicFlat"  ', "stands alone"),
        (b'SPARSE "disk"', b'SPARSE "/dsk"', "several files"),
        (b"# The Disk Data Base", b'RW 1 FLAT "/etc/pa"  ', "several files"),
        (b"# Disk DescriptorFile", b"\0 isk DescriptorFile", "stands alone"),
    ],
)
def test_a_vmdk_that_reaches_out_is_refused(make: Make, old: bytes, new: bytes, sentence: str):
    image = make("vmdk")
    assert old in image
    with pytest.raises(Unsafe, match=sentence):
        verdict(image.replace(old, new), "vmdk")


def test_a_vmdk_without_a_capacity_is_refused(make: Make):
    with pytest.raises(Unsafe, match="no capacity"):
        verdict(patch(make("vmdk"), 12, bytes(8)), "vmdk")


def test_a_vmdk_whose_footer_says_something_else_is_refused(make: Make):
    image = bytearray(patch(make("vmdk"), 56, b"\xff" * 8))
    footer = bytearray(image[:512])
    footer[12:20] = bytes(8)
    with pytest.raises(Unsafe, match="footer"):
        verdict(bytes(image + bytes(512) + footer + bytes(512)), "vmdk")


@pytest.mark.parametrize(
    "text", [b"# Disk DescriptorFile\nversion=1\n", b'\n# any\nversion=1\nRW 1 FLAT "/etc/passwd" 0\n']
)
def test_a_vmdk_that_is_only_a_description_is_refused(text: bytes):
    with pytest.raises(Unsafe, match="where other files lie"):
        verdict(text, "vmdk")
    with pytest.raises(Mismatch):
        verdict(text, "raw")


def test_a_vdi_with_a_parent_is_refused(make: Make):
    for image in (patch(make("vdi"), 0x4C, b"\4"), patch(make("vdi"), 0x1A8, b"\1"), patch(make("vdi"), 0x1C7, b"\1")):
        with pytest.raises(Unsafe, match="parent"):
            verdict(image, "vdi")
    with pytest.raises(Unsafe, match="block map"):
        verdict(patch(make("vdi"), 0x180, bytes(4)), "vdi")


def test_a_differencing_vhd_is_refused(make: Make):
    image = make("vpc")
    footer = bytearray(image[:512])
    footer[60:64] = b"\0\0\0\4"
    footer[64:68] = struct.pack(">I", ~(sum(footer) - sum(footer[64:68])) & 0xFFFFFFFF)
    with pytest.raises(Unsafe, match="stands alone"):
        verdict(bytes(footer) + image[512:-512] + bytes(footer), "vhd")
    with pytest.raises(Unsafe, match="differs"):
        verdict(bytes(footer) + image[512:], "vhd")
    with pytest.raises(Unsafe, match="checksum"):
        verdict(patch(image[:-512], 48, b"\1") + patch(image[-512:], 48, b"\1"), "vhd")


def test_a_vhdx_with_a_parent_or_without_metadata_is_refused(make: Make):
    image = make("vhdx")
    at = image.index(b"metadata", MIB) + 64 * 1024
    with pytest.raises(Unsafe, match="parent"):
        verdict(patch(image, at + 4, b"\2"), "vhdx")
    with pytest.raises(Unsafe, match="metadata is missing"):
        verdict(image[:MIB], "vhdx")
    with pytest.raises(Unsafe, match="does not say"):
        verdict(patch(image, at - 65536 + 10, b"\0\0"), "vhdx")


@pytest.mark.parametrize("claimed", ["qed", "luks", "vpc", "", "../raw", "QCOW2"])
def test_a_format_that_nobody_can_claim_is_refused(claimed: str):
    with pytest.raises(Unsafe, match="cannot be used here"):
        verdict(b"x", claimed)


def test_an_empty_file_is_refused():
    for claimed in CLAIMABLE:
        with pytest.raises(Mismatch, match="empty"):
            Inspector().verdict(claimed)


def test_memory_is_bounded():
    inspector = Inspector()
    inspector.feed(b"vhdxfile")
    for _ in range(64):
        inspector.feed(bytes(MIB))
    kept = sum(len(part) for part in vars(inspector).values() if isinstance(part, bytes | bytearray))
    assert kept <= 706 * 1024


MAGICS = [b"QFI\xfb", b"KDMV", b"COWD", b"conectix", b"vhdxfile", b"# Disk DescriptorFile\n", b"LUKS\xba\xbe", b"QED\0"]
numbers = st.sampled_from([0, 1, 2, 3, 9, 16, 21, 64, 72, 104, 512, 65536, 2**31, 2**32 - 1, 2**63, 2**64 - 1])
fields = st.tuples(numbers, st.sampled_from([1, 2, 4, 8]), st.sampled_from(["big", "little"]))
rows = st.lists(st.one_of(st.binary(max_size=24), fields.map(lambda f: (f[0] % 256 ** f[1]).to_bytes(f[1], f[2]))))


@given(st.sampled_from(MAGICS), rows, st.sampled_from([0, 512, 4096, 70_000, 600_000]), st.sampled_from(CLAIMABLE))
@example(b"QFI\xfb", [], 0, "qcow2")
def test_no_bytes_cause_anything_but_the_two_refusals(magic: bytes, body: list[bytes], padding: int, claimed: str):
    try:
        inspected = verdict(magic + b"".join(body) + bytes(padding), claimed)
    except (Unsafe, Mismatch):
        return
    assert inspected.format == claimed
    assert (inspected.virtual_size or 0) > 0


@pytest.mark.parametrize("kind", ["qcow2", "vmdk", "vdi", "vpc", "vhdx"])
def test_no_damage_to_a_real_image_causes_anything_else(make: Make, kind: str):
    image = make(kind)
    claimed = {"vpc": "vhd"}.get(kind, kind)
    head = 4096 if kind != "vhdx" else 0

    @given(st.integers(0, max(head - 1, 70_000)), st.binary(min_size=1, max_size=16), st.integers(0, len(image)))
    def damage(at: int, value: bytes, length: int) -> None:
        place = at if head else image.index(b"metadata", MIB) + at
        cut = patch(image, place, value)[: max(length, 1)] if length % 2 else patch(image, place, value)
        try:
            assert (verdict(cut, claimed, 1 << 20).virtual_size or 0) > 0
        except (Unsafe, Mismatch):
            return

    damage()
