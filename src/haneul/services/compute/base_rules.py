"""The rules that compute's other rules build on, under Nova's names."""

from collections.abc import Mapping
from types import MappingProxyType

from haneul.kernel.policy import Rule

BASE_RULES: Mapping[str, str] = MappingProxyType(
    {
        "context_is_admin": "role:admin",
        "admin_api": "is_admin:True",
        "admin_or_owner": "is_admin:True or project_id:%(project_id)s",
        "project_manager_api": "role:manager and project_id:%(project_id)s",
        "project_member_api": "role:member and project_id:%(project_id)s",
        "project_reader_api": "role:reader and project_id:%(project_id)s",
        "service_api": "role:service",
        "project_manager_or_admin": "rule:project_manager_api or rule:context_is_admin",
        "project_member_or_admin": "rule:project_member_api or rule:context_is_admin",
        "project_reader_or_admin": "rule:project_reader_api or rule:context_is_admin",
        "service_or_admin": "rule:service_api or rule:context_is_admin",
    }
)

IS_ADMIN = Rule("context_is_admin", BASE_RULES["context_is_admin"], "Be an administrator of the whole cloud.")
