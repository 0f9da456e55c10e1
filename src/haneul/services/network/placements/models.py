from sqlalchemy import BigInteger, Column, Index, String

from haneul.kernel.db import Row, Table, Text


class Placement(Row):
    """A thing that a host has to make: a network's segment or DHCP server, a port, a security group, a router.

    `generation` grows with every change of what is wanted; `observed_generation` is the newest that the host has made
    true, `error` why it can't.
    """

    kind: str
    id: str
    host: str
    generation: int
    observed_generation: int
    error: str
    request_id: str

    @property
    def is_made(self) -> bool:
        return self.observed_generation == self.generation


placements = Table(
    "network_placements",
    Column("kind", String(16), primary_key=True),
    Column("id", String(36), primary_key=True),
    Column("host", String(255), primary_key=True),
    Column("generation", BigInteger, nullable=False),
    Column("observed_generation", BigInteger, nullable=False),
    Column("error", Text, nullable=False),
    Column("request_id", String(64), nullable=False),
    Index("ix_network_placements_host", "host", "kind", "id"),
)
