"""Base images on this host: fetched once, checked, from then on read by every guest, written by none, and deleted when
no guest is left and nobody has wanted them for long: otherwise tenants could fill the host's disk.

<id>        an image, readable for the group of this cloud's guests and for nobody else
<id>.json   what is known of it
"""

import hashlib
import logging
import os
import shutil
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Collection
from pathlib import Path
from typing import BinaryIO

import msgspec
from msgspec import Struct

from haneul.host.disk import durable, qemu_img
from haneul.host.disk.formats import Inspector, Mismatch, Unsafe
from haneul.host.run import RunFailed
from haneul.services.compute.drivers.base import ImageFacts, ImageSource, Refused

log = logging.getLogger("haneul.compute.drivers.images")
DRAFT, CONVERTED = ".part", ".converted.part"
# What a disk can read through: ami and iso are raw under other names.
BASE_FORMATS = {"qcow2": "qcow2", "raw": "raw", "ami": "raw", "iso": "raw"}
# What is made into a qcow2 first, so that a bound on the file is a bound on what it takes of the disk.
FOREIGN_FORMATS = ("vmdk", "vdi", "vhd", "vhdx")
NO_FORMAT = "A disk can't be made of an image of the format {name}; {good} will do."
# An image that somebody has just asked for may become a disk at any moment.
SPARED_S = 600.0
# The host's disk is its guests' too.
FREE_BYTES = 1 << 30
MIB = 1 << 20


class Note(Struct, frozen=True, kw_only=True):
    """What is known of an image in the cache; it lies beside the image, so that a host without control knows it too.

    `disk_format` is the file's, raw or qcow2; `is_disc` says that guests see it as a CD.
    """

    disk_format: str
    virtual_size: int
    is_disc: bool = False


class BaseImage(Note, frozen=True, kw_only=True):
    """An image in the cache, as a disk that is laid over it needs to know it."""

    path: Path


class CacheRules(Struct, frozen=True, kw_only=True):
    """Who may read images (an account and the group of the same number), how many bytes those that no guest is made of
    may take, and which these are: `used` gives the ids of all others, None where that can't be known now."""

    reader: int
    most_unused_bytes: int
    used: Callable[[], Collection[str] | None]


