"""A router's gateway: its port on an external network."""

from collections.abc import Sequence

from msgspec import UNSET, structs
from sqlalchemy import bindparam, select

from haneul.kernel.db import Db, Outrun
from haneul.kernel.errors import BadRequest, Conflict, NotBuilt
from haneul.services.network.floating_ips.models import floating_ips
from haneul.services.network.ip_text import address_in
from haneul.services.network.networks import logic as networks
from haneul.services.network.networks.models import Network
from haneul.services.network.owners import Viewer
from haneul.services.network.ports import logic as ports
from haneul.services.network.ports.addresses import WantedIp
from haneul.services.network.ports.models import ROUTER_GATEWAY
from haneul.services.network.routers import extra_routes, queries, scheduling
from haneul.services.network.routers.changes import CHANGES
from haneul.services.network.routers.models import Router
from haneul.services.network.routers.refusals import bad, refuse_overlap
from haneul.services.network.routers.schemas import ExternalIpWanted, GatewayWanted

SERVING = select(floating_ips.c.id).where(floating_ips.c.router_id == bindparam("router_id")).limit(1)


def set_(db: Db, router: Router, wanted: GatewayWanted | None, viewer: Viewer) -> Router:
    """Put a router's gateway where it is wanted, or nowhere; BadRequest or Conflict with the reason it can't be."""
    network = _network(db, wanted, viewer)
    external = _external_ips(wanted)
    if network is not None:
        _refuse_gateway_ips(db, network, external)
    if router.routes:
        _refuse_cut_routes(db, router, network)
    router = _with_snat(db, router, wanted)
    if network is not None and network.id == router.gateway_network_id:
        _readdress(db, router, external)
    else:
        router = clear(db, router)
        router = _make(db, router, network, external) if network is not None else router
    scheduling.follow(db, router.id)
    return router


def _network(db: Db, wanted: GatewayWanted | None, viewer: Viewer) -> Network | None:
    if wanted is None or wanted == GatewayWanted():
        return None
    if wanted.qos_policy_id is not None:
        raise NotBuilt("haneul does not have QoS policies yet.")
    if not wanted.network_id:
        if wanted.network_id is None:
            return None
        raise BadRequest(
            "Invalid input for external_gateway_info. Reason: Validation of dictionary's keys failed. Expected keys: "
            "network_id.",
            kind="HTTPBadRequest",
        )
    network = networks.get(db, wanted.network_id, viewer)
    if not network.is_external:
        raise bad("Network {id} is not an external network", id=network.id)
    return network


def _external_ips(wanted: GatewayWanted | None) -> list[WantedIp] | None:
    if wanted is None or not wanted.external_fixed_ips:
        return None
    return [_wanted_ip(one) for one in wanted.external_fixed_ips]


def _wanted_ip(one: ExternalIpWanted) -> WantedIp:
    subnet_id, address = one.subnet_id or "", one.ip_address or ""
    try:
        return WantedIp(subnet_id, str(address_in(address)) if address else "")
    except ValueError as wrong:
        raise BadRequest(
            "Invalid input for external_gateway_info. Reason: '{address}' is not a valid IP address.",
            kind="HTTPBadRequest",
            address=address,
        ) from wrong


def _refuse_gateway_ips(db: Db, network: Network, external: Sequence[WantedIp] | None) -> None:
    named = {wanted.address for wanted in external or ()} - {""}
    for subnet in db.all(queries.OF_NETWORK, network_id=network.id) if named else ():
        if subnet.gateway_ip in named:
            raise bad("External IP {address} is the same as the gateway IP", address=subnet.gateway_ip)


def _refuse_cut_routes(db: Db, router: Router, network: Network | None) -> None:
    """Routes must still be reached when the gateway has moved."""
    mine = [leg for leg in queries.legs(db, router.id) if leg.device_owner != ROUTER_GATEWAY]
    outside = db.all(queries.OF_NETWORK, network_id=network.id) if network is not None else []
    cidrs = [*(leg.cidr for leg in mine), *(subnet.cidr for subnet in outside)]
    extra_routes.refuse_unreached(router.routes, cidrs, [leg.address for leg in mine])


def _with_snat(db: Db, router: Router, wanted: GatewayWanted | None) -> Router:
    snat = True if wanted is None or wanted.enable_snat is UNSET else wanted.enable_snat
    CHANGES.bump(db, router.id, enable_snat=snat)
    return _now(db, router)


def _now(db: Db, router: Router) -> Router:
    """The router as it is once nobody else can change it: another request may have moved its gateway meanwhile."""
    found = db.one(queries.BY_ID, id=router.id)
    if found is None:
        raise Outrun
    return found


def _readdress(db: Db, router: Router, external: Sequence[WantedIp] | None) -> None:
    if external is not None:
        ports.readdress(db, ports.get(db, router.gateway_port_id), external)


def clear(db: Db, router: Router) -> Router:
    """Take the gateway away; Conflict while a floating IP goes by it."""
    router = _now(db, router)
    if not router.gateway_port_id:
        return router
    if db.value(SERVING, router_id=router.id) is not None:
        raise Conflict(
            "Gateway cannot be updated for router {id}, since a gateway to external network {network_id} is required "
            "by one or more floating IPs.",
            kind="RouterExternalGatewayInUseByFloatingIp",
            id=router.id,
            network_id=router.gateway_network_id,
        )
    ports.delete(db, ports.get(db, router.gateway_port_id))
    return _written(db, router, "", "")


def _make(db: Db, router: Router, network: Network, external: Sequence[WantedIp] | None) -> Router:
    legs = queries.legs(db, router.id)
    if legs:
        refuse_overlap(((leg.subnet_id, leg.cidr) for leg in legs), db.all(queries.OF_NETWORK, network_id=network.id))
    # The port is nobody's, so that it counts against no quota and projects don't see it.
    new = ports.NewPort(
        network=network, project_id="", wanted=external, device_id=router.id, device_owner=ROUTER_GATEWAY
    )
    return _written(db, router, network.id, ports.create(db, new).id)


def _written(db: Db, router: Router, network_id: str, port_id: str) -> Router:
    CHANGES.bump(db, router.id, gateway_network_id=network_id, gateway_port_id=port_id)
    return structs.replace(router, gateway_network_id=network_id, gateway_port_id=port_id)
