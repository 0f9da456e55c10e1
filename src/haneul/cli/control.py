"""The control process: every REST API, operations and the scheduler."""

import gc
import os
import signal
import socket
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from haneul.cli.failures import Failure
from haneul.cli.tree.layout import Layout
from haneul.cli.tree.link import Link, Notice
from haneul.kernel import log
from haneul.kernel.config import ConfigError
from haneul.kernel.listening import listen_at
from haneul.settings import CloudSettings


class Stop:
    """Turns SIGTERM into an end: at once while starting, by the server's own care once it serves."""

    def __init__(self) -> None:
        self.serving = self.heard = False
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._heard)

    def _heard(self, _number: int, _frame: FrameType | None) -> None:
        # The server raises the signal once more when it has ended; what is left to stop follows it.
        is_first, self.heard = not self.heard, True
        if is_first and not self.serving:
            sys.exit(0)


def run_control(layout: Layout, link: Link, descriptors: Sequence[int]) -> None:
    """Serve the cloud until SIGTERM. What stands in the way is told to the supervisor in a sentence."""
    stop = Stop()
    log.open_log(None, "control")
    try:
        _serve(layout, link, descriptors, stop)
    except Failure as failure:
        log.event("control could not start", "error", reason=str(failure))
        link.tell(Notice(failed=str(failure), fix=failure.fix))
        sys.exit(1)
    finally:
        log.close_log()


def _serve(layout: Layout, link: Link, descriptors: Sequence[int], stop: Stop) -> None:
    # Imports make much and throw nothing away: looking for garbage meanwhile takes a fifth of the start.
    gc.disable()
    # Imported here, so that the commands that need no cloud start without it.
    from haneul.cloud import Cloud
    from haneul.kernel.http.server import Tls, serve_until_stopped

    settings, sections = layout.settings(), layout.sections(os.environ)
    with told_plainly(settings):
        cloud = Cloud(settings, sections)
        link.tell(Notice(doing="Preparing the database."))
        cloud.prepare()
        if not settings.bare:
            cloud.seed()
        cloud.start()

    def ready() -> None:
        stop.serving = True
        link.tell(Notice(ready=True))

    try:
        sockets = sockets_for(cloud.ports(), settings.bind, descriptors)
        tls = Tls(Path(settings.tls_certificate), Path(settings.tls_key)) if settings.tls else None
        serve_until_stopped(cloud.app(), sockets, tls=tls, ready=ready)
    finally:
        cloud.stop()


def sockets_for(ports: Sequence[int], bind: str, descriptors: Sequence[int]) -> list[socket.socket]:
    """The inherited sockets of these ports; a port that nobody bound for us is bound here."""
    inherited = {one.getsockname()[1]: one for one in (socket.socket(fileno=number) for number in descriptors)}
    for port in inherited.keys() - set(ports):
        inherited.pop(port).close()
    for port in set(ports) - inherited.keys():
        inherited[port] = listen_at(bind, port)
    return list(inherited.values())


@contextmanager
def told_plainly(settings: CloudSettings) -> Iterator[None]:
    """Failure, in words for an operator, for what keeps a cloud from starting and isn't our mistake."""
    from sqlalchemy.exc import ArgumentError, DBAPIError

    from haneul.kernel.db.migrate import SchemaTooNew
    from haneul.kernel.policy import PolicyError
    from haneul.kernel.reconcile.plans import AnotherCloudsDatabase

    database = log.mask(settings.db_url)
    try:
        yield
    except ConfigError as error:
        raise Failure(str(error), "Correct it in haneul.toml or in the HANEUL_ variable.") from error
    except PolicyError as error:
        raise Failure(str(error), f"Correct the policy file in {settings.state / 'policy'}.") from error
    except SchemaTooNew as error:
        raise Failure(str(error)) from error
    except AnotherCloudsDatabase as error:
        raise Failure(str(error), "Name this cloud's database by --db, or that cloud's folder by --state.") from error
    except DBAPIError as error:
        raise Failure(f"The database {database} can't be used: {error.orig}.", "See --db.") from error
    except ArgumentError as error:
        raise Failure(f"{database} is not the URL of a database.", "See --db.") from error
    except (ValueError, FileExistsError) as error:
        raise Failure(str(error)) from error
