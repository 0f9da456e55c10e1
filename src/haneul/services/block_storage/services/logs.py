"""Log levels: of control's own process, which is what Cinder calls API and scheduler, and of the volume hosts'.

A host tells its levels with each heartbeat and is told then what they shall be: it follows within seconds.
"""

from functools import partial

from haneul.kernel.db import Db
from haneul.kernel.errors import BadRequest
from haneul.services.block_storage import loggers
from haneul.services.block_storage.config import BlockStorageSettings
from haneul.services.block_storage.services import logic
from haneul.services.block_storage.services.models import SCHEDULER, VOLUME, StorageService, storage_services
from haneul.services.block_storage.services.schemas import LogAsk, LogLevels, LogOrder

API = "cinder-api"
LEVELS = ("INFO", "WARNING", "ERROR", "DEBUG")


def told(db: Db, asked: LogAsk, host: str, settings: BlockStorageSettings) -> list[LogLevels]:
    """The levels of what is asked for: `host` is control's, whose levels are those of this process."""
    prefix, own = asked.prefix or "", _own(asked, host)
    here = loggers.levels(prefix) if own else {}
    return [
        *(LogLevels(host=host, binary=binary, levels=here) for binary in own),
        *(
            LogLevels(host=one.host, binary=one.binary, levels=_starting(one.log_levels, prefix))
            for one in _hosts(db, asked, settings)
        ),
    ]


def order(db: Db, asked: LogOrder, host: str, settings: BlockStorageSettings) -> None:
    """Set levels, here after commit and on hosts by their next heartbeat; BadRequest for a level that there is not."""
    given, prefix = asked.level or "", asked.prefix or ""
    level = given.upper()
    if level not in LEVELS:
        raise BadRequest("Invalid input received: {level} is not a valid log level.", level=given[:64])
    if _own(asked, host):
        db.after_commit(partial(loggers.set_levels, dict.fromkeys(loggers.levels(prefix), level)))
    for one in _hosts(db, asked, settings):
        wanted = {**one.log_orders, **dict.fromkeys(_starting(one.log_levels, prefix), level)}
        db.update(storage_services, {"number": one.number}, log_orders=wanted)


def _own(asked: LogAsk, host: str) -> list[str]:
    """The parts of this process that are asked for."""
    if asked.server and asked.server != host:
        return []
    return [name for name in (API, SCHEDULER) if asked.binary in ("", "*", name)]


def _hosts(db: Db, asked: LogAsk, settings: BlockStorageSettings) -> list[StorageService]:
    if asked.binary not in ("", "*", VOLUME):
        return []
    found = logic.of_host(db, asked.server, VOLUME) if asked.server else logic.backends(db)
    return [one for one in found if logic.is_up(one, settings)]


def _starting(levels: dict[str, str], prefix: str) -> dict[str, str]:
    return {name: level for name, level in levels.items() if name.startswith(prefix)}
