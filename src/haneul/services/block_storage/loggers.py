"""The loggers of a process and their levels, by name."""

import logging
from collections.abc import Mapping

MOST = 512


def levels(prefix: str = "") -> dict[str, str]:
    """The effective levels of the loggers whose names start so."""
    # What has never logged has no logger yet, and haneul's own is the one that operators mean.
    known = {"haneul", *(name for name, one in logging.root.manager.loggerDict.items() if _is_logger(one))}
    names = sorted(name for name in known if name.startswith(prefix))[:MOST]
    return {name: logging.getLevelName(logging.getLogger(name).getEffectiveLevel()) for name in names}


def set_levels(wanted: Mapping[str, str]) -> None:
    """Give loggers these levels."""
    for name, level in wanted.items():
        logging.getLogger(name).setLevel(level)


def _is_logger(one: object) -> bool:
    return isinstance(one, logging.Logger)
