"""A small FAT disk labelled `config-2`: how a guest without a network learns who it is (cloud-init's ConfigDrive)."""

from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath

from haneul.host.run import Limits, run

PACKAGES = ("dosfstools", "mtools")
LABEL = "config-2"
QUICK_S = 30.0
SPARE_KIB = 1024
CAGE = Limits(cpu_s=10, memory_mb=256, file_mb=64)


def make(target: Path, files: Mapping[str, bytes], uid: int) -> None:
    """Write a disk with these files by their paths: made beside the target, renamed, by an account without rights."""
    draft = target.with_name(target.name + ".part")
    draft.unlink(missing_ok=True)
    kib = SPARE_KIB + sum(-(-len(content) // 1024) + 4 for content in files.values())
    _tool(["mkfs.vfat", "-C", "-n", LABEL, "-i", "68616e75", str(draft), str(kib)], uid)
    folders = sorted({str(folder) for path in files for folder in _folders(path)}, key=lambda path: path.count("/"))
    _tool(["mmd", "-i", str(draft), *(f"::{folder}" for folder in folders)], uid)
    for path, content in files.items():
        _tool(["mcopy", "-i", str(draft), "-", f"::{path}"], uid, content)
    draft.rename(target)


def _folders(path: str) -> Iterable[PurePosixPath]:
    return [folder for folder in PurePosixPath(path).parents if str(folder) not in (".", "/")]


def _tool(argv: list[str], uid: int, given: bytes | None = None) -> None:
    run(argv, timeout_s=QUICK_S, uid=uid, gid=uid, input=given, limits=CAGE, env={"MTOOLS_SKIP_CHECK": "1"})
