"""From outside of the cloud: only addresses of external networks are known there."""

from typing import NoReturn

from haneul.cli.trace import rows
from haneul.cli.trace.places import OnNetwork
from haneul.cli.trace.values import Seen
from haneul.cli.trace.walk import Walk
from haneul.services.network.ports.models import Port
from haneul.services.network.subnets.models import Subnet


def enters(walk: Walk) -> OnNetwork:
    """Onto the external network of the destination; Dropped if it is of none."""
    destination = walk.packet.destination
    subnet = rows.subnet_with(walk.db.all(rows.EXTERNAL_SUBNETS), destination)
    if subnet is None:
        _refuse(walk, destination)
    name = rows.network_title(walk.db, subnet.network_id)
    text = f"{walk.packet.source} sends it to {destination}, an address of the external network {name}."
    walk.passes("outside", text, _way_of_machine(walk, subnet))
    return OnNetwork(network_id=subnet.network_id, target=destination, host="")


def _way_of_machine(walk: Walk, subnet: Subnet) -> Seen | None:
    """What this machine has of its own way to the network, if it has one."""
    here = walk.here
    if here is None or not here.external_address:
        return None
    own = here.external_address.partition("/")[0]
    return walk.look(here.name, lambda one: one.external()) if rows.is_in(own, subnet.cidr) else None


def _refuse(walk: Walk, destination: str) -> NoReturn:
    guests = [port for port in walk.db.all(rows.PORTS_AT, address=destination) if rows.is_guest(port)]
    if not guests:
        text = f"{destination} is no address of an external network, and no port has it."
        walk.drops("outside", text, "openstack floating ip list")
    text = f"{destination} is known inside the cloud only, as that of {rows.title(walk.db, guests[0])}"
    floating = walk.db.one(rows.FLOATING_OF_PORT, fixed_port_id=guests[0].id)
    if floating is not None:
        address = floating.floating_ip_address
        text += f", which has the floating IP {address} outside."
        walk.drops("floating IP", text, f"haneul trace packet --to {address}")
    walk.drops("floating IP", f"{text}, which has no floating IP.", _floating_command(walk, guests[0], destination))


def _floating_command(walk: Walk, port: Port, address: str) -> str:
    networks = list(dict.fromkeys(subnet.network_id for subnet in walk.db.all(rows.EXTERNAL_SUBNETS)))
    external = networks[0] if networks else "EXTERNAL_NETWORK"
    return f"openstack floating ip create --port {port.id} --fixed-ip-address {address} {external}"
