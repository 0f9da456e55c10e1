"""A QEMU guest's network cards: each on a tap that the network joins to the port's network."""

import os
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress

from haneul.host.hypervisor.machine import Card, card_backend, card_device, card_id
from haneul.host.hypervisor.qmp import Monitor, MonitorFailed
from haneul.host.net.marks import Mark
from haneul.host.net.taps import ensure_tap, open_tap
from haneul.services.compute.drivers.base import NicPlan, Refused

# QEMU takes a second request only some seconds after the first, and a kernel that is still booting hears none.
AGAIN_S = 6.0
POLL_S = 0.05
PERIPHERALS = "/machine/peripheral"
PREFIX = card_id(0)[:-2]


@contextmanager
def opened(nics: Sequence[NicPlan], cloud_id: str, fleeting: Collection[str] = ()) -> Iterator[tuple[Card, ...]]:
    """The cards of a guest that is to be started, their taps open until its process has them.

    `fleeting` names those that are nobody's ports any more: their taps go with the process.
    """
    with ExitStack() as stack:
        yield tuple(_opened(nic, cloud_id, stack, lasts=nic.id not in fleeting) for nic in nics)


def _opened(nic: NicPlan, cloud_id: str, stack: ExitStack, *, lasts: bool = True) -> Card:
    if lasts:
        # The network may not have come to it yet; whoever comes first makes it.
        ensure_tap(nic.device, nic.mtu, Mark(cloud_id, "tap", nic.id))
    descriptor = open_tap(nic.device)
    stack.callback(os.close, descriptor)
    return Card(mac=nic.mac, mtu=nic.mtu, pci_slot=nic.pci_slot, descriptor=descriptor)


def there(monitor: Monitor) -> Mapping[int, str]:
    """The MACs of the cards that a guest has, by their slots: those that it was given, whatever it may have set."""
    found = {}
    for slot in _slots(monitor):
        path = f"{PERIPHERALS}/{card_id(slot)}"
        # One that the guest has been asked for may go at any moment.
        with suppress(MonitorFailed):
            found[slot] = str(monitor.execute("qom-get", {"path": path, "property": "mac"}))
    return found


def _slots(monitor: Monitor) -> set[int]:
    names = [str(one["name"]) for one in monitor.execute("qom-list", {"path": PERIPHERALS})]
    return {int(name.removeprefix(PREFIX), 16) for name in names if name.startswith(PREFIX)}


def plug(monitor: Monitor, nic: NicPlan, cloud_id: str, bus: str, reached: Callable[[str], None]) -> None:
    """Plug a card into a guest whose slot is free, whatever an earlier try has left."""
    _forget_backend(monitor, nic.pci_slot)
    with suppress(MonitorFailed):
        # A tap that an earlier try gave and did not use is still open, and can't be opened again.
        monitor.execute("closefd", {"fdname": nic.device})
    with ExitStack() as stack:
        card = _opened(nic, cloud_id, stack)
        monitor.give_descriptor(nic.device, card.descriptor)
        reached("card-given")
        monitor.execute("netdev_add", {"type": "tap", "id": card_backend(nic.pci_slot), "fd": nic.device})
        reached("card-backed")
        monitor.execute("device_add", card_device(card, bus))
    reached("card-plugged")


def pull(monitor: Monitor, pci_slot: int, patience_s: float) -> None:
    """Have a guest that runs let go of a card; Refused if it doesn't within `patience_s`."""
    deadline = time.monotonic() + patience_s
    while not _lets_go(monitor, pci_slot, min(deadline, time.monotonic() + AGAIN_S)):
        if time.monotonic() >= deadline:
            raise Refused(
                f"The guest did not let go of its network card within {patience_s:g} seconds. One that is still "
                "booting, or that knows no PCI hot-plug, doesn't: try again later, or stop the server."
            )
    _forget_backend(monitor, pci_slot)


def _lets_go(monitor: Monitor, pci_slot: int, deadline: float) -> bool:
    """Ask once, and see whether the card goes: by looking, since events tell of its parts before it has gone."""
    with suppress(MonitorFailed):
        # Refused while an earlier request is under way, and once the card has gone.
        monitor.execute("device_del", {"id": card_id(pci_slot)})
    while pci_slot in _slots(monitor):
        if time.monotonic() >= deadline:
            return False
        time.sleep(POLL_S)
    return True


def _forget_backend(monitor: Monitor, pci_slot: int) -> None:
    with suppress(MonitorFailed):
        # It never was, or went with its card.
        monitor.execute("netdev_del", {"id": card_backend(pci_slot)})
