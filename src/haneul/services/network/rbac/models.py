from sqlalchemy import Column, Index, String, UniqueConstraint

from haneul.kernel.db import Row, Table


class RbacPolicy(Row):
    """What lets a project (`*`: every one) use somebody else's resource. `action` is `access_as_shared` or, for
    networks, `access_as_external`; `object_type` is Neutron's word, such as `network`."""

    id: str
    project_id: str
    object_type: str
    object_id: str
    action: str
    target_project: str


rbac_policies = Table(
    "network_rbac_policies",
    Column("id", String(36), primary_key=True),
    Column("project_id", String(255), nullable=False),
    Column("object_type", String(32), nullable=False),
    Column("object_id", String(36), nullable=False),
    Column("action", String(32), nullable=False),
    Column("target_project", String(255), nullable=False),
    UniqueConstraint("object_type", "object_id", "action", "target_project", name="uq_network_rbac_policies_once"),
    Index("ix_network_rbac_policies_target", "object_type", "target_project", "action"),
    Index("ix_network_rbac_policies_project_id", "project_id", "id"),
)
