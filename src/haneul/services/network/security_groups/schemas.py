from collections.abc import Sequence

from msgspec import UNSET, UnsetType

from haneul.kernel.schema import StrictBody, Text255, View
from haneul.services.network.security_group_rules.schemas import RuleView
from haneul.services.network.security_groups.models import SecurityGroup
from haneul.services.network.standard import StandardView, standard_fields


class GroupCreate(StrictBody):
    name: Text255 = ""
    description: Text255 = ""
    stateful: bool = True
    project_id: Text255 | UnsetType = UNSET
    tenant_id: Text255 | UnsetType = UNSET


class GroupUpdate(StrictBody):
    name: Text255 | UnsetType = UNSET
    description: Text255 | UnsetType = UNSET
    stateful: bool | UnsetType = UNSET


class GroupCreateBody(StrictBody):
    security_group: GroupCreate | UnsetType = UNSET
    security_groups: list[GroupCreate] | UnsetType = UNSET


class GroupView(StandardView):
    name: str
    stateful: bool
    shared: bool
    security_group_rules: list[RuleView]


class GroupCreatedView(View):
    security_group: GroupView | UnsetType = UNSET
    security_groups: list[GroupView] | UnsetType = UNSET


def group_view(group: SecurityGroup, rules: Sequence[RuleView], tags: list[str], *, is_shared: bool) -> GroupView:
    """A security group as the API shows it."""
    return GroupView(
        **standard_fields(group, tags),
        name=group.name,
        stateful=group.stateful,
        shared=is_shared,
        security_group_rules=list(rules),
    )
