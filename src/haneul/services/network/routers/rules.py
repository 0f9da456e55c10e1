"""The rules of routers, under Neutron's names."""

from haneul.kernel.policy import Rule
from haneul.services.network.base_rules import ADMIN, MEMBER, READER

GET = Rule("get_router", READER, "Show routers.")
CREATE = Rule("create_router", MEMBER, "Create a router.")
UPDATE = Rule("update_router", MEMBER, "Change a router.")
DELETE = Rule("delete_router", MEMBER, "Delete a router.")
ADD_INTERFACE = Rule("add_router_interface", MEMBER, "Give a router a leg.")
REMOVE_INTERFACE = Rule("remove_router_interface", MEMBER, "Take a router's leg away.")
ADD_ROUTES = Rule("add_extraroutes", MEMBER, "Add routes to a router.")
REMOVE_ROUTES = Rule("remove_extraroutes", MEMBER, "Remove routes of a router.")
GET_FIELDS = {
    name: Rule(f"get_router:{name}", ADMIN, f"See whether a router is {name}.") for name in ("distributed", "ha")
}
CREATE_FIELDS = {
    "distributed": Rule("create_router:distributed", ADMIN, "Say whether a new router is distributed."),
    "ha": Rule("create_router:ha", ADMIN, "Say whether a new router is highly available."),
    "external_gateway_info": Rule("create_router:external_gateway_info", MEMBER, "Create a router with a gateway."),
}
CREATE_GATEWAY = {
    "network_id": Rule("create_router:external_gateway_info:network_id", MEMBER, "Name a new gateway's network."),
    "enable_snat": Rule(
        "create_router:external_gateway_info:enable_snat", ADMIN, "Say whether a new gateway does SNAT."
    ),
    "external_fixed_ips": Rule(
        "create_router:external_gateway_info:external_fixed_ips", ADMIN, "Choose a new gateway's addresses."
    ),
}
UPDATE_FIELDS = {
    "distributed": Rule("update_router:distributed", ADMIN, "Change whether a router is distributed."),
    "ha": Rule("update_router:ha", ADMIN, "Change whether a router is highly available."),
    "external_gateway_info": Rule("update_router:external_gateway_info", MEMBER, "Change a router's gateway."),
}
UPDATE_GATEWAY = {
    "network_id": Rule("update_router:external_gateway_info:network_id", MEMBER, "Change a gateway's network."),
    "enable_snat": Rule(
        "update_router:external_gateway_info:enable_snat", ADMIN, "Change whether a gateway does SNAT."
    ),
    "external_fixed_ips": Rule(
        "update_router:external_gateway_info:external_fixed_ips", ADMIN, "Change a gateway's addresses."
    ),
}
