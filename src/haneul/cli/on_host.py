"""What of a cloud is on this machine beside its processes: guests and namespaces."""

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from haneul.cli.failures import Failure
from haneul.cli.tree.layout import Layout
from haneul.host import run as running
from haneul.host.hypervisor.accounts import Accounts
from haneul.host.hypervisor.qmp import Monitor, MonitorFailed
from haneul.host.hypervisor.seen import GuestProcess, guest_processes
from haneul.host.namespaces import list_marked_namespaces, list_namespaces, processes_inside, remove_namespace
from haneul.host.net.firewall import Firewall
from haneul.host.net.links import list_own_links, remove_link
from haneul.host.net.marks import marks_of
from haneul.settings import CloudSettings

if TYPE_CHECKING:
    from haneul.services.compute.drivers.base import GuestState, ImageFacts

SHUTDOWN_S = 30.0
MONITOR_S = 2.0
# SIGTERM lets QEMU flush its disks.
FLUSH_S = 5.0
ASKED_AT_ONCE = 64


def guests_of(layout: Layout) -> dict[str, GuestProcess]:
    """The guests of this cloud that run, by server id; a simulated guest is no process."""
    cloud_id = layout.cloud_id
    return guest_processes(cloud_id, Accounts(cloud_id).owns, layout.agent / "run" / "guests")


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
    with ThreadPoolExecutor(ASKED_AT_ONCE) as pool:
        # Each ends in its own time; the longest is what all of them take.
        list(pool.map(lambda guest: _stop(layout, guest, by_force), guests.values()))
    return sorted(guests)


def _stop(layout: Layout, guest: GuestProcess, by_force: bool) -> None:
    if not by_force:
        _ask_to_shut_down(layout.agent / "run" / "guests" / guest.guest_id / "monitor")
    running.end(guest.pid, 0 if by_force else FLUSH_S, guest.started)


def _ask_to_shut_down(monitor_path: Path) -> None:
    """Press the power button and wait; whoever can't be asked, or doesn't mind it, loses his power."""
    try:
        with Monitor.connect(monitor_path, MONITOR_S) as monitor:
            if monitor.execute("query-status", timeout_s=MONITOR_S)["status"] == "running":
                monitor.execute("system_powerdown", timeout_s=MONITOR_S)
                monitor.wait_event("SHUTDOWN", SHUTDOWN_S)
    except (MonitorFailed, OSError):
        return


def namespaces_of(layout: Layout) -> list[str]:
    """The named network namespaces that this cloud made: its own, and those of routers and DHCP servers."""
    own = CloudSettings.namespace_of(layout.cloud_id)
    marked = list_marked_namespaces(marks_of(layout.cloud_id)) if os.geteuid() == 0 else {}
    return sorted({*marked, *(name for name in list_namespaces() if name == own or name.startswith(f"{own}-"))})


def remove_networks(layout: Layout) -> None:
    """End what serves them, and remove all that this cloud made of networks."""
    if os.geteuid() != 0:
        return
    for name in namespaces_of(layout):
        for pid in processes_inside(name):
            running.end(pid, 0, running.started_ticks(pid))
    for name in namespaces_of(layout):
        remove_namespace(name)
    # Those that a cloud in the machine's own namespace has made; of all others the links went with their namespace.
    for link in list_own_links(layout.cloud_id):
        if link.name != "lo":
            remove_link(link.name)
    if running.is_installed("nft"):
        Firewall(layout.cloud_id).remove_all()
