"""What of a cloud is on this machine beside its processes: guests and namespaces."""

import os
import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from haneul.cli.agent import namespace_of
from haneul.cli.failures import Failure
from haneul.cli.tree.layout import Layout
from haneul.host import run as running
from haneul.host.hypervisor.accounts import Accounts
from haneul.host.hypervisor.qmp import Monitor, MonitorFailed
from haneul.host.hypervisor.seen import GuestProcess, guest_processes
from haneul.host.namespaces import list_namespaces, remove_namespace
from haneul.settings import CloudSettings

if TYPE_CHECKING:
    from haneul.services.compute.drivers.base import GuestState, ImageFacts

SHUTDOWN_S = 30.0
MONITOR_S = 2.0
# SIGTERM lets QEMU flush its disks.
FLUSH_S = 5.0
LOOK_S = 0.05


def guests_of(layout: Layout) -> dict[str, GuestProcess]:
    """The guests of this cloud that run, by server id; a simulated guest is no process."""
    cloud_id = layout.cloud_id
    return guest_processes(cloud_id, Accounts(cloud_id).owns)


def running_guests(layout: Layout, settings: CloudSettings) -> list[str]:
    """The ids of the servers that run on this host, or are pretended to."""
    if not settings.simulate:
        return sorted(guests_of(layout))
    return sorted(guest.id for guest in _listed(layout, settings) if guest.state == "running")


def known_guests(layout: Layout, settings: CloudSettings) -> set[str]:
    """The ids of all guests that this host has, whatever they do."""
    return {guest.id for guest in _listed(layout, settings)}


def _listed(layout: Layout, settings: CloudSettings) -> "Sequence[GuestState]":
    from haneul.agent import hypervisor

    return hypervisor(settings, layout.sections(os.environ), layout.cloud_id, NoImages()).list_guests()


class NoImages:
    """An ImageSource for who only looks."""

    def facts(self, image_id: str) -> "ImageFacts":
        raise Failure(f"The image {image_id} can't be had here.")

    def chunks(self, image_id: str) -> Iterator[bytes]:
        raise Failure(f"The image {image_id} can't be had here.")


def stop_guests(layout: Layout, *, by_force: bool) -> list[str]:
    """Power the guests off, after asking them to shut down unless `by_force`; the ids of those that ran."""
    guests = guests_of(layout)
    if not by_force:
        for guest in guests.values():
            _ask_to_shut_down(layout, guest)
        _wait_for(guests)
    for guest in guests.values():
        running.end(guest.pid, 0 if by_force else FLUSH_S, guest.started)
    return sorted(guests)


def _ask_to_shut_down(layout: Layout, guest: GuestProcess) -> None:
    try:
        with Monitor.connect(layout.agent / "run" / "guests" / guest.guest_id / "monitor", MONITOR_S) as monitor:
            monitor.execute("system_powerdown", timeout_s=MONITOR_S)
    except (MonitorFailed, OSError):
        # It can't be asked, and so will lose its power.
        return


def _wait_for(guests: dict[str, GuestProcess]) -> None:
    deadline = time.monotonic() + SHUTDOWN_S
    while any(running.alive(guest.pid, guest.started) for guest in guests.values()) and time.monotonic() < deadline:
        time.sleep(LOOK_S)


def namespaces_of(layout: Layout) -> list[str]:
    """The named network namespaces that this cloud made."""
    own = namespace_of(layout.cloud_id)
    return [name for name in list_namespaces() if name == own or name.startswith(f"{own}-")]


def remove_namespaces(layout: Layout) -> None:
    """Remove them."""
    if os.geteuid() == 0:
        for name in namespaces_of(layout):
            remove_namespace(name)
