"""What an image's file is besides a disk: archives of several files, and compressed files. None is unpacked here."""

from collections.abc import Callable

from haneul.host.disk.formats import compressed, signatures
from haneul.host.disk.formats.sample import Mismatch, Sample, Unsafe
from haneul.host.disk.formats.tar import TarScan, is_header

DISKS = ("bare", "ami", "aki", "ari")
COMPRESSIONS: dict[str, Callable[[Sample], None]] = {
    "gzip": compressed.refuse_gzip,
    "zip": compressed.refuse_zip,
    "lha": compressed.refuse_lha,
}
XML = (b"<?xml", b"\xef\xbb\xbf<?xml", b"<Envelope", b"<ovf:Envelope")


def refuse_ova(sample: Sample, tar: TarScan) -> None:
    """Mismatch for what is no tar archive with a description (.ovf) in it, Unsafe for a damaged one."""
    refuse_tar("ova", sample, tar)
    if not any(name.lower().endswith(".ovf") for name in tar.names):
        raise Mismatch("The image was announced as ova, but no description (.ovf) is in it.")


def refuse_docker(sample: Sample, tar: TarScan) -> None:
    """Mismatch for what is no tar archive, Unsafe for a damaged one."""
    refuse_tar("docker", sample, tar)


def refuse_tar(claimed: str, sample: Sample, tar: TarScan) -> None:
    """Mismatch for what does not begin as an archive does, Unsafe for one that is damaged or goes on as another."""
    if not is_header(sample.head[:512]):
        raise Mismatch(f"The image was announced as {claimed}, but its contents are not a tar archive.")
    tar.finish()


def refuse_compressed(sample: Sample, _tar: TarScan) -> None:
    """Mismatch for what is not compressed by gzip, zip or lha; Unsafe for what could not be decompressed."""
    found = [kind for kind in signatures.archives(sample) if kind in COMPRESSIONS]
    if not found:
        raise Mismatch("The image was announced as compressed, but its contents are not: gzip, zip and lha are known.")
    if len(found) > 1:
        raise Unsafe(f"The image file can be read as more than one format ({', '.join(found)}), which is not allowed.")
    COMPRESSIONS[found[0]](sample)


def is_ovf(sample: Sample, tar: TarScan) -> bool:
    """Say whether this is a package of OVF, whole or its description alone; Unsafe for a damaged one."""
    if sample.head.startswith(XML):
        return b"Envelope" in sample.head
    if is_header(sample.head[:512]):
        tar.finish()
        return True
    if signatures.archives(sample) == ["gzip"]:
        compressed.refuse_gzip(sample)
        return True
    return False


CONTAINERS: dict[str, Callable[[Sample, TarScan], None]] = {
    "ova": refuse_ova,
    "docker": refuse_docker,
    "compressed": refuse_compressed,
}
CLAIMABLE_CONTAINERS = (*DISKS, *CONTAINERS, "ovf")
