"""From one image's disks to another's. A server that was well keeps its old disks until the new ones are there."""

from haneul.kernel.clock import now
from haneul.kernel.operations import Parked, Step, Work
from haneul.services.compute.server_rebuilds import logic
from haneul.services.compute.servers.logic import GONE, current, set_state, want
from haneul.services.compute.servers.models import servers
from haneul.services.compute.servers.operations import (
    BOOT_DEADLINE_S,
    HostRefused,
    ServerOperation,
    await_observed,
    clear_task,
    refuse_gone,
    tell,
)


def _was_well(work: Work) -> bool:
    """A server in ERROR may be beyond what its host can make true with the old disks: it gets new ones at once."""
    return bool(work.input["vm_state"] != "error")


def want_spares(work: Work) -> None:
    """Say that the host should make the new disks beside the old ones."""
    server = current(work.db, work.resource_id)
    refuse_gone(server)
    if "spares" not in work.memo:
        logic.make_spares(work.db, server)
        work.memo["spares"] = want(work.db, server, work.request_id) if _was_well(work) else 0


def drop_spares(work: Work) -> None:
    """Where the new disks were not taken, the server is what it was."""
    server = current(work.db, work.resource_id)
    if logic.drop_spares(work.db, server) and server.wanted_power != GONE:
        want(work.db, server, work.request_id, **work.input["former"])
    elif "taken" not in work.memo:
        work.db.update(servers, {"id": server.id}, **work.input["former"])
    clear_task(work)


def await_spares(work: Work) -> None:
    """Wait until the host has made them; raise what it says if it can't."""
    server = current(work.db, work.resource_id)
    if not work.memo["spares"] or "taken" in work.memo:
        return
    if server.observed_error:
        raise HostRefused("{reason}", reason=server.observed_error)
    if server.observed_generation < server.generation:
        raise Parked


def take_spares(work: Work) -> None:
    """Say that the host should run the guest with the new disks and delete the old ones: there is no way back."""
    server = current(work.db, work.resource_id)
    refuse_gone(server)
    if "taken" not in work.memo:
        logic.take_spares(work.db, server)
        power = "stopped" if work.input["vm_state"] == "stopped" else "running"
        work.memo["taken"] = want(work.db, server, work.request_id, wanted_power=power)


def now_rebuilt(work: Work) -> None:
    """The server is what it was before, with new disks."""
    await_observed(work)
    server = current(work.db, work.resource_id)
    logic.forget_dropped(work.db, server)
    vm_state = "stopped" if work.input["vm_state"] == "stopped" else "active"
    set_state(work.db, server, vm_state=vm_state, task_state="", launched_at=now(), fault=None)
    tell(work, server)


class RebuildServer(ServerOperation):
    """From a server's disks to new ones of an image of choice; all else of it stays."""

    name = "server-rebuild"
    steps = (
        Step("want its new disks", want_spares, undo=drop_spares),
        Step("see its new disks", await_spares, deadline_s=BOOT_DEADLINE_S),
        Step("take its new disks", take_spares),
        Step("see it rebuilt", now_rebuilt, deadline_s=BOOT_DEADLINE_S),
    )
