from typing import Any

import msgspec

from haneul.kernel.schema import UNSET, OpenBody, UnsetType, View


class AssignmentQuery(OpenBody):
    """What the list may be asked for; flags are true by any word but 0 and false, or by none."""

    user_id: str | None = msgspec.field(default=None, name="user.id")
    group_id: str | None = msgspec.field(default=None, name="group.id")
    role_id: str | None = msgspec.field(default=None, name="role.id")
    project_id: str | None = msgspec.field(default=None, name="scope.project.id")
    domain_id: str | None = msgspec.field(default=None, name="scope.domain.id")
    system: str | None = msgspec.field(default=None, name="scope.system")
    inherited_to: str | None = msgspec.field(default=None, name="scope.OS-INHERIT:inherited_to")
    effective: str | UnsetType = UNSET
    include_names: str | UnsetType = UNSET
    include_subtree: str | UnsetType = UNSET


class AssignmentView(View, gc=False):
    """Who has which role on what. Source: Identity API v3, "List role assignments"."""

    role: dict[str, Any]
    scope: dict[str, Any]
    links: dict[str, str]
    user: dict[str, Any] | UnsetType = UNSET
    group: dict[str, Any] | UnsetType = UNSET
