from sqlalchemy import Column, String

from haneul.kernel.db import Row, Table


class Topology(Row):
    """What a project got made by itself: a network, and the router between it and the outside."""

    project_id: str
    network_id: str
    router_id: str


topologies = Table(
    "network_auto_allocated_topologies",
    Column("project_id", String(255), primary_key=True),
    Column("network_id", String(36), nullable=False),
    Column("router_id", String(36), nullable=False),
)
