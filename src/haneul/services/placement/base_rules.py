"""The rules that placement's other rules build on, under upstream's names."""

from collections.abc import Mapping
from types import MappingProxyType

from haneul.kernel.policy import Rule

BASE_RULES: Mapping[str, str] = MappingProxyType(
    {
        "admin_api": "role:admin",
        "service_api": "role:service",
        "admin_or_service_api": "role:admin or role:service",
        "project_reader_api": "role:reader and project_id:%(project_id)s",
        "admin_or_project_reader_or_service_api": "role:admin or rule:project_reader_api or role:service",
    }
)


def admin_or_service(name: str, description: str) -> Rule:
    """The rule of nearly everything here: for operators and for services, with a project's token."""
    return Rule(name, "rule:admin_or_service_api", description, scope_types=("project",))
