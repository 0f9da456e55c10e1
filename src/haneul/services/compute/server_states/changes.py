"""From which state a server may be made to stand still, and from which to go on."""

from types import MappingProxyType

import msgspec

from haneul.kernel import operations
from haneul.kernel.db import Db
from haneul.kernel.operations import Asker, Operation
from haneul.services.compute.server_states.operations import PauseServer, ResumeServer, SuspendServer, UnpauseServer
from haneul.services.compute.servers.logic import refuse_locked, refuse_unless, set_state
from haneul.services.compute.servers.models import Server


class Change(msgspec.Struct, frozen=True):
    """The one vm_state that it begins from, what the server is said to be doing meanwhile, and what does it."""

    begins: str
    task_state: str
    operation: type[Operation]


CHANGES = MappingProxyType(
    {
        "pause": Change("active", "pausing", PauseServer),
        "unpause": Change("paused", "unpausing", UnpauseServer),
        "suspend": Change("active", "suspending", SuspendServer),
        "resume": Change("suspended", "resuming", ResumeServer),
    }
)


def begin(db: Db, by: Asker, server: Server, action: str) -> None:
    """Begin one of the changes; Conflict in Nova's words from any other state."""
    change = CHANGES[action]
    refuse_locked(server, by.caller)
    refuse_unless(server, action, change.begins)
    set_state(db, server, task_state=change.task_state)
    operations.start(db, change.operation, server.id, by=by)
