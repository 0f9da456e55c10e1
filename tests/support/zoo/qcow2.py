"""qcow2 files that reach for other files, or that cost whoever opens them."""

import struct

from tests.support.zoo.animal import SECRET_FILE, hostile
from tests.support.zoo.makers import MIB, extension, gzipped, patch
from tests.support.zoo.makers import qcow2 as whole

FEATURE_NAMES = extension(0x6803F857, b"x" * 48)
TARGET = SECRET_FILE.encode()


def on_backing(name: bytes, *, version: int = 3) -> bytes:
    """A qcow2 on a backing file of this name."""
    return patch(patch(whole(version=version), 8, struct.pack(">QI", 512, len(name))), 512, name)


def with_data_file(name: bytes) -> bytes:
    """A qcow2 whose contents lie in a file of this name."""
    return whole(features=1 << 2, more=extension(0x44415441, name))


@hostile("qcow2", "names a backing file")
def cve_2015_5163_backing_file() -> bytes:
    return on_backing(TARGET)


@hostile("qcow2", "names a backing file")
def cve_2015_1851_backing_file_of_version_2() -> bytes:
    return on_backing(TARGET, version=2)


@hostile("qcow2", "names a backing file")
def cve_2014_0134_relative_backing_file() -> bytes:
    return on_backing(b"../../../../../../../../etc/passwd")


@hostile("qcow2", "names a backing file")
def cve_2015_7548_backing_block_device() -> bytes:
    return on_backing(b"/dev/vda")


@hostile("qcow2", "names a backing file")
def backing_file_by_url() -> bytes:
    return on_backing(b"http://169.254.169.254/openstack/latest/meta_data.json")


@hostile("qcow2", "names a backing file")
def backing_file_in_json() -> bytes:
    return on_backing(b'json:{"driver":"file","filename":"/etc/passwd"}')


@hostile("qcow2", "names a backing file")
def backing_file_with_a_length_but_no_place() -> bytes:
    return patch(whole(), 16, struct.pack(">I", 11))


@hostile("qcow2", "names another file")
def backing_format_without_a_backing_file() -> bytes:
    return whole(more=extension(0xE2792ACA, b"raw"))


@hostile("qcow2", "in another file")
def cve_2024_32498_data_file() -> bytes:
    return with_data_file(TARGET)


@hostile("qcow2", "in another file")
def cve_2024_4467_data_file_in_json() -> bytes:
    return with_data_file(b'json:{"driver":"raw","file":{"driver":"file","filename":"/etc/passwd"}}')


@hostile("qcow2", "names another file")
def ossa_2024_001_data_file_without_its_feature() -> bytes:
    return whole(more=FEATURE_NAMES + extension(0x44415441, TARGET))


@hostile("qcow2", "in another file")
def data_file_by_the_feature_alone() -> bytes:
    return whole(features=1 << 2)


@hostile("qcow2", "in another file")
def data_file_by_the_raw_flag_alone() -> bytes:
    return patch(whole(), 88, struct.pack(">Q", 2))


@hostile("qcow2", "does not know")
def unknown_incompatible_feature() -> bytes:
    return whole(features=1 << 5)


@hostile("qcow2", "does not know")
def highest_incompatible_feature() -> bytes:
    return whole(features=1 << 63)


@hostile("qcow2", "marked as corrupt")
def corrupt_by_its_own_word() -> bytes:
    return whole(features=1 << 1)


@hostile("qcow2", "compressed in a way")
def unknown_compression() -> bytes:
    return patch(whole(features=1 << 3, header=112), 104, b"\2")


@hostile("qcow2", "extension that this cloud does not know")
def unknown_extension() -> bytes:
    return whole(more=extension(0x12345678, b"anything"))


@hostile("qcow2", "longer than the space")
def extension_longer_than_the_file() -> bytes:
    return whole(more=struct.pack(">II", 0x6803F857, 0xFFFFFFF0))


