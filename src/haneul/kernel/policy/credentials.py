"""The caller's side of a check: every credential that a rule may name."""

from collections.abc import Callable, Mapping
from operator import attrgetter

from haneul.kernel.auth.caller import Caller


def _always_admin_project(caller: Caller) -> bool:
    # No admin project can be configured; oslo.context answers True in that case.
    return True


CREDENTIALS: Mapping[str, Callable[[Caller], object]] = {
    "user_id": attrgetter("user_id"),
    "user_name": attrgetter("user_name"),
    "user_domain_id": attrgetter("user_domain_id"),
    "user_domain_name": attrgetter("user_domain_name"),
    "project_id": attrgetter("project_id"),
    "project_name": attrgetter("project_name"),
    "project_domain_id": attrgetter("project_domain_id"),
    "project_domain_name": attrgetter("project_domain_name"),
    "domain_id": attrgetter("domain_id"),
    "domain_name": attrgetter("domain_name"),
    "system_scope": attrgetter("system_scope"),
    "is_admin_project": _always_admin_project,
    # Names of older releases that policy files still carry.
    "user": attrgetter("user_id"),
    "tenant": attrgetter("project_id"),
    "tenant_id": attrgetter("project_id"),
    # The token as Keystone's rules see it.
    "token.user.id": attrgetter("user_id"),
    "token.user.domain.id": attrgetter("user_domain_id"),
    "token.project.id": attrgetter("project_id"),
    "token.project.domain.id": attrgetter("project_domain_id"),
    "token.domain.id": attrgetter("domain_id"),
}


def scope_of(caller: Caller) -> str:
    """`system`, `domain` or `project`; an unscoped token counts as a project's, as oslo.policy has it."""
    if caller.system_scope:
        return "system"
    return "domain" if caller.domain_id else "project"
