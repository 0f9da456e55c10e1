"""Log levels of control's own process, which is what Cinder calls API and scheduler; volume hosts keep theirs."""

import logging
from collections.abc import Callable, Mapping
from functools import partial

from haneul.kernel.errors import BadRequest, NotBuilt
from haneul.services.block_storage.services.models import SCHEDULER, VOLUME
from haneul.services.block_storage.services.schemas import LogAsk

API = "cinder-api"
LEVELS = ("INFO", "WARNING", "ERROR", "DEBUG")


def binaries(asked: LogAsk, host: str) -> list[str]:
    """The parts of this process that are asked for."""
    if asked.server and asked.server != host:
        return []
    return [name for name in (API, SCHEDULER) if asked.binary in ("", "*", name)]


def levels(prefix: str) -> Mapping[str, str]:
    """The effective levels of the loggers whose names start so."""
    return {name: logging.getLevelName(logging.getLogger(name).getEffectiveLevel()) for name in _named(prefix)}


def setting(asked: LogAsk, level: str, host: str) -> Callable[[], None]:
    """What sets the level, to be run after commit; BadRequest for a level that there is not, NotBuilt for hosts."""
    wanted = level.upper()
    if wanted not in LEVELS:
        raise BadRequest("Invalid input received: {level} is not a valid log level.", level=level[:64])
    if asked.binary == VOLUME:
        raise NotBuilt("haneul does not set the log levels of volume hosts yet.")
    return partial(_set, asked.prefix or "", wanted) if binaries(asked, host) else lambda: None


def _set(prefix: str, level: str) -> None:
    for name in _named(prefix):
        logging.getLogger(name).setLevel(level)


def _named(prefix: str) -> list[str]:
    # What has never logged has no logger yet, and haneul's own is the one that operators mean.
    known = {"haneul", *(name for name, one in logging.root.manager.loggerDict.items() if _is_logger(one))}
    return sorted(name for name in known if name.startswith(prefix))


def _is_logger(one: object) -> bool:
    return isinstance(one, logging.Logger)
