"""Network: networks, subnets, ports, routers and what filters between them. Speaks Neutron's API v2.0."""

from haneul.kernel.db import Db, Store
from haneul.kernel.http.manners import Manners
from haneul.kernel.reconcile.values import Nothing
from haneul.kernel.service import BusMethod, Service
from haneul.services.network.address_groups.api import routes as address_groups
from haneul.services.network.address_scopes.api import routes as address_scopes
from haneul.services.network.agents import hosts
from haneul.services.network.agents.api import routes_with as agents
from haneul.services.network.agents.models import NetworkAgent
from haneul.services.network.auto_allocated_topology import logic as auto_allocated
from haneul.services.network.auto_allocated_topology.api import routes as auto_allocated_topology
from haneul.services.network.availability_zones.api import routes as availability_zones
from haneul.services.network.base_rules import BASE_RULES
from haneul.services.network.bodies import explain, opened
from haneul.services.network.config import NetworkSettings
from haneul.services.network.default_security_group_rules.api import routes as default_security_group_rules
from haneul.services.network.default_security_group_rules.seeds import sow
from haneul.services.network.dhcp import logic as dhcp
from haneul.services.network.extensions.api import routes as extensions
from haneul.services.network.floating_ips.api import routes as floating_ips
from haneul.services.network.host_plans.dhcp import plans_with as dhcp_plans
from haneul.services.network.host_plans.groups import GROUP_PLANS
from haneul.services.network.host_plans.ports import PORT_PLANS
from haneul.services.network.host_plans.routers import ROUTER_PLANS
from haneul.services.network.host_plans.segments import SEGMENT_PLANS
from haneul.services.network.ip_availability.api import routes as ip_availability
from haneul.services.network.networks.api import routes_with as networks
from haneul.services.network.port_forwardings.api import routes as port_forwardings
from haneul.services.network.ports.api import routes_with as ports
from haneul.services.network.quotas import logic as quota_limits
from haneul.services.network.quotas.api import routes as quotas
from haneul.services.network.rbac.api import routes as rbac_policies
from haneul.services.network.routers import scheduling as routing
from haneul.services.network.routers.api import routes as routers
from haneul.services.network.scheduling import logic as scheduler
from haneul.services.network.scheduling.api import routes as scheduling
from haneul.services.network.security_group_rules.api import routes as security_group_rules
from haneul.services.network.security_groups.api import routes as security_groups
from haneul.services.network.service_providers.api import routes as service_providers
from haneul.services.network.subnet_pools.api import routes as subnet_pools
from haneul.services.network.subnets.api import routes_with as subnets
from haneul.services.network.tags.api import routes as tags
from haneul.services.network.versions import routes as versions
from haneul.services.network.wire import NetworkReport


def service(settings: NetworkSettings) -> Service:
    """Network, with the segments that the settings give to projects."""

    def serve_waiting(db: Db, _host: str) -> None:
        dhcp.serve_waiting(db, settings.dhcp_servers)
        routing.serve_waiting(db)

    def heard(store: Store, report: NetworkReport) -> Nothing:
        store.write(lambda db: hosts.heard(db, report, serve_waiting))
        return Nothing()

    def remove_agent(db: Db, agent: NetworkAgent) -> None:
        scheduler.remove_agent(db, agent, settings.dhcp_servers)

    auto_allocated.stand_on(settings)
    quota_limits.stand_on(settings.quotas)
    return Service(
        type="network",
        name="neutron",
        description="OpenStack Networking",
        port=9696,
        path="/networking",
        base_rules=BASE_RULES,
        scope_types=("project",),
        forbidden="rule:{rule} is disallowed by policy",
        resources=(
            versions,
            networks(settings),
            subnets(settings),
            subnet_pools,
            address_scopes,
            ip_availability,
            ports(settings.dns_domain),
            security_groups,
            security_group_rules,
            address_groups,
            default_security_group_rules,
            routers,
            floating_ips,
            port_forwardings,
            tags,
            rbac_policies,
            quotas,
            agents(remove_agent, serve_waiting),
            scheduling,
            availability_zones,
            service_providers,
            extensions,
            auto_allocated_topology,
        ),
        plans=(SEGMENT_PLANS, PORT_PLANS, GROUP_PLANS, ROUTER_PLANS, dhcp_plans(settings.dns_domain)),
        on_start=(lambda store: store.write(sow),),
        bus_methods=(BusMethod("network.host", NetworkReport, heard),),
        faults="network",
        page_links="network",
        manners=Manners(selects_fields=True, explain_body=explain, open_body=opened),
        settings=NetworkSettings,
    )
