"""VMDKs that describe other files than themselves."""

import struct

from tests.support.zoo.animal import hostile
from tests.support.zoo.makers import DESCRIPTOR, patch, streamed_vmdk
from tests.support.zoo.makers import vmdk as whole

FLAT = b"""# Disk DescriptorFile
version=1
CID=fffffffe
parentCID=ffffffff
createType="monolithicFlat"
RW 8 FLAT "/etc/passwd" 0
"""
EXTENT = b'RW 131072 SPARSE "disk.vmdk"'


def saying(old: bytes, new: bytes) -> bytes:
    """A VMDK with another word in its descriptor."""
    assert old in DESCRIPTOR
    return whole(text=DESCRIPTOR.replace(old, new))


@hostile("vmdk", "where other files lie")
def cve_2022_47951_vmdk_flat_descriptor() -> bytes:
    return FLAT


@hostile("raw", "contents are vmdk")
def cve_2024_40767_flat_descriptor_named_raw() -> bytes:
    return FLAT


@hostile("raw", "contents are vmdk")
def cve_2024_40767_descriptor_behind_comments() -> bytes:
    return b"\n# nothing to see\n\n" + FLAT.partition(b"\n")[2]


@hostile("vmdk", "stands alone")
def cve_2022_47951_flat_inside_a_sparse_header() -> bytes:
    return whole(text=FLAT)


@hostile("vmdk", "no capacity")
def cve_2022_47951_sparse_header_without_capacity() -> bytes:
    return whole(text=FLAT.replace(b"monolithicFlat", b"monolithicSparse").replace(b"FLAT", b"SPARSE"), capacity=0)


@hostile("vmdk", "several files")
def sparse_extent_by_its_path() -> bytes:
    return saying(b'"disk.vmdk"', b'"/etc/passwd"')


@hostile("vmdk", "several files")
def sparse_extent_by_a_windows_path() -> bytes:
    return saying(b'"disk.vmdk"', b'"..\\passwd"')


@hostile("vmdk", "several files")
def sparse_extent_by_url() -> bytes:
    return saying(b'"disk.vmdk"', b'"nbd:localhost:10809"')


@hostile("vmdk", "several files")
def two_extents() -> bytes:
    return saying(EXTENT, EXTENT + b"\n" + EXTENT.replace(b"disk", b"other"))


@hostile("vmdk", "several files")
def a_flat_extent_among_others() -> bytes:
    return saying(EXTENT, EXTENT + b'\nNOACCESS 8 FLAT "/etc/passwd" 0')


@hostile("vmdk", "several files")
def no_extent_at_all() -> bytes:
    return saying(EXTENT, b"")


@hostile("vmdk", "stands alone")
def device_as_its_kind() -> bytes:
    return saying(b"monolithicSparse", b"fullDevice")


@hostile("vmdk", "more than once what it is")
def another_kind_in_a_comment() -> bytes:
    return saying(b"# Extent", b'# createType="monolithicFlat" Extent')


@hostile("vmdk", "more than once what it is")
def two_kinds() -> bytes:
    return saying(b"CID=c71385a3", b'createType="monolithicFlat"\nCID=c71385a3')


@hostile("vmdk", "parent image")
def parent_by_its_content() -> bytes:
    return saying(b"ffffffff", b"12345678")


@hostile("vmdk", "parent image")
def parent_by_its_path() -> bytes:
    return saying(b"# Extent", b'parentFileNameHint="/etc/passwd"\n# Extent')


@hostile("vmdk", "file of changes")
def file_of_changes() -> bytes:
    return saying(b"# Extent", b'changeTrackPath="/etc/passwd"\n# Extent')


@hostile("vmdk", "makes no sense")
def a_line_that_is_nothing() -> bytes:
    return saying(b"# Extent", b"include /etc/passwd\n# Extent")


@hostile("vmdk", "not plain text")
def descriptor_that_is_no_text() -> bytes:
    return saying(b"c71385a3", b"\xc7\x13\x85\xa3")


@hostile("vmdk", "description of itself where it belongs")
def descriptor_at_another_place() -> bytes:
    return patch(whole(), 28, struct.pack("<Q", 21))


@hostile("vmdk", "description of itself where it belongs")
def descriptor_of_gigabytes() -> bytes:
    return patch(whole(), 36, struct.pack("<Q", 1 << 23))


@hostile("vmdk", "differs from its header")
def footer_that_takes_the_capacity_away() -> bytes:
    return streamed_vmdk(footer=whole(capacity=0)[:512])


@hostile("vmdk", "differs from its header")
def footer_with_another_descriptor() -> bytes:
    return streamed_vmdk(footer=patch(whole()[:512], 28, struct.pack("<Q", 9)))


@hostile("vmdk", "differs from its header")
def footer_that_points_to_a_footer() -> bytes:
    return streamed_vmdk(footer=streamed_vmdk()[:512])


@hostile("vmdk", "grains")
def grains_of_no_size() -> bytes:
    return patch(whole(), 20, bytes(8))


@hostile("vmdk", "not inside the file")
def directory_outside() -> bytes:
    return whole(directory=1 << 40)


@hostile("vmdk", "from 1 byte to 64 TiB")
def capacity_of_exabytes() -> bytes:
    grown = patch(whole(capacity=1 << 38), 20, struct.pack("<Q", 1 << 16))
    return grown.ljust(128 * 1024 + 21 * 512, b"\0")


@hostile("vmdk", "old kind")
def extent_of_an_old_server() -> bytes:
    return b"COWD".ljust(4096, b"\0")
