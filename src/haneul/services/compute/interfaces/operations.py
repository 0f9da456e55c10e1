"""NICs on their way into servers and out of them. What fails leaves the server as it was, in whatever state it is."""

from haneul.kernel.errors import NotFound
from haneul.kernel.operations import Operation, Parked, Step, Work
from haneul.services.compute.nics import logic as nics
from haneul.services.compute.nics import queries
from haneul.services.compute.nics.models import Nic
from haneul.services.compute.servers import logic
from haneul.services.compute.servers.operations import PLUG_DEADLINE_S, HostRefused, await_observed, refuse_gone
from haneul.services.network import public as network

PULL_DEADLINE_S = 300.0


def _nic(work: Work) -> Nic | None:
    """The NIC; None once it is gone, be it that somebody has deleted its port."""
    nic = queries.find(work.db, work.input["port_id"])
    return nic if nic is not None and nic.server_id == work.resource_id else None


def bind_port(work: Work) -> None:
    """Have the server's host make the port."""
    server = logic.current(work.db, work.resource_id)
    refuse_gone(server)
    network.bind(work.db, [work.input["port_id"]], server.host, server.zone)


def drop_nic(work: Work) -> None:
    """The server has no such NIC; a port that was made for it goes, another one is nobody's again."""
    nic = _nic(work)
    if nic is not None:
        nics.drop(work.db, [nic])


def see_port_made(work: Work) -> None:
    """Wait until the host has made the port, so that the guest's first packets get through; raise why it can't."""
    port = network.news_of(work.db, [work.input["port_id"]]).get(work.input["port_id"])
    if port is None:
        raise NotFound("Port id {id} could not be found.", id=work.input["port_id"])
    if port.error:
        raise HostRefused("Failed to plug port {id}: {reason}", id=port.id, reason=port.error)
    if port.status != "ACTIVE" and port.is_up:
        raise Parked


def want_plugged(work: Work) -> None:
    """Have the host plug the NIC into the guest."""
    _want_anew(work, "plugged")


def want_unplugged(work: Work) -> None:
    """Have the host pull what it may have plugged in."""
    nics.set_leaving(work.db, work.input["port_id"], True)
    if "plugged" in work.memo:
        _want_anew(work, "unplugged")


def want_pulled(work: Work) -> None:
    """Have the host pull the NIC, which was said to be leaving when that was asked for."""
    _want_anew(work, "pulled")


def want_kept(work: Work) -> None:
    """The server keeps the NIC after all."""
    nics.set_leaving(work.db, work.input["port_id"], False)
    if "pulled" in work.memo:
        _want_anew(work, "kept")


def _want_anew(work: Work, what: str) -> None:
    """A new generation of what the host should make, once; none of a server that is being deleted."""
    server = logic.current(work.db, work.resource_id)
    if what not in work.memo and server.host and server.wanted_power != logic.GONE:
        work.memo[what] = logic.want(work.db, server, work.request_id)


class AttachInterface(Operation):
    """From a port to a NIC of a server that is there already."""

    name = "server-attach-interface"
    steps = (
        Step("bind port", bind_port, undo=drop_nic),
        Step("see port made", see_port_made, deadline_s=PLUG_DEADLINE_S),
        Step("want it plugged", want_plugged, undo=want_unplugged),
        Step("see it plugged", await_observed, deadline_s=PULL_DEADLINE_S),
    )


class DetachInterface(Operation):
    """From a NIC of a server to a port that is gone, or nobody's again."""

    name = "server-detach-interface"
    steps = (
        Step("want it pulled", want_pulled, undo=want_kept),
        Step("see it pulled", await_observed, deadline_s=PULL_DEADLINE_S),
        Step("free port", drop_nic),
    )


INTERFACE_OPERATIONS = (AttachInterface, DetachInterface)
