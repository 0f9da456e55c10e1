"""What a user names as a packet's ends: servers, ports and addresses."""

from ipaddress import ip_address

from msgspec import Struct

from haneul.cli.failures import Failure
from haneul.cli.trace import rows
from haneul.kernel.db import Db
from haneul.services.compute.servers.queries import BY_ID as SERVER
from haneul.services.network.ports.models import FixedIp, Port
from haneul.services.network.ports.queries import BY_ID as PORT

OUTSIDE = "outside"


class From(Struct, frozen=True):
    """A port, and the address of it that the packet leaves by."""

    port: Port
    fixed: FixedIp


def source(db: Db, named: str, destination: str) -> From | None:
    """Where a packet begins: None for outside; Failure for what isn't known, or is known more than once."""
    if named == OUTSIDE:
        return None
    known = _ports(db, named)
    ways = [From(port, fixed) for port in known for fixed in rows.held(db, port)]
    version = ip_address(destination).version
    fitting = [way for way in ways if ip_address(way.fixed.address).version == version]
    if _is_address(named):
        fitting = [way for way in fitting if way.fixed.address == named]
    if not fitting:
        fix = f"openstack port set --fixed-ip subnet=SUBNET {known[0].id}"
        raise Failure(f"{named} has no IPv{version} address, and so can't speak to {destination}.", fix)
    near = [way for way in fitting if _is_beside(db, way, destination)]
    return (near or fitting)[0]


def _is_beside(db: Db, way: From, destination: str) -> bool:
    """Whether the destination is on the same network."""
    return rows.subnet_with(rows.subnets_of(db, way.port.network_id), destination) is not None


def destination(db: Db, named: str, is_from_outside: bool) -> str:
    """The address that a packet is for: what is given, or that of a server or port; from outside its floating IP."""
    if _is_address(named):
        return str(ip_address(named))
    found = _ports(db, named)
    for port in found if is_from_outside else ():
        floating = db.one(rows.FLOATING_OF_PORT, fixed_port_id=port.id)
        if floating is not None:
            return floating.floating_ip_address
    held = [fixed.address for port in found for fixed in rows.held(db, port)]
    if not held:
        raise Failure(f"{named} has no address.", f"openstack port set --fixed-ip subnet=SUBNET {found[0].id}")
    return held[0]


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _ports(db: Db, named: str) -> list[Port]:
    """The ports that are meant, of one server or one alone."""
    if _is_address(named):
        return one_port(db, named, [port for port in db.all(rows.PORTS_AT, address=named) if rows.is_guest(port)])
    server = db.one(SERVER, id=named)
    found = [server] if server is not None else db.all(rows.SERVERS_NAMED, name=named)
    if len(found) > 1:
        ids = ", ".join(one.id for one in found)
        raise Failure(f"{len(found)} servers are named {named}: {ids}.", "Name the one that you mean by its id.")
    if not found:
        port = db.one(PORT, id=named)
        return one_port(db, named, [port] if port is not None else db.all(rows.PORTS_NAMED, name=named))
    known = rows.ports_of_server(db, found[0])
    if not known:
        fix = f"openstack server add network {found[0].id} NETWORK"
        raise Failure(f"The server {named} has no port, and so is on no network.", fix)
    return known


def one_port(db: Db, named: str, known: list[Port]) -> list[Port]:
    """The one port of this name; Failure for none, or for several."""
    if not known:
        raise Failure(f"There is no server and no port {named}.", "openstack server list --all-projects --long")
    if len(known) > 1:
        ids = ", ".join(f"{port.id} on network {rows.network_title(db, port.network_id)}" for port in known)
        raise Failure(f"{len(known)} ports are meant by {named}: {ids}.", "Name the one that you mean by its id.")
    return known
