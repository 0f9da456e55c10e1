"""The rules that block storage's other rules build on, under Cinder's names."""

from collections.abc import Mapping
from types import MappingProxyType

from haneul.kernel.policy import Rule

BASE_RULES: Mapping[str, str] = MappingProxyType(
    {
        "context_is_admin": "role:admin",
        "admin_api": "is_admin:True or (role:admin and is_admin_project:True)",
        "xena_system_admin_or_project_reader": "(role:admin) or (role:reader and project_id:%(project_id)s)",
        "xena_system_admin_or_project_member": "(role:admin) or (role:member and project_id:%(project_id)s)",
    }
)
READER = "rule:xena_system_admin_or_project_reader"
MEMBER = "rule:xena_system_admin_or_project_member"
ADMIN = "rule:admin_api"
SIGNED_IN = Rule("block_storage:signed_in", "@", "Ask what Cinder tells to anyone with a token.")
