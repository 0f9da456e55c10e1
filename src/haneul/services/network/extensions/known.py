"""The parts of the API that clients ask for before they use them: each is here because it works.

Aliases, names and dates are those of neutron-lib's api/definitions and of neutron's extensions.
"""

from msgspec import Struct


class Extension(Struct, frozen=True):
    """A part of the API by its alias; `updated` is the day of its definition."""

    alias: str
    name: str
    updated: str
    description: str


EXTENSIONS = (
    Extension("address-group", "Address group", "2020-07-15", "Groups of addresses that rules name."),
    Extension("address-scope", "Address scope", "2015-07-26", "Where addresses may not overlap."),
    Extension("agent", "agent", "2013-02-03", "What of network runs on hosts."),
    Extension("allowed-address-pairs", "Allowed Address Pairs", "2013-07-23", "Ports may speak as others."),
    Extension(
        "auto-allocated-topology", "Auto Allocated Topology Services", "2016-01-01", "A project's network by itself."
    ),
    Extension("availability_zone", "Availability Zone", "2015-01-01", "Zones of agents."),
    Extension("availability_zone_filter", "Availability Zone Filter Extension", "2018-06-22", "Zones by name."),
    Extension("binding", "Port Binding", "2014-02-03", "How ports are plugged on hosts."),
    Extension("default-subnetpools", "Default Subnetpools", "2016-02-18", "Subnet pools that need no naming."),
    Extension("dhcp_agent_scheduler", "DHCP Agent Scheduler", "2013-02-07", "Which hosts serve networks' DHCP."),
    Extension("dns-integration", "DNS Integration", "2015-08-15", "Ports have names in DNS."),
    Extension("dns-domain-ports", "dns_domain for ports", "2017-04-24", "Ports have domains of their own."),
    Extension("empty-string-filtering", "Empty String Filtering Extension", "2018-05-01", "Lists by empty values."),
    Extension(
        "expose-port-forwarding-in-fip", "Expose Floating IP port forwardings", "2018-06-28", "Shown in floating IPs."
    ),
    Extension("ext-gw-mode", "Neutron L3 Configurable external gateway mode", "2013-03-28", "Gateways without SNAT."),
    Extension("external-net", "Neutron external network", "2013-01-14", "Networks to the outside."),
    Extension("extra_dhcp_opt", "Neutron Extra DHCP options", "2013-03-17", "Ports' own DHCP options."),
    Extension("extraroute", "Neutron Extra Route", "2013-02-01", "Routers' own routes."),
    Extension("extraroute-atomic", "Atomically add/remove extra routes", "2019-07-10", "Single routes, added safely."),
    Extension("filter-validation", "Filter parameters validation", "2018-07-04", "Wrong filters are refused."),
    Extension("fip-port-details", "Floating IP Port Details Extension", "2018-04-09", "A floating IP shows its port."),
    Extension("floating-ip-port-forwarding", "Floating IP Port Forwarding", "2018-01-19", "Single ports forwarded."),
    Extension(
        "floating-ip-port-forwarding-description",
        "Floating IP Port Forwarding new attribute description",
        "2019-11-01",
        "Forwardings have descriptions.",
    ),
    Extension(
        "floating-ip-port-forwarding-port-ranges",
        "Floating IP Port Forwarding support port ranges",
        "2020-07-01",
        "Ranges of ports forwarded.",
    ),
    Extension("floatingip-pools", "Floating IP Pools Extension", "2018-03-21", "Where floating IPs come from."),
    Extension("ip-substring-filtering", "IP address substring filtering", "2017-11-28", "Ports by parts of addresses."),
    Extension("l3_agent_scheduler", "L3 Agent Scheduler", "2013-02-07", "Which hosts have routers."),
    Extension("net-mtu", "Network MTU", "2015-03-25", "Networks show their MTU."),
    Extension("net-mtu-writable", "Network MTU (writable)", "2017-07-12", "Networks' MTU can be chosen."),
    Extension("network_availability_zone", "Network Availability Zone", "2015-01-01", "Zones of DHCP servers."),
    Extension("network-ip-availability", "Network IP Availability", "2015-09-24", "How many addresses are left."),
    Extension("pagination", "Pagination support", "2016-06-12", "Lists in pages."),
    Extension(
        "port-mac-address-regenerate", "Neutron Port MAC address regenerate", "2018-05-03", "Ports get another MAC."
    ),
    Extension("port-security", "Port Security", "2012-07-23", "Ports without filters."),
    Extension("port-security-groups-filtering", "Port filtering on security groups", "2018-01-09", "Ports by group."),
    Extension("project-id", "project_id field enabled", "2016-09-09", "Owners are projects."),
    Extension("provider", "Provider Network", "2012-09-07", "Segments that an admin chooses."),
    Extension("quota-check-limit", "Quota engine limit check", "2021-09-08", "No limit below what is used."),
    Extension("quota-check-limit-default", "Quota engine limit check by default", "2024-08-21", "Without asking."),
    Extension("quota_details", "Quota details management support", "2017-02-10", "What is used of limits."),
    Extension("quotas", "Quota management support", "2012-07-29", "Limits of projects."),
    Extension("rbac-address-group", "Add address_group type to RBAC", "2021-01-20", "Shared address groups."),
    Extension("rbac-address-scope", "Add address_scope type to RBAC", "2020-02-12", "Shared address scopes."),
    Extension("rbac-policies", "RBAC Policies", "2015-06-17", "Who may use what others own."),
    Extension(
        "rbac-security-groups", "Add security_group type to network RBAC", "2019-02-14", "Shared security groups."
    ),
    Extension("rbac-subnetpool", "Add subnetpool type to RBAC", "2020-02-05", "Shared subnet pools."),
    Extension(
        "revision-if-match", "If-Match constraints based on revision_number", "2016-12-11", "No change of other states."
    ),
    Extension("router", "Neutron L3 Router", "2012-07-20", "Routers and floating IPs."),
    Extension("router_availability_zone", "Router Availability Zone", "2015-01-01", "Zones of routers."),
    Extension("security-group", "security-group", "2012-10-05", "What may reach ports."),
    Extension(
        "security-groups-default-rules",
        "Default rules for security groups",
        "2022-12-19",
        "What new groups begin with.",
    ),
    Extension(
        "security-groups-normalized-cidr",
        "Normalized CIDR field for security group rules",
        "2020-07-28",
        "Rules show whole prefixes.",
    ),
    Extension(
        "security-groups-remote-address-group",
        "Remote address group id field for security group rules",
        "2020-08-25",
        "Rules name address groups.",
    ),
    Extension(
        "security-groups-rules-belongs-to-default-sg",
        "Security group rule belongs to the project's default security group",
        "2023-05-23",
        "Rules show whether their group is the default one.",
    ),
    Extension(
        "security-groups-shared-filtering",
        "Security group filtering on the shared field",
        "2021-10-05",
        "Security groups by whether they are shared.",
    ),
    Extension("service-type", "Neutron Service Type Management", "2013-01-20", "Who provides routers."),
    Extension("sort-key-validation", "Sort keys validation", "2018-07-04", "Wrong sort keys are refused."),
    Extension("sorting", "Sorting support", "2016-06-12", "Lists in any order."),
    Extension("standard-attr-description", "standard-attr-description", "2016-02-10", "Descriptions."),
    Extension("standard-attr-revisions", "Resource revision numbers", "2016-04-11", "Changes are counted."),
    Extension("standard-attr-tag", "Tag support for resources with standard attribute", "2017-01-01", "Tags."),
    Extension("standard-attr-timestamp", "Resource timestamps", "2016-09-12", "When things came and changed."),
    Extension("stateful-security-group", "Stateful security group", "2019-11-26", "Groups without memory."),
    Extension("subnet-external-network", "Subnet belongs to an external network", "2024-02-05", "Shown in subnets."),
    Extension("subnet-service-types", "Subnet service types", "2016-03-15", "Subnets for some ports alone."),
    Extension("subnet_allocation", "Subnet Allocation", "2015-03-30", "Subnets out of pools."),
    Extension("subnet_onboard", "Subnet Onboard", "2018-12-18", "Subnets taken into pools."),
    Extension("subnetpool-prefix-ops", "Subnet Pool Prefix Operations", "2019-02-08", "Single prefixes of pools."),
    Extension("tag-creation", "Tag creation extension", "2024-07-23", "Further tags at once."),
    Extension("tag-ports-during-bulk-creation", "Tag Ports During Bulk Creation", "2019-12-29", "Tags at once."),
)
