from ipaddress import ip_interface
from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from haneul.kernel.schema import StrictBody, Text255, View
from haneul.services.network.security_groups.models import SecurityGroupRule
from haneul.services.network.standard import StandardView, standard_fields

Id = Annotated[str, Meta(max_length=36)]


class PatternWanted(StrictBody):
    """What a rule shall match, as clients say it: `patterns` reads it, with Neutron's sentences for what's wrong."""

    direction: Text255
    ethertype: Text255 = "IPv4"
    protocol: str | int | None = None
    port_range_min: int | str | None = None
    port_range_max: int | str | None = None
    remote_ip_prefix: Text255 | None = None
    remote_group_id: Id | None = None
    remote_address_group_id: Id | None = None
    description: Text255 | None = ""


class RuleCreate(PatternWanted, kw_only=True):
    security_group_id: Id
    project_id: Text255 | UnsetType = UNSET
    tenant_id: Text255 | UnsetType = UNSET


class RuleCreateBody(StrictBody):
    security_group_rule: RuleCreate | UnsetType = UNSET
    security_group_rules: list[RuleCreate] | UnsetType = UNSET


class RuleView(StandardView):
    security_group_id: str
    direction: str
    ethertype: str
    protocol: str | None
    port_range_min: int | None
    port_range_max: int | None
    remote_ip_prefix: str | None
    normalized_cidr: str | None
    remote_group_id: str | None
    remote_address_group_id: str | None
    belongs_to_default_sg: bool


class RuleCreatedView(View):
    security_group_rule: RuleView | UnsetType = UNSET
    security_group_rules: list[RuleView] | UnsetType = UNSET


def rule_view(rule: SecurityGroupRule, tags: list[str]) -> RuleView:
    """A rule as the API shows it."""
    prefix = rule.remote_ip_prefix
    return RuleView(
        **standard_fields(rule, tags),
        security_group_id=rule.security_group_id,
        direction=rule.direction,
        ethertype=rule.ethertype,
        protocol=rule.protocol or None,
        port_range_min=said(rule.port_range_min),
        port_range_max=said(rule.port_range_max),
        remote_ip_prefix=prefix or None,
        normalized_cidr=str(ip_interface(prefix).network) if prefix else None,
        remote_group_id=rule.remote_group_id or None,
        remote_address_group_id=rule.remote_address_group_id or None,
        belongs_to_default_sg=rule.belongs_to_default_sg,
    )


def said(port: int) -> int | None:
    """A port or ICMP type; None where the row has none."""
    return None if port < 0 else port
