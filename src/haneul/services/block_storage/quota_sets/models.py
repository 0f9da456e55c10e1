from sqlalchemy import Column, Integer, String

from haneul.kernel.db import Row, Table


class Limit(Row):
    """What a project may have of a resource, where that differs from its class; -1 is no limit.

    With a `type_id` it is what the project may have of it in volumes of that type, beside the limit for all.
    """

    project_id: str
    resource: str
    type_id: str
    most: int


limits = Table(
    "block_storage_quota_limits",
    Column("project_id", String(255), primary_key=True),
    Column("resource", String(64), primary_key=True),
    Column("type_id", String(36), primary_key=True),
    Column("most", Integer, nullable=False),
)


class ClassLimit(Row):
    """A limit of a quota class. Every project stands in the class `default`."""

    class_name: str
    resource: str
    type_id: str
    most: int


class_limits = Table(
    "block_storage_quota_class_limits",
    Column("class_name", String(255), primary_key=True),
    Column("resource", String(64), primary_key=True),
    Column("type_id", String(36), primary_key=True),
    Column("most", Integer, nullable=False),
)
