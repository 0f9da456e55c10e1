"""Whole, honest files of each format, written by hand and small: what is hostile is made of them by one change."""

import gzip
import io
import struct
import tarfile
import zipfile
from collections.abc import Mapping

from haneul.host.disk.formats.crc32c import crc32c

KIB, MIB = 1 << 10, 1 << 20
SIZE = 64 * MIB
SECTOR = 512


def patch(image: bytes, offset: int, value: bytes) -> bytes:
    """The image with other bytes at `offset`; it grows where it was shorter."""
    return image[:offset].ljust(offset, b"\0") + value + image[offset + len(value) :]


def qcow2(*, version: int = 3, features: int = 0, header: int = 104, bits: int = 16, more: bytes = b"") -> bytes:
    """A qcow2 of 64 MiB whose table of counts is its second cluster and whose mapping table is its third."""
    cluster = 1 << bits
    l1 = -(-SIZE * 8 // cluster**2)
    tables = (1, 3 * cluster)
    counts = struct.pack(">IIQQIIQ", 0, l1, tables[1], cluster, tables[0], 0, 0)
    fixed = struct.pack(">4sIQIIQ", b"QFI\xfb", version, 0, 0, bits, SIZE) + counts
    if version == 3:
        fixed += struct.pack(">QQQII", features, 0, 0, 4, header)
        fixed = fixed.ljust(header, b"\0")
    return (fixed + more).ljust(3 * cluster + max(l1 * 8, cluster), b"\0")


def extension(kind: int, value: bytes) -> bytes:
    """One header extension of a qcow2."""
    return struct.pack(">II", kind, len(value)) + value.ljust((len(value) + 7) // 8 * 8, b"\0")


DESCRIPTOR = b"""# Disk DescriptorFile
version=1
CID=c71385a3
parentCID=ffffffff
createType="monolithicSparse"

# Extent description
RW 131072 SPARSE "disk.vmdk"

# The Disk Data Base
#DDB

ddb.virtualHWVersion = "4"
ddb.geometry.cylinders = "130"
"""


def vmdk(*, text: bytes = DESCRIPTOR, capacity: int = SIZE // SECTOR, directory: int = 21) -> bytes:
    """A monolithicSparse VMDK of 64 MiB; `capacity` and `directory` are in sectors."""
    numbers = struct.pack(
        "<4sIIQQQQIQQQB4s", b"KDMV", 1, 3, capacity, 128, 1, 20, 512, 0, directory, 128, 0, b"\n \r\n"
    )
    header = (numbers + b"\0\0").ljust(SECTOR, b"\0")
    return (header + text).ljust(128 * SECTOR, b"\0")


def streamed_vmdk(*, header_directory: int = 0xFFFFFFFFFFFFFFFF, footer: bytes | None = None) -> bytes:
    """A VMDK whose header points to a footer behind its grains."""
    begun = vmdk(text=DESCRIPTOR.replace(b"monolithicSparse", b"streamOptimized"), directory=header_directory)
    marker = bytes(12) + b"\3".ljust(500, b"\0")
    return begun + marker + (vmdk()[:SECTOR] if footer is None else footer) + bytes(SECTOR)


def _summed(header: bytes, at: int) -> bytes:
    empty = patch(header, at, bytes(4))
    return patch(empty, at, struct.pack(">I", ~sum(empty) & 0xFFFFFFFF))


def vhd_footer(*, size: int = SIZE, kind: int = 3, data_at: int = 512) -> bytes:
    """The footer of a VHD; kinds are 2 (fixed), 3 (dynamic) and 4 (differencing)."""
    fields = struct.pack(
        ">8sIIQI4sI4sQQHBBI", b"conectix", 2, 0x10000, data_at, 0, b"zoo ", 0, b"Wi2k", size, size, 130, 16, 63, kind
    )
    return _summed(fields.ljust(512, b"\0"), 64)


def vhd_header(
    *, blocks: int = 32, block: int = 2 * MIB, map_at: int = 1536, parent: bytes = b"", locator: bytes = b""
) -> bytes:
    """The header of a dynamic VHD."""
    fields = struct.pack(">8sQQIII", b"cxsparse", 0xFFFFFFFFFFFFFFFF, map_at, 0x10000, blocks, block)
    header = patch(patch(fields.ljust(1024, b"\0"), 40, parent), 576, locator)
    return _summed(header, 36)


def vhd(*, footer: bytes | None = None, header: bytes | None = None) -> bytes:
    """A dynamic VHD of 64 MiB."""
    footer, header = footer or vhd_footer(), header or vhd_header()
    return footer + header + b"\xff" * 512 + footer


def fixed_vhd(content: bytes) -> bytes:
    """A fixed VHD of these sectors."""
    return content + vhd_footer(size=len(content), kind=2, data_at=0xFFFFFFFFFFFFFFFF)


def vdi(*, kind: int = 1, blocks: int = 64) -> bytes:
    """A VDI of 64 MiB."""
    begin = b"<<< zoo >>>\n".ljust(64, b"\0") + struct.pack("<IIIII", 0xBEDA107F, 0x10001, 0x180, kind, 0)
    places = struct.pack("<IIIIIIIQIIII", 512, 1024, 0, 0, 0, 512, 0, SIZE, MIB, 0, blocks, 0)
    return patch(begin, 0x154, places).ljust(512, b"\0") + b"\xff" * 512


BLOCK_MAP = bytes.fromhex("6677c22d23f600429d64115e9bfd4a08")
METADATA = bytes.fromhex("06a27c8b90479a4bb8fe575f050f886e")
FILE_PARAMETERS = bytes.fromhex("3767a1ca36fa434db3b633f0aa44e76b")
VIRTUAL_SIZE = bytes.fromhex("2442a52f1bcd7648b2115dbed83bf4b8")
LOGICAL_SECTOR = bytes.fromhex("1dbf41816fa90947ba47f233a8faab5f")
PARENT_LOCATOR = bytes.fromhex("2d5fd3a80bb34d45abf7d3d84834ab0c")
REGIONS = ((BLOCK_MAP, 2 * MIB, MIB, 1), (METADATA, MIB, MIB, 1))


def vhdx(
    *,
    regions: tuple[tuple[bytes, int, int, int], ...] = REGIONS,
    items: tuple[tuple[bytes, bytes], ...] = (),
    block: int = 32 * MIB,
    flags: int = 0,
    log: bytes = bytes(16),
    number: int = 2,
) -> bytes:
    """A VHDX of 64 MiB without a block in use; `items` are added to its metadata, as required ones.

    The second of its two headers is the one that counts unless its `number` is 0.
    """
    table = struct.pack("<4sIII", b"regi", 0, len(regions), 0)
    table += b"".join(struct.pack("<16sQII", *region) for region in regions)
    told = [
        (FILE_PARAMETERS, struct.pack("<II", block, flags)),
        (VIRTUAL_SIZE, struct.pack("<Q", SIZE)),
        (LOGICAL_SECTOR, struct.pack("<I", 512)),
        *items,
    ]
    image = patch(b"vhdxfile", 64 * KIB, vhdx_header(1, log))
    image = patch(patch(image, 128 * KIB, vhdx_header(number, log)), 192 * KIB, table)
    return patch(patch(image, 256 * KIB, table), MIB, _metadata(told)).ljust(3 * MIB, b"\0")


def vhdx_header(number: int, log: bytes = bytes(16)) -> bytes:
    """A header of a VHDX; with a log's identifier, that log is still to be replayed."""
    fields = struct.pack("<4sIQ16s16s16sHHII", b"head", 0, number, b"f" * 16, b"d" * 16, log, 0, 1, MIB, MIB)
    header = fields.ljust(4096, b"\0")
    return patch(header, 4, struct.pack("<I", crc32c(header)))


def _metadata(items: list[tuple[bytes, bytes]]) -> bytes:
    table, values = struct.pack("<8sHH", b"metadata", 0, len(items)).ljust(32, b"\0"), b""
    for kind, value in items:
        table += struct.pack("<16sIIII", kind, 64 * KIB + len(values), len(value), 4, 0)
        values += value
    return table.ljust(64 * KIB, b"\0") + values


def ploop(*, version: int = 2, cluster: int = 2048, clusters: int = 64, kind: int = 2) -> bytes:
    """A ploop image of 64 MiB; `cluster` is in sectors."""
    magic = b"WithouFreSpacExt" if version == 2 else b"WithoutFreeSpace"
    return struct.pack("<16sIIIIIQIII", magic, kind, 16, 130, cluster, clusters, SIZE // SECTOR, 0, 0, 0).ljust(
        MIB, b"\0"
    )


def iso(size: int = 64 * KIB) -> bytes:
    """The frame of an optical disc's image: one primary descriptor, and the one that ends the list."""
    primary = b"\1CD001\1".ljust(80, b"\0") + struct.pack("<I", size // 2048) + struct.pack(">I", size // 2048)
    primary = patch(primary, 128, struct.pack("<H", 2048) + struct.pack(">H", 2048))
    return patch(patch(bytes(size), 0x8000, primary), 0x8800, b"\xffCD001\1")


def mbr(*entries: bytes) -> bytes:
    """A boot record with these entries of 16 bytes."""
    return patch(patch(bytes(510), 446, b"".join(entries)), 510, b"\x55\xaa")


PROTECTIVE = bytes.fromhex("00000200eeffffff01000000ffffffff")
LINUX = bytes.fromhex("8020210083a9220400080000ff070000")


def gpt(first: bytes = PROTECTIVE, *more: bytes) -> bytes:
    """The beginning of a disk with a GUID partition table."""
    return (mbr(first, *more) + b"EFI PART\0\0\1\0\x5c\0\0\0").ljust(64 * KIB, b"\0")


def tar(members: Mapping[str, bytes], form: int = tarfile.USTAR_FORMAT) -> bytes:
    """An archive of these files."""
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w", format=form) as archive:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return written.getvalue()


def tar_header(name: bytes = b"box.ovf", size: bytes = b"00000000000\0", kind: bytes = b"0") -> bytes:
    """One member's header with a right checksum."""
    fields = name.ljust(100, b"\0") + b"0000644\0" + b"0000000\0" * 2 + size + b"00000000000\0" + b" " * 8 + kind
    header = patch(fields.ljust(257, b"\0"), 257, b"ustar\x0000").ljust(512, b"\0")
    return patch(header, 148, b"%06o\0 " % sum(header))


OVF = b'<?xml version="1.0"?>\n<Envelope xmlns="http://schemas.dmtf.org/ovf/envelope/1"></Envelope>\n'


def zipped(members: Mapping[str, bytes]) -> bytes:
    """A zip archive of these files."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return written.getvalue()


def gzipped(content: bytes) -> bytes:
    """A gzip stream."""
    return gzip.compress(content, mtime=0)
