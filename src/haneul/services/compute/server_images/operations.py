"""From a server's disk to an image, while the server goes on."""

from typing import ClassVar

from haneul.kernel.auth import Caller
from haneul.kernel.errors import Conflict
from haneul.kernel.operations import Fault, Operation, Parked, Step, Work
from haneul.services.compute.servers.logic import GONE, ask_once, current, set_state
from haneul.services.compute.servers.models import verbs
from haneul.services.compute.servers.operations import HostRefused, clear_task, refuse_gone, tell
from haneul.services.compute.servers.queries import verb_of
from haneul.services.image import public as images

COPY_DEADLINE_S = 6 * 3600.0
STORE_DEADLINE_S = 24 * 3600.0
LOOK_EVERY_S = 0.5


class _Asker:
    """Who asked for the image, for the operation that fills it."""

    def __init__(self, work: Work) -> None:
        self.caller = Caller(user_id=work.user_id, project_id=work.project_id)
        self.request_id = work.request_id


def want_copy(work: Work) -> None:
    """Ask the host to copy the root disk as it is now."""
    server = current(work.db, work.resource_id)
    refuse_gone(server)
    if "verb" not in work.memo:
        set_state(work.db, server, task_state=work.input["copying"])
        work.memo["verb"] = ask_once(work.db, current(work.db, server.id), work.request_id, "snapshot")


def drop_copy(work: Work) -> None:
    """Nobody wants the copy any more, nor the image unless it has its bytes."""
    images.give_up_server_image(work.db, work.input["image_id"])
    server = current(work.db, work.resource_id)
    if "verb" in work.memo and server.host and server.wanted_power != GONE:
        work.db.update(verbs, {"id": work.memo["verb"]}, done_at=server.updated_at)
        _want_forgotten(work)


def _want_forgotten(work: Work) -> None:
    if "forget" not in work.memo:
        server = current(work.db, work.resource_id)
        work.memo["forget"] = ask_once(work.db, server, work.request_id, "forget-snapshot", work.memo["verb"])


def see_copy(work: Work) -> None:
    """Wait until the host has made it; raise what it says if it can't."""
    server = current(work.db, work.resource_id)
    if server.observed_error:
        raise HostRefused("{reason}", reason=server.observed_error)
    verb = verb_of(work.db, work.memo["verb"])
    if verb is None or verb.done_at is None:
        raise Parked


def want_stored(work: Work) -> None:
    """Have the image service read the copy from its host."""
    server = current(work.db, work.resource_id)
    if "task" not in work.memo:
        copied = images.DiskCopy(server.host, server.id, work.memo["verb"])
        work.memo["task"] = images.begin_server_image(
            work.db, work.input["image_id"], copied, work.input["known"], _Asker(work)
        )
        set_state(work.db, server, task_state="image_uploading")


def see_stored(work: Work) -> None:
    """Wait until it has; raise what it says if it can't."""
    status, message = images.server_image_outcome(work.db, work.memo["task"])
    if status == "failure":
        raise Conflict("{reason}", reason=message)
    if status != "success":
        raise Parked(LOOK_EVERY_S)


def forget_copy(work: Work) -> None:
    """The host needs the copy no longer."""
    server = current(work.db, work.resource_id)
    set_state(work.db, server, task_state="")
    _want_forgotten(work)
    tell(work, server)


class CreateServerImage(Operation):
    """An image of a server's root disk. What fails leaves the server as it is and no image."""

    name = "server-image"
    steps: ClassVar[tuple[Step, ...]] = (
        Step("ask for a copy", want_copy, undo=drop_copy),
        Step("see the copy", see_copy, deadline_s=COPY_DEADLINE_S),
        Step("want it stored", want_stored),
        Step("see it stored", see_stored, deadline_s=STORE_DEADLINE_S),
        Step("forget the copy", forget_copy),
    )

    @staticmethod
    def failed(work: Work, fault: Fault) -> None:
        clear_task(work)
