"""The operator's `policy.yaml`: found, read, and seen to have changed."""

import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from haneul.kernel.policy.expressions import Expression
from haneul.kernel.policy.language import PolicyError, parse

FILES = ("policy.json", "policy.yaml")
Stamp = tuple[tuple[int, int, int] | None, ...]


class Overrides:
    """The files of one service: `policy.yaml` (or `.json`) in the folder, and in its subfolder of the service's name.

    The subfolder's rules win over the folder's, and YAML wins over JSON. `due` is true at most once in `every_s`
    seconds, which is how often the files are looked at.
    """

    every_s = 1.0

    def __init__(self, folder: Path, service: str, clock: Callable[[], float] = time.monotonic) -> None:
        self.paths = [place / name for place in (folder, folder / service) for name in FILES]
        self.folder = folder
        self.clock = clock
        self.next_look = clock() + self.every_s

    def due(self) -> bool:
        moment = self.clock()
        if moment < self.next_look:
            return False
        self.next_look = moment + self.every_s
        return True

    def stamp(self) -> Stamp:
        """What tells one state of the files from another; None for a file that is not there."""
        return tuple(_stamp(path) for path in self.paths)

    def read(self) -> dict[str, Expression]:
        """The rules of all files by name; PolicyError, naming the file, if any of them cannot be used whole."""
        rules: dict[str, Expression] = {}
        for path in self.paths:
            rules |= _read(path, str(path.relative_to(self.folder)))
        return rules


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino


def _read(path: Path, shown: str) -> dict[str, Expression]:
    content = _decode(path, shown)
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise PolicyError(f"{shown} must map names of rules to expressions.")
    rules = {}
    for name, rule in content.items():
        try:
            rules[str(name)] = parse(rule)
        except PolicyError as error:
            raise PolicyError(f"{shown}: the rule '{name}' cannot be used: {error}") from error
    return rules


def _decode(path: Path, shown: str) -> object:
    try:
        text = path.read_text(encoding="utf-8")
        return msgspec.json.decode(text) if path.suffix == ".json" else _decode_yaml(text)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise PolicyError(f"{shown} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise PolicyError(f"{shown} cannot be read: {' '.join(str(error).split())}.") from error


def _decode_yaml(text: str) -> object:
    import yaml  # a cloud without a policy file starts without it

    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from error
