from msgspec import UNSET, UnsetType

from haneul.kernel.schema import OpenBody, Text255, Uuid
from haneul.services.compute.words import AtLeastZero


class GroupQuery(OpenBody):
    """Which part of the list is asked for; that `all_tenants` is there says it, whatever its value."""

    limit: AtLeastZero = 0
    offset: AtLeastZero = 0
    all_tenants: str | UnsetType = UNSET


class GroupWanted(OpenBody):
    name: Text255
    description: Text255


class RuleWanted(OpenBody):
    """A rule as Nova's clients wrote it. Ports are types and codes for ICMP; `rules` says what is wrong with them."""

    parent_group_id: Uuid
    group_id: Uuid | None = None
    ip_protocol: str | int | None = None
    from_port: int | str | None = None
    to_port: int | str | None = None
    cidr: str | None = None
