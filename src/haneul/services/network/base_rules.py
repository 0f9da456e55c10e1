"""The rules that network's other rules build on, under Neutron's names."""

from collections.abc import Mapping
from types import MappingProxyType

BASE_RULES: Mapping[str, str] = MappingProxyType(
    {
        "default": "rule:admin_or_owner",
        "context_is_admin": "role:admin",
        "context_is_advsvc": "role:advsvc",
        "service_api": "role:service",
        "admin_only": "rule:context_is_admin",
        "owner": "project_id:%(project_id)s",
        "admin_or_owner": "rule:context_is_admin or rule:owner",
        "regular_user": "",
        "ext_parent_owner": "project_id:%(ext_parent:project_id)s",
        "admin_or_ext_parent_owner": "rule:context_is_admin or rule:ext_parent_owner",
        "network_owner": "project_id:%(network:project_id)s",
        "network_device": "field:port:device_owner=~^network:",
        "sg_owner": "project_id:%(security_group:project_id)s",
        "shared_security_group": "field:security_groups:shared=True",
        "shared_address_groups": "field:address_groups:shared=True",
        "shared": "field:networks:shared=True",
        "external": "field:networks:router:external=True",
        "external_network": "field:subnets:router:external=True",
        "shared_subnetpools": "field:subnetpools:shared=True",
        "shared_address_scopes": "field:address_scopes:shared=True",
    }
)

ADMIN = "rule:admin_only"
READER = "rule:admin_only or (role:reader and project_id:%(project_id)s)"
MEMBER = "rule:admin_only or (role:member and project_id:%(project_id)s)"
MANAGER = "rule:admin_only or (role:manager and project_id:%(project_id)s)"
ADMIN_OR_SERVICE = "rule:admin_only or rule:service_api"
"""Defaults that many rules share. Targets are rows, or what a request would make of them."""
