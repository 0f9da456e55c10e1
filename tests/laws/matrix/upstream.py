"""What default rules decide, worked out from their text as oslo.policy does; and Keystone's.

Nothing here stands on our own policy engine, so that a mistake of its, or of what a handler shows it, comes to light.
"""

import ast
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from tests.surface import policies

DEFAULTS = {rule.policy_name: rule.default_check for rule in policies("keystone")}
# The rules that others build on: keystone/common/policies/base.py.
BASE = {
    "admin_required": "role:admin or is_admin:1",
    "service_role": "role:service",
    "service_or_admin": "rule:admin_required or rule:service_role",
    "owner": "user_id:%(user_id)s",
    "admin_or_owner": "rule:admin_required or rule:owner",
    "token_subject": "user_id:%(target.token.user_id)s",
    "domain_managed_target_role": (
        "'manager':%(target.role.name)s or 'member':%(target.role.name)s or 'reader':%(target.role.name)s"
    ),
}
# Which tokens a rule takes at all, whatever it says: `scope_types` in keystone/common/policies. Most take those of the
# system and of projects.
PROJECTS_ALONE = {"create_application_credential", "create_trust"}
EVERY_SCOPE = {
    "get_auth_catalog",
    "get_auth_projects",
    "get_auth_domains",
    "get_auth_system",
    "list_projects_for_user",
    "list_domains_for_user",
    "get_credential",
    "list_credentials",
    "create_credential",
    "update_credential",
    "delete_credential",
    "get_domain",
    "list_domains",
    "get_security_compliance_domain_config",
    "ec2tokens_validate",
    "s3tokens_validate",
    "check_grant",
    "list_grants",
    "create_grant",
    "revoke_grant",
    "get_group",
    "list_groups",
    "list_groups_for_user",
    "create_group",
    "update_group",
    "delete_group",
    "list_users_in_group",
    "remove_user_from_group",
    "check_user_in_group",
    "add_user_to_group",
    "get_limit_model",
    "get_limit",
    "list_limits",
    "get_registered_limit",
    "list_registered_limits",
    "get_region",
    "list_regions",
    "get_project",
    "list_projects",
    "list_user_projects",
    "create_project",
    "update_project",
    "delete_project",
    "list_project_tags",
    "get_project_tag",
    "update_project_tags",
    "create_project_tag",
    "delete_project_tags",
    "delete_project_tag",
    "get_role",
    "list_roles",
    "list_role_assignments",
    "list_role_assignments_for_tree",
    "check_token",
    "validate_token",
    "revoke_token",
    "get_user",
    "list_users",
    "create_user",
    "update_user",
    "delete_user",
}

Credentials = Mapping[str, Any]


def allows(rule: str, credentials: Credentials, target: Mapping[str, Any]) -> bool:
    """Whether the rule lets a token with these credentials do it to the target, scopes enforced."""
    return scope_of(credentials) in scopes_of(rule) and holds(DEFAULTS[rule], credentials, flat(target))


def scopes_of(rule: str) -> set[str]:
    name = rule.partition(":")[2]
    if name in PROJECTS_ALONE:
        return {"project"}
    return {"system", "project", "domain"} if name in EVERY_SCOPE else {"system", "project"}


def scope_of(credentials: Credentials) -> str:
    """A token without any scope counts as a project's."""
    if credentials["system_scope"]:
        return "system"
    return "domain" if credentials["domain_id"] else "project"


def flat(target: Mapping[str, Any], before: str = "") -> dict[str, Any]:
    """What is nested, under names with dots."""
    found: dict[str, Any] = {}
    for name, value in target.items():
        found |= flat(value, f"{before}{name}.") if isinstance(value, Mapping) else {before + name: value}
    return found


def holds(
    check: str, credentials: Credentials, target: Mapping[str, Any], base: Mapping[str, str] = MappingProxyType(BASE)
) -> bool:
    """Whether a check's text is true of a token and a flat target; the empty text always is.

    `base` are the rules that it may name.
    """
    return not check or _Reader(check, credentials, target, base).any_of()


class _Reader:
    """Reads a check's words one after the other: `and` binds closer than `or`, and `not` closest."""

    def __init__(
        self, check: str, credentials: Credentials, target: Mapping[str, Any], base: Mapping[str, str]
    ) -> None:
        self.words = [*_words(check), ""]
        self.credentials, self.target, self.base = credentials, target, base

    def took(self, word: str) -> bool:
        if self.words[0] != word:
            return False
        del self.words[0]
        return True

    def any_of(self) -> bool:
        found = [self.all_of()]
        while self.took("or"):
            found.append(self.all_of())
        return any(found)

    def all_of(self) -> bool:
        found = [self.one()]
        while self.took("and"):
            found.append(self.one())
        return all(found)

    def one(self) -> bool:
        if self.took("not"):
            return not self.one()
        if self.took("("):
            found = self.any_of()
            assert self.took(")")
            return found
        return self.holds(self.words.pop(0))

    def holds(self, word: str) -> bool:
        kind, _, match = word.partition(":")
        if kind == "rule":
            return holds(self.base[match], self.credentials, self.target, self.base)
        try:
            wanted = match % self.target
        except KeyError:
            return False
        if kind == "role":
            return wanted in self.credentials["roles"]
        try:
            return str(ast.literal_eval(kind)) == wanted
        except ValueError:
            return self.held(kind) == wanted

    def held(self, path: str) -> str | None:
        """What the token has by this name; a token without a project has no `token.project` at all."""
        found: Any = self.credentials
        for name in path.split("."):
            if name not in found:
                return None
            found = found[name]
        return str(found)


def _words(check: str) -> Iterator[str]:
    for word in check.split():
        inner = word.lstrip("(")
        yield from "(" * (len(word) - len(inner))
        bare = inner.rstrip(")")
        if bare:
            yield bare
        yield from ")" * (len(inner) - len(bare))
