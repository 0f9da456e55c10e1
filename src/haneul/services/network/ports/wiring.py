"""What hosts have to do because of ports: segments where ports are, the ports themselves, what filters them."""

from collections.abc import Collection

from haneul.kernel.db import Db
from haneul.services.network.agents.hosts import network_of, other_hosts
from haneul.services.network.drivers.base import HostNetwork
from haneul.services.network.networks.models import Network
from haneul.services.network.placements import logic as placements
from haneul.services.network.ports import queries
from haneul.services.network.ports.models import ROUTER_GATEWAY, ROUTER_INTERFACE, Port
from haneul.services.network.security_groups import wiring as groups


def refusal(db: Db, network: Network, host: str) -> str:
    """Why a host can't carry a network, in a sentence; nothing if it can."""
    carried = network_of(db, host)
    if carried is None:
        return f"No network agent was ever heard of on host {host}."
    if network.network_type not in carried.types:
        return f"Host {host} can't carry networks of type {network.network_type}."
    if network.physical_network and network.physical_network not in carried.physical_networks:
        return f"Host {host} is not connected to the physical network {network.physical_network}."
    return _out_of_reach(db, network, host, carried) if network.network_type in ("vxlan", "gre") else ""


def _out_of_reach(db: Db, network: Network, host: str, carried: HostNetwork) -> str:
    """Why no tunnel could lead from this host to the network's other ones."""
    for other in placements.hosts_of(db, "segment", network.id):
        if other == host:
            continue
        if not carried.tunnel_ip:
            return f"Host {host} has no address for tunnels, and the network is on another host already."
        reached = network_of(db, other)
        if reached is not None and not reached.tunnel_ip:
            return f"The network is on host {other} already, which has no address for tunnels."
    return ""


def joined(db: Db, port: Port) -> None:
    """A port is on a host now: the network has to be there too, and its other hosts must know where the port is."""
    placements.put(db, "segment", port.network_id, port.host)
    _tell_peers(db, port)
    if not port.is_internal:
        placements.put(db, "port", port.id, port.host)
        groups.joined(db, port.host, queries.groups_of_one(db, port.id))


def left(db: Db, port: Port, group_ids: Collection[str]) -> None:
    """A port is on its host no more; its row says so already, or is gone."""
    # Whatever its owner is called by now: it may have come as a guest's.
    placements.take_away(db, "port", port.id, port.host)
    groups.left(db, port.host, group_ids)
    if db.value(queries.ON_HOST_OF_NETWORK, host=port.host, network_id=port.network_id) is None:
        placements.take_away(db, "segment", port.network_id, port.host)
    _tell_peers(db, port)


def _tell_peers(db: Db, port: Port) -> None:
    if other_hosts(db, port.host):
        placements.changed(db, "segment", port.network_id, but=port.host)


def changed(db: Db, port: Port, groups_before: Collection[str], groups_now: Collection[str]) -> None:
    """Addresses, MAC, groups or state of a port have changed."""
    if port.host and not port.is_internal and port.vif_type == "bridge":
        groups.joined(db, port.host, set(groups_now) - set(groups_before))
        placements.changed_on(db, "port", port.id, port.host)
        groups.left(db, port.host, set(groups_before) - set(groups_now))
    groups.members_changed(db, {*groups_before, *groups_now})
    if port.device_owner in (ROUTER_INTERFACE, ROUTER_GATEWAY):
        placements.changed(db, "router", port.device_id)
    placements.changed(db, "dhcp", port.network_id)
