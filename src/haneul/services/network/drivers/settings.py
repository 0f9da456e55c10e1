"""What a network driver is given when it is made."""

from collections.abc import Callable
from pathlib import Path

from msgspec import Struct

from haneul.services.network.drivers.base import HostNetwork

SIMULATED_HOST = HostNetwork(
    types=("local", "flat", "vlan", "gre", "vxlan"),
    physical_networks=("public", "physnet1"),
    tunnel_ip="192.0.2.1",
)


def pass_by(_what: str) -> None:
    """What happens between two steps of a driver when nobody tests crashes: nothing."""


class ExternalLink(Struct, frozen=True, kw_only=True):
    """The veth that joins this cloud's namespace with the machine's own.

    `address` is the machine's, with its prefix; empty for no such veth. `machine` is the path of its namespace.
    """

    physical_network: str = "public"
    address: str = ""
    machine: Path = Path("/proc/thread-self/ns/net")


class DriverSettings(Struct, frozen=True, kw_only=True):
    """A driver's cloud and folders, and how this host is connected. `reached` is told each step: tests stop there."""

    cloud_id: str
    state_dir: Path
    run_dir: Path
    tunnel_ip: str = ""
    physical_links: dict[str, str] = {}
    external: ExternalLink = ExternalLink()
    reached: Callable[[str], None] = pass_by
    fake: HostNetwork = SIMULATED_HOST
