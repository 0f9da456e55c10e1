from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

from msgspec import UNSET, Struct
from sqlalchemy import bindparam, literal, select, union

from haneul.kernel.db import Db, by, fields
from haneul.kernel.db.listing import Clause, Listing
from haneul.kernel.errors import BadRequest, Conflict, NotBuilt
from haneul.services.network.config import NetworkSettings
from haneul.services.network.lists import Asked, boolean, fetched
from haneul.services.network.networks import segments
from haneul.services.network.networks.models import Network, networks
from haneul.services.network.networks.schemas import NetworkCreate, NetworkUpdate
from haneul.services.network.owners import Viewer
from haneul.services.network.placements import logic as placements
from haneul.services.network.ports.models import ROUTER_GATEWAY, ROUTER_INTERFACE, ports
from haneul.services.network.quotas.logic import counted, take_one
from haneul.services.network.rbac import sharing
from haneul.services.network.rbac.models import rbac_policies
from haneul.services.network.standard import Changes, missing, standard_values
from haneul.services.network.subnets.models import subnets
from haneul.services.network.tags import logic as tags

NETWORK = "network"
BY_ID = by(Network, networks, "id")
CHANGES = Changes(networks)
SUBNETS_OF = select(subnets.c.network_id, subnets.c.id).where(
    subnets.c.network_id.in_(bindparam("ids", expanding=True))
)
GATEWAYS = select(ports.c.id).where(
    ports.c.network_id == bindparam("network_id"), ports.c.device_owner == ROUTER_GATEWAY
)
PLUGGED = select(ports.c.id, ports.c.device_id, ports.c.device_owner).where(
    ports.c.network_id == bindparam("network_id")
)
USERS = union(
    select(ports.c.project_id).where(
        ports.c.network_id == bindparam("network_id"), ports.c.device_owner.not_like("network:%")
    ),
    select(subnets.c.project_id).where(subnets.c.network_id == bindparam("network_id")),
)
LET_IN = select(rbac_policies.c.target_project).where(
    rbac_policies.c.object_type == NETWORK,
    rbac_policies.c.object_id == bindparam("network_id"),
    rbac_policies.c.action == sharing.SHARED,
)
DEFAULT = select(networks.c.id).where(networks.c.is_default.is_(True))
VERSIONS = select(subnets.c.ip_version).where(subnets.c.network_id == bindparam("network_id")).distinct()
QUOTA = counted("network", networks)
MANY = 500
LISTING = Listing(
    Network,
    networks,
    filters={
        **{
            name: networks.c[name]
            for name in (
                "id",
                "project_id",
                "name",
                "description",
                "admin_state_up",
                "mtu",
                "port_security_enabled",
                "is_default",
                "dns_domain",
                "revision_number",
            )
        },
        # Every network is active.
        "status": literal("ACTIVE"),
        "router:external": networks.c.is_external,
        "provider:network_type": networks.c.network_type,
        "provider:physical_network": networks.c.physical_network,
        "provider:segmentation_id": networks.c.segmentation_id,
    },
    sorts={
        name: networks.c[name]
        for name in ("id", "name", "project_id", "admin_state_up", "mtu", "created_at", "updated_at")
    },
    default_sort=(("id", "asc"),),
)


class Around(Struct, frozen=True):
    """What other rows say of networks, by their ids."""

    subnets: Mapping[str, list[str]]
    tags: Mapping[str, list[str]]
    shared: Collection[str]


def get(db: Db, network_id: str, viewer: Viewer | None = None) -> Network:
    """The network, if there is one that the viewer may see; NotFound."""
    network = db.one(BY_ID, id=network_id)
    if network is None or not (viewer is None or can_see(db, network, viewer)):
        raise missing(NETWORK, network_id)
    return network


def can_see(db: Db, network: Network, viewer: Viewer) -> bool:
    """Whether somebody may see a network: his own, or one that is shared with him or external to him."""
    if viewer.is_admin or network.project_id == viewer.project_id:
        return True
    return sharing.may_use(db, NETWORK, network.id, viewer.project_id)


def list_(db: Db, viewer: Viewer, wanted: Asked, clauses: Sequence[Clause]) -> list[Network]:
    seen = [] if viewer.is_admin else [sharing.visible(NETWORK, networks, viewer.project_id)]
    return fetched(db, LISTING, wanted, [*seen, *clauses])


def clauses(parameters: Mapping[str, Sequence[str]], project_id: str) -> list[Clause]:
    """The conditions of a list's query that are no columns: tags, and `shared`."""
    found = tags.clauses(parameters, "networks", networks)
    for value in parameters.get("shared", ())[-1:]:
        found.append(sharing.is_shared(NETWORK, networks, project_id, wanted=boolean("shared", value)))
    return found


def around(db: Db, ids: Sequence[str], project_id: str) -> Around:
    """What other rows say of these networks to a project, in a few queries."""
    found: dict[str, list[str]] = defaultdict(list)
    for start in range(0, len(ids), MANY):
        for network_id, subnet_id in db.tuples(SUBNETS_OF, ids=ids[start : start + MANY]):
            found[network_id].append(subnet_id)
    return Around(found, tags.of_many(db, "networks", ids), sharing.shared_with(db, NETWORK, ids, project_id))


