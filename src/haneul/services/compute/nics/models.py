from sqlalchemy import Boolean, Column, Index, Integer, String

from haneul.kernel.db import Row, Table


class Nic(Row):
    """A port in a server. `is_made`: it was made for the server, and goes with it.

    `number` is its place among the server's NICs, `pci_slot` where the guest finds it, `tag` its user's word for it.
    `is_leaving`: the guest is to lose it, and the port waits for that.
    """

    port_id: str
    server_id: str
    number: int
    pci_slot: int
    tag: str
    is_made: bool
    is_leaving: bool


nics = Table(
    "compute_nics",
    Column("port_id", String(36), primary_key=True),
    Column("server_id", String(36), nullable=False),
    Column("number", Integer, nullable=False),
    Column("pci_slot", Integer, nullable=False),
    Column("tag", String(60), nullable=False),
    Column("is_made", Boolean, nullable=False),
    Column("is_leaving", Boolean, nullable=False),
    Index("ix_compute_nics_server_id", "server_id", "number"),
)
