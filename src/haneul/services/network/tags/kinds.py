"""The types of resource that have tags: how one is found, and who may see and change its tags."""

from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct

from haneul.kernel.db import Db
from haneul.kernel.policy import Rule
from haneul.services.network.base_rules import MEMBER, READER
from haneul.services.network.floating_ips import logic as floating_ips
from haneul.services.network.floating_ips.unlinking import CHANGES as FLOATING_IP_CHANGES
from haneul.services.network.networks import logic as networks
from haneul.services.network.owners import Viewer
from haneul.services.network.ports import logic as ports
from haneul.services.network.routers import logic as routers
from haneul.services.network.routers.changes import CHANGES as ROUTER_CHANGES
from haneul.services.network.security_groups import logic as security_groups
from haneul.services.network.standard import Changes, missing
from haneul.services.network.subnet_pools import logic as subnet_pools
from haneul.services.network.subnets import logic as subnets

OF_NETWORK_OWNER = "(role:member and rule:network_owner)"
SUBNET_MEMBER = f"(role:member and project_id:%(project_id)s) or rule:admin_only or {OF_NETWORK_OWNER}"
SUBNET_READER = (
    "(role:reader and project_id:%(project_id)s) or rule:shared or rule:external_network or rule:admin_only or "
    "(role:reader and rule:network_owner)"
)
PORT_MEMBER = f"{MEMBER} or rule:context_is_advsvc"
PORT_READER = (
    "rule:context_is_advsvc or rule:admin_only or (role:reader and rule:network_owner) or "
    "(role:reader and project_id:%(project_id)s)"
)
PORT_REMOVER = f"rule:context_is_advsvc or {MEMBER} or {OF_NETWORK_OWNER}"
Target = Mapping[str, Any]


class Kind(Struct, frozen=True, kw_only=True):
    """One type. `path` is its plural in URLs and in the tags' rows, `noun` what its rules call it.

    `target` finds one that the viewer may see, as what rules are asked about; NotFound.
    """

    path: str
    noun: str
    id_name: str
    target: Callable[[Db, str, Viewer], Target]
    changes: Changes
    reader: str = READER
    member: str = MEMBER
    remover: str = MEMBER

    def rule(self, verb: str, default: str, description: str) -> Rule:
        """The rule of a verb on this type's tags."""
        return Rule(f"{verb}_{self.noun}:tags", default, description)


def _network(db: Db, network_id: str, viewer: Viewer) -> Target:
    network = networks.get(db, network_id, viewer)
    return {"project_id": network.project_id, "shared": True, "router:external": network.is_external}


def _subnet(db: Db, subnet_id: str, viewer: Viewer) -> Target:
    subnet, network = subnets.located(db, subnet_id, viewer)
    return {
        "project_id": subnet.project_id,
        "shared": subnets.is_shared(db, network, viewer.project_id),
        "router:external": network.is_external,
        "network:project_id": network.project_id,
    }


def _port(db: Db, port_id: str, viewer: Viewer) -> Target:
    port = ports.get(db, port_id)
    owner = networks.get(db, port.network_id).project_id
    if not viewer.is_admin and viewer.project_id not in (port.project_id, owner):
        raise missing("port", port_id)
    return {"project_id": port.project_id, "network:project_id": owner}


def _router(db: Db, router_id: str, viewer: Viewer) -> Target:
    return {"project_id": routers.get(db, router_id, viewer).project_id}


def _floating_ip(db: Db, floating_ip_id: str, viewer: Viewer) -> Target:
    return {"project_id": floating_ips.get(db, floating_ip_id, viewer).project_id}


def _security_group(db: Db, group_id: str, viewer: Viewer) -> Target:
    return {"project_id": security_groups.get(db, group_id, viewer).project_id, "shared": True}


def _subnet_pool(db: Db, pool_id: str, viewer: Viewer) -> Target:
    return {"project_id": subnet_pools.get(db, pool_id, viewer).project_id, "shared": True}


KINDS = (
    Kind(
        path="networks",
        noun="network",
        id_name="network_id",
        target=_network,
        changes=networks.CHANGES,
        reader=f"{READER} or rule:shared or rule:external or rule:context_is_advsvc",
    ),
    Kind(
        path="subnets",
        noun="subnet",
        id_name="subnet_id",
        target=_subnet,
        changes=subnets.CHANGES,
        reader=SUBNET_READER,
        member=SUBNET_MEMBER,
        remover=SUBNET_MEMBER,
    ),
    Kind(
        path="ports",
        noun="port",
        id_name="port_id",
        target=_port,
        changes=ports.CHANGES,
        reader=PORT_READER,
        member=PORT_MEMBER,
        remover=PORT_REMOVER,
    ),
    Kind(path="routers", noun="router", id_name="router_id", target=_router, changes=ROUTER_CHANGES),
    Kind(
        path="floatingips",
        noun="floatingip",
        id_name="floatingip_id",
        target=_floating_ip,
        changes=FLOATING_IP_CHANGES,
    ),
    Kind(
        path="security-groups",
        noun="security_group",
        id_name="group_id",
        target=_security_group,
        changes=security_groups.CHANGES,
        reader=f"{READER} or rule:shared_security_group",
    ),
    Kind(
        path="subnetpools",
        noun="subnetpool",
        id_name="subnetpool_id",
        target=_subnet_pool,
        changes=subnet_pools.CHANGES,
        reader=f"{READER} or rule:shared_subnetpools",
    ),
)
