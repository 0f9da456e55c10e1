"""The rules of ports and of their single fields, under Neutron's names."""

from haneul.kernel.policy import Rule
from haneul.services.network.base_rules import ADMIN_OR_SERVICE

MEMBER = "(rule:admin_only) or (role:member and project_id:%(project_id)s) or rule:service_api"
READER = (
    "rule:context_is_advsvc or (rule:admin_only) or (role:reader and project_id:%(project_id)s) or "
    "(role:reader and rule:network_owner) or rule:service_api"
)
NET_OWNER = "(rule:admin_only) or (role:member and rule:network_owner) or rule:context_is_advsvc or rule:service_api"
NOT_NETWORKS = "not rule:network_device or " + NET_OWNER
SERVICE = "rule:service_api"
DELETE_DEFAULT = (
    "rule:context_is_advsvc or role:member and rule:network_owner or (rule:admin_only) or "
    "(role:member and project_id:%(project_id)s) or rule:service_api"
)

GET = Rule("get_port", READER, "Show ports.")
CREATE = Rule("create_port", MEMBER, "Create a port.")
UPDATE = Rule("update_port", MEMBER + " or rule:context_is_advsvc", "Change a port.")
DELETE = Rule("delete_port", DELETE_DEFAULT, "Delete a port.")

CREATE_FIELDS = {
    "device_owner": Rule("create_port:device_owner", NOT_NETWORKS, "Say what a port is for."),
    "mac_address": Rule("create_port:mac_address", NET_OWNER, "Choose a port's MAC."),
    "port_security_enabled": Rule("create_port:port_security_enabled", NET_OWNER, "Set a port's security."),
    "binding:host_id": Rule("create_port:binding:host_id", ADMIN_OR_SERVICE, "Bind a port to a host."),
    "binding:profile": Rule("create_port:binding:profile", SERVICE, "Tell a port's host more."),
    "binding:vnic_type": Rule("create_port:binding:vnic_type", MEMBER, "Choose a port's kind of NIC."),
    "allowed_address_pairs": Rule("create_port:allowed_address_pairs", NET_OWNER, "Let a port speak as others."),
}
UPDATE_FIELDS = {
    "device_owner": Rule("update_port:device_owner", NOT_NETWORKS, "Change what a port is for."),
    "mac_address": Rule("update_port:mac_address", ADMIN_OR_SERVICE + " or rule:context_is_advsvc", "Change its MAC."),
    "port_security_enabled": Rule("update_port:port_security_enabled", NET_OWNER, "Change a port's security."),
    "binding:host_id": Rule("update_port:binding:host_id", ADMIN_OR_SERVICE, "Bind a port to another host."),
    "binding:profile": Rule("update_port:binding:profile", SERVICE, "Tell a port's host something else."),
    "binding:vnic_type": Rule("update_port:binding:vnic_type", MEMBER, "Change a port's kind of NIC."),
    "allowed_address_pairs": Rule("update_port:allowed_address_pairs", NET_OWNER, "Let a port speak as others."),
}
CREATE_FIXED_IPS = {
    "ip_address": Rule("create_port:fixed_ips:ip_address", NET_OWNER, "Choose a port's addresses."),
    "subnet_id": Rule("create_port:fixed_ips:subnet_id", NET_OWNER + " or rule:shared", "Choose a port's subnets."),
}
UPDATE_FIXED_IPS = {
    "ip_address": Rule("update_port:fixed_ips:ip_address", NET_OWNER, "Change a port's addresses."),
    "subnet_id": Rule("update_port:fixed_ips:subnet_id", NET_OWNER + " or rule:shared", "Change a port's subnets."),
}
GET_FIELDS = {
    "host": Rule("get_port:binding:host_id", ADMIN_OR_SERVICE, "See a port's host."),
    "vif_type": Rule("get_port:binding:vif_type", ADMIN_OR_SERVICE, "See how a port is plugged."),
    "vif_details": Rule("get_port:binding:vif_details", ADMIN_OR_SERVICE, "See how exactly a port is plugged."),
    "profile": Rule("get_port:binding:profile", ADMIN_OR_SERVICE, "See what a port's host is told."),
    "resource_request": Rule("get_port:resource_request", "rule:admin_only", "See what a port asks of its host."),
}
