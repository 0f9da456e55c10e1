"""Networks on a host: a bridge each, and what joins it to the network's other hosts."""

from haneul.host.net import segments
from haneul.host.net.external import External, ensure_external, ensure_pair
from haneul.host.net.links import ensure_bridge, find_link, list_own_links, remove_link
from haneul.host.net.marks import Mark
from haneul.services.network.drivers.base import Refused, SegmentPlan, bridge_of
from haneul.services.network.drivers.linux_bridge.place import Ground

CARRIERS = ("vxlan", "vlan", "gre")
INNER_LINK, EXTERNAL, EXTERNAL_MTU = "external", "external", 1500


def ensure(plan: SegmentPlan, ground: Ground) -> None:
    """Make the bridge, and join it to what carries the network."""
    bridge = bridge_of(plan.id)
    ensure_bridge(bridge, plan.mtu, ground.mark("bridge", plan.id))
    ground.reached("bridge-made")
    match plan.type:
        case "vxlan":
            _vxlan(plan, bridge, ground)
        case "flat":
            _flat(plan, bridge, ground)
        case "vlan":
            _vlan(plan, bridge, ground)
        case "gre":
            _gre(plan, bridge, ground)
    ground.reached("segment-joined")


def _vxlan(plan: SegmentPlan, bridge: str, ground: Ground) -> None:
    name = f"vxlan-{plan.segmentation_id}"
    if not ground.tunnel_ip:
        # Alone, it needs no tunnel; the rows see to it that the network is on no other host.
        remove_link(name)
        return
    segments.ensure_vxlan(
        segments.Vxlan(
            name=name,
            bridge=bridge,
            mtu=plan.mtu,
            mark=ground.mark("vxlan", plan.id),
            vni=plan.segmentation_id,
            local_ip=ground.tunnel_ip,
        )
    )
    segments.ensure_flooding(name, [peer.tunnel_ip for peer in plan.peers])
    segments.ensure_forwarding(name, {mac: peer.tunnel_ip for peer in plan.peers for mac in peer.macs})


def _flat(plan: SegmentPlan, bridge: str, ground: Ground) -> None:
    if plan.physical_network in ground.links:
        segments.ensure_flat(_link_of(plan, ground), bridge)
    elif plan.physical_network == ground.external.physical_network and ground.external.address:
        ensure_external(_external(ground, bridge))
    else:
        raise Refused(f"This host is not connected to the physical network {plan.physical_network}.")


def ensure_way_out(ground: Ground) -> None:
    """Join this host to its machine, before any network is there that uses it: no second cloud takes its addresses."""
    if ground.external.address:
        ensure_pair(_external(ground, ""))


def _external(ground: Ground, bridge: str) -> External:
    return External(
        name=INNER_LINK,
        bridge=bridge,
        outer_name=ground.outer_link,
        outer_place=ground.external.machine,
        address=ground.external.address,
        mtu=EXTERNAL_MTU,
        mark=ground.mark(EXTERNAL, ground.external.physical_network),
    )


def _vlan(plan: SegmentPlan, bridge: str, ground: Ground) -> None:
    segments.ensure_vlan(
        segments.Vlan(
            name=f"vlan-{plan.id[:10]}",
            bridge=bridge,
            mtu=plan.mtu,
            mark=ground.mark("vlan", plan.id),
            parent=_link_of(plan, ground),
            vlan_id=plan.segmentation_id,
        )
    )


def _link_of(plan: SegmentPlan, ground: Ground) -> str:
    link = ground.links.get(plan.physical_network, "")
    if not link or find_link(link) is None:
        raise Refused(f"This host is not connected to the physical network {plan.physical_network}.")
    return link


def _gre(plan: SegmentPlan, bridge: str, ground: Ground) -> None:
    if not ground.tunnel_ip:
        return
    mark = ground.mark("gre", plan.id)
    wanted = {_gre_name(plan, peer.tunnel_ip): peer.tunnel_ip for peer in plan.peers}
    for name, peer_ip in wanted.items():
        segments.ensure_gre(
            segments.Gre(
                name=name,
                bridge=bridge,
                mtu=plan.mtu,
                mark=mark,
                key=plan.segmentation_id,
                local_ip=ground.tunnel_ip,
                peer_ip=peer_ip,
            )
        )
    for link in list_own_links(ground.cloud_id):
        if link.mark == mark and link.name not in wanted:
            remove_link(link.name)


def _gre_name(plan: SegmentPlan, peer_ip: str) -> str:
    # Names hold 15 characters, and a network has a tunnel to each of its other hosts.
    return f"gre{Mark(plan.id, 'gre', peer_ip).group:x}-{plan.segmentation_id:x}"[:15]


def remove(network_id: str, ground: Ground) -> None:
    """Remove the bridge, and what joined it to other hosts; a link that was there before us stays."""
    for link in list_own_links(ground.cloud_id):
        if link.mark is not None and link.mark.id == network_id and link.mark.kind in CARRIERS:
            remove_link(link.name)
    remove_link(bridge_of(network_id))
