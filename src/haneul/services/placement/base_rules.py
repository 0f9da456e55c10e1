"""The rules that placement's other rules build on, under upstream's names."""

from collections.abc import Mapping
from types import MappingProxyType

BASE_RULES: Mapping[str, str] = MappingProxyType(
    {
        "admin_api": "role:admin",
        "service_api": "role:service",
        "admin_or_service_api": "role:admin or role:service",
        "project_reader_api": "role:reader and project_id:%(project_id)s",
        "admin_or_project_reader_or_service_api": "role:admin or rule:project_reader_api or role:service",
    }
)
