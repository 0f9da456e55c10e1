"""What happens to servers, as journalled steps. Steps write what is wanted and wait for the host to have made it."""

from haneul.kernel.clock import EPOCH, now
from haneul.kernel.errors import ApiError, Conflict
from haneul.kernel.events import emit
from haneul.kernel.operations import Fault, Operation, Parked, Step, Work
from haneul.kernel.reconcile import Tombstone
from haneul.kernel.reconcile.plans import bury, is_buried
from haneul.services.compute.scheduling.logic import choose, is_host_up, release
from haneul.services.compute.servers import logic
from haneul.services.compute.servers.models import Server, servers, verbs
from haneul.services.compute.wire import GUESTS

BOOT_DEADLINE_S = 900.0
EVENTS = {
    "server-create": "compute.instance.create.end",
    "server-delete": "compute.instance.delete.end",
    "server-start": "compute.instance.power_on.end",
    "server-stop": "compute.instance.power_off.end",
    "server-reboot": "compute.instance.reboot.end",
}
GONE_DEADLINE_S = 300.0


class HostRefused(ApiError):
    """The host said why it could not make the guest."""

    status = 500


class ServerOperation(Operation):
    """Work on one server; what fails puts it into ERROR with the reason."""

    @staticmethod
    def failed(work: Work, fault: Fault) -> None:
        if fault.kind != "superseded" and _server(work).deleted_at is None:
            logic.fail(work.db, work.resource_id, fault.message, fault.status)


def _server(work: Work) -> Server:
    return logic.current(work.db, work.resource_id)


def _tell(work: Work, server: Server) -> None:
    """Tell of what has just been done with the server, under Nova's name for it."""
    payload = {
        "instance_id": server.id,
        "tenant_id": server.project_id,
        "user_id": server.user_id,
        "display_name": server.name,
        "host": server.host,
        "vcpus": server.vcpus,
        "memory_mb": server.memory_mb,
    }
    event_type = EVENTS[work.operation]
    emit(work.db, event_type, payload, publisher="compute", request_id=work.request_id)


def choose_host(work: Work) -> None:
    """Claim room for the server on a host."""
    server = _server(work)
    chosen = choose(work.db, server)
    work.memo["host"], work.memo["machine"] = chosen.host, chosen.machine
    logic.set_state(work.db, server, task_state="spawning", zone=chosen.zone)


def release_allocation(work: Work) -> None:
    release(work.db, work.resource_id)


def want_running(work: Work) -> None:
    """Say that the chosen host should run the guest."""
    server = _server(work)
    if server.host:
        return
    logic.want(
        work.db,
        server,
        work.request_id,
        host=work.memo["host"],
        machine=server.machine or work.memo["machine"],
        wanted_power="running",
    )


def want_gone(work: Work) -> None:
    """Have the host remove whatever it has of the guest; its tombstone waits if the host is away."""
    server = _server(work)
    if server.host:
        generation = logic.want(work.db, server, work.request_id, wanted_power=logic.GONE)
        bury(work.db, server.host, GUESTS, Tombstone(server.id, generation, work.request_id))
        work.db.update(servers, {"id": server.id}, power_state=logic.NO_POWER)


def await_observed(work: Work) -> None:
    """Wait until the host has made the newest generation true; raise what it says if it can't."""
    server = _server(work)
    if server.observed_error:
        raise HostRefused("{reason}", reason=server.observed_error)
    if server.observed_generation < server.generation or server.observed_state != server.wanted_power:
        raise Parked


def now_active(work: Work) -> None:
    """The server runs."""
    await_observed(work)
    server = _server(work)
    launched_at = now() if server.launched_at == EPOCH else server.launched_at
    logic.set_state(work.db, server, vm_state="active", task_state="", launched_at=launched_at, fault=None)
    _tell(work, server)


def now_stopped(work: Work) -> None:
    await_observed(work)
    server = _server(work)
    logic.set_state(work.db, server, vm_state="stopped", task_state="")
    _tell(work, server)


class CreateServer(ServerOperation):
    """From a row in state building to a guest that runs."""

    name = "server-create"
    steps = (
        Step("choose host", choose_host, undo=release_allocation),
        Step("want it running", want_running, undo=want_gone),
        Step("see it running", now_active, deadline_s=BOOT_DEADLINE_S),
    )


def await_gone(work: Work) -> None:
    """Wait for the host to say that nothing of the guest is left; a host that is away honours the tombstone later."""
    server = _server(work)
    if is_buried(work.db, GUESTS, server.id) and is_host_up(work.db, server.host):
        raise Parked


def forget(work: Work) -> None:
    """The server is deleted; its row stays to be shown to who asks for deleted ones."""
    release(work.db, work.resource_id)
    server = _server(work)
    if server.deleted_at is None:
        logic.set_state(
            work.db,
            server,
            vm_state="deleted",
            task_state="",
            power_state=logic.NO_POWER,
            deleted_at=now(),
            is_deleted=True,
        )
        _tell(work, server)


class DeleteServer(ServerOperation):
    """From whatever it is to nothing on any host. It has no way back: each step is tried until it is done."""

    name = "server-delete"
    steps = (
        Step("want it gone", want_gone),
        Step("see it gone", await_gone, deadline_s=GONE_DEADLINE_S),
        Step("forget it", forget),
    )


def want_power(power: str) -> Step:
    """A step that wants the server's power so."""

    def do(work: Work) -> None:
        server = _server(work)
        _refuse_gone(server)
        if "generation" not in work.memo:
            work.memo["generation"] = logic.want(work.db, server, work.request_id, wanted_power=power)

    return Step(f"want it {power}", do, undo=clear_task)


def _refuse_gone(server: Server) -> None:
    """Conflict for a server that no host has or shall have: what wants its power would make its guest anew."""
    if not server.host or server.wanted_power == logic.GONE:
        raise Conflict("Instance {id} has no host.", id=server.id)


def clear_task(work: Work) -> None:
    """The server is idle again, unless what broke this operation off is its deletion."""
    server = _server(work)
    if server.task_state != "deleting":
        work.db.update(servers, {"id": server.id, "task_state": server.task_state}, task_state="")


class StartServer(ServerOperation):
    """From stopped to running."""

    name = "server-start"
    steps = (want_power("running"), Step("see it running", now_active, deadline_s=BOOT_DEADLINE_S))


class StopServer(ServerOperation):
    """From running to stopped: the guest is asked first and made to after a while."""

    name = "server-stop"
    steps = (want_power("stopped"), Step("see it stopped", now_stopped))


def ask_reboot(work: Work) -> None:
    """Ask the host to reboot the guest once; a stopped one is wanted running as well."""
    server = _server(work)
    _refuse_gone(server)
    if "verb" not in work.memo:
        if server.wanted_power != "running":
            work.db.update(servers, {"id": server.id}, wanted_power="running")
        work.memo["verb"] = logic.ask_once(work.db, server, work.request_id, work.input["verb"])


def drop_verb(work: Work) -> None:
    if "verb" in work.memo:
        work.db.update(verbs, {"id": work.memo["verb"]}, done_at=now())
    clear_task(work)


class RebootServer(ServerOperation):
    """One reboot, soft or hard."""

    name = "server-reboot"
    steps = (
        Step("ask for a reboot", ask_reboot, undo=drop_verb),
        Step("see it running", now_active, deadline_s=BOOT_DEADLINE_S),
    )


OPERATIONS = (CreateServer, DeleteServer, StartServer, StopServer, RebootServer)
