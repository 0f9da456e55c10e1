from msgspec import UNSET, UnsetType

from haneul.kernel.schema import Text255, View
from haneul.services.network.default_security_group_rules.models import DefaultRule
from haneul.services.network.security_group_rules.schemas import PatternWanted, said


class DefaultRuleCreate(PatternWanted, kw_only=True):
    used_in_default_sg: bool = False
    used_in_non_default_sg: bool = True
    project_id: Text255 | UnsetType = UNSET
    tenant_id: Text255 | UnsetType = UNSET


class DefaultRuleView(View):
    id: str
    description: str
    direction: str
    ethertype: str
    protocol: str | None
    port_range_min: int | None
    port_range_max: int | None
    remote_ip_prefix: str | None
    remote_group_id: str | None
    remote_address_group_id: str | None
    used_in_default_sg: bool
    used_in_non_default_sg: bool


def default_rule_view(rule: DefaultRule) -> DefaultRuleView:
    """A rule of new groups as the API shows it."""
    return DefaultRuleView(
        id=rule.id,
        description=rule.description,
        direction=rule.direction,
        ethertype=rule.ethertype,
        protocol=rule.protocol or None,
        port_range_min=said(rule.port_range_min),
        port_range_max=said(rule.port_range_max),
        remote_ip_prefix=rule.remote_ip_prefix or None,
        remote_group_id=rule.remote_group_id or None,
        remote_address_group_id=rule.remote_address_group_id or None,
        used_in_default_sg=rule.used_in_default_sg,
        used_in_non_default_sg=rule.used_in_non_default_sg,
    )
