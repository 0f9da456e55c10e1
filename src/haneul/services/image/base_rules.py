"""The rules that image's other rules build on, under Glance's names."""

from collections.abc import Mapping
from types import MappingProxyType

BASE_RULES: Mapping[str, str] = MappingProxyType(
    {
        "default": "",
        "context_is_admin": "role:admin",
        # Services of older releases call with the role admin alone.
        "service_api": "role:service or role:admin",
        "metadef_default": "",
        "metadef_admin": "rule:context_is_admin",
    }
)
