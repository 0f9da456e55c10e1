"""Base images on this host: fetched once, checked, from then on read by every guest, written by none, and deleted when
no guest is left and nobody has wanted them for long: otherwise tenants could fill the host's disk."""

import hashlib
import logging
import os
import threading
import time
from collections import defaultdict
from collections.abc import Collection
from pathlib import Path
from typing import BinaryIO

import msgspec
from msgspec import Struct

from haneul.host.disk import durable, qemu_img
from haneul.host.disk.formats import Inspector, Mismatch, Unsafe
from haneul.services.compute.drivers.base import ImageFacts, ImageSource, Refused

log = logging.getLogger("haneul.compute.drivers.images")
DRAFT = ".part"
# What a disk can read through: ami is a raw disk under another name.
BASE_FORMATS = {"qcow2": "qcow2", "raw": "raw", "ami": "raw"}


class Note(Struct, frozen=True, kw_only=True):
    """What is known of an image in the cache; it lies beside the image, so that a host without control knows it too."""

    disk_format: str
    virtual_size: int


class BaseImage(Note, frozen=True, kw_only=True):
    """An image in the cache, as a disk that is laid over it needs to know it."""

    path: Path


class ImageCache:
    """The images of one host. One image is fetched by one thread while others that want it wait."""

    def __init__(self, folder: Path, images: ImageSource, reader_uid: int) -> None:
        self._folder = folder
        self._images = images
        self._reader_uid = reader_uid
        self._locks: dict[str, threading.Lock] = defaultdict(threading.Lock)

    def prepare(self) -> None:
        """Make the cache's folder, and clear what a crash left of a fetch."""
        self._folder.mkdir(mode=0o711, exist_ok=True)
        for draft in self._folder.glob(f"*{DRAFT}"):
            draft.unlink()

    def base(self, image_id: str) -> BaseImage:
        """The image, fetched if it isn't here yet; Refused if what comes isn't what was announced."""
        with self._locks[image_id]:
            found = self._cached(image_id) or self._fetched(image_id)
            # The note's time says when somebody last wanted the image.
            os.utime(self._note(image_id))
            return found

    def forget_unused(self, used: Collection[str], unused_s: float) -> list[str]:
        """Delete the images that are not `used` and that nobody has wanted for so long; their ids."""
        return [
            note.stem for note in self._folder.glob("*.json") if note.stem not in used and self._forget(note, unused_s)
        ]

    def _forget(self, note: Path, unused_s: float) -> bool:
        with self._locks[note.stem]:
            if time.time() - note.stat().st_mtime < unused_s:
                return False
            # The note goes last: what a crash leaves is found again.
            (self._folder / note.stem).unlink(missing_ok=True)
            note.unlink()
            return True

    def _cached(self, image_id: str) -> BaseImage | None:
        path = self._folder / image_id
        try:
            note = msgspec.json.decode(self._note(image_id).read_bytes(), type=Note)
        except FileNotFoundError:
            return None
        return _base(path, note) if path.exists() else None

    def _fetched(self, image_id: str) -> BaseImage:
        facts = self._images.facts(image_id)
        disk_format = BASE_FORMATS.get(facts.disk_format)
        if disk_format is None:
            raise Refused(f"A disk can't be made of an image of the format {facts.disk_format}; qcow2 and raw will do.")
        draft = self._folder / f"{image_id}{DRAFT}"
        try:
            self._download(facts, draft)
            shape = qemu_img.shape(draft, disk_format, self._reader_uid)
            if shape.names_other_files:
                raise Refused("The image names other files, so it can't be used.")
            note = Note(disk_format=disk_format, virtual_size=shape.virtual_size)
            durable.write(self._note(image_id), msgspec.json.encode(note))
            draft.replace(self._folder / image_id)
            durable.sync_folder(self._folder)
        finally:
            draft.unlink(missing_ok=True)
        log.info("Image %s is on this host: %d bytes", image_id, facts.size)
        return _base(self._folder / image_id, note)

    def _download(self, facts: ImageFacts, draft: Path) -> None:
        digest, inspector = hashlib.new(facts.hash_name or "sha512"), Inspector()
        with draft.open("wb") as file:
            for chunk in self._images.chunks(facts.id):
                digest.update(chunk)
                inspector.feed(chunk)
                _write_within(file, chunk, facts)
            durable.sync_file(file)
            written = file.tell()
        draft.chmod(0o444)
        if written != facts.size:
            raise Refused(f"Only {written} of the image's {facts.size} bytes came.")
        if facts.hash is not None and digest.hexdigest() != facts.hash:
            raise Refused("The image's bytes don't match its checksum.")
        try:
            inspector.verdict(facts.disk_format)
        except (Mismatch, Unsafe) as error:
            raise Refused(str(error)) from None

    def _note(self, image_id: str) -> Path:
        return self._folder / f"{image_id}.json"


def _base(path: Path, note: Note) -> BaseImage:
    return BaseImage(path=path, disk_format=note.disk_format, virtual_size=note.virtual_size)


def _write_within(file: BinaryIO, chunk: bytes, facts: ImageFacts) -> None:
    if file.tell() + len(chunk) > facts.size:
        raise Refused(f"More than the image's {facts.size} bytes came.")
    file.write(chunk)
