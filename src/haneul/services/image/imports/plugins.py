"""The kinds that change staged bytes on their way, as Glance's plugins image_decompression and image_conversion do."""

import logging
import os
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from haneul.host.disk import qemu_img
from haneul.host.disk.decompress import GZIP_MAGIC, LHA_MAGIC, ZIP_MAGIC, decompress
from haneul.host.disk.formats import Inspector, Mismatch, Unsafe
from haneul.host.run import RunFailed
from haneul.kernel.config import ConfigError
from haneul.kernel.db import Db
from haneul.kernel.errors import TooLarge, Unacceptable, Unavailable
from haneul.services.image.config import PluginSettings
from haneul.services.image.drivers.file import FileDraft
from haneul.services.image.files.intake import Landing
from haneul.services.image.imports import logic
from haneul.services.image.locations.models import STAGED
from haneul.services.image.transfers.copying import source_of
from haneul.services.image.transfers.job import READ_BYTES, Job, Outcome
from haneul.services.image.transfers.models import Transfer

log = logging.getLogger("haneul.image")

PLUGINS = ("image_decompression", "image_conversion", "inject_image_metadata")
OUTPUTS = ("raw", "qcow2", "vmdk")
# More than deflate can ever give: how large an image may become is said by `most_bytes` alone.
MOST_RATIO = 1100
AS_IT_IS = Outcome(STAGED, 0, is_needless=True)


def refuse_unknown(plugins: PluginSettings) -> None:
    """ConfigError for plugins that there aren't, and for formats that nothing is converted to."""
    unknown = [name for name in plugins.enabled if name not in PLUGINS]
    if unknown:
        raise ConfigError(f"[image.plugins] enabled: there is no {unknown[0]}, but {', '.join(PLUGINS)}.")
    if plugins.output_format not in OUTPUTS:
        raise ConfigError(f"[image.plugins] output_format must be one of {', '.join(OUTPUTS)}.")


def injected(plugins: PluginSettings, roles: Collection[str]) -> dict[str, str]:
    """The properties that inject_image_metadata puts on the images of a caller with these roles."""
    is_meant = "inject_image_metadata" in plugins.enabled and not set(plugins.ignore_user_roles) & set(roles)
    return dict(plugins.inject) if is_meant else {}


def unpack(job: Job) -> Outcome:
    """Decompress what is compressed, unless the image is one that says so of itself."""
    if job.image.container_format == "compressed":
        return AS_IT_IS
    with _staged(job) as file:
        begin = file.read(5)
        if not begin.startswith((GZIP_MAGIC, ZIP_MAGIC)) and begin[2:] != LHA_MAGIC:
            return AS_IT_IS
        landing = Landing(job.draft, job.ground.settings.most_bytes)

        def take(piece: bytes) -> None:
            landing.take(piece)
            job.moved(len(piece))

        with _unsafe_is_told():
            decompress(file, take, job.ground.settings.most_bytes, MOST_RATIO)
    landing.keep()
    return Outcome(STAGED, landing.size)


def convert(job: Job) -> Outcome:
    """Convert a disk to the one format of this cloud, once it has proved to be what the image says of it."""
    output, claimed = job.ground.settings.plugins.output_format, job.image.disk_format or ""
    if job.image.container_format != "bare" or claimed not in qemu_img.NAMES or claimed == output:
        return AS_IT_IS
    _refuse_unfit(job, claimed, output)
    draft = job.draft
    if not isinstance(draft, FileDraft):
        raise RuntimeError("Only what is staged in a folder can be converted.")
    source, most = _path(job), job.ground.settings.most_bytes

    def make(target: Path) -> None:
        qemu_img.convert(source, claimed, target, output, os.geteuid(), most_bytes=most)

    try:
        size = draft.fill_by(make)
    except RunFailed as failed:
        log.warning("Image %s can't be converted: %s", job.image.id, failed)
        raise Unavailable("The image can't be converted from {old} to {new}.", old=claimed, new=output) from None
    job.moved(size)
    draft.keep()
    return Outcome(STAGED, size, {"disk_format": output, "container_format": "bare"})


def converted(db: Db, transfer: Transfer, outcome: Outcome) -> None:
    """The image is of its new format."""
    if not outcome.is_needless:
        logic.describe(db, transfer.image_id, outcome.result)


def _refuse_unfit(job: Job, claimed: str, output: str) -> None:
    inspector = Inspector()
    with _staged(job) as file:
        while chunk := file.read(READ_BYTES):
            inspector.feed(chunk)
            # Nothing has moved yet; but it may be that nobody wants it any more.
            job.moved(0)
    with _unsafe_is_told():
        found = inspector.verdict(claimed)
    if output == "raw" and (found.virtual_size or 0) > job.ground.settings.most_bytes:
        raise TooLarge("The disk of {size} bytes is too large to become raw.", size=found.virtual_size)


def _path(job: Job) -> Path:
    path = job.ground.backends.staging.store.path(source_of(job).key)
    if path is None:
        raise RuntimeError("Staging is no folder.")
    return path


@contextmanager
def _staged(job: Job) -> Iterator[BinaryIO]:
    try:
        file = _path(job).open("rb")
    except FileNotFoundError:
        raise Unavailable("The staged bytes are missing.") from None
    with file:
        yield file


@contextmanager
def _unsafe_is_told() -> Iterator[None]:
    try:
        yield
    except (Mismatch, Unsafe) as refused:
        raise Unacceptable(415, "{reason}", reason=str(refused)) from None
