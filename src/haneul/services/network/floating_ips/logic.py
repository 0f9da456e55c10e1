from collections import defaultdict
from collections.abc import Mapping, Sequence

from msgspec import UNSET

from haneul.kernel.db import Db
from haneul.kernel.db.listing import Clause
from haneul.kernel.errors import BadRequest, NotBuilt, NotFound
from haneul.services.network.floating_ips import association, queries, unlinking
from haneul.services.network.floating_ips.association import bad
from haneul.services.network.floating_ips.models import FloatingIp, floating_ips
from haneul.services.network.floating_ips.schemas import FloatingIpCreate, FloatingIpUpdate
from haneul.services.network.ip_text import address_in
from haneul.services.network.lists import Asked, fetched
from haneul.services.network.networks import logic as networks
from haneul.services.network.networks.models import Network
from haneul.services.network.owners import Viewer, owned_by
from haneul.services.network.placements import logic as placements
from haneul.services.network.port_forwardings.models import PortForwarding
from haneul.services.network.ports import addresses
from haneul.services.network.ports import logic as ports
from haneul.services.network.ports.addresses import WantedIp
from haneul.services.network.ports.models import FLOATING_IP, Port
from haneul.services.network.ports.queries import OF_IDS as PORTS_OF_IDS
from haneul.services.network.quotas.logic import counted, take_one
from haneul.services.network.standard import standard_values
from haneul.services.network.subnets.models import Subnet
from haneul.services.network.tags import logic as tags

QUOTA = counted("floatingip", floating_ips)
MANY = 500


def get(db: Db, floating_ip_id: str, viewer: Viewer | None = None) -> FloatingIp:
    """The floating IP, if there is one that the viewer may see; NotFound."""
    floating = db.one(queries.BY_ID, id=floating_ip_id)
    if floating is None or not (viewer is None or viewer.is_admin or floating.project_id == viewer.project_id):
        raise NotFound("Floating IP {id} could not be found", kind="FloatingIPNotFound", id=floating_ip_id)
    return floating


def list_(db: Db, viewer: Viewer, wanted: Asked, clauses: Sequence[Clause]) -> list[FloatingIp]:
    own = [] if viewer.is_admin else [owned_by(floating_ips, viewer.project_id)]
    return fetched(db, queries.LISTING, wanted, [*own, *clauses])


def clauses(parameters: Mapping[str, Sequence[str]]) -> list[Clause]:
    """The conditions of a list's query that are no columns."""
    return tags.clauses(parameters, "floatingips", floating_ips)


def ports_of(db: Db, found: Sequence[FloatingIp]) -> Mapping[str, Port]:
    """The ports that floating IPs stand for, by their ids."""
    ids = [floating.fixed_port_id for floating in found if floating.fixed_port_id]
    known: dict[str, Port] = {}
    for start in range(0, len(ids), MANY):
        known |= {port.id: port for port in db.all(PORTS_OF_IDS, ids=ids[start : start + MANY])}
    return known


def forwardings_of(db: Db, found: Sequence[FloatingIp]) -> Mapping[str, list[PortForwarding]]:
    """What floating IPs forward, by their ids."""
    # Who stands for an address whole forwards nothing.
    ids = [floating.id for floating in found if floating.router_id and not floating.fixed_port_id]
    known: dict[str, list[PortForwarding]] = defaultdict(list)
    for start in range(0, len(ids), MANY):
        for forwarding in db.all(queries.FORWARDINGS, ids=ids[start : start + MANY]):
            known[forwarding.floating_ip_id].append(forwarding)
    return known


def pools(db: Db, viewer: Viewer) -> list[Subnet]:
    """The IPv4 subnets of external networks that the viewer may use."""
    found = db.all(queries.POOLS)
    seen = {network_id: networks.can_see(db, networks.get(db, network_id), viewer) for network_id in _networks(found)}
    return [subnet for subnet in found if seen[subnet.network_id]]


def _networks(found: Sequence[Subnet]) -> set[str]:
    return {subnet.network_id for subnet in found}


