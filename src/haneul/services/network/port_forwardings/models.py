from sqlalchemy import Column, ForeignKey, Index, Integer, String

from haneul.kernel.db import Row, Table


class PortForwarding(Row):
    """Ports of a floating IP that lead to as many ports, or to one, of a fixed address."""

    id: str
    floating_ip_id: str
    internal_port_id: str
    internal_ip_address: str
    protocol: str
    outside_first: int
    outside_last: int
    inside_first: int
    inside_last: int
    description: str


port_forwardings = Table(
    "network_port_forwardings",
    Column("id", String(36), primary_key=True),
    Column("floating_ip_id", String(36), ForeignKey("network_floating_ips.id"), nullable=False),
    Column("internal_port_id", String(36), ForeignKey("network_ports.id"), nullable=False),
    Column("internal_ip_address", String(64), nullable=False),
    Column("protocol", String(8), nullable=False),
    Column("outside_first", Integer, nullable=False),
    Column("outside_last", Integer, nullable=False),
    Column("inside_first", Integer, nullable=False),
    Column("inside_last", Integer, nullable=False),
    Column("description", String(255), nullable=False),
    Index("ix_network_port_forwardings_floating_ip", "floating_ip_id", "id"),
    Index("ix_network_port_forwardings_internal_port", "internal_port_id"),
)
