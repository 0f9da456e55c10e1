"""The control process: every REST API, operations and the scheduler."""

import os
import signal
import socket
import sys
from types import FrameType

from haneul.cli.failures import Failure
from haneul.cli.tree.layout import Layout
from haneul.cli.tree.link import Link, Notice
from haneul.kernel import log
from haneul.kernel.config import ConfigError, Settings
from haneul.settings import CloudSettings


class Stop:
    """Turns SIGTERM into an end: at once while starting, by the server's own care once it serves."""

    def __init__(self) -> None:
        self.serving = False
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._heard)

    def _heard(self, _number: int, _frame: FrameType | None) -> None:
        # The server raises the signal once more when it has ended; what is left to stop follows it.
        if not self.serving:
            sys.exit(0)


def run_control(layout: Layout, link: Link, descriptors: list[int]) -> None:
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


def _serve(layout: Layout, link: Link, descriptors: list[int], stop: Stop) -> None:
    # Imported here, so that the commands that need no cloud start without it.
    from haneul.cloud import Cloud
    from haneul.kernel.http.server import Tls, serve_until_stopped

    settings = layout.settings()
    with told_plainly(settings):
        cloud = Cloud(settings, services_settings(layout))
        link.tell(Notice(doing="Preparing the database."))
        cloud.prepare()
        cloud.start()
    try:
        app = cloud.app()
        sockets = _sockets_for(cloud.ports(), settings, descriptors)
        tls = Tls(*certificate_of(layout, settings)) if settings.tls else None
        stop.serving = True
        serve_until_stopped(app, sockets, tls=tls, ready=lambda: link.tell(Notice(ready=True)))
    finally:
        cloud.stop()


def services_settings(layout: Layout) -> Settings:
    """The sections of the configuration file that `up` was told of, and this process's variables."""
    config = layout.flags().config
    return Settings.load(Path(config) if config else None, os.environ)
