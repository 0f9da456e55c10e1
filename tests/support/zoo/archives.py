"""Archives and compressed files that are damaged, lie about themselves or are none."""

import struct

from tests.support.zoo.animal import hostile
from tests.support.zoo.makers import MIB, OVF, gzipped, patch, tar, tar_header, vmdk, zipped

END = bytes(1024)


@hostile("vmdk", "not a tar archive", container="ova")
def ova_that_is_a_text() -> bytes:
    return b"a tar file, say" * 100


@hostile("vmdk", "more than one format", container="ova")
def ova_that_is_a_disk() -> bytes:
    return vmdk()


@hostile("vmdk", "no description", container="ova")
def ova_without_a_description() -> bytes:
    return tar({"../../../../etc/passwd": b"x", "/etc/cron.d/job": b"x"})


@hostile("vmdk", "ends in the middle", container="ova")
def ova_cut_off() -> bytes:
    return tar({"box.ovf": OVF, "box.vmdk": vmdk()})[: 64 * 1024]


@hostile("vmdk", "size makes no sense", container="ova")
def ova_member_of_no_size() -> bytes:
    return tar_header(size=b"xxxxxxxxxxx\0") + END


@hostile("vmdk", "size makes no sense", container="ova")
def ova_member_of_negative_size() -> bytes:
    return tar_header(size=b"\xff" * 12) + END


@hostile("vmdk", "ends in the middle", container="ova")
def ova_member_of_exabytes() -> bytes:
    return tar_header(size=b"\x80\0\0\0" + struct.pack(">Q", 1 << 62)) + END


@hostile("vmdk", "members with holes", container="ova")
def ova_sparse_member() -> bytes:
    return tar_header(kind=b"S") + END


@hostile("vmdk", "longer than any real archive", container="ova")
def ova_pax_bomb() -> bytes:
    return tar_header(size=b"%011o\0" % (8 * MIB), kind=b"x") + bytes(MIB)


@hostile("vmdk", "ends in the middle", container="ova")
def ova_pax_size_beyond_the_file() -> bytes:
    record = b"30 size=9000000000000000000\n\n\n"
    return tar_header(size=b"%011o\0" % len(record), kind=b"x") + record.ljust(512, b"\0") + tar_header() + END


@hostile("vmdk", "ends in the middle", container="ova")
def ova_two_pax_sizes() -> bytes:
    """The last one counts."""
    record = b"11 size=12\n30 size=9000000000000000000\n\n\n"
    return tar_header(size=b"%011o\0" % len(record), kind=b"x") + record.ljust(512, b"\0") + tar_header() + END


@hostile("vmdk", "header is damaged", container="ova")
def ova_member_with_a_wrong_checksum() -> bytes:
    return patch(tar({"box.ovf": OVF, "b": b"x"}), 1024, b"c")


@hostile("raw", "more follows behind its end", container="docker")
def docker_with_more_behind_its_end() -> bytes:
    return tar({"manifest.json": b"[]"}) + b"#!/bin/sh\n"


@hostile("raw", "not a tar archive", container="docker")
def docker_that_is_a_gzip() -> bytes:
    return gzipped(tar({"manifest.json": b"[]"}))


@hostile("qcow2", "but its contents are not", container="compressed")
def compressed_that_is_not() -> bytes:
    return b"plain" * 1000


@hostile("qcow2", "cannot be decompressed", container="compressed")
def gzip_of_noise() -> bytes:
    return gzipped(b"")[:10] + b"\xff" * 4096


@hostile("qcow2", "feature of gzip that does not exist", container="compressed")
def gzip_with_unknown_flags() -> bytes:
    return patch(gzipped(b"disk" * 100), 3, b"\xe0")


@hostile("qcow2", "cut off", container="compressed")
def gzip_cut_off() -> bytes:
    return gzipped(b"disk" * 100)[:12]


@hostile("qcow2", "something else than its archive", container="compressed")
def zip_behind_a_program() -> bytes:
    return b"#!/bin/sh\n" + zipped({"disk": b"x"})


@hostile("qcow2", "more than one file", container="compressed")
def zip_of_two_files() -> bytes:
    return zipped({"disk": b"x", "../../etc/passwd": b"y"})


@hostile("qcow2", "list of contents is missing", container="compressed")
def zip_cut_off() -> bytes:
    return zipped({"disk": b"x" * 5000})[:-30]


@hostile("qcow2", "encrypted", container="compressed")
def zip_encrypted() -> bytes:
    return patch(zipped({"disk": b"x"}), 6, b"\1")


@hostile("qcow2", "compressed in a way", container="compressed")
def zip_of_an_unknown_method() -> bytes:
    return patch(zipped({"disk": b"x"}), 8, b"\x63")


@hostile("qcow2", "compressed in a way", container="compressed")
def lha_of_an_unknown_method() -> bytes:
    return b"\x25\0-lhx-".ljust(64, b"\0")
