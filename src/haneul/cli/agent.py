"""The agent process: makes this host equal the rows. It sees no SQL and listens on no port."""

import os
import sys
import time

from haneul.cli.failures import Failure
from haneul.cli.tree.layout import Layout
from haneul.cli.tree.link import Link, Notice
from haneul.cli.tree.stopping import StopSignal
from haneul.host.namespaces import ensure_namespace, enter_namespace, hold_namespace
from haneul.host.run import RunFailed
from haneul.kernel import log
from haneul.kernel.config import ConfigError
from haneul.settings import CloudSettings

# How long `up` waits for control to know of this host; without control it is ready all the same.
HEARD_S = 20.0
LOOK_S = 0.1


def run_agent(layout: Layout, link: Link) -> None:
    """Work until SIGTERM. What stands in the way is told to the supervisor in a sentence."""
    stopping = StopSignal()
    # What guests pass through must be passable; what is secret says so itself.
    os.umask(0o022)
    log.open_log(None, "agent")
    try:
        _work(layout, link, stopping)
    except Failure as failure:
        log.event("agent could not start", "error", reason=str(failure))
        link.tell(Notice(failed=str(failure), fix=failure.fix))
        sys.exit(1)
    finally:
        log.close_log()


def _work(layout: Layout, link: Link, stopping: StopSignal) -> None:
    settings = layout.settings()
    machine = None
    if not settings.simulate and not settings.host_network:
        # Only this thread and those that it starts from now on move.
        machine = hold_namespace()
        _move_into(CloudSettings.namespace_of(layout.cloud_id))
    # Imported here, so that the commands that need no agent start without it.
    from haneul.agent import Agent
    from haneul.services.compute.drivers.base import Refused

    try:
        agent = Agent(settings, layout.sections(os.environ), layout.cloud_id, machine)
        agent.start()
    except (Refused, RunFailed, ValueError) as error:
        raise Failure(str(error)) from error
    except ConfigError as error:
        raise Failure(str(error), "Correct it in haneul.toml or in the HANEUL_ variable.") from error
    heard_by = time.monotonic() + HEARD_S
    while not agent.wait_until_heard(LOOK_S) and time.monotonic() < heard_by:
        if stopping.wait(0):
            break
    link.tell(Notice(ready=True))
    stopping.wait()
    agent.stop()


def _move_into(namespace: str) -> None:
    try:
        ensure_namespace(namespace)
        enter_namespace(namespace)
    except RunFailed as error:
        raise Failure(
            f"The agent can't have a network namespace of its own. {error}",
            "Install iproute2 and allow namespaces, or use --host-network.",
        ) from error
