"""Making a volume's first contents of an image: fetched, checked against what was announced, and turned into raw."""

import hashlib
import os
from pathlib import Path

from haneul.host.disk import qemu_img, sparse
from haneul.host.disk.formats import Inspector, Mismatch, Unsafe
from haneul.host.run import RunFailed
from haneul.services.block_storage.drivers.base import ImageFacts, ImageSource, Refused

PLAIN = ("raw", "ami")
CONVERTED = ("qcow2", "vmdk", "vdi", "vhd", "vhdx")


def write(images: ImageSource, image_id: str, target: Path, most_bytes: int) -> None:
    """Make `target` the image's disk as raw bytes; Refused if it isn't what was announced, or doesn't fit."""
    facts = images.facts(image_id)
    if facts.disk_format not in (*PLAIN, *CONVERTED):
        raise Refused(f"A volume can't be made of an image of the format {facts.disk_format}.")
    if max(facts.size if facts.disk_format in PLAIN else 0, facts.virtual_size) > most_bytes:
        raise Refused("The image's disk is larger than the volume.")
    if facts.disk_format in PLAIN:
        _fetch(images, facts, target)
        return
    fetched = target.with_name(target.name + ".image")
    fetched.unlink(missing_ok=True)
    try:
        _fetch(images, facts, fetched)
        qemu_img.convert(fetched, facts.disk_format, target, "raw", os.geteuid(), most_bytes=most_bytes)
    except RunFailed as error:
        raise Refused("The image could not be turned into a volume.") from error
    finally:
        fetched.unlink(missing_ok=True)


def _fetch(images: ImageSource, facts: ImageFacts, target: Path) -> None:
    digest, inspector = hashlib.new(facts.hash_name or "sha512"), Inspector()
    size = 0
    with target.open("xb", buffering=0) as file:
        for chunk in images.chunks(facts.id):
            size += len(chunk)
            if size > facts.size:
                raise Refused(f"More than the image's {facts.size} bytes came.")
            digest.update(chunk)
            inspector.feed(chunk)
            sparse.write(file, chunk)
        sparse.finish(file)
    if size != facts.size:
        raise Refused(f"Only {size} of the image's {facts.size} bytes came.")
    if facts.hash is not None and digest.hexdigest() != facts.hash:
        raise Refused("The image's bytes don't match its checksum.")
    try:
        inspector.verdict(facts.disk_format)
    except (Mismatch, Unsafe) as error:
        raise Refused(str(error)) from None
