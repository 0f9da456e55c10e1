from collections.abc import Sequence

from haneul.kernel.db import Db, by, unique
from haneul.kernel.errors import BadRequest, Conflict, NotFound
from haneul.services.network.auto_allocated_topology.models import Topology, topologies
from haneul.services.network.config import NetworkSettings
from haneul.services.network.networks import logic as networks
from haneul.services.network.networks import removal
from haneul.services.network.networks.models import Network
from haneul.services.network.networks.schemas import NetworkCreate
from haneul.services.network.owners import Viewer
from haneul.services.network.ports.models import ROUTER_INTERFACE
from haneul.services.network.routers import interface_removal, interfaces, queries
from haneul.services.network.routers import logic as routers
from haneul.services.network.routers.models import Router
from haneul.services.network.routers.schemas import GatewayWanted, RouterCreate
from haneul.services.network.subnet_pools import logic as subnet_pools
from haneul.services.network.subnet_pools.models import SubnetPool
from haneul.services.network.subnets import logic as subnets
from haneul.services.network.subnets.models import Subnet
from haneul.services.network.subnets.schemas import SubnetCreate

OF_PROJECT = by(Topology, topologies, "project_id")
VERSIONS = (4, 6)
_standing: list[NetworkSettings] = []


def stand_on(settings: NetworkSettings) -> None:
    """Make networks by these settings from now on: other services ask for networks and don't know them."""
    _standing[:] = [settings]


def ensure(db: Db, project_id: str) -> Network:
    """The network that a project without one gets made, once; Conflict with what the cloud lacks for it."""
    known = db.one(OF_PROJECT, project_id=project_id)
    if known is not None:
        network = db.one(networks.BY_ID, id=known.network_id)
        if network is not None:
            return network
        # Somebody has deleted it by hand: what is left of it doesn't count.
        db.delete(topologies, project_id=project_id)
    return _make(db, project_id, _external_network(db), _standing[0])


def check(db: Db, project_id: str) -> None:
    """Conflict with what the cloud lacks to make a topology for the project."""
    _external_network(db)
    if not _pools(db, project_id):
        raise _unable("No default subnetpools defined")


def _external_network(db: Db) -> str:
    network_id = db.value(networks.DEFAULT)
    if network_id is None:
        raise _unable("No default router:external network")
    return str(network_id)


def _pools(db: Db, project_id: str) -> list[SubnetPool]:
    viewer = Viewer(project_id, is_admin=False)
    found = (subnet_pools.default_of(db, version, viewer) for version in VERSIONS)
    return [pool for pool in found if pool is not None]


def _unable(reason: str) -> Conflict:
    return Conflict("Deployment error: {reason}.", kind="AutoAllocationFailure", reason=reason)


def _make(db: Db, project_id: str, external_id: str, settings: NetworkSettings) -> Network:
    """Network, subnets and router, in one transaction: where one can't be, none is."""
    pools = _pools(db, project_id)
    if not pools:
        raise _unable("Unable to provide project private network")
    network = networks.create(db, NetworkCreate(name="auto_allocated_network"), project_id, settings)
    place = subnets.Place(network, project_id, Viewer(project_id, is_admin=False), settings.dhcp_servers)
    try:
        made = [subnets.create(db, _subnet(network, pool), place) for pool in pools]
    except BadRequest as refused:
        raise _unable("Unable to provide project private network") from refused
    router = _router(db, project_id, external_id, made)
    with unique("The topology of project {project_id} is being made by another request.", project_id=project_id):
        db.insert(topologies, Topology(project_id, network.id, router.id))
    return networks.get(db, network.id)


def _subnet(network: Network, pool: SubnetPool) -> SubnetCreate:
    return SubnetCreate(
        name=f"auto_allocated_subnet_v{pool.ip_version}",
        network_id=network.id,
        ip_version=pool.ip_version,
        subnetpool_id=pool.id,
    )


def _router(db: Db, project_id: str, external_id: str, made: Sequence[Subnet]) -> Router:
    viewer = Viewer(project_id, is_admin=False)
    gateway = GatewayWanted(network_id=external_id)
    try:
        router = routers.create(
            db, RouterCreate(name="auto_allocated_router", external_gateway_info=gateway), project_id, viewer
        )
        for subnet in made:
            interfaces.add_subnet(db, router, subnet.id, viewer)
    except BadRequest as refused:
        raise _unable("Unable to provide external connectivity") from refused
    return router


def delete(db: Db, project_id: str) -> None:
    """Delete what a project got made; Conflict while somebody uses it. Repeatable."""
    known = db.one(OF_PROJECT, project_id=project_id)
    if known is None:
        return
    _delete_router(db, known.router_id)
    network = db.one(networks.BY_ID, id=known.network_id)
    if network is not None:
        removal.delete(db, network)
    db.delete(topologies, project_id=project_id)


def _delete_router(db: Db, router_id: str) -> None:
    try:
        router = routers.get(db, router_id)
    except NotFound:
        return
    legs = [leg for leg in queries.legs(db, router.id) if leg.device_owner == ROUTER_INTERFACE]
    for port_id in dict.fromkeys(leg.port_id for leg in legs):
        interface_removal.remove_port(db, router, port_id, "")
    routers.delete(db, router)
