"""A QEMU guest's network cards: each on a tap that the network joins to the port's network."""

import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

from haneul.host.hypervisor.machine import Card, card_backend, card_device, card_id
from haneul.host.hypervisor.qmp import Monitor, MonitorFailed
from haneul.host.net.marks import Mark
from haneul.host.net.taps import ensure_tap, open_tap
from haneul.services.compute.drivers.base import NicPlan

PULL_S = 20.0
"""How long a guest may take to let go of a card."""


@contextmanager
def opened(nics: Sequence[NicPlan], cloud_id: str) -> Iterator[tuple[Card, ...]]:
    """The cards of a guest that is to be started, their taps open until its process has them."""
    with ExitStack() as stack:
        yield tuple(_opened(nic, cloud_id, stack) for nic in nics)


def _opened(nic: NicPlan, cloud_id: str, stack: ExitStack) -> Card:
    # The network may not have come to it yet; whoever comes first makes it.
    ensure_tap(nic.device, nic.mtu, Mark(cloud_id, "tap", nic.id))
    descriptor = open_tap(nic.device)
    stack.callback(os.close, descriptor)
    return Card(mac=nic.mac, mtu=nic.mtu, pci_slot=nic.pci_slot, descriptor=descriptor)


def plug(monitor: Monitor, nic: NicPlan, cloud_id: str, bus: str) -> None:
    """Plug a card into a running guest. Repeatable."""
    if _is_there(monitor, nic):
        return
    _forget_backend(monitor, nic)
    with ExitStack() as stack:
        card = _opened(nic, cloud_id, stack)
        monitor.give_descriptor(nic.device, card.descriptor)
        backend = {"type": "tap", "id": card_backend(nic.pci_slot), "fd": nic.device}
        monitor.execute("netdev_add", backend)
        monitor.execute("device_add", card_device(card, bus))


def pull(monitor: Monitor, nic: NicPlan) -> None:
    """Pull a card from a running guest; MonitorFailed if the guest doesn't let go. Repeatable."""
    if _is_there(monitor, nic):
        monitor.execute("device_del", {"id": card_id(nic.pci_slot)})
        monitor.wait_event("DEVICE_DELETED", PULL_S)
    _forget_backend(monitor, nic)


def _is_there(monitor: Monitor, nic: NicPlan) -> bool:
    try:
        monitor.execute("qom-list", {"path": f"/machine/peripheral/{card_id(nic.pci_slot)}"})
    except MonitorFailed:
        return False
    return True


def _forget_backend(monitor: Monitor, nic: NicPlan) -> None:
    try:
        monitor.execute("netdev_del", {"id": card_backend(nic.pci_slot)})
    except MonitorFailed:
        # It never was, or went with its card.
        return
