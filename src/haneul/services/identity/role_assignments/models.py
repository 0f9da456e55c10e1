from sqlalchemy import Boolean, Column, ForeignKey, Index, String

from haneul.kernel.db import Row, Table

SYSTEM = "system"
"""The target of assignments on the whole cloud."""


class RoleAssignment(Row):
    """A role of a user or group on a project, a domain or the system; `is_inherited` ones hold only below."""

    actor_type: str
    actor_id: str
    target_type: str
    target_id: str
    role_id: str
    is_inherited: bool


class Assigned(RoleAssignment, gc=False):
    """An assignment and, if it comes of another, how: by a group, from a target further up, by a prior role."""

    by_group_id: str = ""
    by_target_type: str = ""
    by_target_id: str = ""
    by_role_id: str = ""


role_assignments = Table(
    "identity_role_assignments",
    Column("actor_type", String(8), primary_key=True),
    Column("actor_id", String(64), primary_key=True),
    Column("target_type", String(8), primary_key=True),
    Column("target_id", String(64), primary_key=True),
    Column("role_id", String(64), ForeignKey("identity_roles.id", ondelete="CASCADE"), primary_key=True),
    Column("is_inherited", Boolean, primary_key=True),
    Index("ix_identity_role_assignments_target", "target_type", "target_id"),
    Index("ix_identity_role_assignments_role_id", "role_id"),
)
