"""Small files that are whole or not there, whatever is killed and whenever the power goes."""

import os
from pathlib import Path
from typing import BinaryIO


def write(path: Path, content: bytes, mode: int = 0o600) -> None:
    """Replace a file at once and for good: readers see the old content or the new, never a part."""
    draft = path.with_name(f".{path.name}.part")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        sync_file(file)
    draft.replace(path)
    sync_folder(path.parent)


def sync_file(file: BinaryIO) -> None:
    """Bring what was written to an open file to the disk."""
    file.flush()
    os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Bring a folder's entries to the disk, so that a rename or an unlink in it outlasts a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
