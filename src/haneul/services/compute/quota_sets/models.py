from sqlalchemy import Column, Integer, String

from haneul.kernel.db import Row, Table


class Limit(Row):
    """What a project may have of a resource, where that differs from its class; -1 is no limit.

    With a `user_id` it is what that user may have of it there, beside the project's limit.
    """

    project_id: str
    user_id: str
    resource: str
    most: int


limits = Table(
    "compute_quota_limits",
    Column("project_id", String(255), primary_key=True),
    Column("user_id", String(64), primary_key=True),
    Column("resource", String(64), primary_key=True),
    Column("most", Integer, nullable=False),
)


class ClassLimit(Row):
    """A limit of a quota class. Every project stands in the class `default`; Nova has no way to put one elsewhere."""

    class_name: str
    resource: str
    most: int


class_limits = Table(
    "compute_quota_class_limits",
    Column("class_name", String(255), primary_key=True),
    Column("resource", String(64), primary_key=True),
    Column("most", Integer, nullable=False),
)
