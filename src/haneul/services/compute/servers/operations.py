"""What happens to servers, as journalled steps. Steps write what is wanted and wait for the host to have made it."""

from collections.abc import Callable

from haneul.kernel.clock import EPOCH, now
from haneul.kernel.errors import ApiError, Conflict
from haneul.kernel.events import emit
from haneul.kernel.operations import Fault, Operation, Parked, Step, Work
from haneul.kernel.reconcile import Tombstone
from haneul.kernel.reconcile.plans import bury, is_buried
from haneul.services.compute.block_devices.models import block_devices
from haneul.services.compute.consoles import logic as consoles
from haneul.services.compute.metadata import passwords
from haneul.services.compute.nics import queries as nics
from haneul.services.compute.nics.logic import release as release_nics
from haneul.services.compute.scheduling.logic import choose, is_host_up, release
from haneul.services.compute.servers import logic
from haneul.services.compute.servers.models import Server, servers, verbs
from haneul.services.compute.servers.news import payload_of
from haneul.services.compute.wire import GUESTS
from haneul.services.network import public as network

PLUG_DEADLINE_S = 300.0
"""Nova's `vif_plugging_timeout`."""
BOOT_DEADLINE_S = 900.0
EVENTS = {
    "server-create": "compute.instance.create.end",
    "server-delete": "compute.instance.delete.end",
    "server-start": "compute.instance.power_on.end",
    "server-stop": "compute.instance.power_off.end",
    "server-reboot": "compute.instance.reboot.end",
    "server-pause": "compute.instance.pause.end",
    "server-unpause": "compute.instance.unpause.end",
    "server-suspend": "compute.instance.suspend.end",
    "server-resume": "compute.instance.resume.end",
    "server-rebuild": "compute.instance.rebuild.end",
    "server-image": "compute.instance.snapshot.end",
    "server-backup": "compute.instance.snapshot.end",
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


def tell(work: Work, server: Server) -> None:
    """Tell of what has just been done with the server, under Nova's name for it."""
    event_type = EVENTS[work.operation]
    emit(work.db, event_type, payload_of(server), publisher="compute", request_id=work.request_id)


def choose_host(work: Work) -> None:
    """Claim room for the server on a host."""
    server = _server(work)
    chosen = choose(work.db, server)
    work.memo["host"], work.memo["machine"] = chosen.host, chosen.machine
    logic.set_state(work.db, server, task_state="spawning", zone=chosen.zone)


def release_allocation(work: Work) -> None:
    release(work.db, work.resource_id)


def bind_ports(work: Work) -> None:
    """Have the chosen host make the server's ports."""
    server = _server(work)
    network.bind(work.db, _ports(work), work.memo["host"], server.zone)
    logic.set_state(work.db, server, task_state="networking")


def unbind_ports(work: Work) -> None:
    network.unbind(work.db, _ports(work))


def see_ports_made(work: Work) -> None:
    """Wait until the host has made the ports, so that the guest's first packets get through; raise why it can't."""
    for port in network.news_of(work.db, _ports(work)).values():
        if port.error:
            raise HostRefused("Failed to plug port {id}: {reason}", id=port.id, reason=port.error)
        if port.status != "ACTIVE" and port.is_up:
            raise Parked
    logic.set_state(work.db, _server(work), task_state="spawning")


def _ports(work: Work) -> list[str]:
    return [nic.port_id for nic in nics.of_server(work.db, work.resource_id)]


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
    tell(work, server)


def now_in(vm_state: str) -> Callable[[Work], None]:
    """What a last step does whose host has brought the server into this state."""

    def do(work: Work) -> None:
        await_observed(work)
        server = _server(work)
        logic.set_state(work.db, server, vm_state=vm_state, task_state="")
        tell(work, server)

    return do


class CreateServer(ServerOperation):
    """From a row in state building to a guest that runs."""

    name = "server-create"
    steps = (
        Step("choose host", choose_host, undo=release_allocation),
        Step("bind ports", bind_ports, undo=unbind_ports),
        Step("see ports made", see_ports_made, deadline_s=PLUG_DEADLINE_S),
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
    release_nics(work.db, work.resource_id)
    consoles.forget(work.db, work.resource_id)
    passwords.forget(work.db, work.resource_id)
    server = _server(work)
    for role in ("spare", "dropped"):
        work.db.delete(block_devices, server_id=server.id, role=role)
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
        tell(work, server)


class DeleteServer(ServerOperation):
    """From whatever it is to nothing on any host. It has no way back: each step is tried until it is done."""

    name = "server-delete"
    steps = (
        Step("want it gone", want_gone),
        Step("see it gone", await_gone, deadline_s=GONE_DEADLINE_S),
        Step("forget it", forget),
    )


def want_power(power: str, *, undo: Callable[[Work], None] | None = None) -> Step:
    """A step that wants the server's power so; what undoes it leaves that as it is, unless told otherwise."""

    def do(work: Work) -> None:
        server = _server(work)
        refuse_gone(server)
        if "generation" not in work.memo:
            work.memo["former"] = server.wanted_power
            work.memo["generation"] = logic.want(work.db, server, work.request_id, wanted_power=power)

    return Step(f"want it {power}", do, undo=undo or clear_task)


def want_former_power(work: Work) -> None:
    """Want of the host what was wanted of it before."""
    server = _server(work)
    former = work.memo.get("former", server.wanted_power)
    if server.wanted_power not in (former, logic.GONE):
        logic.want(work.db, server, work.request_id, wanted_power=former)
    clear_task(work)


def refuse_gone(server: Server) -> None:
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
    steps = (want_power("stopped"), Step("see it stopped", now_in("stopped")))


def ask_reboot(work: Work) -> None:
    """Ask the host to reboot the guest once; a stopped one is wanted running as well."""
    server = _server(work)
    refuse_gone(server)
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
