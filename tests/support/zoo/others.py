"""VHD, VHDX, VDI, ploop and plain disks that depend on others or cost whoever opens them."""

import struct

from tests.support.zoo.animal import SECRET_FILE, hostile
from tests.support.zoo.makers import (
    BLOCK_MAP,
    LINUX,
    METADATA,
    MIB,
    PARENT_LOCATOR,
    PROTECTIVE,
    REGIONS,
    gpt,
    mbr,
    patch,
    ploop,
    vdi,
    vhd,
    vhd_footer,
    vhd_header,
    vhdx,
    vhdx_header,
)

UNKNOWN = b"u" * 16
PARENT = SECRET_FILE.encode("utf-16-le")


@hostile("vhd", "stands alone")
def vhd_differencing() -> bytes:
    return vhd(footer=vhd_footer(kind=4))


@hostile("vhd", "parent image")
def vhd_parent_by_its_number() -> bytes:
    return vhd(header=vhd_header(parent=b"p" * 16))


@hostile("vhd", "parent image")
def vhd_parent_by_a_locator() -> bytes:
    locator = b"W2ku" + struct.pack(">IIIQ", 1, len(PARENT), 0, 2048)
    return vhd(header=vhd_header(locator=locator))


@hostile("vhd", "differs from its copy")
def vhd_with_two_footers() -> bytes:
    return vhd()[:-512] + vhd_footer(size=1 << 40)


@hostile("vhd", "checksum of the image's footer")
def vhd_with_a_wrong_checksum() -> bytes:
    footer = patch(vhd_footer(), 48, struct.pack(">Q", 3 << 50))
    return footer + vhd()[512:-512] + footer


@hostile("vhd", "checksum of the image's header")
def vhd_with_a_wrong_header() -> bytes:
    return patch(vhd(), 512 + 900, b"x")


@hostile("vhd", "does not fit")
def cve_2014_0142_vhd_blocks_of_no_size() -> bytes:
    return vhd(header=vhd_header(block=0))


@hostile("vhd", "not inside the file")
def vhd_map_of_gigabytes() -> bytes:
    return vhd(header=vhd_header(blocks=0xFFFFFFFF))


@hostile("vhd", "no block map")
def vhd_header_over_its_footer() -> bytes:
    return vhd(footer=vhd_footer(data_at=0))


@hostile("vhdx", "parent image")
def vhdx_with_a_parent() -> bytes:
    return vhdx(flags=2)


@hostile("vhdx", "names a parent")
def vhdx_with_a_parent_locator() -> bytes:
    return vhdx(items=((PARENT_LOCATOR, PARENT),))


@hostile("vhdx", "still to be replayed")
def vhdx_with_a_log() -> bytes:
    return vhdx(log=b"l" * 16)


@hostile("vhdx", "still to be replayed")
def vhdx_with_a_log_in_the_header_that_counts() -> bytes:
    return patch(vhdx(), 128 * 1024, vhdx_header(7, b"l" * 16))


@hostile("vhdx", "no header that counts")
def vhdx_with_two_headers_of_one_number() -> bytes:
    return patch(vhdx(), 128 * 1024, vhdx_header(1, b"l" * 16))


@hostile("vhdx", "no header that counts")
def vhdx_with_wrong_checksums() -> bytes:
    return patch(patch(vhdx(), 64 * 1024 + 20, b"x"), 128 * 1024 + 20, b"x")


@hostile("vhdx", "needs a part of VHDX")
def vhdx_unknown_required_region() -> bytes:
    return vhdx(regions=(*REGIONS, (UNKNOWN, 2 * MIB, MIB, 1)))


@hostile("vhdx", "needs a part of VHDX")
def vhdx_unknown_required_metadata() -> bytes:
    return vhdx(items=((UNKNOWN, b"?"),))


@hostile("vhdx", "metadata is missing")
def vhdx_two_metadata_regions() -> bytes:
    return vhdx(regions=(*REGIONS, (METADATA, 2 * MIB, MIB, 1)))


@hostile("vhdx", "name a region twice")
def vhdx_two_block_maps() -> bytes:
    return vhdx(regions=(*REGIONS, (BLOCK_MAP, MIB, MIB, 1)))


@hostile("vhdx", "metadata is missing")
def vhdx_tables_that_differ() -> bytes:
    return patch(vhdx(), 256 * 1024 + 16 + 32 + 16, struct.pack("<Q", 2 * MIB))


@hostile("vhdx", "none that VHDX allows")
def cve_2014_0148_vhdx_blocks_of_no_size() -> bytes:
    return vhdx(block=0)


@hostile("vhdx", "not inside the file")
def vhdx_map_outside() -> bytes:
    return vhdx(regions=((BLOCK_MAP, 1 << 50, MIB, 1), REGIONS[1]))


@hostile("vdi", "parent image")
def vdi_differencing() -> bytes:
    return vdi(kind=4)


@hostile("vdi", "parent image")
def vdi_parent_by_its_number() -> bytes:
    return patch(vdi(), 0x1B8, b"p" * 16)


@hostile("vdi", "does not fit")
def cve_2014_0144_vdi_blocks_beyond_number() -> bytes:
    return vdi(blocks=0xFFFFFFFF)


@hostile("vdi", "not inside the file")
def vdi_map_outside() -> bytes:
    return patch(vdi(), 0x154, struct.pack("<I", 1 << 30))


@hostile("vdi", "version")
def vdi_of_another_version() -> bytes:
    return patch(vdi(), 0x44, b"\2")


@hostile("ploop", "does not fit")
def cve_2014_0142_ploop_clusters_of_no_size() -> bytes:
    return ploop(cluster=0)


@hostile("ploop", "not inside the file")
def cve_2014_0143_ploop_map_of_gigabytes() -> bytes:
    return ploop(clusters=0xFFFFFFFF)


@hostile("ploop", "version")
def ploop_of_another_version() -> bytes:
    return ploop(kind=3)


@hostile("raw", "contents are ploop")
def ploop_named_raw() -> bytes:
    return ploop()


@hostile("raw", "contents are qed")
def qed_named_raw() -> bytes:
    return b"QED\0".ljust(4096, b"\0")


@hostile("raw", "contents are luks")
def luks_named_raw() -> bytes:
    return b"LUKS\xba\xbe\0\1".ljust(4096, b"\0")


@hostile("raw", "contents are bochs")
def cve_2014_0142_bochs_named_raw() -> bytes:
    return b"Bochs Virtual HD Image".ljust(4096, b"\0")


@hostile("raw", "contents are cloop")
def cve_2014_0144_cloop_named_raw() -> bytes:
    return b"#!/bin/sh\n#V2.0 Format\nmodprobe cloop".ljust(4096, b"\0")


@hostile("raw", "contents are dmg")
def cve_2014_0145_dmg_named_raw() -> bytes:
    return bytes(4096) + b"koly".ljust(512, b"\0")


@hostile("raw", "makes no sense")
def boot_record_with_flags_that_do_not_exist() -> bytes:
    return mbr(b"\x7f" + LINUX[1:]).ljust(4096, b"\0")


@hostile("raw", "makes no sense")
def boot_record_without_a_partition() -> bytes:
    return mbr().ljust(4096, b"\0")


@hostile("raw", "protective boot record")
def gpt_with_another_partition_in_its_boot_record() -> bytes:
    return gpt(PROTECTIVE, LINUX)


@hostile("raw", "protective boot record")
def gpt_whose_boot_record_begins_elsewhere() -> bytes:
    return gpt(patch(PROTECTIVE, 8, struct.pack("<I", 2048)))
