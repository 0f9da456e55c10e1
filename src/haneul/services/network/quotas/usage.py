"""How much of what is limited a project has."""

from haneul.kernel.db import Db
from haneul.kernel.quota import used
from haneul.services.network.floating_ips.logic import QUOTA as FLOATING_IPS
from haneul.services.network.networks.logic import QUOTA as NETWORKS
from haneul.services.network.ports.logic import QUOTA as PORTS
from haneul.services.network.rbac.logic import QUOTA as RBAC_POLICIES
from haneul.services.network.routers.logic import QUOTA as ROUTERS
from haneul.services.network.security_groups.logic import QUOTA as SECURITY_GROUPS
from haneul.services.network.security_groups.logic import RULE_QUOTA as SECURITY_GROUP_RULES
from haneul.services.network.subnet_pools.logic import QUOTA as SUBNET_POOLS
from haneul.services.network.subnets.logic import QUOTA as SUBNETS

LIMITED = (
    NETWORKS,
    SUBNETS,
    SUBNET_POOLS,
    PORTS,
    ROUTERS,
    FLOATING_IPS,
    SECURITY_GROUPS,
    SECURITY_GROUP_RULES,
    RBAC_POLICIES,
)


def usage_of(db: Db, project_id: str) -> dict[str, int]:
    """What a project has, by resource."""
    return {resource.name: used(db, project_id, resource) for resource in LIMITED}