class ImageCache:
    """The images of one host. One image is fetched by one thread while others that want it wait."""

    def __init__(self, folder: Path, images: ImageSource, rules: CacheRules) -> None:
        self._folder = folder
        self._images = images
        self._rules = rules
        self._locks: dict[str, threading.Lock] = defaultdict(threading.Lock)

    def prepare(self) -> None:
        """Make the cache's folder, and clear what a crash left of a fetch."""
        self._folder.parent.mkdir(mode=0o711, exist_ok=True)
        self._folder.mkdir(mode=0o710, exist_ok=True)
        os.chown(self._folder, -1, self._rules.reader)
        self._folder.chmod(0o710)
        for draft in self._folder.glob(f"*{DRAFT}"):
            draft.unlink()

    def base(self, image_id: str) -> BaseImage:
        """The image, fetched if it isn't here yet; Refused if what comes isn't what was announced."""
        with self._locks[image_id]:
            found = self._cached(image_id) or self._fetched(image_id)
            # The note's time says when somebody last wanted the image.
            os.utime(self._note(image_id))
            return found

    def is_disc(self, image_id: str | None) -> bool:
        """Whether guests see the image as a CD; one that is not here is none, and neither is a disk without one."""
        found = self._cached(image_id) if image_id else None
        return found is not None and found.is_disc

    def forget_unused(self, used: Collection[str], unused_s: float) -> list[str]:
        """Delete the images that are not `used` and that nobody has wanted for so long; their ids."""
        return [
            note.stem for note in self._folder.glob("*.json") if note.stem not in used and self._forget(note, unused_s)
        ]

    def _forget(self, note: Path, unused_s: float) -> bool:
        # Whoever holds it wants it; to wait for him, while we hold another, could be for ever.
        lock = self._locks[note.stem]
        if not lock.acquire(blocking=False):
            return False
        try:
            if time.time() - note.stat().st_mtime < unused_s:
                return False
            # The note goes last: what a crash leaves is found again.
            (self._folder / note.stem).unlink(missing_ok=True)
            note.unlink()
            return True
        finally:
            lock.release()

    def _make_room(self, size: int) -> None:
        """Delete images that no guest is made of, those first that were wanted last the longest ago, until there is
        room for so many bytes; Refused if there can't be."""
        unused = self._unused()
        taken = sum(_taken(self._folder / note.stem) for note in unused)
        for note in unused:
            if taken <= self._rules.most_unused_bytes and self._has_free(size):
                break
            freed = _taken(self._folder / note.stem)
            if self._forget(note, SPARED_S):
                log.info("Image %s was deleted here to make room", note.stem)
                taken -= freed
        if not self._has_free(size):
            raise Refused(f"This host's disk has no room for the {-(-size // MIB)} MiB of the image.")

    def _unused(self) -> list[Path]:
        """The notes of images that no guest is made of, in the order in which they were wanted last."""
        used = self._rules.used()
        if used is None:
            return []
        notes = [note for note in self._folder.glob("*.json") if note.stem not in used]
        return sorted(notes, key=lambda note: note.stat().st_mtime)

    def _has_free(self, size: int) -> bool:
        return self._free_bytes() >= size

    def _free_bytes(self) -> int:
        return shutil.disk_usage(self._folder).free - FREE_BYTES

    def _cached(self, image_id: str) -> BaseImage | None:
        path = self._folder / image_id
        try:
            note = msgspec.json.decode(self._note(image_id).read_bytes(), type=Note)
        except FileNotFoundError:
            return None
        return _base(path, note) if path.exists() else None

    def _fetched(self, image_id: str) -> BaseImage:
        facts = self._images.facts(image_id)
        if facts.disk_format not in BASE_FORMATS and facts.disk_format not in FOREIGN_FORMATS:
            good = ", ".join((*BASE_FORMATS, *FOREIGN_FORMATS))
            raise Refused(NO_FORMAT.format(name=facts.disk_format, good=good))
        self._make_room(facts.size)
        draft = self._folder / f"{image_id}{DRAFT}"
        try:
            self._download(facts, draft)
            whole, disk_format = self._readable(facts, draft)
            note = Note(
                disk_format=disk_format,
                virtual_size=self._virtual_size(whole, disk_format),
                is_disc=facts.disk_format == "iso",
            )
            durable.write(self._note(image_id), msgspec.json.encode(note))
            whole.replace(self._folder / image_id)
            durable.sync_folder(self._folder)
        finally:
            draft.unlink(missing_ok=True)
            self._converted(image_id).unlink(missing_ok=True)
        log.info("Image %s is on this host: %d bytes", image_id, facts.size)
        return _base(self._folder / image_id, note)

    def _readable(self, facts: ImageFacts, draft: Path) -> tuple[Path, str]:
        """The image as a file of a format that guests can read, and the format."""
        if facts.disk_format in BASE_FORMATS:
            return draft, BASE_FORMATS[facts.disk_format]
        target, reader = self._converted(facts.id), self._rules.reader
        try:
            qemu_img.convert(draft, facts.disk_format, target, "qcow2", reader, most_bytes=self._free_bytes())
        except RunFailed as failed:
            log.warning("Image %s could not be converted: %s", facts.id, failed)
            raise Refused(f"The image of the format {facts.disk_format} can't be made into a disk.") from None
        with target.open("rb") as file:
            durable.sync_file(file)
        self._seal(target)
        return target, "qcow2"

    def _virtual_size(self, whole: Path, disk_format: str) -> int:
        shape = qemu_img.shape(whole, disk_format, self._rules.reader)
        if shape.names_other_files:
            raise Refused("The image names other files, so it can't be used.")
        return shape.virtual_size

    def _converted(self, image_id: str) -> Path:
        return self._folder / f"{image_id}{CONVERTED}"

    def _seal(self, path: Path) -> None:
        """From now on its group may read it, and nobody may write it."""
        os.chown(path, os.geteuid(), self._rules.reader)
        path.chmod(0o440)

    def _download(self, facts: ImageFacts, draft: Path) -> None:
        digest, inspector = hashlib.new(facts.hash_name or "sha512"), Inspector()
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600), "wb") as file:
            for chunk in self._images.chunks(facts.id):
                digest.update(chunk)
                inspector.feed(chunk)
                _write_within(file, chunk, facts)
            durable.sync_file(file)
            written = file.tell()
        self._seal(draft)
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
    return BaseImage(path=path, **msgspec.structs.asdict(note))


def _taken(path: Path) -> int:
    """What a file takes of the disk, in bytes; nothing if it is gone."""
    try:
        return path.stat().st_blocks * 512
    except FileNotFoundError:
        return 0


def _write_within(file: BinaryIO, chunk: bytes, facts: ImageFacts) -> None:
    if file.tell() + len(chunk) > facts.size:
        raise Refused(f"More than the image's {facts.size} bytes came.")
    file.write(chunk)
