"""The rules that identity's other rules build on, under Keystone's names."""

from collections.abc import Mapping
from types import MappingProxyType

CLOUD_WIDE = ("system", "project")
"""Scopes of tokens for what no domain has: one for a domain, be it an administrator's, won't do."""

BASE_RULES: Mapping[str, str] = MappingProxyType(
    {
        "admin_required": "role:admin or is_admin:1",
        "service_role": "role:service",
        "service_or_admin": "rule:admin_required or rule:service_role",
        "owner": "user_id:%(user_id)s",
        "admin_or_owner": "rule:admin_required or rule:owner",
        "token_subject": "user_id:%(target.token.user_id)s",
        "admin_or_token_subject": "rule:admin_required or rule:token_subject",
        "service_admin_or_token_subject": "rule:service_or_admin or rule:token_subject",
        # The roles that a domain's manager may grant: none that can do more than a manager.
        "domain_managed_target_role": (
            "'manager':%(target.role.name)s or 'member':%(target.role.name)s or 'reader':%(target.role.name)s"
        ),
    }
)
