from collections.abc import Mapping, Sequence
from typing import Annotated

from haneul.kernel.schema import Meta, StrictBody, View
from haneul.services.network.public import SecurityGroup, SecurityGroupRule

ALL_PORTS = (1, 65535)
ANYWHERE = "0.0.0.0/0"


class GroupNamed(StrictBody):
    name: Annotated[str, Meta(min_length=1)]


class RuleView(View):
    id: str
    parent_group_id: str
    ip_protocol: str | None
    from_port: int | None
    to_port: int | None
    group: dict[str, str]
    ip_range: dict[str, str]


class GroupView(View):
    id: str
    name: str
    description: str
    tenant_id: str
    rules: list[RuleView]


def group_view(
    group: SecurityGroup, rules: Sequence[SecurityGroupRule], known: Mapping[str, SecurityGroup]
) -> GroupView:
    """A group as Nova has always shown one: only with what it lets in. `known` are the groups that rules name."""
    return GroupView(
        id=group.id,
        name=group.name,
        description=group.description,
        tenant_id=group.project_id,
        rules=[rule_view(rule, known) for rule in rules if rule.direction == "ingress"],
    )


def rule_view(rule: SecurityGroupRule, known: Mapping[str, SecurityGroup]) -> RuleView:
    """What a group lets in. `known` are the groups that rules name."""
    first, last = _ports(rule)
    named = known.get(rule.remote_group_id)
    return RuleView(
        id=rule.id,
        parent_group_id=rule.security_group_id,
        ip_protocol=rule.protocol or None,
        from_port=first,
        to_port=last,
        group={"name": named.name, "tenant_id": named.project_id} if named else {},
        ip_range={} if named else {"cidr": rule.remote_ip_prefix or ANYWHERE},
    )


def _ports(rule: SecurityGroupRule) -> tuple[int | None, int | None]:
    """A rule's ports; where it names none, those that Nova's own security groups used to write there."""
    if rule.port_range_min >= 0 or rule.port_range_max >= 0:
        return _said(rule.port_range_min), _said(rule.port_range_max)
    if not rule.protocol:
        return None, None
    return ALL_PORTS if rule.protocol in ("tcp", "udp") else (-1, -1)


def _said(port: int) -> int | None:
    return port if port >= 0 else None