def create(db: Db, wanted: FloatingIpCreate, project_id: str, viewer: Viewer) -> FloatingIp:
    """Take an address of an external network, and have it stand for a port at once where one is named."""
    _refuse_unbuilt(wanted.qos_policy_id)
    network = _external(db, wanted.floating_network_id, viewer)
    take_one(db, project_id, QUOTA)
    values = standard_values(project_id, wanted.description)
    port, address = _outside(db, network, wanted, values["id"])
    floating = FloatingIp(
        **values,
        floating_network_id=network.id,
        floating_port_id=port.id,
        floating_ip_address=address,
        fixed_port_id=None,
        fixed_ip_address=None,
        router_id="",
        status="DOWN",
        dns_name=wanted.dns_name or "",
        dns_domain=wanted.dns_domain or "",
    )
    db.insert(floating_ips, floating)
    change = FloatingIpUpdate(port_id=wanted.port_id, fixed_ip_address=wanted.fixed_ip_address)
    return update(db, floating, change, viewer) if wanted.port_id or wanted.fixed_ip_address else floating


def _refuse_unbuilt(qos_policy_id: str | None) -> None:
    if qos_policy_id is not None:
        raise NotBuilt("haneul does not have QoS policies yet.")


def _external(db: Db, network_id: str, viewer: Viewer) -> Network:
    network = networks.get(db, network_id, viewer)
    if not network.is_external:
        raise bad("Network {id} is not a valid external network", id=network.id)
    if db.value(queries.HAS_IPV4, network_id=network.id) is None:
        raise bad("Network {id} does not contain any IPv4 subnet", id=network.id)
    return network


def _outside(db: Db, network: Network, wanted: FloatingIpCreate, floating_ip_id: str) -> tuple[Port, str]:
    """The floating IP's own port, which holds its address; it is nobody's and on no host."""
    chosen = WantedIp(wanted.subnet_id or "", _address("floating_ip_address", wanted.floating_ip_address))
    new = ports.NewPort(
        network=network,
        project_id="",
        wanted=[chosen] if chosen != WantedIp() else None,
        device_id=floating_ip_id,
        device_owner=FLOATING_IP,
    )
    port = ports.create(db, new)
    ports.set_status(db, port, "N/A")
    for fixed in addresses.of_port(db, port.id):
        if ":" not in fixed.address:
            return port, fixed.address
    raise BadRequest(
        "Unable to find any IP address on external network {id}.", kind="ExternalIpAddressExhausted", id=network.id
    )


def _address(name: str, text: str | None) -> str:
    try:
        return str(address_in(text)) if text else ""
    except ValueError as wrong:
        raise BadRequest(
            "Invalid input for {name}. Reason: '{text}' is not a valid IP address.",
            kind="HTTPBadRequest",
            name=name,
            text=text,
        ) from wrong


def update(db: Db, floating: FloatingIp, wanted: FloatingIpUpdate, viewer: Viewer) -> FloatingIp:
    """Change what a floating IP stands for: another port, another of its addresses, or nothing for port None."""
    _refuse_unbuilt(wanted.qos_policy_id)
    if wanted == FloatingIpUpdate() and floating.fixed_port_id:
        # Once there was nothing else to change, and clients still end it by saying nothing.
        unlinking.release(db, floating)
    if wanted.description is not UNSET:
        unlinking.CHANGES.bump(db, floating.id, description=wanted.description)
    if wanted.fixed_ip_address and not wanted.port_id:
        raise bad("fixed_ip_address cannot be specified without a port_id")
    if wanted.port_id:
        address = _address("fixed_ip_address", wanted.fixed_ip_address or None)
        association.associate(db, floating, association.find(db, floating, wanted.port_id, address, viewer))
    elif wanted.port_id is None and floating.fixed_port_id:
        unlinking.release(db, floating)
    return get(db, floating.id)


def delete(db: Db, floating: FloatingIp) -> None:
    """Give a floating IP back; Conflict while it forwards ports."""
    if db.one(unlinking.FORWARDINGS_OF, floating_ip_id=floating.id) is not None:
        raise association.forwards_ports(floating.id)
    db.delete(floating_ips, id=floating.id)
    tags.forget(db, "floatingips", floating.id)
    port = ports.find(db, floating.floating_port_id)
    if port is not None:
        ports.delete(db, port)
    if floating.router_id:
        placements.changed(db, "router", floating.router_id)
