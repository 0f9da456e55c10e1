from sqlalchemy import Column, Index, Integer, String, UniqueConstraint

from haneul.kernel.db import Row, Table, Text


class RegisteredLimit(Row):
    """How much of a service's resource a project may have that has no limit of its own; -1 is no limit.

    Without a region it holds in each. `region_key` is the region's id, or empty: a text keeps the limits of no region
    unique on databases that hold NULLs for different.
    """

    id: str
    service_id: str
    region_id: str | None
    region_key: str
    resource_name: str
    default_limit: int
    description: str | None


# As in Keystone, it outlives its service and its region: openstackclient's tests take services away first.
registered_limits = Table(
    "identity_registered_limits",
    Column("id", String(64), primary_key=True),
    Column("service_id", String(64), nullable=False),
    Column("region_id", String(255)),
    Column("region_key", String(255), nullable=False),
    Column("resource_name", String(255), nullable=False),
    Column("default_limit", Integer, nullable=False),
    Column("description", Text),
    UniqueConstraint("service_id", "resource_name", "region_key", name="uq_identity_registered_limits_resource"),
    Index("ix_identity_registered_limits_region_id", "region_id"),
    Index("ix_identity_registered_limits_resource_name", "resource_name", "id"),
)