@hostile("qcow2", "more header extensions")
def a_thousand_extensions() -> bytes:
    return whole(more=extension(0x6803F857, b"") * 1000)


@hostile("qcow2", "list of bitmaps")
def bitmaps_outside_of_the_file() -> bytes:
    return whole(more=extension(0x23852875, struct.pack(">IIQQ", 1, 0, 64, 1 << 60)))


@hostile("qcow2", "encrypted")
def encrypted_in_the_old_way() -> bytes:
    return patch(whole(), 32, struct.pack(">I", 1))


@hostile("qcow2", "encrypted")
def encrypted_by_luks_inside() -> bytes:
    return whole(more=extension(0x0537BE77, b"x" * 16))


@hostile("qcow2", "mapping table")
def cve_2014_0144_mapping_table_of_32_gib() -> bytes:
    return patch(whole(), 36, b"\xff\xff\xff\xff")


@hostile("qcow2", "not inside the file")
def cve_2014_0144_mapping_table_outside() -> bytes:
    return patch(whole(), 40, struct.pack(">Q", 1 << 62))


@hostile("qcow2", "not inside the file")
def mapping_table_over_the_header() -> bytes:
    return patch(whole(), 40, bytes(8))


@hostile("qcow2", "over each other")
def tables_over_each_other() -> bytes:
    return patch(whole(), 40, struct.pack(">Q", 1 << 16))


@hostile("qcow2", "reference table")
def cve_2014_0144_reference_table_of_terabytes() -> bytes:
    return patch(whole(), 56, b"\xff\xff\xff\xff")


@hostile("qcow2", "not inside the file")
def reference_table_outside() -> bytes:
    return patch(whole(), 48, struct.pack(">Q", 1 << 61))


@hostile("qcow2", "more snapshots")
def cve_2014_0144_endless_snapshots() -> bytes:
    return patch(whole(), 60, b"\xff\xff\xff\xff")


@hostile("qcow2", "not inside the file")
def snapshots_outside() -> bytes:
    return patch(whole(), 60, struct.pack(">IQ", 1, 1 << 50))


@hostile("qcow2", "cluster size")
def clusters_of_4_gib() -> bytes:
    return patch(whole(), 20, struct.pack(">I", 32))


@hostile("qcow2", "mapping table")
def cve_2015_5162_disk_of_exabytes() -> bytes:
    return patch(whole(), 24, struct.pack(">Q", 1 << 62))


@hostile("qcow2", "from 1 byte to 64 TiB")
def cve_2013_4463_disk_of_128_tib() -> bytes:
    sized = patch(whole(bits=21), 24, struct.pack(">Q", 128 << 40))
    entries = (128 << 40) >> 39
    return patch(sized, 36, struct.pack(">I", entries))


@hostile("qcow2", "version 1")
def cve_2014_0222_version_1() -> bytes:
    return struct.pack(">4sIQIIQ", b"QFI\xfb", 1, 0, 0, 0, 64 * MIB).ljust(4096, b"\0")


@hostile("qcow2", "cut off")
def cut_off_in_its_header() -> bytes:
    return whole()[:60]


@hostile("raw", "contents are qcow2")
def cve_2013_1922_qcow2_named_raw() -> bytes:
    return on_backing(TARGET)


@hostile("raw", "contents are qcow2")
def cve_2026_24708_header_alone_named_raw() -> bytes:
    return on_backing(TARGET)[:1024].ljust(1 << 20, b"\0")


@hostile("ami", "contents are qcow2", container="ami")
def cve_2024_44082_qcow2_named_ami() -> bytes:
    return on_backing(TARGET)


@hostile("qcow2", "names a backing file", container="ovf")
def qcow2_with_a_backing_file_named_ovf() -> bytes:
    return on_backing(TARGET)


@hostile("qcow2", "contents are of no known format")
def compressed_qcow2_named_bare() -> bytes:
    return gzipped(on_backing(TARGET))