def create(db: Db, wanted: NetworkCreate, project_id: str, settings: NetworkSettings) -> Network:
    """Insert a network with a segment of its own; OverQuota, or Conflict if the segment is taken."""
    _refuse_unbuilt(wanted)
    asked = segments.asked_for(
        wanted.network_type or None, wanted.physical_network or None, wanted.segmentation_id or None
    )
    is_default = wanted.is_default is True and wanted.is_external is True
    if is_default:
        _refuse_second_default(db)
    take_one(db, project_id, QUOTA)
    values = standard_values(project_id, wanted.description)
    segment = segments.claim(db, values["id"], asked, settings)
    network = Network(
        **values,
        name=wanted.name,
        admin_state_up=wanted.admin_state_up,
        mtu=_mtu(wanted.mtu or 0, segment),
        port_security_enabled=wanted.port_security_enabled,
        network_type=segment.type,
        physical_network=segment.physical_network,
        segmentation_id=segment.segmentation_id,
        is_external=bool(wanted.is_external),
        is_default=is_default,
        dns_domain=wanted.dns_domain,
        availability_zone_hints=wanted.availability_zone_hints,
    )
    db.insert(networks, network)
    if wanted.shared is True:
        sharing.share(db, NETWORK, network.id, project_id)
    if network.is_external:
        sharing.share(db, NETWORK, network.id, project_id, sharing.EXTERNAL)
    return network


def _mtu(wanted: int, segment: segments.Segment) -> int:
    if wanted > segment.most_mtu:
        raise BadRequest(
            "Invalid input for operation: Requested MTU is too big, maximum is {most}.",
            kind="InvalidInput",
            most=segment.most_mtu,
        )
    return wanted or segment.most_mtu


def _refuse_unbuilt(wanted: NetworkCreate | NetworkUpdate) -> None:
    if wanted.segments is not UNSET:
        raise NotBuilt("haneul does not make networks of several segments yet.")
    if wanted.qos_policy_id is not None:
        raise NotBuilt("haneul does not have QoS policies yet.")


def update(db: Db, network: Network, wanted: NetworkUpdate) -> Network:
    """Change a network. Its segment stays what it is."""
    _refuse_unbuilt(wanted)
    _refuse_other_segment(network, wanted)
    own = {name: value for name, value in fields(wanted).items() if name in networks.c and name != "qos_policy_id"}
    if "mtu" in own:
        segment = segments.Segment(network.network_type, network.physical_network, network.segmentation_id)
        own["mtu"] = _mtu(own["mtu"], segment)
        _refuse_small_mtu(db, network, own["mtu"])
    if not own.get("is_external", network.is_external):
        # Only of external networks one is the default.
        own["is_default"] = False
    elif wanted.is_default is True:
        _refuse_second_default(db, network.id)
    _share(db, network, wanted)
    CHANGES.bump(db, network.id, **own)
    if own.keys() & {"mtu", "admin_state_up", "dns_domain"}:
        _tell_hosts(db, network.id)
    return get(db, network.id)


def _tell_hosts(db: Db, network_id: str) -> None:
    """What hosts have of a network is made anew, down to the ports, which have its MTU."""
    placements.changed(db, "segment", network_id)
    placements.changed(db, "dhcp", network_id)
    for port_id, device_id, owner in db.tuples(PLUGGED, network_id=network_id):
        if owner in (ROUTER_INTERFACE, ROUTER_GATEWAY):
            placements.changed(db, "router", device_id)
        else:
            placements.changed(db, "port", port_id)


def _refuse_other_segment(network: Network, wanted: NetworkUpdate) -> None:
    for name in ("network_type", "physical_network", "segmentation_id"):
        value = getattr(wanted, name)
        if value is not UNSET and (value or type(getattr(network, name))()) != getattr(network, name):
            raise BadRequest(
                "Invalid input for operation: Plugin does not support updating provider attributes.",
                kind="InvalidInput",
            )


def _share(db: Db, network: Network, wanted: NetworkUpdate) -> None:
    if wanted.shared is True:
        sharing.share(db, NETWORK, network.id, network.project_id)
    elif wanted.shared is False:
        _refuse_strangers(db, network)
        sharing.unshare(db, NETWORK, network.id)
    if wanted.is_external is True:
        sharing.share(db, NETWORK, network.id, network.project_id, sharing.EXTERNAL)
    elif wanted.is_external is False and network.is_external:
        if db.value(GATEWAYS, network_id=network.id):
            raise Conflict(
                "External network {id} cannot be updated to be made non-external, since it has existing gateway ports.",
                kind="ExternalNetworkInUse",
                id=network.id,
            )
        sharing.take_back(db, NETWORK, network.id, sharing.EXTERNAL)


def _refuse_strangers(db: Db, network: Network) -> None:
    """Conflict while projects use a network that only its being shared with all lets them use."""
    users = {project_id for (project_id,) in db.tuples(USERS, network_id=network.id)}
    if users - {network.project_id, *(target for (target,) in db.tuples(LET_IN, network_id=network.id))}:
        raise Conflict(
            "Unable to reconfigure sharing settings for network {name}. Multiple projects are using it.",
            kind="InvalidSharedSetting",
            name=network.name,
        )


def _refuse_small_mtu(db: Db, network: Network, mtu: int) -> None:
    for (version,) in db.tuples(VERSIONS, network_id=network.id):
        segments.refuse_small_mtu(network.id, version, mtu)


def _refuse_second_default(db: Db, network_id: str = "") -> None:
    standing = db.value(DEFAULT)
    if standing not in (None, network_id):
        raise Conflict(
            "A default external network already exists: {id}.", kind="DefaultExternalNetworkExists", id=standing
        )
