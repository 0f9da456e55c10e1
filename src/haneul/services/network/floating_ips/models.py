from sqlalchemy import Column, ForeignKey, Index, String, UniqueConstraint

from haneul.kernel.db import Table
from haneul.services.network.standard import Standard, standard_columns


class FloatingIp(Standard):
    """An external address that stands for a port's fixed one.

    Port and fixed address are None while it stands for nothing, so that the database can keep two floating IPs of one
    network from standing for the same address. `router_id` is empty until a router serves it.
    """

    floating_network_id: str
    floating_port_id: str
    floating_ip_address: str
    fixed_port_id: str | None
    fixed_ip_address: str | None
    router_id: str
    status: str
    dns_name: str
    dns_domain: str


floating_ips = Table(
    "network_floating_ips",
    *standard_columns(),
    Column("floating_network_id", String(36), ForeignKey("network_networks.id"), nullable=False),
    Column("floating_port_id", String(36), ForeignKey("network_ports.id"), nullable=False),
    Column("floating_ip_address", String(64), nullable=False),
    Column("fixed_port_id", String(36), ForeignKey("network_ports.id"), nullable=True),
    Column("fixed_ip_address", String(64), nullable=True),
    Column("router_id", String(36), nullable=False),
    Column("status", String(16), nullable=False),
    Column("dns_name", String(255), nullable=False),
    Column("dns_domain", String(255), nullable=False),
    UniqueConstraint(
        "fixed_port_id", "fixed_ip_address", "floating_network_id", name="uq_network_floating_ips_stands_for"
    ),
    Index("ix_network_floating_ips_project_id", "project_id", "id"),
    Index("ix_network_floating_ips_router_id", "router_id"),
    Index("ix_network_floating_ips_floating_ip_address", "floating_ip_address"),
    Index("ix_network_floating_ips_floating_network_id", "floating_network_id"),
    Index("ix_network_floating_ips_floating_port_id", "floating_port_id"),
)
