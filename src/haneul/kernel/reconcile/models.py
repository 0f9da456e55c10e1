from datetime import datetime

from sqlalchemy import BigInteger, Column, Index, Integer, String

from haneul.kernel.db import Row, Table, Text, Time


class Buried(Row):
    """A thing that a host must remove, until it says that it has."""

    kind: str
    id: str
    host: str
    generation: int
    request_id: str
    created_at: datetime


tombstones = Table(
    "tombstones",
    Column("kind", String(32), primary_key=True),
    Column("id", String(64), primary_key=True),
    Column("host", String(255), primary_key=True),
    Column("generation", BigInteger, nullable=False),
    Column("request_id", String(64), nullable=False),
    Column("created_at", Time, nullable=False),
    Index("ix_tombstones_host", "host", "kind"),
)


class PlanRevision(Row):
    """How often a host's plan of a kind has changed, and why its agent last refused it, if it did."""

    host: str
    kind: str
    revision: int
    stopped: str


plan_revisions = Table(
    "plan_revisions",
    Column("host", String(255), primary_key=True),
    Column("kind", String(32), primary_key=True),
    Column("revision", BigInteger, nullable=False),
    Column("stopped", Text, nullable=False),
)


class Owner(Row):
    """The cloud whose database this is: hosts of any other one refuse its plans."""

    number: int
    cloud_id: str


owners = Table(
    "plan_owners",
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("cloud_id", String(64), nullable=False),
)
