"""Giving servers NICs, and taking them away."""

from collections.abc import Iterable, Sequence

from msgspec import Struct

from haneul.kernel.db import Db
from haneul.kernel.errors import BadRequest
from haneul.services.compute.nics import queries
from haneul.services.compute.nics.models import Nic, nics
from haneul.services.network import public as network

NIC_SLOTS = range(0x0A, 0x1B)
"""Slots of the guest's PCI bus that NICs get: above those of its first disks, since guests name NICs by their order."""


class NicWanted(Struct, frozen=True, kw_only=True):
    """A NIC to be: with a port that is there, or with a new one."""

    port: network.Port | None = None
    made: network.NetworkWanted | None = None
    tag: str = ""


def give(db: Db, wanted: Sequence[NicWanted], project_id: str, server_id: str, hostname: str) -> list[Nic]:
    """Give a server NICs, after those that it has; the network's refusals as they are."""
    there = queries.of_server(db, server_id)
    given = []
    for one in wanted:
        port_id = _port_for(db, one, project_id, server_id, hostname)
        nic = Nic(
            port_id=port_id,
            server_id=server_id,
            number=max((nic.number for nic in there), default=-1) + 1,
            pci_slot=_free_slot(there),
            tag=one.tag,
            is_made=one.port is None,
            is_leaving=False,
        )
        db.insert(nics, nic)
        there.append(nic)
        given.append(nic)
    return given


def _port_for(db: Db, one: NicWanted, project_id: str, server_id: str, hostname: str) -> str:
    if one.port is not None:
        network.take_port(db, one.port, server_id)
        return one.port.id
    assert one.made is not None
    return network.make_port(db, one.made, project_id, server_id, hostname).id


def _free_slot(there: Iterable[Nic]) -> int:
    taken = {nic.pci_slot for nic in there}
    for slot in NIC_SLOTS:
        if slot not in taken:
            return slot
    raise BadRequest("A server can have at most {most} network interfaces.", most=len(NIC_SLOTS))


def release(db: Db, server_id: str) -> None:
    """The server is gone: the ports that were made for it go too, the others are nobody's again. Repeatable."""
    drop(db, queries.of_server(db, server_id))


def set_leaving(db: Db, port_id: str, is_leaving: bool) -> None:
    """Say of a NIC that the guest is to lose it, or keeps it after all."""
    db.update(nics, {"port_id": port_id}, is_leaving=is_leaving)


def forget(db: Db, nic: Nic) -> None:
    """The NIC's port is gone."""
    db.delete(nics, port_id=nic.port_id)


def drop(db: Db, leaving: Sequence[Nic]) -> None:
    """Take NICs away, and their ports with those that were made for their server."""
    for nic in leaving:
        db.delete(nics, port_id=nic.port_id)
    network.delete(db, [nic.port_id for nic in leaving if nic.is_made])
    network.give_back(db, [nic.port_id for nic in leaving if not nic.is_made])
