from typing import Any

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, String, UniqueConstraint

from haneul.kernel.db import Json, Row, Table
from haneul.services.network.standard import Standard, standard_columns

DHCP = "network:dhcp"
ROUTER_INTERFACE = "network:router_interface"
ROUTER_GATEWAY = "network:router_gateway"
FLOATING_IP = "network:floatingip"
OF_ROUTERS = (ROUTER_INTERFACE, ROUTER_GATEWAY, FLOATING_IP)
OF_COMPUTE = "compute:"
INTERNAL = "network:"
"""Owners of ports, as Neutron writes them; compute's is followed by the server's zone."""


class Port(Standard):
    """A place on a network. `host` is empty for one that is bound nowhere.

    `vif_type` is `unbound`, `bridge` or, with `binding_error` as the reason, `binding_failed`.
    """

    name: str
    network_id: str
    mac_address: str
    admin_state_up: bool
    status: str
    device_id: str
    device_owner: str
    port_security_enabled: bool
    host: str
    vnic_type: str
    vif_type: str
    binding_error: str
    binding_profile: dict[str, Any]
    allowed_address_pairs: list[dict[str, str]]
    extra_dhcp_opts: list[dict[str, Any]]
    dns_name: str
    dns_domain: str

    @property
    def is_internal(self) -> bool:
        """Whether the cloud itself made it and looks after it."""
        return self.device_owner.startswith(INTERNAL)


ports = Table(
    "network_ports",
    *standard_columns(),
    Column("name", String(255), nullable=False),
    Column("network_id", String(36), ForeignKey("network_networks.id"), nullable=False),
    Column("mac_address", String(17), nullable=False),
    Column("admin_state_up", Boolean, nullable=False),
    Column("status", String(16), nullable=False),
    Column("device_id", String(255), nullable=False),
    Column("device_owner", String(255), nullable=False),
    Column("port_security_enabled", Boolean, nullable=False),
    Column("host", String(255), nullable=False),
    Column("vnic_type", String(32), nullable=False),
    Column("vif_type", String(32), nullable=False),
    Column("binding_error", String(255), nullable=False),
    Column("binding_profile", Json, nullable=False),
    Column("allowed_address_pairs", Json, nullable=False),
    Column("extra_dhcp_opts", Json, nullable=False),
    Column("dns_name", String(255), nullable=False),
    Column("dns_domain", String(255), nullable=False),
    UniqueConstraint("network_id", "mac_address"),
    Index("ix_network_ports_project_id", "project_id", "id"),
    Index("ix_network_ports_device", "device_id", "device_owner"),
    Index("ix_network_ports_host", "host", "network_id"),
    Index("ix_network_ports_name", "name", "id"),
    Index("ix_network_ports_mac_address", "mac_address"),
)


class FixedIp(Row):
    """An address of a port; of a subnet's addresses each is one port's."""

    subnet_id: str
    address: str
    port_id: str
    number: int


fixed_ips = Table(
    "network_fixed_ips",
    Column("subnet_id", String(36), ForeignKey("network_subnets.id"), primary_key=True),
    Column("address", String(64), primary_key=True),
    Column("port_id", String(36), ForeignKey("network_ports.id"), nullable=False),
    Column("number", Integer, nullable=False),
    Index("ix_network_fixed_ips_port_id", "port_id"),
    Index("ix_network_fixed_ips_address", "address"),
)


class PortGroup(Row):
    """A security group that a port has."""

    port_id: str
    security_group_id: str


port_groups = Table(
    "network_port_security_groups",
    Column("port_id", String(36), ForeignKey("network_ports.id"), primary_key=True),
    Column("security_group_id", String(36), ForeignKey("network_security_groups.id"), primary_key=True),
    Index("ix_network_port_security_groups_group", "security_group_id"),
)
