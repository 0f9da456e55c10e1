"""Guests' ports: a tap each, on its network's bridge, filtered before anything passes."""

from haneul.host.net.firewall import AddressPair, FilteredPort, Firewall, Group, Rule
from haneul.host.net.links import attach, ensure_bridge, ensure_set, remove_link
from haneul.host.net.taps import ensure_tap
from haneul.services.network.drivers.base import GroupPlan, GroupRule, PortPlan, bridge_of, tap_of
from haneul.services.network.drivers.linux_bridge.place import Ground

ICMPS = (1, 58)


def ensure(plan: PortPlan, ground: Ground, firewall: Firewall) -> None:
    """Make the tap, filter it, and only then join it to its network."""
    bridge, device = bridge_of(plan.network_id), tap_of(plan.id)
    link = ensure_tap(device, plan.mtu, ground.mark("tap", plan.id))
    ensure_bridge(bridge, plan.mtu, ground.mark("bridge", plan.network_id))
    ground.reached("tap-made")
    if plan.is_secure:
        firewall.ensure_port(_filtered(plan, device, bridge))
    else:
        firewall.remove_port(plan.id)
    ground.reached("port-filtered")
    attach(device, bridge)
    if not plan.is_up:
        ensure_set(link, {"is_up": False})
    ground.reached("port-joined")


def _filtered(plan: PortPlan, device: str, bridge: str) -> FilteredPort:
    return FilteredPort(
        id=plan.id,
        device=device,
        bridge=bridge,
        mac=plan.mac,
        addresses=plan.addresses,
        pairs=tuple(AddressPair(mac=pair.mac, network=pair.address) for pair in plan.pairs),
        groups=plan.groups,
        stateful=plan.is_stateful,
    )


def remove(port_id: str, firewall: Firewall) -> None:
    """Remove the tap first, so that nothing passes unfiltered."""
    remove_link(tap_of(port_id))
    firewall.remove_port(port_id)


def ensure_group(plan: GroupPlan, firewall: Firewall) -> None:
    """Make a group's rules live."""
    firewall.ensure_group(
        Group(id=plan.id, rules=tuple(map(_rule, plan.rules)), members=plan.members, stateful=plan.is_stateful)
    )


def _rule(rule: GroupRule) -> Rule:
    icmp = ports = None
    if rule.first is not None and rule.protocol in ICMPS:
        icmp = (rule.first, rule.last)
    elif rule.first is not None:
        ports = (rule.first, rule.last if rule.last is not None else rule.first)
    return Rule(
        direction=rule.direction,
        version=rule.version,
        protocol=rule.protocol,
        ports=ports,
        icmp=icmp,
        remote=rule.prefix or None,
        remote_group=rule.remote_group or rule.address_group or None,
    )
